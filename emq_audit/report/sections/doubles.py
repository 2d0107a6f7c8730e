"""Conversions counted again, pairs whose two reports disagree, and the shop's own orders: the closing parts of deduplication."""

from dataclasses import dataclass

from emq_audit.report import DedupEntry, Double, Report
from emq_audit.report.order import event_order
from emq_audit.report.pairing import (
    FIELDS,
    double_kind,
    doubles_together,
    key_label,
    money,
    orders_rows,
    orders_title,
)
from emq_audit.report.summary import name
from emq_audit.report.words import Piece, Sentence, count, joined, log, of, percent, sentence, shorten

ROWS = 12
LACKING_NAMED = 4
LACKING_WORTH = 0.05  # share of pairs from which a key is worth naming


@dataclass(frozen=True)
class DoubleRow:
    name: Piece
    kind: str
    change: str
    conversions: str
    value: Sentence


@dataclass(frozen=True)
class Doubles:
    """`together` sums the rows up; `heuristic` where a row only looks like a repeat."""

    rows: tuple[DoubleRow, ...]
    together: Sentence
    heuristic: bool


@dataclass(frozen=True)
class DisagreementRow:
    """`fault` where any pair disagrees."""

    name: Piece
    field: str
    differ: str
    share: str
    fault: bool


@dataclass(frozen=True)
class OrderRow:
    name: str
    meaning: str
    orders: str
    fault: bool


@dataclass(frozen=True)
class OrdersTable:
    title: str
    rows: tuple[OrderRow, ...]
    notes: tuple[str, ...]


def doubles(report: Report) -> Doubles | None:
    if not report.doubles:
        return None
    order = event_order(report)
    found = sorted(report.doubles, key=lambda double: order.get(double.event_name, len(order)))
    return Doubles(
        rows=tuple(_double_row(double) for double in found[:ROWS]),
        together=doubles_together(found),
        heuristic=any(double_kind(double.kind).heuristic for double in found),
    )


def _double_row(double: Double) -> DoubleRow:
    kind = double_kind(double.kind)
    title = f"{kind.title} (heuristic)" if kind.heuristic else kind.title
    return DoubleRow(
        log(double.event_name), title, kind.change, count(double.conversions), money(double.value)
    )


def disagreements(report: Report) -> tuple[DisagreementRow, ...]:
    """Only fields in which pairs differ: agreement is no news."""
    found = sorted(
        (d for d in report.disagreements if d.differ), key=lambda d: (-d.differ, d.event_name, d.field)
    )
    return tuple(
        DisagreementRow(
            log(d.event_name), FIELDS.get(d.field, shorten(d.field, 40)), of(d.differ, d.compared),
            percent(d.differ / d.compared) if d.compared else "–", True,
        )
        for d in found[:ROWS]
    )  # fmt: skip


def lacking(report: Report, main: DedupEntry | None) -> Sentence:
    """What the counted events of the main name lack and the dropped ones had; empty where it is nothing worth naming."""
    found = [
        item for item in report.lacking
        if main is not None and item.event_name == main.event_name and item.pairs and item.events / item.pairs >= LACKING_WORTH
    ]  # fmt: skip
    if not found:
        return ()
    found.sort(key=lambda item: (-item.events, item.key))
    parts = [
        sentence("{key} in {events}", key=key_label(item.key), events=of(item.events, item.pairs))
        for item in found[:LACKING_NAMED]
    ]
    return sentence(
        "In pairs of {event} the counted event lacks what the dropped one carries: {keys}. Do not count on the two being combined: "
        "send every key from both sides.",
        event=name(main.event_name), keys=joined(parts, "; "),
    )  # fmt: skip


def orders(report: Report) -> OrdersTable | None:
    if report.orders is None:
        return None
    rows = tuple(
        OrderRow(*words, count(events), fault and events > 0)
        for *words, events, fault in orders_rows(report.orders)
    )
    return OrdersTable(orders_title(report.orders), rows, report.orders.notes)
