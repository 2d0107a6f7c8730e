"""Deduplication: what Meta will count, which browser and server events it takes for one, and why the others find no partner.

Sums up the replay of Meta's rules (emq_audit.replay) and the judged misses (emq_audit.misses) by event name.
https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
"""

from collections import defaultdict

import duckdb

from emq_audit import key_use
from emq_audit.event_names import importance
from emq_audit.mask import mask_text, printable
from emq_audit.reasons import REASON_BY_ID, REASONS
from emq_audit.replay import WINDOW
from emq_audit.report import DedupEntry, SharedId, Unpaired

COVERAGE_GOAL = 0.75
"""Share of browser events whose partner should arrive from the server (Meta's Dataset Quality API, `goal_percentage`)."""

SHARED_IDS_SHOWN = 200

LAGS = (
    ("server first", None, 0),
    ("0–1 s", 0, 1),
    ("1–5 s", 1, 5),
    ("5–30 s", 5, 30),
    ("30 s–5 min", 30, 300),
    ("5–60 min", 300, 3600),
    ("1–24 h", 3600, 86400),
    ("24–48 h", 86400, WINDOW + 1),
    ("over 48 h", WINDOW + 1, None),
)
"""Bins of server time minus browser time in seconds: name, from (inclusive), to (exclusive). The last bin holds pairs that count twice."""

_TOTALS = """
    SELECT coalesce(event_name, '') AS event_name, sum(browser), sum(server), sum(browser_with_id), sum(server_with_id),
           sum(receipts)
    FROM named GROUP BY ALL"""

# By event name: windows and the events in them; windows with both sides, those of them whose id is no placeholder with their events,
# and the windows of which the browser's event is kept.
_WINDOWS = """
    SELECT coalesce(event_name, '') AS event_name, count(*), sum(browser), sum(server), count(*) FILTER (browser > 0 AND server > 0),
           coalesce(sum(browser) FILTER (browser > 0 AND server > 0 AND NOT placeholder), 0),
           coalesce(sum(server) FILTER (browser > 0 AND server > 0 AND NOT placeholder), 0), count(*) FILTER (kept = 'browser')
    FROM windows GROUP BY ALL"""

# One row per id that both sides sent: is one of its windows paired, and how long after the browser's first event the server's came?
_PAIRS = """
    WITH late AS (SELECT pixel, event_name, event_id, min_by(server_first - browser_first, first) AS lag
                  FROM windows WHERE late AND browser > 0 AND server > 0 AND NOT placeholder GROUP BY ALL),
         both_sides AS (
             SELECT event_name, late IS NOT NULL AS paired, lag FROM (
                 SELECT id_counts.event_name, CASE WHEN late.pixel IS NOT NULL THEN true END AS late, late.lag
                 FROM late_keys JOIN id_counts ON id_counts.pixel = late_keys.pixel AND id_counts.event_id = late_keys.event_id
                      AND id_counts.event_name IS NOT DISTINCT FROM late_keys.event_name
                 LEFT JOIN late ON late.pixel = late_keys.pixel AND late.event_id = late_keys.event_id
                      AND late.event_name IS NOT DISTINCT FROM late_keys.event_name
                 WHERE browser > 0 AND server > 0 AND NOT id_counts.placeholder)
             UNION ALL
             SELECT event_name, true, server_first - browser_first FROM windows
             WHERE NOT late AND browser > 0 AND server > 0 AND NOT placeholder)
    SELECT coalesce(event_name, '') AS event_name, count(*) FILTER (paired), count(*) FILTER (NOT paired), {lags}
    FROM both_sides GROUP BY 1"""

_FALLBACK = """
    SELECT coalesce(event_name, '') AS event_name, count(*) FILTER (id_state IN ('missing', 'empty'))
           + count(DISTINCT (pixel, event_id, moment)) FILTER (id_state NOT IN ('missing', 'empty'))
    FROM events WHERE place IN (FROM fallback) GROUP BY ALL"""

_REUSED = """
    SELECT coalesce(event_name, '') AS event_name, count(DISTINCT event_id), count(DISTINCT event_id) FILTER (people > 1)
    FROM reused GROUP BY ALL"""

_UNPAIRED = """
    SELECT coalesce(event_name, '') AS event_name, CAST(side AS VARCHAR), unpaired.reason, count(*)
    FROM unpaired JOIN events USING (place) GROUP BY ALL"""

# What most often stands before or behind an id, if it stands at three ids or more and at half of those that have such a thing at all.
_AFFIXES = """
    SELECT coalesce(event_name, '') AS event_name, reason, part
    FROM (SELECT event_name, reason, part, count(*) AS ids FROM affixes JOIN named USING (name_number) GROUP BY ALL)
    QUALIFY ids >= 3 AND 2 * ids >= sum(ids) OVER (PARTITION BY event_name, reason)
            AND row_number() OVER (PARTITION BY event_name, reason ORDER BY ids DESC, part) = 1"""


def dedup(con: duckdb.DuckDBPyConnection) -> tuple[DedupEntry, ...]:
    """One entry per event name that browser or server sent, the most valuable event first; needs the tables of relations.py.

    An empty name counts as ''. Browser and server events are `paired` when one window takes in both.
    """
    totals = _by_name(con, _TOTALS)
    taken, pairs, reused = _by_name(con, _WINDOWS), _by_name(con, _PAIRS.format(lags=_lag_columns())), _by_name(con, _REUSED)
    two_sided = any(total[0] for total in totals.values()) and any(total[1] for total in totals.values())
    fallback, unpaired = _by_name(con, _FALLBACK), _unpaired(con) if two_sided else None
    used = key_use.key_use(con)
    entries = [
        _entry(
            name,
            total,
            taken.get(name, (0,) * 7),
            pairs.get(name, (0, 0, *(0 for _ in LAGS))),
            reused.get(name, (0, 0)),
            fallback.get(name, (0,))[0],
            unpaired,
            used.get(name, {}),
        )
        for name, total in totals.items()
    ]
    return tuple(sorted(entries, key=lambda one: (importance(one.event_name), -one.browser - one.server, one.event_name)))


def _by_name(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, tuple[int, ...]]:
    return {name: tuple(int(number) for number in numbers) for name, *numbers in con.execute(query).fetchall()}


def _lag_columns() -> str:
    """Counts of pairs in every bin of LAGS; ids that never came inside one window go to the last."""
    columns = []
    for name, start, end in LAGS:
        bounds = ((">=", start), ("<", end))
        inside = " AND ".join(f"lag {sign} {bound}" for sign, bound in bounds if bound is not None)
        columns.append(f"count(*) FILTER ((paired AND {inside}){' OR NOT paired' if name == LAGS[-1][0] else ''})")
    return ", ".join(columns)


def _entry(name: str, total, taken, pairs, reused, fallback: int, unpaired, used) -> DedupEntry:
    browser, server, browser_with_id, server_with_id, receipts = total
    windows, browser_taken, server_taken, two_sided, browser_paired, server_paired, browser_kept = taken
    kept = {
        "browser": browser - browser_taken + browser_kept,
        "server": server - server_taken + windows - browser_kept - fallback,
    }
    dropped = {"pair": two_sided, "repeat": browser_taken + server_taken - windows - two_sided, "fallback": fallback}
    one_sided = unpaired is None
    reasons = _one_sided(browser, server, browser_with_id, server_with_id) if one_sided else unpaired.get(name, ())
    return DedupEntry(
        event_name=name,
        browser=browser,
        server=server,
        browser_with_id=browser_with_id,
        server_with_id=server_with_id,
        pairs=pairs[0],
        browser_only=browser - browser_paired,
        server_only=server - server_paired,
        event_coverage=browser_paired / browser if browser else None,
        reused_ids=reused[0],
        collisions=reused[1],
        outside_window=pairs[1],
        received=browser + server,
        deduplicated=sum(dropped.values()),
        counted=sum(kept.values()),
        dropped=dropped,
        kept=kept,
        by_key=used,
        unpaired=reasons,
        counted_twice=_counted_twice(reasons, fallback),
        lags=pairs[2:],
        timed_by="event_time" if not receipts else "received_at" if receipts == browser + server else "both",
    )


def _unpaired(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Unpaired, ...]]:
    """By event name, the browser's reasons first, in the order of REASONS; only for logs that hold both sides."""
    parts = {(name, reason): part for name, reason, part in con.execute(_AFFIXES).fetchall() if _tells_nobody(part)}
    place = {reason.id: number for number, reason in enumerate(REASONS)}
    found: dict[str, list[Unpaired]] = defaultdict(list)
    for name, side, reason, events in con.execute(_UNPAIRED).fetchall():
        part = parts.get((name, reason))
        found[name].append(Unpaired(side, reason, events, printable(part) if part else None))
    return {name: tuple(sorted(rows, key=lambda row: (row.side, place[row.reason]))) for name, rows in found.items()}


def _tells_nobody(part: str) -> bool:
    """Is this a prefix of the set-up's, such as order-, rather than somebody's name or number?"""
    return len(part) <= 20 and "@" not in part and sum(letter.isdigit() for letter in part) <= 3


def _one_sided(browser: int, server: int, browser_with_id: int, server_with_id: int) -> tuple[Unpaired, ...]:
    """The reasons where the log holds one side only: nothing could pair."""
    return tuple(
        Unpaired(side, reason, events)
        for side, with_id, sent in (("browser", browser_with_id, browser), ("server", server_with_id, server))
        for reason, events in (("no-id-here", sent - with_id), ("no-counterpart", with_id))
        if events
    )


def _counted_twice(reasons: tuple[Unpaired, ...], fallback: int) -> int:
    """Actions of which each side has a report that only its id keeps from the other, less those that fbp or external_id still join."""
    events = {(row.side, row.reason): row.events for row in reasons}

    def twice(browser: str, server: str) -> int:
        return min(events.get(("browser", browser), 0), events.get(("server", server), 0))

    same = sum(twice(id, id) for id, reason in REASON_BY_ID.items() if reason.counted_twice and id != "no-id-there")
    nameless = twice("no-id-there", "no-id-here") + twice("no-id-here", "no-id-there")
    return same + max(0, nameless - fallback)


def shared_ids(con: duckdb.DuckDBPyConnection, limit: int = SHARED_IDS_SHOWN) -> tuple[SharedId, ...]:
    """Event ids that occur more than once on one side, those of different people first, then the most used; ids masked."""
    rows = con.execute(
        """WITH counted AS (SELECT pixel, event_name, event_id, count(*) AS windows FROM windows
                            WHERE browser > 1 OR server > 1 OR late GROUP BY ALL)
           SELECT coalesce(reused.event_name, ''), side, reused.event_id, events, people, seconds, orders, amounts, pages,
                  greatest(0, greatest(people, orders) - coalesce(windows, 1))
           FROM reused LEFT JOIN counted ON counted.pixel = reused.pixel AND counted.event_id = reused.event_id
                AND counted.event_name IS NOT DISTINCT FROM reused.event_name
           ORDER BY people > 1 DESC, events DESC, reused.event_name, reused.event_id, side LIMIT ?""",
        [limit],
    ).fetchall()
    return tuple(
        SharedId(name, side, mask_text(event_id), events, people, int(seconds), people > 1, orders, amounts, pages, lost,
                 _cause(side, people, orders, pages, int(seconds)))
        for name, side, event_id, events, people, seconds, orders, amounts, pages, lost in rows
    )  # fmt: skip


def _cause(side: str, people: int, orders: int, pages: int, seconds: int) -> str:
    """The likely cause; a judgement from the pattern, not a rule of Meta's."""
    if people > 2 and side == "browser" and 1 <= pages <= people // 2:
        return "Id stuck in a cached page"
    if people > 1:
        return "Id not made anew for each person"
    if orders > 1:
        return "Id not made anew for each order"
    if pages > 2:
        return "One id for a whole visit"
    if seconds > WINDOW:
        return "Sent again days later"
    if seconds <= 5:
        return "Sent twice at once"
    return "Page opened again" if side == "browser" else "Sent again by the server"
