-- The coarser relations that checks and deduplication ask: made once from `events` and `id_counts`, after every state is settled.

-- patterns: one row per combination of event name, side, facts and key states, with its number of `events`; and what could be
-- had from elsewhere (`forward`, `attach`, see recoverable.sql); `places` are those of its first events (examples to show). The sufficient statistic
-- for scores, coverage, checks and what-ifs. (Its columns are filled in by relations.py.)
CREATE TABLE patterns AS
SELECT event_name, side, {columns}, coalesce(forward, 0) AS forward, coalesce(attach, 0) AS attach, count(*) AS events,
       min(place, {examples}) AS places
FROM events LEFT JOIN recoverable USING (place) GROUP BY ALL;

-- reused: one row per pixel, event name, event id and side on which it occurs more than once: `events`, `seconds` from first to last, how
-- many different `people` (by the personal key that tells most apart; 1 where nothing does), `orders`, `amounts` and `pages`.
CREATE TABLE reused AS
SELECT pixel, event_name, side, event_id, count(*) AS events, coalesce(max(moment) - min(moment), 0) AS seconds,
       greatest(1, count(DISTINCT em), count(DISTINCT ph), count(DISTINCT external_id), count(DISTINCT fbp)) AS people,
       count(DISTINCT order_id) AS orders, count(DISTINCT same_number(value_text)) AS amounts, count(DISTINCT event_source_url) AS pages,
       min("row") AS "row", min(file) AS file
FROM (SELECT pixel, event_name, side, event_id, "row", file, order_id, value_text, event_source_url, moment,
             CASE WHEN em_state = 'usable' THEN lower(trim(em))[:64] END AS em, CASE WHEN ph_state = 'usable' THEN ph[:64] END AS ph,
             CASE WHEN external_id_state = 'usable' THEN bare_hash(external_id) END AS external_id,
             CASE WHEN fbp_state IN ('usable', 'seconds') THEN split_part(fbp, '.', 4) END AS fbp
      FROM events
      WHERE id_state = 'present' AND source_state <> 'business_messaging' AND (pixel, event_name, event_id) IN (
          SELECT (pixel, event_name, event_id) FROM id_counts WHERE browser > 1 OR server > 1))
GROUP BY pixel, event_name, side, event_id
HAVING count(*) > 1;

-- ids: the same for every event id, used once or more.
CREATE VIEW ids AS
SELECT pixel, event_name, side, event_id, one_side.events, coalesce(people, 1) AS people, coalesce(seconds, 0) AS seconds,
       coalesce(orders, 1) AS orders, coalesce(amounts, 1) AS amounts, coalesce(pages, 1) AS pages, file, "row"
FROM (SELECT pixel, event_name, CAST('browser' AS side_name) AS side, event_id, browser AS events
      FROM id_counts WHERE browser > 0 AND NOT placeholder
      UNION ALL
      SELECT pixel, event_name, CAST('server' AS side_name), event_id, server FROM id_counts WHERE server > 0 AND NOT placeholder) AS one_side
LEFT JOIN reused USING (pixel, event_name, side, event_id);

-- pairs: one row per browser event and server event of one pixel, name and id, for ids that each side sent exactly once.
CREATE VIEW pairs AS
SELECT *, CAST(NULL AS side_name) AS side FROM id_counts WHERE browser = 1 AND server = 1 AND NOT placeholder;

-- people: one row per email and side that ten or more events carry: how many `events`, and how many different browsers (`visitors`, by
-- fbp) and addresses sent it.
CREATE TABLE people AS
SELECT NULL AS event_name, side, em, count(*) AS events,
       count(DISTINCT fbp) FILTER (WHERE fbp_state = 'usable') AS visitors, count(DISTINCT client_ip_address) AS addresses
FROM events
WHERE em_state = 'usable' AND (side, em) IN (
    SELECT (side, em) FROM events WHERE em_state = 'usable' GROUP BY side, em HAVING count(*) >= 10)
GROUP BY side, em;

-- addresses: one row per side and public IP address that carries at least one in fifty of the side's addressed events, and at least
-- twenty of them; with its `share` of them (0 to 1) and how many different browsers (`visitors`, by fbp) used it.
CREATE TABLE addresses AS
SELECT NULL AS event_name, events.side, client_ip_address, count(*) AS events, any_value(often.share) AS share,
       count(DISTINCT fbp) FILTER (WHERE fbp_state = 'usable') AS visitors
FROM events JOIN (
    SELECT side, address, addressed.events / addressed_events AS share
    FROM (SELECT side, client_ip_address AS address, count(*) AS events
          FROM events WHERE client_ip_address_state = 'usable' GROUP BY side, client_ip_address HAVING count(*) >= 20) AS addressed
    JOIN (SELECT side, sum(events) AS addressed_events FROM patterns WHERE client_ip_address_state = 'usable' GROUP BY side) USING (side)
    WHERE share >= 0.02) AS often ON events.side = often.side AND client_ip_address = address
GROUP BY events.side, client_ip_address;
