"""Deduplication: which browser and server events Meta counts as one, and which it does not.

A browser and a server event are one when event name and event id agree and both are received within 48 hours:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
Moments are those of receipt where the log has them, else of the events themselves.
"""

import duckdb

from emq_audit.event_names import importance
from emq_audit.mask import mask_text
from emq_audit.report import DedupEntry, SharedId

WINDOW = 48 * 3600
"""Seconds from the first receipt within which Meta pairs two events."""
COVERAGE_GOAL = 0.75
"""Share of browser events whose partner should arrive from the server (Meta's Dataset Quality API, `goal_percentage`)."""

SHARED_IDS_SHOWN = 200

# Ids that both sides sent. With one event a side, or sides apart in time, the nearest two moments are the ends of the two spans.
# Only where the spans overlap and are longer than the window must the events themselves be compared.
_PAIRED = f"""
    CREATE OR REPLACE TABLE paired_ids AS
    WITH both_sides AS (
        SELECT *, greatest(browser_first, server_first) - least(browser_last, server_last) AS gap,
               greatest(browser_last, server_last) - least(browser_first, server_first) AS span
        FROM id_counts WHERE browser > 0 AND server > 0)
    SELECT event_name, event_id, browser, server,
           CASE WHEN gap IS NULL OR span <= {WINDOW} THEN true WHEN gap > {WINDOW} THEN false ELSE NULL END AS inside
    FROM both_sides"""

_DECIDE_SPREAD = f"""
    UPDATE paired_ids SET inside = EXISTS (
        SELECT 1 FROM events AS b JOIN events AS s USING (event_name, event_id)
        WHERE b.event_name = paired_ids.event_name AND b.event_id = paired_ids.event_id AND b.side = 'browser' AND s.side = 'server'
          AND abs(coalesce(b.received_at, b.event_time) - coalesce(s.received_at, s.event_time)) <= {WINDOW})
    WHERE inside IS NULL"""

_TOTALS = """
    SELECT event_name, coalesce(sum(events) FILTER (side = 'browser'), 0), coalesce(sum(events) FILTER (side = 'server'), 0),
           coalesce(sum(events) FILTER (side = 'browser' AND id_state = 'present'), 0),
           coalesce(sum(events) FILTER (side = 'server' AND id_state = 'present'), 0)
    FROM patterns WHERE side IN ('browser', 'server') AND name_state <> 'automatic' GROUP BY event_name"""

_PAIRS = """
    SELECT event_name, count(*) FILTER (inside), count(*) FILTER (NOT inside), coalesce(sum(browser) FILTER (inside), 0),
           coalesce(sum(server) FILTER (inside), 0)
    FROM paired_ids GROUP BY event_name"""

_REUSED = """
    SELECT event_name, count(DISTINCT event_id), count(DISTINCT event_id) FILTER (people > 1)
    FROM reused GROUP BY event_name"""


def dedup(con: duckdb.DuckDBPyConnection) -> tuple[DedupEntry, ...]:
    """One entry per event name that browser or server sent, the most valuable event first; needs the tables of relations.py.

    Leaves the table `paired_ids`: one row per event name and id that both sides sent, `inside` the window or not. Empty names count as ''.
    """
    con.execute(_PAIRED)
    con.execute(_DECIDE_SPREAD)
    pairs = {row[0]: row[1:] for row in con.execute(_PAIRS).fetchall()}
    reused = {row[0]: row[1:] for row in con.execute(_REUSED).fetchall()}
    entries = [
        _entry(name, *map(int, totals), pairs.get(name, (0, 0, 0, 0)), reused.get(name, (0, 0)))
        for name, *totals in con.execute(_TOTALS).fetchall()
    ]
    return tuple(
        sorted(
            entries,
            key=lambda entry: (importance(entry.event_name), -entry.browser - entry.server, entry.event_name),
        )
    )


def _entry(
    name: str | None, browser: int, server: int, browser_with_id: int, server_with_id: int, pairs, reused
) -> DedupEntry:
    inside, outside, browser_paired, server_paired = map(int, pairs)
    return DedupEntry(
        event_name=name or "",
        browser=browser,
        server=server,
        browser_with_id=browser_with_id,
        server_with_id=server_with_id,
        pairs=inside,
        browser_only=browser - browser_paired,
        server_only=server - server_paired,
        event_coverage=browser_paired / browser if browser else None,
        reused_ids=int(reused[0]),
        collisions=int(reused[1]),
        outside_window=outside,
    )


def shared_ids(con: duckdb.DuckDBPyConnection, limit: int = SHARED_IDS_SHOWN) -> tuple[SharedId, ...]:
    """Event ids that occur more than once on one side, those of different people first, then the most used; ids masked."""
    rows = con.execute(
        """SELECT event_name, side, event_id, events, people, seconds FROM reused
           ORDER BY people > 1 DESC, events DESC, event_name, event_id LIMIT ?""",
        [limit],
    ).fetchall()
    return tuple(
        SharedId(name or "", side, mask_text(event_id), events, people, int(seconds), people > 1)
        for name, side, event_id, events, people, seconds in rows
    )
