-- Meta's deduplication, replayed: which events one id joins, and when. Every name in braces is filled in by replay.py.

-- id_counts: one row per pixel, event name and event id that browser or server sent, with how many events each side sent and when (Unix
-- seconds, first and last; receipt where it is logged, else the event's own time). Meta takes placeholder text for an id like any other.
CREATE TABLE id_counts AS
SELECT pixel, event_name, event_id, id_state = 'placeholder' AS placeholder,
       count_if(side = 'browser') AS browser, count_if(side = 'server') AS server,
       min(CASE WHEN side = 'browser' THEN moment END) AS browser_first, max(CASE WHEN side = 'browser' THEN moment END) AS browser_last,
       min(CASE WHEN side = 'server' THEN moment END) AS server_first, max(CASE WHEN side = 'server' THEN moment END) AS server_last
FROM events
WHERE id_state IN ('present', 'placeholder') AND side IN ('browser', 'server') AND source_state <> 'business_messaging'
GROUP BY pixel, event_name, event_id, id_state = 'placeholder';

-- late_keys: ids whose events span more than one window; late_rows: their events in order, with the window each falls into.
CREATE TABLE late_keys AS
SELECT row_number() OVER () AS number, pixel, event_name, event_id, placeholder, {window} AS seconds
FROM id_counts WHERE greatest(browser_last, server_last) - least(browser_first, server_first) > {window};

-- named: one row per pixel and event name that can be deduplicated, with the events of each side, and how many of them
-- have an id; `joinable` are those that are no messages, which Meta never deduplicates.
CREATE TABLE named AS
SELECT row_number() OVER (ORDER BY pixel, event_name) AS name_number, pixel, event_name,
       count(*) FILTER (WHERE side = 'browser') AS browser, count(*) FILTER (WHERE side = 'server') AS server,
       count(*) FILTER (WHERE side = 'browser' AND id_state = 'present') AS browser_with_id,
       count(*) FILTER (WHERE side = 'server' AND id_state = 'present') AS server_with_id,
       count(*) FILTER (WHERE id_state IN ('missing', 'empty')) AS ids_missing,
       count(*) FILTER (WHERE side = 'browser' AND id_state IN ('missing', 'empty')) AS browser_ids_missing,
       count(*) FILTER (WHERE side = 'browser' AND source_state <> 'business_messaging') AS browser_joinable,
       count(*) FILTER (WHERE side = 'server' AND source_state <> 'business_messaging') AS server_joinable,
       count(*) FILTER (WHERE side = 'browser' AND source_state <> 'business_messaging' AND id_state = 'present') AS browser_joinable_ids,
       count(*) FILTER (WHERE side = 'server' AND source_state <> 'business_messaging' AND id_state = 'present') AS server_joinable_ids,
       count(*) FILTER (WHERE received_at IS NOT NULL) AS receipts, count(*) FILTER (WHERE moment IS NULL) AS untimed
FROM events WHERE side IN ('browser', 'server') AND name_state <> 'automatic'
GROUP BY pixel, event_name;
