"""Meta's deduplication, replayed over the log: which events count as one.

By id: events of one pixel, event name and event id count as one for 48 hours from receipt of the first, whichever side sends them. The
first received is kept; a browser event that comes within five minutes of it is favoured. Without an id: a server event is dropped if a
browser event of the same name and visitor (fbp or external_id) was received in the 48 hours before. Messaging events are never
deduplicated. https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events

Moments are those of receipt where the log has them, else of the events; an event with neither counts as received with the first.
Tables (replay.sql, replay_windows.sql): id_counts, named, windows, late_rows; and fallback, one row per server event (`place`) that is
dropped without an id.
"""

from importlib.resources import files

import duckdb

from emq_audit.nearness import has_neighbour, in_parts, keep, windows

WINDOW = 48 * 3600
"""Seconds from the first receipt within which Meta takes events with one name and id for one."""
INSTALL_WINDOW = 90 * 86400
"""The same for installs of an app."""
FAVOURED = 300
"""Seconds after the first within which the browser's event is kept instead of the server's."""

VISITOR = {"fbp": "bare_cookie(fbp)", "external_id": "bare_hash(external_id)"}
"""SQL: the two keys that stand for a visitor where there is no id, as they are compared. External ids are to be the same to the letter on
either side: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/external-id"""

WINDOW_SQL = f"CASE WHEN event_name = 'MobileAppInstall' THEN {INSTALL_WINDOW} ELSE {WINDOW} END"

def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables from `events`, which must be complete."""
    _run(con, "replay.sql")
    _late_rows(con)
    _run(con, "replay_windows.sql")
    _fallback(con)


def _run(con: duckdb.DuckDBPyConnection, script: str) -> None:
    text = files("emq_audit").joinpath(script).read_text(encoding="utf-8")
    con.execute(text.format(window=WINDOW_SQL, favoured=FAVOURED))


def _late_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Table late_rows: number (of the id in late_keys), place, side, moment, window. An event without a moment goes to the first window."""
    con.execute('CREATE TABLE late_rows (number BIGINT, place BIGINT, side side_name, moment BIGINT, "window" BIGINT)')
    con.execute("""
        CREATE TEMP TABLE late_events AS
        SELECT number AS "group", coalesce(moment, min(moment) OVER (PARTITION BY number)) AS moment, seconds, place
        FROM events JOIN late_keys ON events.pixel = late_keys.pixel AND events.event_id = late_keys.event_id
             AND events.event_name IS NOT DISTINCT FROM late_keys.event_name
        WHERE side IN ('browser', 'server') AND source_state <> 'business_messaging'""")
    opened = 0
    con.execute('CREATE TEMP TABLE numbered (place BIGINT, number BIGINT, "window" BIGINT)')
    for rows in in_parts(con, "late_events"):
        number = windows(rows["group"], rows["moment"], rows["seconds"]) + opened
        keep(con, "numbered", place=rows["place"], number=rows["group"], window=number)
        opened = int(number[-1]) + 1
    con.execute("""
        INSERT INTO late_rows SELECT number, place, side, moment, "window" FROM numbered JOIN events USING (place);
        DROP TABLE late_events; DROP TABLE numbered""")


# Events of names that both sides sent and one of them sent without an id, by what they have in common. Roles: 0 browser, 1 browser without
# id, 2 server without id, 3 server with an id of its own, which can only be dropped this way if it is the one that would count.
_FALLBACK_ROWS = """
    CREATE OR REPLACE TEMP TABLE fallback_rows AS
    WITH lacking AS (SELECT * FROM named WHERE browser > 0 AND server > 0 AND ids_missing > 0),
         able AS (SELECT events.place, events.pixel, events.event_name, event_id, moment, side = 'browser' AS browser,
                         id_state IN ('missing', 'empty') AS nameless, hash(events.pixel, events.event_name, {value}) AS "group"
                  FROM events JOIN lacking ON events.pixel = lacking.pixel AND events.event_name IS NOT DISTINCT FROM lacking.event_name
                  WHERE side IN ('browser', 'server') AND source_state <> 'business_messaging' AND moment IS NOT NULL
                        AND {key}_state = 'usable'),
         alone AS (SELECT windows.* FROM windows JOIN lacking ON windows.pixel = lacking.pixel
                   AND windows.event_name IS NOT DISTINCT FROM lacking.event_name WHERE windows.browser = 0 AND browser_ids_missing > 0),
         asked AS (SELECT place, "group", moment, 2 AS role FROM able WHERE NOT browser AND nameless
                   UNION ALL
                   SELECT able.place, "group", moment, 3 FROM able JOIN alone ON able.pixel = alone.pixel AND able.event_id = alone.event_id
                          AND able.event_name IS NOT DISTINCT FROM alone.event_name
                   WHERE NOT able.browser AND NOT nameless AND moment = alone.server_first)
    SELECT place, "group", moment, CAST(role AS TINYINT) AS role FROM asked
    UNION ALL
    SELECT place, "group", moment, CAST(CASE WHEN nameless THEN 1 ELSE 0 END AS TINYINT) FROM able
    WHERE browser AND "group" IN (SELECT "group" FROM asked)"""


def _fallback(con: duckdb.DuckDBPyConnection) -> None:
    """Table fallback: place, of every server event that Meta drops because of its fbp or external_id."""
    con.execute("CREATE TABLE fallback (place BIGINT)")
    lacking = con.execute("SELECT count(*) FROM named WHERE browser > 0 AND server > 0 AND ids_missing > 0").fetchone()[0]
    for key, value in VISITOR.items() if lacking else ():
        con.execute(_FALLBACK_ROWS.format(key=key, value=value))
        for rows in in_parts(con, "fallback_rows"):
            group, moment, role = rows["group"], rows["moment"], rows["role"]
            found = has_neighbour(group, moment, role == 2, role <= 1, WINDOW, before=True)
            found |= has_neighbour(group, moment, role == 3, role == 1, WINDOW, before=True)
            keep(con, "fallback", place=rows["place"][found])
        con.execute("DROP TABLE fallback_rows")
    con.execute("CREATE OR REPLACE TABLE fallback AS SELECT DISTINCT place FROM fallback")
