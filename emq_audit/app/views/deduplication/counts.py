"""The figures of the deduplication page: the strip, and the table from received to counted."""

import streamlit as st
from markupsafe import Markup

from emq_audit.app import answers, parts
from emq_audit.app.parts import Column, Figure
from emq_audit.app.words import shown
from emq_audit.dedup import COVERAGE_GOAL, LAGS
from emq_audit.report import DedupEntry, Report
from emq_audit.report.pairing import (
    most_counted_twice,
    reached,
    typical_lag,
    without_id,
    without_id_words,
)
from emq_audit.report.summary import both_sides
from emq_audit.report.words import count, counted, of, percent

ROWS = 10  # event names in the table; more stand folded below it
FOLDED = 200

NUMBERS = ("Browser", "Server", "Paired", "Counted")


def strip(report: Report, entry: DedupEntry) -> Markup:
    return parts.strip((_paired(entry), _twice(report, entry), _without_id(entry), _delay(entry)))


def _paired(entry: DedupEntry) -> Figure:
    return Figure(
        f"{shown(entry.event_name, 24)} paired",
        percent(entry.event_coverage),
        f"goal {percent(COVERAGE_GOAL)}",
        f"{of(entry.browser - entry.browser_only, entry.browser)} browser events",
        "good" if reached(entry) else "close",
    )


def _twice(report: Report, main: DedupEntry) -> Figure:
    entry = most_counted_twice(report, main)
    if entry is None:
        return Figure("Probably counted twice", "0", "", "no near miss in this log", "good")
    name = f"{shown(entry.event_name, 20)} events"
    note = f"of {count(entry.counted)} counted"
    return Figure("Probably counted twice", count(entry.counted_twice), name, note, "close")


def _without_id(entry: DedupEntry) -> Figure:
    lacking = sum(without_id(entry))
    return Figure(
        f"{shown(entry.event_name, 20)} without an event id",
        count(lacking),
        f"of {count(entry.received)}",
        without_id_words(entry),
        "close" if lacking else "good",
    )


def _delay(entry: DedupEntry) -> Figure:
    place = typical_lag(entry)
    if place is None:
        return Figure("Typical delay", "–", "", "no pair to measure", "none")
    note = "server after browser" if place else "before the browser’s event"
    return Figure("Typical delay", "server first" if not place else LAGS[place][0], "median", note)


def table(report: Report) -> None:
    """From received to counted, the most valuable event names first."""
    entries = answers.paired_events(report)
    note = (
        "Counted: what is left once Meta’s rules are replayed on this log. Paired share is of browser events; "
        f"the dotted mark is Meta’s goal of {percent(COVERAGE_GOAL)}."
    )
    parts.show(parts.section("From received to counted", note), _table(entries[:ROWS]))
    if rest := entries[ROWS : ROWS + FOLDED]:
        more = counted(len(entries) - ROWS, "more event name")
        with st.expander(more, key="emq-more-names"):
            parts.show(_table(rest))
            if len(entries) > ROWS + FOLDED:
                parts.show(parts.note(f"{count(len(entries) - ROWS - FOLDED)} more in the exported report."))


def _table(entries: list[DedupEntry]) -> Markup:
    columns = (
        Column("Event"),
        *(Column(title, numbers=True) for title in NUMBERS),
        Column("Paired share"),
        Column("Against the goal", numbers=True),
    )
    return parts.table(
        columns, [_row(entry) for entry in entries], caption="Events received, paired and counted"
    )


def _row(entry: DedupEntry) -> tuple[str, ...]:
    counts = (entry.browser, entry.server, entry.pairs, entry.counted)
    name = shown(entry.event_name, 40)
    if not both_sides(entry) or entry.event_coverage is None:
        only = "browser only" if entry.browser else "server only" if entry.server else "side not known"
        words = Markup('<span class="emq-quiet">{}, nothing to pair</span>').format(only)
        return (name, *(count(n) if n else "–" for n in counts), words, parts.pill("one side", "none"))
    share, good = entry.event_coverage, reached(entry)
    tone = "good" if good else "close"
    meter = parts.meter(share, COVERAGE_GOAL, tone, f"{percent(share)} paired")
    words = Markup('<div class="emq-of">{}<b>{}</b></div>').format(meter, percent(share))
    pill = parts.pill("on goal" if good else "below goal", tone)
    return (name, *(count(n) for n in counts), words, pill)
