-- Do the two reports of an action say the same? Names in braces are filled in by conversions.py.

-- compared: one row per pair whose id each side sent exactly once: `place`, `file` and `row` of the browser's event, `other_place` of the
-- server's, which side's event is `kept`, whether value, currency, email and products differ (NULL where not both say something), which keys
-- each `has` in usable form (one bit a key in the order of match_keys.KEYS), and which the dropped event has and the kept one `lacks`.
CREATE TABLE compared AS
WITH single AS (
    SELECT hash(pixel, event_name, event_id) AS id, event_name, side, place, file, "row", moment,
           CASE WHEN value_state IN ('number', 'zero') THEN TRY_CAST(value_text AS DOUBLE) END AS value,
           CASE WHEN currency_state = 'known' THEN upper(stripped(currency)) END AS currency, item_ids,
           CASE WHEN em_state = 'usable' THEN hash(one_form(em, lower(stripped(em)))) END AS em,
           {usable} AS usable
    FROM events
    WHERE both_sides AND id_state = 'present' AND side IN ('browser', 'server') AND source_state <> 'business_messaging' AND name_state <> 'automatic'
          AND hash(pixel, event_name, event_id) NOT IN (
              SELECT hash(pixel, event_name, event_id) FROM id_counts WHERE browser <> 1 OR server <> 1
                     OR abs(browser_first - server_first) > {window}))
SELECT b.event_name, CAST(NULL AS side_name) AS side, b.place, b.file, b."row", s.place AS other_place, b.usable AS browser_has,
       s.usable AS server_has,
       CASE WHEN b.moment - s.moment > {favoured} THEN 'server' ELSE 'browser' END AS kept,
       abs(b.value - s.value) > 0.005 AS value_differs, b.currency <> s.currency AS currency_differs, b.em <> s.em AS email_differs,
       b.item_ids <> s.item_ids AS contents_differ,
       CASE kept WHEN 'browser' THEN s.usable & ~b.usable ELSE b.usable & ~s.usable END AS lacks
FROM (FROM single WHERE side = 'browser') AS b JOIN (FROM single WHERE side = 'server') AS s ON b.id = s.id;
