"""What each side would miss if it were the only one: events that only the other side reported, by browser, operating system and day.

Answers "Pixel, Conversions API or both?" with the log's own numbers. Only event names that both sides sent are counted, or a server that
never sends page views would seem to lose them.
"""

from collections import defaultdict
from functools import cache

import duckdb

from emq_audit.report import OneSided

AGENTS_READ = 3_000
"""Different user agents that are looked at, the most frequent first; the rest counts as other."""
VALUES_SHOWN = 8
DAYS_SHOWN = 62
OTHER, UNKNOWN = "Other", "Not in the log"

_COUNTED = """
    FROM events LEFT JOIN unpaired USING (place)
    WHERE side IN ('browser', 'server') AND name_state <> 'automatic' AND coalesce(event_name, '') IN (
        SELECT coalesce(event_name, '') FROM named GROUP BY 1 HAVING sum(browser) > 0 AND sum(server) > 0)"""

# Families of ua-parser under the names people know them by.
_BROWSERS = {
    "Mobile Safari": "Safari on iPhone and iPad",
    "Mobile Safari UI/WKWebView": "Other apps on iPhone and iPad",
    "Chrome Mobile": "Chrome on Android",
    "Chrome Mobile iOS": "Chrome on iPhone and iPad",
    "Chrome Mobile WebView": "Other apps on Android",
    "Firefox Mobile": "Firefox on Android",
    "Firefox iOS": "Firefox on iPhone and iPad",
    "Edge Mobile": "Edge on phones",
}


def one_sided(con: duckdb.DuckDBPyConnection) -> tuple[OneSided, ...]:
    """By side, then browser, os and day; the values with most events first, days in order. Empty unless both sides sent one event."""
    return tuple(row for by, counts in (*_by_agent(con), ("day", _by_day(con))) for row in _shown(by, counts))


def _by_agent(con: duckdb.DuckDBPyConnection) -> tuple[tuple[str, dict], ...]:
    """(browser or os, {(side, family): [events without partner, events]})."""
    rows = con.execute(f"""
        SELECT CAST(side AS VARCHAR), client_user_agent, count(reason), count(*) {_COUNTED} GROUP BY ALL
        ORDER BY 4 DESC, 2, 1""").fetchall()
    browsers: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    systems: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place, (side, agent, alone, events) in enumerate(rows):
        browser, system = families(agent) if place < AGENTS_READ else (OTHER, OTHER)
        for counts, family in ((browsers, browser), (systems, system)):
            counts[side, family][0] += alone
            counts[side, family][1] += events
    return ("browser", browsers), ("os", systems)


@cache
def families(agent: str | None) -> tuple[str, str]:
    """Browser and operating system that a user agent names."""
    from ua_parser import parse_os, parse_user_agent

    if not agent or not agent.strip():
        return UNKNOWN, UNKNOWN
    browser, system = parse_user_agent(agent[:1000]), parse_os(agent[:1000])
    name = browser.family if browser else OTHER
    return _BROWSERS.get(name, name), system.family.replace("Mac OS X", "macOS") if system else OTHER


def _by_day(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[int]]:
    rows = con.execute(f"""
        SELECT CAST(side AS VARCHAR), strftime(to_timestamp(event_time), '%Y-%m-%d') AS day, count(reason), count(*) {_COUNTED}
          AND event_time IS NOT NULL AND day IN (SELECT strftime(to_timestamp(event_time), '%Y-%m-%d') {_COUNTED} AND event_time IS NOT NULL
              GROUP BY ALL ORDER BY 1 DESC LIMIT {DAYS_SHOWN})
        GROUP BY ALL""").fetchall()
    return {(side, day): [alone, events] for side, day, alone, events in rows}


def _shown(by: str, counts: dict[tuple[str, str], list[int]]) -> list[OneSided]:
    """The entries of one kind; rare browsers and systems are summed up as other."""
    rows: dict[tuple[str, str], list[int]] = {}
    for side in ("browser", "server"):
        of_side = sorted(
            ((value, found) for (one, value), found in counts.items() if one == side),
            key=lambda pair: (pair[0] if by == "day" else "", -pair[1][1], pair[0]),
        )
        for place, (value, (alone, events)) in enumerate(of_side):
            name = value if by == "day" or place < VALUES_SHOWN else OTHER
            entry = rows.setdefault((side, name), [0, 0])
            entry[0] += alone
            entry[1] += events
    return [OneSided(side, by, value, alone, events) for (side, value), (alone, events) in rows.items()]
