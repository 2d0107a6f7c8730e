-- What an event lacks though somebody knows it. Keys are bits, in the order of match_keys.KEYS. Names in braces come from recoverable.py.

-- forwardable: one row per event of a pair that lacks a usable key which the other side's report carries: `forward`, the bits of those keys.
CREATE TEMP TABLE forwardable AS
WITH crowded AS (
    SELECT place, side, hash(pixel, event_name, event_id) AS id, coalesce("window", -1) AS "window", {usable} AS usable
    FROM events LEFT JOIN (SELECT place, "window" FROM late_rows) USING (place)
    WHERE id_state = 'present' AND side IN ('browser', 'server') AND source_state <> 'business_messaging'
          AND hash(pixel, event_name, event_id) IN (SELECT hash(pixel, event_name, event_id) FROM id_counts
                                                    WHERE browser > 0 AND server > 0 AND browser + server > 2)),
     together AS (
    SELECT id, "window", bit_or(CASE WHEN side = 'browser' THEN usable END) AS browser, bit_or(CASE WHEN side = 'server' THEN usable END) AS server
    FROM crowded GROUP BY ALL),
     lacked AS (
    SELECT other_place AS place, browser_has & ~server_has & {to_server} AS forward FROM compared
    UNION ALL SELECT place, server_has & ~browser_has & {to_browser} FROM compared
    UNION ALL SELECT place, CASE WHEN side = 'server' THEN browser & ~usable & {to_server} ELSE server & ~usable & {to_browser} END
              FROM crowded JOIN together USING (id, "window"))
SELECT place, forward FROM lacked WHERE forward > 0;

-- visitors: one row per visitor, by fbp or by external_id, of whom the log shows exactly one email, phone or external_id: `known`, their bits.
CREATE TEMP TABLE shown AS
SELECT place, CASE WHEN fbp_state = 'usable' THEN hash('fbp', bare_cookie(fbp)) END AS by_fbp,
       CASE WHEN external_id_state = 'usable' THEN hash('id', one_form(external_id, external_id)) END AS by_id,
       CASE WHEN em_state = 'usable' THEN hash(one_form(em, lower(stripped(em)))) END AS em,
       CASE WHEN ph_state = 'usable' THEN hash(one_form(ph, regexp_replace(ph, '[^0-9]', '', 'g'))) END AS ph
FROM events WHERE side IN ('browser', 'server') AND (fbp_state = 'usable' OR external_id_state = 'usable');

CREATE TEMP TABLE visitors AS
SELECT by_fbp AS visitor, CASE WHEN min(em) = max(em) THEN {em} ELSE 0 END | CASE WHEN min(ph) = max(ph) THEN {ph} ELSE 0 END
       | CASE WHEN min(by_id) = max(by_id) THEN {external_id} ELSE 0 END AS known
FROM shown WHERE by_fbp IS NOT NULL AND (em IS NOT NULL OR ph IS NOT NULL OR by_id IS NOT NULL) GROUP BY by_fbp HAVING known > 0
UNION ALL
SELECT by_id, CASE WHEN min(em) = max(em) THEN {em} ELSE 0 END | CASE WHEN min(ph) = max(ph) THEN {ph} ELSE 0 END AS known
FROM shown WHERE by_id IS NOT NULL AND (em IS NOT NULL OR ph IS NOT NULL) GROUP BY by_id HAVING known > 0;

-- recoverable: one row per event that lacks something known: `forward` from its other report, `attach` from its visitor's other events,
-- but for what its other report has: nothing is offered twice.
CREATE TABLE recoverable AS
WITH attachable AS (
    SELECT shown.place, (coalesce(a.known, 0) | coalesce(b.known, 0))
           & ~(CASE WHEN em IS NULL THEN 0 ELSE {em} END | CASE WHEN ph IS NULL THEN 0 ELSE {ph} END
               | CASE WHEN by_id IS NULL THEN 0 ELSE {external_id} END) AS attach
    FROM shown LEFT JOIN visitors AS a ON a.visitor = shown.by_fbp LEFT JOIN visitors AS b ON b.visitor = shown.by_id
    WHERE em IS NULL OR ph IS NULL OR by_id IS NULL)
SELECT place, CAST(coalesce(forward, 0) AS INTEGER) AS forward, CAST(coalesce(attach, 0) & ~coalesce(forward, 0) AS INTEGER) AS attach
FROM forwardable FULL JOIN (FROM attachable WHERE attach > 0) USING (place);

DROP TABLE forwardable; DROP TABLE shown; DROP TABLE visitors;
