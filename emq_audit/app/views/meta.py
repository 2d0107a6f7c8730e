"""Meta's numbers: a saved answer of Meta's Dataset Quality API beside the audit. The app itself asks nobody.

What is said is what the HTML report says (emq_audit.report.sections.meta); the answer stays in this tab's session.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shutil import which

import streamlit as st
from markupsafe import Markup

from emq_audit.app import faults, page, parts, session
from emq_audit.app.charts import beside
from emq_audit.app.words import plain, shown
from emq_audit.report.sections import meta
from emq_audit.report.sections.meta import DiagnosticRow, FixRow, KeyTable, MetaNumbers, PairRow

PAGE = "Meta’s numbers"
NO_REQUEST = "The answer stays in this tab. The app asks Meta nothing."
STEPS = (
    "Copy the dataset’s id from Events Manager, Settings. It takes the place of DATASET below.",
    "Run the command below. It asks for an access token at a hidden prompt: Events Manager, Settings, Generate access token. "
    "Nothing of your log is sent.",
    "Drop `meta.json` above.",
)
EXPLORER = (
    "Open the Graph API Explorer at developers.facebook.com/tools/explorer and put a token in that may read the dataset.",
    "Send this request with GET, and save the answer as a file.",
    "Drop that file above.",
)


def show() -> None:
    body = meta.section(page.report())
    if body is None:
        _empty()
        return
    parts.show(parts.heading(PAGE, f"{plain(body.title)}.", plain(body.asked)))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button("Take the answer out", icon=":material/close:", key="meta_out", on_click=_take_out)
        parts.show(parts.note("It is part of the reports you export, too. To see another answer, take this one out."))
    _scores(body)
    _fixes(body)
    _keys(body)
    _pairs(body.pairs)
    _diagnostics(body)
    if body.notes:
        parts.show(parts.section("Why both may differ", small=True), *(parts.note(shown(line, 400)) for line in body.notes))


def _empty() -> None:
    parts.show(
        parts.heading(
            PAGE,
            "See what Meta itself says beside the estimate.",
            "Meta’s Dataset Quality API tells the score, the coverage of each match key and the diagnostics of your events. Drop a saved "
            "answer to set both side by side; its scores calibrate the estimate to your site.",
        )
    )
    faults.tell(st.session_state.get("meta_problem"))
    with st.container(key="emq-meta-drop"):
        key = f"meta-{st.session_state.get('meta_uploads', 0)}"
        file = st.file_uploader("Meta’s answer", key=key, label_visibility="collapsed")
    parts.show(parts.note(NO_REQUEST))
    if file is not None:
        with faults.kept("meta_problem"):
            _add(file)
        st.rerun()
    _how()


def _program() -> str:
    """How the command is called on this computer: by its name, or by its place where a terminal would not find the name."""
    own = Path(sys.executable).with_name("emq-audit.exe" if sys.platform == "win32" else "emq-audit")
    if which("emq-audit") or not own.exists():
        return "emq-audit"
    return str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)


def _how() -> None:
    from emq_audit.graph.client import API_VERSION
    from emq_audit.graph.quality import PATH, WEB_FIELDS

    fields = ",".join(name + inside for name, inside in WEB_FIELDS.items())
    parts.show(parts.section("How to get the answer"), parts.steps(STEPS))
    st.code(f"{_program()} quality DATASET -o meta.json", language=None)
    with st.expander("Without the command line: the Graph API Explorer"):
        parts.show(parts.steps(EXPLORER))
        st.code(f"{API_VERSION}/{PATH}?dataset_id=DATASET&fields=web{{{fields}}}", language=None, wrap_lines=True)


def _add(file) -> None:
    """Set the answer beside the open report. Raises AuditError where the file holds none."""
    from emq_audit.graph import compare, load

    try:
        answer = load(bytes(file.getbuffer()))
    finally:
        session.forget_uploads([file], "meta_uploads")
    _keep(compare(page.report(), answer))


def _take_out() -> None:
    _keep(None)


def _keep(found) -> None:
    known = session.opened()
    st.session_state["opened"] = replace(known, report=replace(known.report, meta=found))


def _scores(body: MetaNumbers) -> None:
    if not body.rows:
        return
    legend = [("own", "Meta’s own score"), ("dot", "estimate, with its range")]
    legend += [("diamond", "estimate, calibrated to this site")] if body.moved else []
    parts.show(parts.section("Score by event", "Server events, 0 to 10."), parts.legend(legend))
    found = [event for event in page.report().meta.events if event.meta is not None or event.estimate is not None]
    rows = found[: len(body.rows)]
    moved = meta.moved_in(page.report().meta)
    page.draw(beside.chart(rows, moved, body.axis.target, page.palette()), beside.alt(rows, moved), "meta_scores")
    parts.show(Markup('<p class="emq-change">{}</p>').format(shown(body.calibration, 600)))
    if body.more_rows:
        parts.show(parts.note(body.more_rows))


def _keys(body: MetaNumbers) -> None:
    if not body.tables:
        return
    parts.show(parts.section("Match keys", "Share of server events that carry the key: as Meta says, and as this log shows."))
    tables = {plain((table.name,), 60): table for table in body.tables}
    name = page.choose("Event", list(tables), "meta_event")
    _key_table(tables[name])
    if body.more_tables:
        parts.show(parts.note(body.more_tables))


def _key_table(table: KeyTable) -> None:
    columns = [parts.Column("Match key"), *(parts.Column(title, numbers=True) for title in ("Meta", "Usable here", "Sent here"))]
    rows = [[row.key, row.meta, row.usable, row.sent] for row in table.rows]
    if table.uplift:
        columns.append(parts.Column("Could add", numbers=True))
        rows = [[*cells, row.uplift] for cells, row in zip(rows, table.rows, strict=True)]
    parts.show(parts.table(columns, rows, caption="Match keys, as Meta says and as this log shows"))
    parts.show(*(parts.note(shown(line, 300)) for line in (*table.words, *((meta.UPLIFT,) if table.uplift else ()))))


def _pairs(rows: Sequence[PairRow]) -> None:
    if not rows:
        return
    titles = ("Browser: Meta", "here", "Server: Meta", "here", "Covered: Meta", "here")
    columns = [parts.Column("Event and key"), *(parts.Column(title, numbers=True) for title in titles)]
    cells = [
        [parts.two_lines(plain((row.name,), 40), plain((row.what,), 40)), *(words for pair in row.numbers for words in pair)]
        for row in rows
    ]
    note = "Events that carry each deduplication key, and browser events that it ties to a server event."
    parts.show(
        parts.section("Event coverage and deduplication keys", note),
        parts.table(columns, cells, caption="Event coverage and deduplication keys, as Meta says and as this log shows"),
    )


def _diagnostics(body: MetaNumbers) -> None:
    if not body.diagnostics:
        return
    note = "Matched to the checks by their words, a heuristic: Meta documents neither the wording nor when they appear."
    columns = [parts.Column("Meta says"), parts.Column("This log")]
    rows = [
        [_told(parts.two_lines(plain((row.title,), 160), _where(row))), _told(parts.two_lines(_status(row), _lines(row)))]
        for row in body.diagnostics
    ]
    table = parts.table(columns, rows, caption="Meta’s diagnostics and what the audit finds")
    more = [parts.note(f"{body.more_diagnostics} more not listed.")] if body.more_diagnostics else []
    parts.show(parts.section("Diagnostics", note), table, *more)


def _told(words: str) -> Markup:
    """A cell of words that wraps on a narrow screen too."""
    return Markup('<div class="emq-told">{}</div>').format(words)


def _where(row: DiagnosticRow) -> str:
    return f"{plain((row.name,), 40)}, {row.extent}" if row.extent else plain((row.name,), 40)


def _status(row: DiagnosticRow) -> Markup:
    return Markup("{} {}").format(parts.glyph("close" if row.found else "none"), row.status)


def _lines(row: DiagnosticRow) -> str:
    checks = f"Checks: {', '.join(row.checks)}" if row.checks else ""
    return " ".join(filter(None, (checks, *(plain(line, 320) for line in row.lines))))


def _fixes(body: MetaNumbers) -> None:
    if body.fixes:
        columns = [
            parts.Column("Fix"), parts.Column("Additional conversions"), parts.Column("Points, estimated"),
            parts.Column("By points", numbers=True),
        ]  # fmt: skip
        parts.show(
            parts.section("Fix first, by what Meta expects", meta.RANKED),
            parts.table(columns, map(_fix, body.fixes), caption="Fixes in the order of what Meta expects of them"),
        )
        page.link("fixes", "How to do each")
    if body.expected:
        note = "Meta expects something of these as well; nothing in this log is at fault with them, or they are not sent."
        parts.show(parts.section("No fix in this log", note, small=True), *(parts.note(plain(line)) for line in body.expected))


def _fix(row: FixRow) -> list[str]:
    title = f"{row.rank}. {plain(row.title, 160)}"
    return [_told(title), plain(row.expects, 200), plain(row.gains, 200) or "–", f"fix {row.number}"]
