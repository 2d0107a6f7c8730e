"""What the demo logs hold, counted row by row: the truth an audit is measured against."""

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass

from emq_audit.demo.faults import FAULTS, GAPS, Plant
from emq_audit.demo.logs import BROWSER_FILE, SERVER_FILE, Row


@dataclass(frozen=True)
class LogFile:
    """rows = events + rejected."""

    path: str
    side: str
    rows: int
    events: int
    rejected: int


@dataclass(frozen=True)
class PlantedFault:
    """`event_name` is the name as it stands in the log, so a misspelt one reads misspelt."""

    check: str
    side: str
    event_name: str
    events: int
    how: str


@dataclass(frozen=True)
class NearMiss:
    """Browser and server events that are one event, but for the fault named by `kind`."""

    kind: str  # prefix | event-name | no-id (the pair could still be told by fbp)
    event_name: str  # as the server sends it
    events: int


@dataclass(frozen=True)
class Gap:
    """Events that lack a key which the shop had."""

    key: str
    side: str
    event_name: str
    events: int
    how: str


@dataclass(frozen=True)
class Dedup:
    """Counts of one event name, by event_name and event_id alone.

    `pairs` are ids with both sides, all of them within 48 hours; `browser_only` and `server_only` are events
    whose id the other side lacks, or that have none. `reused_ids` occur more than once on one side; of these
    `collisions` come from different people and `repeated` from one request sent again. `event_coverage` is
    the share of browser events, 0-1, whose id the server sent too.
    """

    event_name: str
    browser: int
    server: int
    browser_with_id: int
    server_with_id: int
    pairs: int
    browser_only: int
    server_only: int
    event_coverage: float | None  # None: no browser events
    reused_ids: int
    collisions: int
    repeated: int
    outside_window: int = 0


@dataclass(frozen=True)
class Manifest:
    shop: str
    seed: int
    files: tuple[LogFile, ...]
    rows: int
    events: int
    rejected: int
    faults: tuple[PlantedFault, ...]
    near_misses: tuple[NearMiss, ...]
    gaps: tuple[Gap, ...]
    dedup: tuple[Dedup, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


def take_stock(rows: list[Row], *, shop: str, seed: int) -> Manifest:
    files = (log_file(rows, BROWSER_FILE, "browser"), log_file(rows, SERVER_FILE, "server"))
    return Manifest(
        shop=shop,
        seed=seed,
        files=files,
        rows=sum(file.rows for file in files),
        events=sum(file.events for file in files),
        rejected=sum(file.rejected for file in files),
        faults=faults(rows),
        near_misses=near_misses(rows),
        gaps=gaps(rows),
        dedup=dedup([row for row in rows if row.planted != "cut-off"]),
    )


def log_file(rows: list[Row], path: str, side: str) -> LogFile:
    mine = [row.planted == "cut-off" for row in rows if row.side == side]
    return LogFile(path, side, rows=len(mine), events=len(mine) - sum(mine), rejected=sum(mine))


def faults(rows: list[Row]) -> tuple[PlantedFault, ...]:
    """One entry a line of FAULTS, in its order."""
    found = []
    for item in FAULTS:
        mine = [row for row in rows if row.planted == item.id and row.kind == (item.side, item.event_name)]
        found.append(PlantedFault(item.id, item.side, mine[0].sent["event_name"], len(mine), item.how))
    return tuple(found)


def near_misses(rows: list[Row]) -> tuple[NearMiss, ...]:
    kinds = {
        "near-miss-prefix": "prefix",
        "event-name-misspelt": "event-name",
        "event-name-ga4": "event-name",
        "event-id-missing": "no-id",
    }
    counts = Counter((kinds[row.planted], row.event.name) for row in rows if row.planted in kinds)
    return tuple(NearMiss(kind, name, number) for (kind, name), number in sorted(counts.items()))


def gaps(rows: list[Row]) -> tuple[Gap, ...]:
    """One entry a line of GAPS. On the server only events count whose browser partner has the key."""

    def lost(row: Row, key: str) -> bool:
        had = row.side == "browser" or (row.partner is not None and bool(row.partner.user[key]))
        return had and not row.user.get(key)

    def count(item: Plant) -> int:
        return sum(row.kind == (item.side, item.event_name) and lost(row, item.id) for row in rows)

    return tuple(Gap(item.id, item.side, item.event_name, count(item), item.how) for item in GAPS)


def dedup(rows: list[Row]) -> tuple[Dedup, ...]:
    """One entry an event name as sent, in alphabetical order."""
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row.sent["event_name"]].append(row)
    return tuple(dedup_of(name, by_name[name]) for name in sorted(by_name))


def dedup_of(name: str, rows: list[Row]) -> Dedup:
    ids = {
        side: Counter(row.sent["event_id"] for row in rows if row.side == side and row.sent.get("event_id"))
        for side in ("browser", "server")
    }
    total = Counter(row.side for row in rows)
    both = ids["browser"].keys() & ids["server"].keys()
    paired = {side: sum(ids[side][event_id] for event_id in both) for side in ids}
    people: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        people[row.sent.get("event_id", "")].add(row.event.visit.person.customer)
    reused = {event_id for counts in ids.values() for event_id, number in counts.items() if number > 1}
    return Dedup(
        event_name=name,
        browser=total["browser"],
        server=total["server"],
        browser_with_id=ids["browser"].total(),
        server_with_id=ids["server"].total(),
        pairs=len(both),
        browser_only=total["browser"] - paired["browser"],
        server_only=total["server"] - paired["server"],
        event_coverage=round(paired["browser"] / total["browser"], 6) if total["browser"] else None,
        reused_ids=len(reused),
        collisions=sum(len(people[event_id]) > 1 for event_id in reused),
        repeated=sum(row.planted == "repeated" for row in rows) // 2,
    )
