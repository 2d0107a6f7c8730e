"""Deduplication: which browser and server events are one action to Meta, and which ids stand in the way."""

import pandas as pd
import streamlit as st
from markupsafe import Markup

from emq_audit.app import answers, page, parts
from emq_audit.app.charts import flow
from emq_audit.app.parts import Column, Figure
from emq_audit.app.words import shown, span
from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.report import DedupEntry, Report
from emq_audit.report.summary import both_sides, main_entry
from emq_audit.report.words import count, counted, percent


def show() -> None:
    report = page.report()
    entry = main_entry(report)
    parts.show(
        parts.heading("Deduplication", *answers.deduplication(report)),
        _strip(entry) if entry else _nothing_to_pair(report),
    )
    if report.dedup:
        goal = (
            "Paired share is the share of browser events that also came from the server. "
            f"The dotted mark is Meta’s goal of {percent(COVERAGE_GOAL)}."
        )
        parts.show(parts.section("From received to paired", goal), _table(report))
    if answers.pairable(report):
        _closer(report)
    _shared(report)


def _nothing_to_pair(report: Report) -> Markup:
    browser, server = any(e.browser for e in report.dedup), any(e.server for e in report.dedup)
    if browser and not server:
        return parts.calm(
            "No server events in this log",
            "Only browser events were found, so there is nothing to pair. Drop a Conversions API log together with "
            "this one to check for double counting.",
        )
    if server and not browser:
        return parts.calm(
            "No browser events in this log",
            "Only server events were found, so there is nothing to pair. Drop a log of Pixel events together with "
            "this one to check for double counting.",
        )
    if browser and server:
        return parts.calm(
            "No event comes from both sides",
            "The browser and the server send different event names, so none of them can be counted twice.",
        )
    return parts.calm(
        "The side of these events is not known",
        "Choose the side on the start page, one log at a time, or drop logs that say where their events come from.",
    )


def _strip(entry: DedupEntry) -> Markup:
    reached = entry.event_coverage >= COVERAGE_GOAL
    paired = Figure(
        f"{shown(entry.event_name, 24)} paired",
        percent(entry.event_coverage),
        f"goal {percent(COVERAGE_GOAL)}",
        counted(entry.pairs, "pair"),
        "good" if reached else "close",
    )
    return parts.strip((paired, _without_id(entry), _reused(entry), _late(entry)))


def _without_id(entry: DedupEntry) -> Figure:
    browser, server = entry.browser - entry.browser_with_id, entry.server - entry.server_with_id
    told = f"{count(browser)} browser, {count(server)} server" if browser or server else "every event has one"
    of = f"of {count(entry.browser + entry.server)}"
    return Figure(
        "Without an event id", count(browser + server), of, told, "close" if browser or server else "good"
    )


def _reused(entry: DedupEntry) -> Figure:
    if not entry.reused_ids:
        return Figure("Ids used more than once", "0", "", "on the same side", "good")
    people = f"{count(entry.collisions) if entry.collisions else 'none'} by different people"
    return Figure(
        "Ids used more than once",
        count(entry.reused_ids),
        "",
        people,
        "poor" if entry.collisions else "close",
    )


def _late(entry: DedupEntry) -> Figure:
    told = "counted twice by Meta" if entry.outside_window else "no pair is"
    return Figure(
        "More than 48 hours apart",
        count(entry.outside_window),
        "",
        told,
        "close" if entry.outside_window else "good",
    )


NUMBERS = ("Browser", "Server", "Pairs", "Browser only", "Server only")


def _table(report: Report) -> Markup:
    columns = (
        Column("Event"),
        *(Column(title, numbers=True) for title in NUMBERS),
        Column("Towards the goal"),
        Column("Paired share", numbers=True),
    )
    return parts.table(
        columns,
        [_table_row(entry) for entry in answers.paired_events(report)],
        caption="Events received and paired",
    )


def _table_row(entry: DedupEntry) -> tuple[str, ...]:
    counts = (entry.browser, entry.server, entry.pairs, entry.browser_only, entry.server_only)
    name = shown(entry.event_name, 40)
    if not both_sides(entry) or entry.event_coverage is None:
        only = "browser only" if entry.browser else "server only" if entry.server else "side not known"
        words = Markup('<span class="emq-quiet">{}, nothing to pair</span>').format(only)
        return (name, *(count(n) if n else "–" for n in counts), words, parts.pill("one side", "none"))
    share = entry.event_coverage
    reached = share >= COVERAGE_GOAL
    meter = parts.meter(share, COVERAGE_GOAL, "good" if reached else "close", f"{percent(share)} paired")
    pill = parts.pill(percent(share), "good" if reached else "close")
    return (name, *(count(n) for n in counts), meter, pill)


def _closer(report: Report) -> None:
    entries = {entry.event_name: entry for entry in answers.pairable(report)}
    with st.container(key="emq-closer"):
        chosen = entries[page.choose("Look closer at", list(entries), "dedup_event")]
    name = shown(chosen.event_name, 40)
    parts.show(
        parts.section(
            f"What happens to {counted(chosen.browser + chosen.server, f'{name} event')}",
            f"{counted(chosen.pairs, 'pair')}; Meta counts each pair once.",
        )
    )
    page.draw(flow.chart(chosen, page.palette()), flow.alt(chosen), "flow")


def _shared(report: Report) -> None:
    parts.show(
        parts.section(
            "Ids used more than once",
            "One event id should belong to one action. These occur more than once on the same side; ids are masked.",
        )
    )
    if not report.shared_ids:
        parts.show(
            parts.calm("No id is used twice on one side", "Each event id belongs to one event.", "good")
        )
        return
    most = max(shared.events for shared in report.shared_ids)
    frame = pd.DataFrame(
        {
            "Event id": [shown(shared.event_id) for shared in report.shared_ids],
            "Event": [shown(shared.event_name) for shared in report.shared_ids],
            "Side": [shared.side for shared in report.shared_ids],
            "Times used": [shared.events for shared in report.shared_ids],
            "Different people": [shared.people for shared in report.shared_ids],
            "Time span": [span(shared.seconds) for shared in report.shared_ids],
            "What it means": [_meaning(shared.collision, shared.people) for shared in report.shared_ids],
        }
    )
    st.dataframe(
        frame, hide_index=True, row_height=38, key="shared_ids", alt="Event ids used more than once on one side",
        column_config={
            "Times used": st.column_config.ProgressColumn(format="%d", min_value=0, max_value=most, width=150),
            "Event id": st.column_config.TextColumn(width=170),
            "What it means": st.column_config.TextColumn(width=200),
        },
    )  # fmt: skip


def _meaning(collision: bool, people: int) -> str:
    return f"{counted(people, 'person', 'people')} share it" if collision else "Sent again by the same person"
