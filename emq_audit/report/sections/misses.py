"""Why events found no partner, and which key could have paired them: the part of the deduplication section on one event."""

from dataclasses import dataclass

from emq_audit.report import DedupEntry, Report
from emq_audit.report.order import event_order
from emq_audit.report.pairing import (
    TIMED_BY,
    Miss,
    dropped,
    faults,
    key_label,
    lag_words,
    misses,
    share_or_dash,
    typical_lag,
)
from emq_audit.report.summary import both_sides, name
from emq_audit.report.words import Piece, Sentence, count, log, sentence

OTHERS_SHOWN = 10  # reasons of other events than the main one


@dataclass(frozen=True)
class MissRow:
    """One reason; `name` is empty in the table of the main event. `fault` marks the effect."""

    name: Piece | None
    title: Sentence
    change: str
    browser: str
    server: str
    effect: str
    fault: bool


@dataclass(frozen=True)
class KeyRow:
    """One deduplication key: shares of events that carry it, and how far both sides agree."""

    key: str
    browser: str
    server: str
    overlap: str
    covered: str


@dataclass(frozen=True)
class Misses:
    """`account` says what was received, dropped and counted; `rows` why events of the main name found no partner, `others` the faults
    of other names (`more` of them are not listed)."""

    name: Piece
    account: Sentence
    rows: tuple[MissRow, ...]
    others: tuple[MissRow, ...]
    more: int
    keys: tuple[KeyRow, ...]
    keys_name: Piece


def misses_of(report: Report, main: DedupEntry | None) -> Misses | None:
    """About `main`, the event the section speaks of; None where nothing came from both sides and no reason is known."""
    others = _others(report, main)
    if main is None and not others:
        return None
    return Misses(
        name=name(main.event_name) if main else Piece("Events"),
        account=_account(main) if main else (),
        rows=tuple(_row(miss) for miss in misses(main)) if main else (),
        others=tuple(others[:OTHERS_SHOWN]),
        more=max(0, len(others) - OTHERS_SHOWN),
        keys=_keys(main) if main else (),
        keys_name=name(main.event_name) if main else Piece(""),
    )


def _account(entry: DedupEntry) -> Sentence:
    """Received, dropped, counted; how far apart; by which clock."""
    if not entry.received:
        return ()
    told = dropped(entry)
    place = typical_lag(entry)
    lag = f" In the typical pair {lag_words(place)}." if place is not None else ""
    return sentence(
        "Of {received} {event} events received, Meta counts {counted}"
        + (" and drops {dropped}." if told else ".")
        + "{lag} {clock}",
        received=count(entry.received), event=name(entry.event_name), counted=count(entry.counted),
        dropped=told, lag=lag, clock=TIMED_BY.get(entry.timed_by, ""),
    )  # fmt: skip


def _others(report: Report, main: DedupEntry | None) -> list[MissRow]:
    order = event_order(report)
    entries = sorted((e for e in report.dedup if e is not main), key=lambda entry: order[entry.event_name])
    return [_row(miss, log(entry.event_name)) for entry in entries for miss in faults(entry)]


def _row(miss: Miss, event: Piece | None = None) -> MissRow:
    numbers = (count(events) if events else "–" for events in (miss.browser, miss.server))
    return MissRow(event, miss.title, miss.change, *numbers, miss.effect, not miss.expected)


def _keys(entry: DedupEntry) -> tuple[KeyRow, ...]:
    if not both_sides(entry):
        return ()
    return tuple(
        KeyRow(
            key_label(key),
            *(share_or_dash(s) for s in (use.browser, use.server, use.overlap, use.browser_covered)),
        )
        for key, use in entry.by_key.items()
    )
