"""What each side would miss if it were the only one: events that only the other side reported, by browser, operating system and day.

Answers "Pixel, Conversions API or both?" with the log's own numbers. Only event names that both sides sent are counted, or a server that
never sends page views would seem to lose them.
"""

import duckdb

from emq_audit.report import OneSided
from emq_audit.user_agents import BROWSER_SQL, OTHER, SYSTEM_SQL

VALUES_SHOWN = 8
DAYS_SHOWN = 62

# By side, user agent and day (since 1970): events without a partner, and all events.
_COUNTED = """
    CREATE OR REPLACE TEMP TABLE sided AS
    SELECT CAST(side AS VARCHAR) AS side, client_user_agent, event_time // 86400 AS day, count(reason) AS alone, count(*) AS events
    FROM events LEFT JOIN unpaired USING (place)
    WHERE side IN ('browser', 'server') AND name_state <> 'automatic' AND coalesce(event_name, '') IN (
        SELECT coalesce(event_name, '') FROM named GROUP BY 1 HAVING sum(browser) > 0 AND sum(server) > 0)
    GROUP BY ALL"""

_SUMMED = """
    SELECT side, {value} AS value, CAST(sum(alone) AS BIGINT), CAST(sum(events) AS BIGINT)
    FROM sided LEFT JOIN agents USING (client_user_agent) GROUP BY ALL ORDER BY ALL"""

_VALUES = {"browser": BROWSER_SQL, "os": SYSTEM_SQL, "day": "strftime(to_timestamp(day * 86400), '%Y-%m-%d')"}


def one_sided(con: duckdb.DuckDBPyConnection) -> tuple[OneSided, ...]:
    """By browser, os and day; the values with most events first, days in order. Empty unless both sides sent one event."""
    con.execute(_COUNTED)
    found = tuple(row for by, value in _VALUES.items() for row in _shown(by, con.execute(_SUMMED.format(value=value)).fetchall()))
    con.execute("DROP TABLE sided")
    return found


def _shown(by: str, rows: list[tuple[str, str | None, int, int]]) -> list[OneSided]:
    """The entries of one kind: the latest days, or the commonest values with the rest summed up as other."""
    if by == "day":
        days = sorted({day for _, day, _, _ in rows if day})[-DAYS_SHOWN:]
        return [OneSided(side, by, day, alone, events) for side, day, alone, events in rows if day in days]
    found: dict[tuple[str, str], list[int]] = {}
    for side in ("browser", "server"):
        of_side = sorted((row for row in rows if row[0] == side), key=lambda row: (-row[3], row[1]))
        for place, (_, value, alone, events) in enumerate(of_side):
            entry = found.setdefault((side, value if place < VALUES_SHOWN else OTHER), [0, 0])
            entry[0] += alone
            entry[1] += events
    return [OneSided(side, by, value, alone, events) for (side, value), (alone, events) in found.items()]
