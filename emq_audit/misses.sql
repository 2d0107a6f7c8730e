-- Why an event found no partner: what two ids that do not match still have in common. Only for logs that hold events of both sides.

CREATE MACRO without_spaces(id) AS regexp_replace(id, '[\s\pZ]+', '', 'g');
CREATE MACRO without_leading_zeros(id) AS regexp_replace(id, '(^|[^0-9])0+([0-9])', '\1\2', 'g');
-- A plus sign may be one, or a space.
CREATE MACRO url_decoded(id) AS replace(coalesce(try(url_decode(url_decode(id))), id), '+', ' ');

-- What may be left of an id once something in front of it is taken away (up to three parts that end in a separator, or letters before
-- digits, or all but the length of a UUID or a hash), and once something behind it is. Of several separators in a row the cut may come
-- after the first (order-#1042 is #1042 behind order-) or after the last.
CREATE MACRO rests_behind(id) AS [
    regexp_replace(id, '(?s)^[0-9A-Za-z]*[^0-9A-Za-z]', ''), regexp_replace(id, '(?s)^[0-9A-Za-z]*[^0-9A-Za-z]+', ''),
    regexp_replace(id, '(?s)^[0-9A-Za-z]*[^0-9A-Za-z]+[0-9A-Za-z]*[^0-9A-Za-z]', ''),
    regexp_replace(id, '(?s)^([0-9A-Za-z]*[^0-9A-Za-z]+){2}', ''),
    regexp_replace(id, '(?s)^([0-9A-Za-z]*[^0-9A-Za-z]+){2}[0-9A-Za-z]*[^0-9A-Za-z]', ''),
    regexp_replace(id, '(?s)^([0-9A-Za-z]*[^0-9A-Za-z]+){3}', ''), regexp_replace(id, '^[A-Za-z]+([0-9])', '\1'),
    id[-32:], id[-36:], id[-40:], id[-64:]];
CREATE MACRO rests_before(id) AS [
    regexp_replace(id, '(?s)[^0-9A-Za-z][0-9A-Za-z]*$', ''), regexp_replace(id, '(?s)[^0-9A-Za-z]+[0-9A-Za-z]*$', ''),
    regexp_replace(id, '(?s)[^0-9A-Za-z][0-9A-Za-z]*[^0-9A-Za-z]+[0-9A-Za-z]*$', ''),
    regexp_replace(id, '(?s)([^0-9A-Za-z]+[0-9A-Za-z]*){2}$', ''),
    regexp_replace(id, '(?s)[^0-9A-Za-z][0-9A-Za-z]*([^0-9A-Za-z]+[0-9A-Za-z]*){2}$', ''),
    regexp_replace(id, '(?s)([^0-9A-Za-z]+[0-9A-Za-z]*){3}$', ''), regexp_replace(id, '([0-9])[A-Za-z]+$', '\1'),
    id[:32], id[:36], id[:40], id[:64]];

-- Could `part` be something that one side adds to `rest`, or is the likeness a coincidence of numbers? `short_ok`: a behind-the-id part
-- may also be a few digits (-1) or a whole time (-1794000000).
CREATE MACRO is_addition(part, rest, behind) AS
    rest <> '' AND part <> '' AND NOT regexp_full_match(part, '[\s\pZ]+') AND (behind OR NOT regexp_full_match(part, '0+'))
    AND CASE WHEN NOT regexp_matches(part, '[0-9]') THEN true
             WHEN length(rest) < 3 THEN false
             WHEN regexp_matches(part, '[A-Za-z]') OR length(rest) >= 6 THEN true
             ELSE behind AND (length(regexp_replace(part, '[^0-9]', '', 'g')) <= 2 OR length(regexp_replace(part, '[^0-9]', '', 'g')) >= 8) END;

-- lone: one row per id that a side sent without a partner: `name_number` (see named), side, event_id, whether the other side sent it too,
-- but `outside` the window, and its family.
CREATE TABLE lone AS
SELECT *, id_family(event_id) AS family
FROM (SELECT name_number, pixel, named.event_name, CASE WHEN id_counts.server = 0 THEN 'browser' ELSE 'server' END AS side, event_id,
             false AS outside
      FROM id_counts JOIN named USING (pixel)
      WHERE NOT placeholder AND (id_counts.browser = 0 OR id_counts.server = 0)
            AND id_counts.event_name IS NOT DISTINCT FROM named.event_name
      UNION ALL
      SELECT DISTINCT name_number, pixel, named.event_name, CASE WHEN windows.server = 0 THEN 'browser' ELSE 'server' END, event_id, true
      FROM windows JOIN named USING (pixel)
      WHERE windows.late AND NOT windows.placeholder AND (windows.browser = 0 OR windows.server = 0)
            AND windows.event_name IS NOT DISTINCT FROM named.event_name
            AND (pixel, coalesce(named.event_name, ''), event_id) IN (
                SELECT (pixel, coalesce(event_name, ''), event_id) FROM id_counts WHERE browser > 0 AND server > 0));

-- facing: those of a name that both sides sent without a partner.
CREATE VIEW facing AS
SELECT * FROM lone WHERE name_number IN (SELECT name_number FROM lone GROUP BY name_number HAVING count(DISTINCT side) = 2);

-- affixes: one row per two facing ids of which one is the other with something in front of it or behind it.
CREATE TABLE affixes AS
WITH shortest AS (SELECT name_number, side, min(length(event_id)) AS length FROM facing GROUP BY ALL),
     longer AS (SELECT facing.* FROM facing JOIN shortest ON facing.name_number = shortest.name_number AND facing.side <> shortest.side
                WHERE length(event_id) > shortest.length),
     rests AS (SELECT *, 'prefix' AS reason, unnest(list_distinct(rests_behind(event_id))) AS rest FROM longer
               UNION ALL SELECT *, 'suffix', unnest(list_distinct(rests_before(event_id))) FROM longer)
SELECT name_number, reason, rests.side, rests.event_id, other.side AS other_side, rest AS other_id,
       CASE reason WHEN 'prefix' THEN left(rests.event_id, length(rests.event_id) - length(rest)) ELSE substr(rests.event_id, length(rest) + 1) END AS part
FROM rests JOIN facing AS other USING (name_number)
WHERE other.side <> rests.side AND other.event_id = rest AND length(rest) < length(rests.event_id) AND is_addition(part, rest, reason = 'suffix');

-- alike: one row per facing id and reason that likens it to an id of the other side.
CREATE TABLE alike AS
SELECT DISTINCT name_number, side, event_id, reason FROM (
    SELECT name_number, reason, side, event_id FROM affixes UNION ALL SELECT name_number, reason, other_side, other_id FROM affixes);
