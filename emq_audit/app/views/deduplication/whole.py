"""What the whole log shows: what either side would miss alone, conversions that count again, and ids used more than once."""

import pandas as pd
import streamlit as st
from markupsafe import Markup

from emq_audit.app import answers, page, parts
from emq_audit.app.charts import days
from emq_audit.app.parts import Column
from emq_audit.app.words import plain, shown, span
from emq_audit.report import Double, OneSided, Report
from emq_audit.report.pairing import double_kind, doubles_together, money
from emq_audit.report.words import count, of, percent
from emq_audit.user_agents import OTHER, UNKNOWN

BY = {"browser": "Browser", "os": "Operating system", "day": "Day"}
VALUES = 10  # rows a table


def sides(report: Report) -> None:
    """Pixel, Conversions API or both: answered with the user's own numbers."""
    found = {by: [row for row in report.one_sided if row.by == by and row.of] for by in BY}
    present = [by for by in BY if found[by]]
    if not present:
        return
    parts.show(parts.section("What either side would miss alone", answers.missed(report)))
    for tab, by in zip(st.tabs([BY[by] for by in present], key="dedup_by"), present, strict=True):
        with tab:
            _by_day(found[by]) if by == "day" else parts.show(_by_value(found[by], BY[by]))


def _by_value(rows: list[OneSided], title: str) -> Markup:
    cells = {(row.value, row.side): row for row in rows}
    volume = {value: sum(row.of for row in rows if row.value == value) for value, _ in cells}
    values = sorted(volume, key=lambda value: (value in (OTHER, UNKNOWN), -volume[value], value))
    columns = (
        Column(title),
        Column("Browser events without a partner"),
        Column("Server events without a partner"),
    )
    listed = [
        (shown(value, 40), *(_missed(cells.get((value, side))) for side in ("browser", "server")))
        for value in values[:VALUES]
    ]
    more = (
        parts.note(f"{count(len(values) - VALUES)} more, each with fewer events.")
        if len(values) > VALUES
        else ""
    )
    return (
        parts.table(columns, listed, caption=f"What either side would miss alone, by {title.lower()}") + more
    )


def _missed(row: OneSided | None) -> Markup:
    if row is None:
        return Markup('<span class="emq-quiet">–</span>')
    share = row.events / row.of
    return Markup('<div class="emq-of">{}<b>{}</b><span class="emq-quiet">{}</span></div>').format(
        parts.share(share, f"{percent(share)} missed"), percent(share), of(row.events, row.of)
    )


def _by_day(rows: list[OneSided]) -> None:
    told = [
        (f"line-{side}", words) for side, words in days.NAMES.items() if any(row.side == side for row in rows)
    ]
    parts.show(parts.legend(told))
    page.draw(days.chart(rows, page.palette()), days.alt(rows), "days")


def doubles(report: Report) -> None:
    """Conversions that Meta counts though another event already stands for them."""
    if not report.doubles:
        return
    order = {name: place for place, name in enumerate(answers.events_in_order(report))}
    found = sorted(report.doubles, key=lambda double: order.get(double.event_name, len(order)))
    columns = (
        Column("What is seen, and what to change"), Column("Event"), Column("Conversions", numbers=True), Column("Value", numbers=True),
    )  # fmt: skip
    note = "Meta counts these though another event already stands for the same conversion, as far as the log shows."
    parts.show(
        parts.section(f"{plain(doubles_together(found), 200)}, counted again", note),
        parts.table(columns, [_double(double) for double in found], caption="Conversions counted again"),
    )


def _double(double: Double) -> tuple[str, ...]:
    kind = double_kind(double.kind)
    title = Markup("{} {}").format(
        shown(kind.title, 80), parts.pill("heuristic", "none") if kind.heuristic else ""
    )
    told = Markup('<div class="emq-told">{}</div>').format(parts.two_lines(title, kind.change))
    return (
        told,
        shown(double.event_name, 40),
        count(double.conversions),
        plain(money(double.value), 120) or "–",
    )


def shared(report: Report) -> None:
    if not any(entry.browser_with_id or entry.server_with_id for entry in report.dedup):
        return
    note = "One event id should belong to one action. These occur more than once on the same side; ids are masked."
    parts.show(parts.section("Ids used more than once", note))
    if not report.shared_ids:
        parts.show(
            parts.calm("No id is used twice on one side", "Each event id belongs to one event.", "good")
        )
        return
    most = max(item.events for item in report.shared_ids)
    frame = pd.DataFrame(
        {
            "Event id": [shown(item.event_id) for item in report.shared_ids],
            "Event": [shown(item.event_name) for item in report.shared_ids],
            "Side": [item.side for item in report.shared_ids],
            "Times used": [item.events for item in report.shared_ids],
            "People": [item.people for item in report.shared_ids],
            "Lost": [item.lost for item in report.shared_ids],
            "Time span": [span(item.seconds) for item in report.shared_ids],
            "Likely cause": [shown(item.cause, 80) or "–" for item in report.shared_ids],
        }
    )
    st.dataframe(
        frame, hide_index=True, row_height=38, key="shared_ids", alt="Event ids used more than once on one side",
        column_config={
            "Times used": st.column_config.ProgressColumn(format="%d", min_value=0, max_value=most, width=130),
            "Event id": st.column_config.TextColumn(width=150),
            "Side": st.column_config.TextColumn(width=80),
            "People": st.column_config.NumberColumn(width=70, help="Different people, by the personal key that tells most apart"),
            "Lost": st.column_config.NumberColumn(width=60, help="Events that look like conversions of their own, dropped as repeats"),
            "Likely cause": st.column_config.TextColumn(width=230),
        },
    )  # fmt: skip
    parts.show(
        parts.note(
            "Lost: events that Meta drops as repeats though they look like conversions of their own. The cause is a heuristic."
        )
    )
