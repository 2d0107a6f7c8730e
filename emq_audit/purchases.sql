-- What Meta counts of the conversions that are money: the ground on which double counting and orders are judged.

-- purchases: one row per Purchase that browser or server sent, with its order, value and visitor (NULL where it says nothing usable), and
-- whether Meta counts this very event (`counted`) or drops it as a repeat. Of several events that could be the kept one (same second,
-- same side) the one whose content sorts first is taken, so that the order of lines decides nothing.
CREATE TABLE purchases AS
WITH bought AS (
    SELECT place, file, "row", CAST(events.side AS VARCHAR) AS side, sender, pixel, event_id, CAST(id_state AS VARCHAR) AS id_state, moment,
           CASE WHEN is_plainly_an_id(order_id) OR NOT is_blank(order_id) AND NOT is_placeholder(order_id) THEN stripped(order_id) END AS order_id,
           TRY_CAST(value_text AS DOUBLE) AS value, CASE WHEN NOT is_blank(currency) THEN upper(stripped(currency)) END AS currency,
           CASE WHEN fbp_state = 'usable' THEN fbp END AS fbp, CASE WHEN external_id_state = 'usable' THEN external_id END AS external_id,
           CASE WHEN em_state = 'usable' THEN em END AS em, event_source_url AS page,
           id_state NOT IN ('missing', 'empty') AND source_state <> 'business_messaging' AS joined, coalesce("window", -1) AS "window",
           place IN (FROM fallback) AS dropped
    FROM events LEFT JOIN (SELECT place, "window" FROM late_rows) USING (place)
    WHERE event_name = 'Purchase' AND events.side IN ('browser', 'server')),
     favoured AS (
    SELECT *, bool_or(dropped) OVER id AS dropped_with,
           CASE WHEN count_if(side = 'browser') OVER id = 0 THEN 'server'
                WHEN count_if(side = 'server') OVER id = 0 THEN 'browser'
                WHEN min(CASE WHEN side = 'browser' THEN moment END) OVER id - min(CASE WHEN side = 'server' THEN moment END) OVER id > 300
                THEN 'server' ELSE 'browser' END AS kept
    FROM bought WINDOW id AS (PARTITION BY joined, CASE WHEN joined THEN event_id ELSE CAST(place AS VARCHAR) END, pixel, "window"))
SELECT * EXCLUDE (joined, "window", dropped, dropped_with, kept),
       NOT dropped_with AND row_number() OVER (
           PARTITION BY joined, CASE WHEN joined THEN event_id ELSE CAST(place AS VARCHAR) END, pixel, "window"
           ORDER BY side <> kept, moment NULLS FIRST, order_id, value, currency, em, fbp, external_id, sender, place) = 1 AS counted
FROM favoured;
