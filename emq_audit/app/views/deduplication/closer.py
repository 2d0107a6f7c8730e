"""One event name looked at closely: what becomes of its events, why some find no partner, and when each side sent them."""

import pandas as pd
import streamlit as st
from markupsafe import Markup

from emq_audit import lookup, timeline
from emq_audit.app import answers, faults, page, parts, session
from emq_audit.app.charts import flow, hours, lags
from emq_audit.app.charts import reasons as bars
from emq_audit.app.parts import Column
from emq_audit.app.views.events import open_with
from emq_audit.app.words import clock, plain, shown
from emq_audit.report import DedupEntry, Report
from emq_audit.report.pairing import (
    FIELDS,
    OTHER,
    TIMED_BY,
    Miss,
    dropped,
    key_label,
    lag_words,
    misses,
    share_or_dash,
    typical_lag,
)
from emq_audit.report.summary import both_sides
from emq_audit.report.words import count, counted, of, percent, plural

LISTED = 200  # events of one reason
ROW, ROWS = 36, 7
GUTTER = 44  # pixels between two columns
GAPS = 3  # named below the timeline


def show(report: Report) -> None:
    entries = {entry.event_name: entry for entry in answers.pairable(report)}
    with st.container(key="emq-closer"):
        entry = entries[page.choose("Look closer at", list(entries), "dedup_event")]
    _flow(entry)
    _reasons(entry)
    if both_sides(entry):
        left, right = st.columns(2, gap=GUTTER)
        with left:
            _lags(entry)
        with right:
            parts.show(_keys(entry))
    with faults.told():
        _timeline(entry)
    if agreement := _agreement(report, entry):
        with st.expander("How well the two reports of a pair agree", key="emq-agreement"):
            parts.show(agreement)


def _flow(entry: DedupEntry) -> None:
    name, told = shown(entry.event_name, 40), dropped(entry)
    account = f"Meta drops {told}." if told else "Meta drops none of them."
    title = f"What happens to {counted(entry.received, f'received {name} event')}"
    parts.show(parts.section(title, f"{account} {TIMED_BY.get(entry.timed_by, '')}"))
    page.draw(flow.chart(entry, page.palette()), flow.alt(entry), "flow")


# Why events found no partner


def _reasons(entry: DedupEntry) -> None:
    found = misses(entry)
    if not found:
        if both_sides(entry):
            parts.show(
                parts.calm(
                    "Every event found its partner", "Nothing of this name stands alone on one side.", "good"
                )
            )
        return
    sides = [
        f"{count(n)} {side}"
        for side, n in (("browser", entry.browser_only), ("server", entry.server_only))
        if n
    ]
    alone = plural(entry.browser_only + entry.server_only, "event")
    parts.show(
        parts.section(
            "Why the others do not pair",
            f"{' and '.join(sides)} {alone} without a partner, by the first reason that applies.",
        )
    )
    _choice(entry, found)


@st.fragment
def _choice(entry: DedupEntry, found: tuple[Miss, ...]) -> None:
    """The reasons beside the events of one of them; choosing another draws only this part again."""
    picked = _picked(found)
    left, right = st.columns([9, 11], gap=GUTTER)
    with left:
        page.draw(
            bars.chart(found, picked, page.palette()), bars.alt(found), "reasons",
            on_select=lambda: _clicked(found), selection_mode="points",
        )  # fmt: skip
    with right:
        _one_reason(entry, found)


def _name(miss: Miss) -> tuple[str, str | None]:
    return miss.reason, miss.side


def _picked(found: tuple[Miss, ...]) -> int:
    """The reason looked at: the one chosen before, or the largest fault."""
    known = [_name(miss) for miss in found]
    if st.session_state.get("dedup_reason") not in known:
        largest = next((miss for miss in found if not miss.expected), found[0])
        st.session_state["dedup_reason"] = _name(largest)
    return known.index(st.session_state["dedup_reason"])


def _clicked(found: tuple[Miss, ...]) -> None:
    for point in st.session_state["reasons"].selection.points:
        if "customdata" in point:
            place = point["customdata"]
            st.session_state["dedup_reason"] = _name(
                found[int(place[0] if isinstance(place, list) else place)]
            )


def _one_reason(entry: DedupEntry, found: tuple[Miss, ...]) -> None:
    by_name = {_name(miss): miss for miss in found}
    chosen = st.selectbox(
        "Reason", list(by_name), format_func=lambda name: f"{plain(by_name[name].title, 70)} ({count(by_name[name].events)})",
        key="dedup_reason", persist_state="session",
    )  # fmt: skip
    miss = by_name[chosen]
    parts.show(parts.change(miss.change, miss.effect, "none" if miss.expected else "close"))
    with faults.told():
        _events(entry, miss)


def _events(entry: DedupEntry, miss: Miss) -> None:
    audit = session.audit()
    if audit is None:
        parts.show(parts.note(session.GONE))
        return
    wanted = {"event_name": entry.event_name, "side": miss.side, "reason": miss.reason}
    found = lookup.find_events(audit, **wanted, limit=LISTED)
    if found.empty:
        return
    frame = pd.DataFrame(
        {
            "Time (UTC)": [clock(time) for time in found["time"]],
            "Side": found["side"].tolist(),
            "Event id": [
                shown(event_id) if isinstance(event_id, str) else "–" for event_id in found["event_id"]
            ],
            "Row": [int(row) for row in found["row"]],
        }
    )
    st.dataframe(
        frame, hide_index=True, row_height=ROW, height=ROW * (min(len(frame), ROWS) + 1), key=f"misses_{miss.reason}_{miss.side}",
        alt="Events without a partner for this reason, ids masked",
        column_config={"Time (UTC)": st.column_config.TextColumn(width=130), "Side": st.column_config.TextColumn(width=80),
                       "Event id": st.column_config.TextColumn(width=190), "Row": st.column_config.NumberColumn(width=70)},
    )  # fmt: skip
    newest = f"The newest {LISTED} of {count(miss.events)}. " if miss.events > LISTED else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        parts.show(parts.note(f"{newest}Ids are masked; rows are those of the log."), fit=True)
        open_with("See them on the Events page", **wanted)


# When they arrive, and by which key


def _lags(entry: DedupEntry) -> None:
    place = typical_lag(entry)
    if place is None:
        return
    told = f"{counted(entry.pairs, 'pair')}; server time minus browser time. In the typical pair {lag_words(place)}."
    parts.show(parts.section("How far apart the pairs arrive", told))
    page.draw(lags.chart(entry, page.palette()), lags.alt(entry), "lags")


def _keys(entry: DedupEntry) -> Markup:
    columns = (
        Column("Key"),
        *(Column(title, numbers=True) for title in ("Browser", "Server", "Overlap", "Covered")),
    )
    rows = [
        (
            parts.two_lines(*_two(key_label(key))),
            *(share_or_dash(s) for s in (use.browser, use.server, use.overlap, use.browser_covered)),
        )
        for key, use in entry.by_key.items()
    ]
    note = "Event id pairs first; customer id and browser id only where an id is missing and the browser’s event came first."
    return Markup("").join(
        (
            parts.section("Which key could pair them", note),
            parts.table(
                columns,
                rows,
                caption="Deduplication keys: share of events that carry each, and how far both sides agree",
            ),
            parts.note(
                "As in Meta’s Dataset Quality API. Browser, Server: events that carry the key. Overlap: of the side with fewer events, "
                "the share for which the other side sent the same value within 48 hours. Covered: the same share of browser events."
            ),
        )
    )


def _two(label: str) -> tuple[str, str]:
    """`Customer id (external_id)` as a name and its code name."""
    name, _, code = label.partition(" (")
    return name, code.removesuffix(")")


def _timeline(entry: DedupEntry) -> None:
    audit = session.audit()
    if audit is None:
        return
    kept = st.session_state.setdefault("timelines", {})
    if entry.event_name not in kept:
        kept[entry.event_name] = timeline.hours(audit, entry.event_name)
    frame = kept[entry.event_name]
    if len(frame) < 2:
        return
    silent = timeline.gaps(frame)
    shown_events = int(frame["browser"].sum() + frame["server"].sum())
    left_out = entry.browser + entry.server - shown_events
    note = f"Events by the time of receipt where it is logged, else their own; UTC. One bar is {hours.unit(frame)}."
    if left_out:
        note += f" {counted(left_out, 'event')} without a time, or far from all others, {plural(left_out, 'is', 'are')} left out."
    parts.show(parts.section("Both sides over time", note))
    page.draw(hours.chart(frame, silent, page.palette()), hours.alt(frame, silent), "hours")
    parts.show(_silence(entry, silent))


def _silence(entry: DedupEntry, gaps: tuple[timeline.Gap, ...]) -> Markup:
    if not gaps:
        return parts.note("Neither side falls silent while the other goes on." if both_sides(entry) else "")
    lines = [
        (
            parts.two_lines(
                Markup("{} No {} event from {} to {}").format(
                    parts.glyph("close"), gap.side, clock(gap.start)[:-3], clock(gap.end)[:-3]
                ),
                f"{counted(gap.others, f'{OTHER[gap.side]} event')} meanwhile",
            ),
            "",
        )
        for gap in gaps[:GAPS]
    ]
    more = f"{counted(len(gaps) - GAPS, 'more gap')}. " if len(gaps) > GAPS else ""
    note = f"{more}A heuristic: a gap is where at least {timeline.SILENCE} events were to be expected and none came."
    return parts.facts(lines) + parts.note(note)


# Pairs that disagree


def _agreement(report: Report, entry: DedupEntry) -> Markup | None:
    differing = [
        item for item in report.disagreements if item.event_name == entry.event_name and item.compared
    ]
    lacking = [item for item in report.lacking if item.event_name == entry.event_name and item.events]
    if not differing and not lacking:
        return None
    differ = [
        (
            FIELDS.get(item.field, shown(item.field, 40)),
            of(item.differ, item.compared),
            percent(item.differ / item.compared),
        )
        for item in differing
    ]
    lack = [
        (key_label(item.key), of(item.events, item.pairs), percent(item.events / item.pairs))
        for item in sorted(lacking, key=lambda item: -item.events)
    ]
    return parts.two_columns(
        _shares("The two reports disagree", "Of pairs in which both carry the field.", "Field", differ),
        _shares(
            "The counted event lacks", "Keys that the dropped event of the pair carries.", "Match key", lack
        ),
    )


def _shares(title: str, note: str, first: str, rows: list[tuple[str, str, str]]) -> Markup:
    if not rows:
        return Markup("")
    columns = (Column(first), Column("Pairs", numbers=True), Column("Share", numbers=True))
    return parts.section(title, note, small=True) + parts.table(columns, rows, caption=title, plain=True)
