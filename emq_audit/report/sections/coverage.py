"""Coverage: which match keys each event carries, and whether Meta can use them."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from emq_audit.match_keys import BY_KEY, MATCH_KEYS, STATES, status
from emq_audit.report import KeyCoverage, Report
from emq_audit.report.drawings import Lane, coverage_bar
from emq_audit.report.order import event_order, main_event, side_rank
from emq_audit.report.summary import name
from emq_audit.report.words import (
    CARRIED,
    HEADS,
    ROWS_SHOWN,
    SIDES,
    Piece,
    Sentence,
    capital,
    count,
    joined,
    log,
    not_listed,
    percent,
    sentence,
    side_events,
)

EVENTS_NAMED = 3  # events listed beside one fault
CELLS_SHOWN, ROWS_LEAST = 300, 12  # cells in one table: with many keys it lists fewer events
SMALL = 0.05  # share of events from which a fault makes the title


@dataclass(frozen=True)
class Cell:
    """One event and key; figures without percent sign, "–" where nothing is sent, `faulty` often empty."""

    usable: str
    faulty: str
    lane: Lane


@dataclass(frozen=True)
class Row:
    name: Piece
    events: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Head:
    key: str
    words: str
    starts_group: bool


@dataclass(frozen=True)
class Fault:
    key: str
    words: str
    events: str
    where: Sentence


@dataclass(frozen=True)
class SideTable:
    """The events of one side. `groups` are (words, columns), `unsent` the keys no event carries."""

    side: str
    heads: tuple[Head, ...]
    groups: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    more_rows: str
    unsent: tuple[str, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Coverage:
    title: Sentence
    tables: tuple[SideTable, ...]


def section(report: Report) -> Coverage | None:
    if not report.coverage:
        return None
    order = event_order(report)
    sides = sorted({entry.side for entry in report.coverage}, key=lambda side: (side_rank(side), side))
    tables = tuple(_table(side, [e for e in report.coverage if e.side == side], order) for side in sides)
    return Coverage(_title(report), tables)


def _table(side: str, entries: list[KeyCoverage], order: dict[str, int]) -> SideTable:
    sent = {entry.key for entry in entries if entry.usable > 0 or entry.faulty > 0}
    keys = [key for key in MATCH_KEYS if key.key in sent]
    groups = [(group, len(list(members))) for group, members in groupby(keys, key=lambda key: key.group)]
    starts = {next(key.key for key in keys if key.group == group) for group, _ in groups}
    by_event: dict[str, dict[str, KeyCoverage]] = defaultdict(dict)
    for entry in entries:
        by_event[entry.event_name][entry.key] = entry
    shown = max(ROWS_LEAST, min(ROWS_SHOWN, CELLS_SHOWN // max(1, len(keys))))
    rows = [
        Row(
            name=log(event),
            events=count(next(iter(of_key.values())).events),
            cells=tuple(_cell(of_key[key.key]) if key.key in of_key else None for key in keys),
        )
        for event, of_key in sorted(by_event.items(), key=lambda item: order[item[0]])[:shown]
    ]
    return SideTable(
        side=SIDES.get(side, SIDES["unknown"]),
        heads=tuple(Head(key.key, HEADS[key.key], key.key in starts) for key in keys),
        groups=tuple(groups),
        rows=tuple(rows),
        more_rows=not_listed(len(by_event), shown),
        unsent=tuple(key.key for key in MATCH_KEYS if key.key not in sent),
        faults=_faults(entries, order),
    )


def _cell(entry: KeyCoverage) -> Cell:
    if entry.usable <= 0 and entry.faulty <= 0:
        return Cell("–", "", ())
    return Cell(
        _whole(entry.usable),
        _whole(entry.faulty) if entry.faulty > 0 else "",
        coverage_bar(entry.usable, entry.faulty),
    )


def _whole(share: float) -> str:
    """Whole percent for a narrow column."""
    return percent(share).removesuffix("%").replace("under ", "<").replace("over ", ">")


def _faults(entries: list[KeyCoverage], order: dict[str, int]) -> tuple[Fault, ...]:
    """What is wrong with the faulty values, most frequent first, one entry a key and state."""
    seen: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for entry in entries:
        for state, events in entry.states.items():
            if events and status(state) == "faulty":
                seen[entry.key, state][entry.event_name] = events
    ranked = sorted(seen.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return tuple(
        Fault(key, capital(STATES.get(state, state)), count(sum(events.values())), _where(events, order))
        for (key, state), events in ranked
    )


def _where(events: dict[str, int], order: dict[str, int]) -> Sentence:
    names = sorted(events, key=lambda event: order[event])
    named = [
        sentence("{event} {events}", event=log(event, 40), events=count(events[event]))
        for event in names[:EVENTS_NAMED]
    ]
    more = len(names) - EVENTS_NAMED
    return joined([*named, *([sentence(f"{more} more")] if more > 0 else [])], ", ")


def _title(report: Report) -> Sentence:
    """The largest fault of the main event, unless it is small and another event has a larger one."""
    main = main_event(report)
    faulty = [entry for entry in report.coverage if entry.faulty > 0 and entry.key in BY_KEY]
    if not faulty:
        return sentence("Meta can use every match key that is sent")
    worst = min(
        faulty, key=lambda e: (e.faulty < SMALL, e.event_name != main, -e.faulty, -e.events, e.event_name)
    )
    return sentence(
        "{share} of {event} {events} carry {key} that Meta cannot use",
        share=capital(percent(worst.faulty)),
        event=name(worst.event_name),
        events=side_events(worst.side),
        key=CARRIED[worst.key],
    )
