"""Coverage: which match keys each event carries, how many of them Meta can use, and what is wrong with the others."""

import streamlit as st
from markupsafe import Markup

from emq_audit import lookup
from emq_audit.app import answers, faults, page, parts, session
from emq_audit.app.charts import coverage as chart
from emq_audit.app.parts import Column
from emq_audit.app.views import consent, cookies
from emq_audit.app.words import SIDE_NAMES, clock, shown
from emq_audit.match_keys import BY_KEY, KEYS, MATCH_KEYS, STATES, status
from emq_audit.report import KeyCoverage, Report
from emq_audit.report.words import count, counted, percent

COLUMNS = 24  # event names in the grid; more are in the exported report
SAMPLES = 8
NAMES_WIDTH = 128
LEAST_WIDTH = 150  # pixels; Streamlit draws no narrower chart
TONES = {"usable": "good", "faulty": "close", "missing": "none"}


def show() -> None:
    report = page.report()
    found = answers.sides(report)
    if not found:
        parts.show(parts.heading("Coverage", "There are no events whose match keys could be counted."))
        return
    if st.session_state.get("coverage_side") not in found:
        st.session_state["coverage_side"] = found[0]
    side = st.session_state["coverage_side"]
    parts.show(
        parts.heading(
            "Coverage",
            answers.coverage(report, side),
            "Percent of events with each match key. Filled from the left: values Meta can use. Hatched from the right: values "
            "that are there but faulty.",
        )
    )
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        _choose_side(found)
        parts.show(
            parts.legend((("usable", "usable"), ("faulty", "▲ faulty"), ("missing", "missing"))), fit=True
        )
    cells = {(cell.event_name, cell.key): cell for cell in report.coverage if cell.side == side}
    left, right = st.columns([13, 6], gap="large")
    with left:
        pick = _grid(report, cells, side)
        _lost(report)
    with right:
        _choose_cell(report, cells)
        _cell(cells[pick])
    cookies.show(report)
    consent.show(report)


def _choose_side(found: list[str]) -> None:
    if len(found) == 1:
        parts.show(parts.note(f"{SIDE_NAMES.get(found[0], found[0])}; this log has no other side."), fit=True)
        return
    st.segmented_control(
        "Side",
        found,
        format_func=lambda side: SIDE_NAMES.get(side, side),
        required=True,
        key="coverage_side",
        persist_state="session",
    )


Cells = dict[tuple[str, str], KeyCoverage]


def _columns(report: Report, cells: Cells) -> list[str]:
    present = {event for event, _ in cells}
    return [name for name in answers.events_in_order(report) if name in present][:COLUMNS]


def _picked(report: Report, cells: Cells) -> tuple[str, str]:
    """The cell looked at: the one chosen before, or the worst."""
    event, key = st.session_state.get("coverage_event"), st.session_state.get("coverage_key")
    if (event, key) not in cells:
        worst = answers.worst_cell(report, list(cells.values())) or next(iter(cells.values()))
        event = event if (event, KEYS[0]) in cells else worst.event_name
        key = key if key in KEYS else worst.key
    st.session_state["coverage_event"], st.session_state["coverage_key"] = event, key
    return event, key


def _grid(report: Report, cells: Cells, side: str) -> tuple[str, str]:
    pick = _picked(report, cells)
    events = _columns(report, cells)
    key = f"grid-{side}"
    with st.container(horizontal=True, gap=None, wrap=False):
        st.html(_row_names(), width=NAMES_WIDTH)
        with st.container(key="emq-grid", gap=None):
            figure = chart.chart(list(cells.values()), events, page.palette(), pick)
            st.html(_grid_width(len(events)))
            page.draw(
                figure,
                chart.alt(list(cells.values())),
                key,
                on_select=lambda: _clicked(key, events),
                selection_mode="points",
            )
            parts.show(parts.handle("The arrow keys move the grid."))
    return pick


def _grid_width(columns: int) -> str:
    """The chart fills its box between a narrowest and a widest column; below that the box scrolls."""
    narrow, wide = chart.NARROW * columns, max(chart.CELL * columns, LEAST_WIDTH)
    return f"<style>body .st-key-emq-grid > .stElementContainer {{ min-width: {narrow}px; max-width: {wide}px; }}</style>"


def _clicked(key: str, events: list[str]) -> None:
    for point in st.session_state[key].selection.points:
        if "customdata" in point:
            column, st.session_state["coverage_key"] = point["customdata"][:2]
            st.session_state["coverage_event"] = events[int(column)]


def _row_names() -> str:
    """The names of the rows stand beside the chart, so that they stay while it scrolls on a narrow screen."""
    spans = Markup("").join(
        Markup('<span style="top:{}px">{}</span>').format(
            chart.HEAD + top + (chart.ROW - chart.BOX) // 2, key.label.removesuffix(" (external_id)")
        )
        for key, top in zip(MATCH_KEYS, chart.row_tops(), strict=True)
    )
    return Markup('<div class="emq-rows" style="height:{}px">{}</div>').format(chart.height(), spans)


def _choose_cell(report: Report, cells: Cells) -> None:
    left, right = st.columns(2, gap="small")
    left.selectbox(
        "Event", _columns(report, cells), format_func=shown, key="coverage_event", persist_state="session"
    )
    right.selectbox(
        "Match key",
        KEYS,
        format_func=lambda key: BY_KEY[key].label,
        key="coverage_key",
        persist_state="session",
    )


def _cell(cell: KeyCoverage) -> None:
    shares = (("usable", cell.usable), ("faulty", cell.faulty), ("missing", cell.missing))
    told = "; ".join(f"{word} {percent(share)}" for word, share in shares)
    rows = [
        (Markup("{} {}").format(parts.glyph(TONES[word]), word), _share(share, round(share * cell.events)))
        for word, share in shares
    ]
    parts.show(
        parts.bar([(cell.usable, "good"), (cell.faulty, "faulty"), (cell.missing, "none")], told),
        parts.facts(rows),
        *_wrong(cell),
    )
    with faults.told():
        _samples(cell)


def _share(share: float, events: int) -> Markup:
    return Markup('<b>{}</b> <span class="emq-quiet">{}</span>').format(percent(share), count(events))


def _wrong(cell: KeyCoverage) -> list[Markup]:
    reasons = answers.fault_counts(cell)
    if not reasons:
        word = "Nothing faulty here" if cell.usable else "Not sent"
        told = (
            "Every value that is sent can be used."
            if cell.usable
            else f"No event carries {BY_KEY[cell.key].label} on this side."
        )
        return [parts.calm(word, told, "good" if cell.usable else "none")]
    rows = [(_sentence(STATES[state]), count(number)) for state, number in reasons]
    note = f"{counted(sum(number for _, number in reasons), 'faulty value')}, by kind"
    return [
        parts.section("What is wrong", note),
        parts.table(
            (Column("Fault"), Column("Events", numbers=True)), rows, caption="Faults by kind", plain=True
        ),
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _samples(cell: KeyCoverage) -> None:
    if cell.usable == 0 and cell.faulty == 0:
        return
    audit = session.audit()
    if audit is None:
        parts.show(parts.note(session.GONE))
        return
    found = lookup.samples(audit, cell.event_name, cell.side, cell.key, limit=SAMPLES)
    rows = [(_value(sample.value, sample.time), _state(sample.state)) for sample in found.itertuples()]
    columns = (Column("Value"), Column("State"))
    parts.show(
        parts.section("Masked samples", "Times in UTC"),
        parts.table(columns, rows, caption="Masked samples", plain=True),
    )


def _value(value: str, time: float | None) -> Markup:
    return Markup('{}<span class="emq-time">{}</span>').format(parts.mono(shown(value, 34)), clock(time))


def _state(state: str) -> Markup:
    kind = status(state)
    ink = "emq-faulty" if kind == "faulty" else "emq-quiet"
    return Markup('<span class="{}">{} {}</span>').format(
        ink, parts.glyph(TONES[kind]), STATES.get(state, state)
    )


def _lost(report: Report) -> None:
    gaps = answers.lost(report)[:8]
    if not gaps:
        return
    columns = (
        Column("Match key"),
        Column("Event"),
        Column("Browser", numbers=True),
        Column("Server", numbers=True),
        Column("Lost", numbers=True),
    )
    rows = [
        (
            BY_KEY[browser.key].label, shown(browser.event_name, 30), percent(browser.usable), percent(server.usable),
            Markup("<b>{} of 100</b>").format(round(100 * (browser.usable - server.usable))),
        )
        for browser, server in gaps
    ]  # fmt: skip
    parts.show(
        parts.section(
            "Lost on the way to the server",
            "Keys that the browser has more often than the server, same event. Lost: events in a hundred.",
        ),
        parts.table(columns, rows, caption="Keys the browser has more often than the server"),
    )
