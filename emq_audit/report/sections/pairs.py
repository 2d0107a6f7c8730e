"""Deduplication: which browser and server events are one event, what Meta counts, and which event ids go wrong."""

from dataclasses import dataclass

from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.report import DedupEntry, Report, SharedId
from emq_audit.report.drawings import Lane, pairing_bar
from emq_audit.report.order import event_order
from emq_audit.report.pairing import most_counted_twice, reached, twice_sentence
from emq_audit.report.sections.doubles import (
    DisagreementRow,
    Doubles,
    OrdersTable,
    disagreements,
    doubles,
    lacking,
    orders,
)
from emq_audit.report.sections.misses import Misses, misses_of
from emq_audit.report.summary import both_sides, main_entry, name
from emq_audit.report.words import (
    ROWS_SHOWN,
    Piece,
    Sentence,
    capital,
    count,
    log,
    not_listed,
    number,
    percent,
    plural,
    sentence,
    shorten,
    side_events,
)

IDS_SHOWN = 8


@dataclass(frozen=True)
class PairRow:
    """One event name; `coverage` is empty where only one side sent it. `against` is below, above or empty."""

    name: Piece
    browser: str
    server: str
    pairs: str
    lane: Lane
    counted: str
    twice: str
    coverage: str
    against: str
    sign: str
    status: str


@dataclass(frozen=True)
class IdRow:
    """How one event name uses its event ids."""

    name: Piece
    browser: str
    server: str
    reused: str
    collisions: str
    outside: str


@dataclass(frozen=True)
class SharedRow:
    event_id: Piece
    name: Piece
    side: str
    seen: str
    collision: bool
    events: str
    people: str
    within: str
    lost: str


@dataclass(frozen=True)
class Pairs:
    """`rows` is empty where only one side is in the log. `hidden` says how many shared ids are not listed; `misses`, `doubles`,
    `disagreements`, `lacking` and `orders` are empty or None where there is nothing to say."""

    title: Sentence
    goal: str
    rows: tuple[PairRow, ...]
    more_rows: str
    misses: Misses | None
    doubles: Doubles | None
    disagreements: tuple[DisagreementRow, ...]
    lacking: Sentence
    orders: OrdersTable | None
    ids: tuple[IdRow, ...]
    shared: tuple[SharedRow, ...]
    hidden: int


def section(report: Report) -> Pairs | None:
    if not report.dedup:
        return None
    order, main = event_order(report), main_entry(report)
    entries = sorted(report.dedup, key=lambda entry: order[entry.event_name])
    shared = sorted(
        report.shared_ids, key=lambda s: (not s.collision, -s.people, -s.events, s.event_name, s.event_id)
    )
    paired = any(both_sides(entry) for entry in entries)
    return Pairs(
        title=_title(report),
        goal=percent(COVERAGE_GOAL),
        rows=tuple(_pair_row(entry) for entry in entries[:ROWS_SHOWN]) if paired else (),
        more_rows=not_listed(len(entries)),
        misses=misses_of(report, main),
        doubles=doubles(report),
        disagreements=disagreements(report),
        lacking=lacking(report, main),
        orders=orders(report),
        ids=tuple(_id_row(entry) for entry in entries[:ROWS_SHOWN]),
        shared=tuple(_shared_row(item) for item in shared[:IDS_SHOWN]),
        hidden=max(0, len(shared) - IDS_SHOWN),
    )


def _pair_row(entry: DedupEntry) -> PairRow:
    known = both_sides(entry) and entry.event_coverage is not None
    good = known and reached(entry)
    return PairRow(
        name=log(entry.event_name),
        browser=_or_dash(entry.browser),
        server=_or_dash(entry.server),
        pairs=_or_dash(entry.pairs),
        lane=pairing_bar(entry.browser_only, entry.pairs, entry.server_only, entry.counted_twice),
        counted=_or_dash(entry.counted),
        twice=_or_dash(entry.counted_twice),
        coverage=percent(entry.event_coverage) if known else "",
        against=("above" if good else "below") if known else "",
        sign=("▲" if good else "▼") if known else "",
        status=("Goal reached" if good else "Below goal") if known else "One side only",
    )


def _id_row(entry: DedupEntry) -> IdRow:
    return IdRow(
        name=log(entry.event_name),
        browser=percent(entry.browser_with_id / entry.browser) if entry.browser else "–",
        server=percent(entry.server_with_id / entry.server) if entry.server else "–",
        reused=_or_dash(entry.reused_ids),
        collisions=_or_dash(entry.collisions),
        outside=_or_dash(entry.outside_window),
    )


def _shared_row(item: SharedId) -> SharedRow:
    return SharedRow(
        event_id=log(item.event_id),
        name=log(item.event_name),
        side=capital(item.side),
        seen=_seen(item),
        collision=item.collision,
        events=count(item.events),
        people=_or_dash(item.people),
        within=duration(item.seconds),
        lost=_or_dash(item.lost),
    )


def _seen(item: SharedId) -> str:
    if item.cause:
        return shorten(item.cause, 80)
    if item.collision:
        return "Different people"
    return "Same person" if item.people == 1 else "Cannot tell who"


def duration(seconds: int) -> str:
    """`41 s`, `6 min`, `3 h`, `9 days`."""
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    if seconds < 172_800:
        return f"{round(seconds / 3600)} h"
    return f"{count(round(seconds / 86400))} days"


def _or_dash(value: int) -> str:
    return count(value) if value else "–"


def _title(report: Report) -> Sentence:
    collisions = sum(entry.collisions for entry in report.dedup)
    main = main_entry(report)
    if twice := most_counted_twice(report, main):
        return twice_sentence(twice, name(twice.event_name))
    if main is None:
        return _one_sided(report, collisions)
    if reached(main) and collisions:
        return _collisions(collisions)
    return sentence(
        "{share} of {event} browser events also came from the server; the goal is {goal}",
        share=capital(percent(main.event_coverage)),
        event=name(main.event_name),
        goal=percent(COVERAGE_GOAL),
    )


def _collisions(collisions: int) -> Sentence:
    ids = plural(collisions, "event id is", "event ids are")
    return sentence(
        "{collisions} {ids} shared by different people", collisions=capital(number(collisions)), ids=ids
    )


def _one_sided(report: Report, collisions: int) -> Sentence:
    if collisions:
        return _collisions(collisions)
    browser = sum(entry.browser for entry in report.dedup)
    server = sum(entry.server for entry in report.dedup)
    if bool(browser) == bool(server):
        return sentence("No event name came from both sides, so nothing can be paired")
    return sentence(
        "Only {events} are in this log, so nothing can be paired",
        events=side_events("browser" if browser else "server"),
    )
