"""The app without a browser: words, charts, what is escaped, what is forgotten, and every page for every kind of log."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from emq_audit.app import answers, exports, faults, parts, session, style, theme, words
from emq_audit.app.charts import coverage, flow, gains, scores
from emq_audit.app.palette import DARK, LIGHT, Palette
from emq_audit.app.session import Opened, Vault
from emq_audit.demo import write_demo
from emq_audit.errors import AuditError
from emq_audit.pipeline import open_audit
from emq_audit.report import Input, PathStep, Report, Setup, path
from emq_audit.report.order import leading
from tests.logs import write_log
from tests.sample_pairing import one_side
from tests.sample_report import hostile_report, sample_report

ROOT = Path(__file__).parents[1]
VIEWS = ("overview", "coverage", "deduplication", "fixes", "what_if", "events")
ALLOWED = set(
    "article b br code dd div dl dt header h1 h2 h3 i li ol p section small span strong style table tbody td th thead tr ul".split()
)


def contrast(ink: str, ground: str) -> float:
    """WCAG 2 contrast of two hex colours."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((light(ink), light(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def everything(figure: go.Figure) -> str:
    return json.dumps(figure.to_plotly_json(), default=lambda value: list(value))


# Settings and colours


def test_config_toml_is_current():
    written = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert written == theme.config_toml(), (
        "stale: run `python -m emq_audit.app.theme > .streamlit/config.toml`"
    )


def test_settings_keep_to_this_computer():
    assert theme.OPTIONS["browser.gatherUsageStats"] is False
    assert theme.OPTIONS["server.address"] == "127.0.0.1"
    assert theme.OPTIONS["client.showErrorDetails"] == "none"


@pytest.mark.parametrize("colour", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(colour: Palette):
    for ink in (
        colour.text,
        colour.muted,
        colour.accent,
        colour.good_text,
        colour.close_text,
        colour.poor_text,
    ):
        assert contrast(ink, colour.page) >= 4.5
    for ink, ground in (
        (colour.good_text, colour.good_pill),
        (colour.close_text, colour.close_pill),
        (colour.poor_text, colour.poor_pill),
        (colour.muted, colour.none_pill),
        (colour.close_text, colour.good_tint),
        (colour.close_text, colour.close_tint),
        (colour.text, colour.good_tint),
        (colour.accent_text, colour.accent),
        (colour.muted, colour.sidebar),
    ):
        assert contrast(ink, ground) >= 4.5, (ink, ground)


def test_a_dialog_has_the_colours_of_its_page():
    schemes = [re.search(r":root \{ color-scheme: (\w+);", style.sheet(theme))[1] for theme in ("dark", "light", None)]
    assert schemes == ["dark", "light", "light"]


def test_a_report_is_named_after_its_client():
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    named = {client: exports.file_name(client) for client in ("", "Hygge & Søn", "../..\\a/b\n", "x" * 80)}
    assert list(named.values()) == [
        f"emq-audit-{day}", f"emq-audit-hygge-søn-{day}", f"emq-audit-a-b-{day}", f"emq-audit-{'x' * 40}-{day}",
    ]  # fmt: skip


def test_the_style_sheet_asks_nobody():
    assert not re.search(r"https?:|@import|url\((?!data:)", style.sheet("dark"))


# Words


@pytest.mark.parametrize(
    ("share", "written"), [(0, "0"), (0.001, "<1"), (0.304, "30"), (0.9951, "99"), (0.9999, "99"), (1, "100")]
)
def test_only_all_is_100_and_only_nothing_is_0(share: float, written: str):
    assert words.in_cell(share) == written


def test_labels_show_markdown_as_it_is_written():
    assert words.label("![x](http://evil)") == r"\!\[x\]\(http\:\/\/evil\)"
    assert "\u202e" not in words.label("\u202eesrever")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(1_794_182_400, "9 Nov 00:00:00"), (None, "–"), (float("nan"), "–"), (1_794_182_400_000_000, "–")],
)
def test_a_time_that_is_none_is_a_dash(seconds: float | None, written: str):
    assert words.clock(seconds) == written


def test_spans_are_rounded_to_the_largest_unit():
    assert [words.span(s) for s in (2, 61, 7300, 86_400 * 6)] == ["2 s", "1 minute", "2 hours", "6 days"]


def test_parts_escape_what_they_are_given():
    evil = '<img src=x onerror="alert(1)">'
    for markup in (
        parts.heading(evil, evil, evil),
        parts.strip([parts.Figure(evil, evil, evil, evil)]),
        parts.table([parts.Column(evil), parts.Column(evil)], [(evil, evil)], caption=evil),
        parts.facts([(parts.two_lines(evil, evil), parts.pill(evil, "good"))]),
        parts.steps([evil + " `" + evil + "`"]),
        parts.tags([evil]),
        parts.bar([(1, "good")], evil),
    ):
        assert "<img" not in markup
        assert tags(markup) <= ALLOWED


def test_code_stands_between_backticks():
    assert "<code>em</code>" in parts.steps(["Send `em` hashed."])


# Charts


def test_the_score_chart_shows_estimate_range_and_what_is_possible():
    listed = leading(sample_report())
    figure = scores.chart(listed, LIGHT)
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert [dot.x[0] for dot in dots] == [score.emq for score in listed]
    ranges = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert ranges == [(score.low, score.high) for score in listed]
    diamonds = [trace.x[0] for trace in figure.data if trace.mode == "markers+text"]
    assert diamonds == [score.possible for score in listed if scores.has_gain(score)]
    assert "6.1" in scores.alt(listed)


@pytest.mark.parametrize(("low", "high", "tone"), [(6.0, 7, "good"), (5.2, 6.2, "close"), (4, 5.9, "poor")])
def test_the_range_decides_the_colour(low: float, high: float, tone: str):
    score = replace(leading(sample_report())[0], low=low, high=high)
    assert scores.tone(score) == tone


def test_the_grid_has_a_cell_for_every_event_and_key():
    report = sample_report()
    cells = [cell for cell in report.coverage if cell.side == "server"]
    events = list(dict.fromkeys(cell.event_name for cell in cells))
    figure = coverage.chart(cells, events, LIGHT, pick=("Purchase", "em"))
    clickable = [trace for trace in figure.data if trace.customdata is not None]
    assert len(clickable) == 1
    assert [tuple(data) for data in clickable[0].customdata] == [
        (events.index(c.event_name), c.key) for c in cells
    ]
    usable = figure.data[0]
    assert list(usable.x) == [pytest.approx(cell.usable * coverage.WIDE) for cell in cells]
    faulty = figure.data[1]
    assert sum(faulty.x) == pytest.approx(sum(cell.faulty * coverage.WIDE for cell in cells))


def test_long_event_names_break_at_a_capital():
    assert coverage._two_lines("InitiateCheckout") == "Initiate<br>Checkout"
    assert coverage._two_lines("Purchase") == "Purchase"


def test_the_flow_keeps_every_event():
    entry = sample_report().dedup[0]
    figure = flow.chart(entry, LIGHT)
    texts = " ".join(note.text for note in figure.layout.annotations)
    once = entry.counted - entry.counted_twice
    for count in (
        entry.browser, entry.server, entry.pairs, entry.browser_only, entry.server_only, once, entry.counted_twice,
    ):  # fmt: skip
        assert f"{count:,}" in texts


def test_the_scale_of_gains_holds_today_target_and_best():
    for today, best in ((6.1, 8.6), (2.0, 3.0), (9.0, 9.2), (0.2, 0.4)):
        low, high = gains.span(today, best, 6.0)
        assert low <= min(today, 6.0) and max(best, 6.0) <= high <= 10 and high - low >= 3


def test_charts_of_a_hostile_log_hold_no_markup_of_it():
    report = hostile_report()
    cells = [cell for cell in report.coverage if cell.side == "server"]
    events = list(dict.fromkeys(cell.event_name for cell in cells))
    told = everything(scores.chart(leading(report), DARK)) + everything(coverage.chart(cells, events, DARK))
    assert "<script" not in told and "<img" not in told and "</style" not in told


# Findings at the head of a page


def test_the_coverage_verdict_names_the_worst_key_with_its_cause():
    assert answers.coverage(sample_report(), "server") == (
        "No Purchase event carries a phone number that Meta can use: not hashed in 2,301."
    )


def test_what_the_server_loses_is_listed_by_size():
    gaps = [browser.usable - server.usable for browser, server in answers.lost(sample_report())]
    assert gaps == sorted(gaps, reverse=True) and gaps[-1] >= answers.LOST


def test_a_fix_is_announced_with_the_main_event():
    fix = sample_report().fixes[1]
    assert path.best_gain(fix, "Purchase") == ("Purchase", 0.6)
    assert path.best_gain(fix, None) == ("AddToCart", 1.3)
    hardly = replace(fix, gain={"Purchase": 0.02, "AddToCart": 1.3})
    assert path.best_gain(hardly, "Purchase") == ("AddToCart", 1.3)
    nameless = replace(fix, gain={"": 0.6})  # events without a name, in a log without a main event
    assert path.best_gain(nameless, None) == ("", 0.6)
    assert path.best_gain(sample_report().fixes[4], "Purchase") is None


def test_the_path_is_cumulative_and_ends_where_the_fixes_end():
    report = sample_report()
    purchase = leading(report)[0]
    way = path.of_event(report, purchase)
    assert [step.before for step in way.steps] == [purchase.emq, *(step.after for step in way.steps[:-1])]
    assert way.line() == "6.1 → 7.5 → 8.1 → 8.5 → 8.6" and way.end == pytest.approx(purchase.possible)
    assert answers.fixes(report)[0] == "Four fixes take Purchase from about 6.1 to about 8.6."
    steps = [gains.Step(step.fix.title, step.before, step.after) for step in way.large]
    (bars,) = [trace for trace in gains.chart(way.today, steps, 6.0, LIGHT).data if trace.type == "bar"]
    assert [base + width for base, width in zip(bars.base, bars.x, strict=True)] == pytest.approx(
        [step.after for step in way.large]
    )


def test_a_step_that_does_not_move_an_event_is_left_out_of_its_path():
    report = sample_report()
    lead = next(score for score in leading(report) if score.event_name == "Lead")
    titles = [step.fix.title for step in path.of_event(report, lead).steps]
    assert len(titles) == 2 and "Leave out empty fields" not in titles


def collecting(report: Report) -> Report:
    """The last step of the path is something that nobody sends yet."""
    last = report.path[-1].fix
    fixes = [replace(fix, kind="collect") if fix.fix == last else fix for fix in report.fixes]
    steps = (*report.path[:-1], PathStep(last, {**report.path[-1].scores, "Purchase": 9.2}))
    return replace(report, fixes=tuple(fixes), path=steps)


def test_what_nobody_sends_yet_is_told_apart():
    report = collecting(sample_report())
    way = path.of_event(report, leading(report)[0])
    assert (round(way.known, 1), way.end) == (8.5, 9.2) and not way.line().endswith("9.2")
    test = shown(report, "fixes")
    told = "".join(element.body for element in test.html)
    assert "Purchase from 6.1 to 8.5; 9.2 at most with what nobody sends yet" in told
    assert told.index("Repair what is sent") < told.index("Begin to collect") < told.index("No points, but still")
    assert not test.exception


def test_a_gain_on_the_browser_side_is_not_taken_for_the_servers():
    report = sample_report()
    browser = replace(report.fixes[0], gain={"Purchase": 1.5}, scores={"Purchase": (6.3, 7.8)})
    assert path.other_side(report, browser, "Purchase") == "browser"
    assert path.other_side(report, report.fixes[0], "Purchase") == ""
    told = shown(replace(report, fixes=(browser,), path=()), "fixes")
    assert "Purchase, browser side 6.3 → 7.8" in "".join(element.body for element in told.html)


# What goes wrong


def test_a_fault_of_ours_is_told_without_its_message():
    try:
        answers.cell_words(None)  # type: ignore[arg-type]
    except AttributeError as error:
        told = faults.problem(error)
    assert told.bold.startswith("Something went wrong in emq-audit itself")
    assert re.fullmatch(r"AttributeError in app/answers\.py, line \d+", told.place)


def test_messages_of_exceptions_stay_out():
    told = faults.problem(KeyError("jane@example.com"))
    assert "jane" not in f"{told.bold} {told.plain} {told.place}"


def test_an_audit_error_speaks_for_itself():
    told = faults.problem(AuditError("No events in a.csv.", "Drop another file."))
    assert (told.bold, told.plain, told.place) == ("No events in a.csv.", "Drop another file.", "")


# What is kept and forgotten


class Counter:
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_vault_closes_each_audit_once():
    vault, first, second = Vault(), Counter(), Counter()
    vault.keep(first)
    vault.keep(second)
    vault.close()
    vault.close()
    assert (first.closed, second.closed, vault.audit) == (1, 1, None)


class Upload:
    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data

    def getbuffer(self) -> bytes:
        return self.data


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\evil.ndjson", "a\x00b;rm -rf.csv", "...", "x" * 500, "\ud800.csv"]
)
def test_names_of_uploads_stay_inside_their_folder(tmp_path: Path, name: str):
    saved = session._save(Upload(name, b"{}"), tmp_path / "1")
    assert saved.parent == tmp_path / "1"
    assert saved.read_bytes() == b"{}"


# Pages


def tags(markup: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list) -> None:
            found.add(tag)
            assert not any(name.startswith("on") or "javascript:" in (value or "") for name, value in attrs)

    Reader().feed(markup)
    return found


def views_in_a_row(views: list[str]) -> None:
    """The script of a test: these views, one below the other, as the only page."""
    from importlib import import_module

    import streamlit as st

    def show() -> None:
        for view in views:
            import_module(f"emq_audit.app.views.{view}").show()

    page = st.Page(show, title="Test", default=True)
    st.session_state["pages"] = dict.fromkeys(
        ("overview", "coverage", "deduplication", "fixes", "what-if", "events"), page
    )
    st.navigation([page], position="hidden").run()


def shown(report: Report, *views: str) -> AppTest:
    test = AppTest.from_function(views_in_a_row, args=(views,), default_timeout=30)
    test.session_state["opened"] = Opened(report, ("log.ndjson",))
    return test.run()


def only(report: Report, side: str) -> Report:
    """The report of a log with one side."""
    return replace(
        report,
        setup=Setup("pixel" if side == "browser" else "capi", ()),
        scores=tuple(score for score in report.scores if score.side == side),
        coverage=tuple(cell for cell in report.coverage if cell.side == side),
        dedup=tuple(one_side(entry, side) for entry in report.dedup),
        shared_ids=(),
        one_sided=(),
        doubles=(),
        disagreements=(),
        lacking=(),
    )


EMPTY = Report("0", Input((), 0, 0, (), None, None, None), Setup("unknown", ()), (), (), (), (), (), ())
REPORTS = {
    "shop": sample_report(),
    "hostile": hostile_report(),
    "empty": EMPTY,
    "only server": only(sample_report(), "server"),
    "only browser": only(sample_report(), "browser"),
    "no score": replace(
        sample_report(),
        scores=tuple(
            replace(s, emq=None, low=None, high=None, possible=None, reason="too few events")
            for s in sample_report().scores
        ),
        fixes=(),
    ),
    "nothing to fix": replace(sample_report(), fixes=(), findings=(), notes=()),
    "unknown side": replace(
        sample_report(),
        setup=Setup("unknown", ()),
        scores=(),
        coverage=tuple(
            replace(cell, side="unknown") for cell in sample_report().coverage if cell.side == "server"
        ),
        dedup=(),
        shared_ids=(),
    ),
}


@pytest.mark.parametrize("kind", REPORTS)
def test_every_page_for_every_kind_of_log(kind: str):
    test = shown(REPORTS[kind], *VIEWS)
    assert not test.exception and not test.error
    bodies = [element.body for element in test.html if not element.body.startswith("<style>")]
    assert "".join(bodies).count("<h1>") == len(VIEWS)
    for body in bodies:
        assert tags(body) <= ALLOWED


def test_one_sided_logs_are_told_so():
    told = "".join(element.body for element in shown(REPORTS["only server"], "deduplication").html)
    assert "No browser events in this log" in told and "Only server events" in told


def test_the_coverage_page_follows_its_lists():
    test = shown(sample_report(), "coverage")
    test.selectbox(key="coverage_event").select("Lead").run()
    test.selectbox(key="coverage_key").select("fn").run()
    assert not test.exception and not test.error
    assert "MD5 instead of SHA-256".lower() in "".join(element.body for element in test.html).lower()
    test.segmented_control(key="coverage_side").set_value("browser").run()
    assert not test.exception
    assert test.session_state["coverage_event"] in {
        cell.event_name for cell in sample_report().coverage if cell.side == "browser"
    }


def test_steps_follow_the_platform():
    test = shown(sample_report(), "fixes")
    assert test.session_state["platform"] == "gtm-server"
    test.segmented_control(key="platform").set_value("shopify").run()
    assert "Steps for Shopify" in [box.label for box in test.expander]


# The whole app, with the real pipeline


def few_rows(folder: Path) -> None:
    """The first rows of the demo's logs: enough for the road, quick to audit."""
    write_demo(folder)
    (folder / "manifest.json").unlink()
    for log in folder.iterdir():
        log.write_text(
            "".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[:150]), encoding="utf-8"
        )


def test_events_can_be_weighed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = write_log(
        tmp_path / "log.ndjson",
        {"client_ip_address": "10.0.0.3", "event_name": "PageView", "event_id": "p"},
        {"em": ["jane@example.com"]},
    )
    with open_audit([log]) as done:
        monkeypatch.setattr(session, "audit", lambda: done)
        test = shown(done.report, "fixes")
        first = next(fix.fix for fix in done.report.fixes if fix.kind == "repair")
        test.number_input(key="weight of PageView").set_value(1000).run()
        assert not test.exception
        report = test.session_state["opened"].report
        assert (first, report.fixes[0].fix) == ("hash-before-sending", "visitor-ip-address")
        assert report.path[0].fix == "visitor-ip-address"
        assert report.path[-1].scores == done.report.path[-1].scores


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()


def test_the_demo_is_one_click_away(app: AppTest):
    app.button(key="demo").click().run()
    assert not app.exception and not app.error
    assert "Purchase" in "".join(element.body for element in app.html if "<h1>" in element.body)
    assert app.session_state["opened"].names == ("capi_server.ndjson", "pixel_browser.csv")
    app.button(key="new").click().run()
    assert "opened" not in app.session_state


def test_uploads_are_audited_together_and_forgotten(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    few_rows(tmp_path / "logs")
    private = tmp_path / "kept-here"
    private.mkdir()
    monkeypatch.setattr(session.tempfile, "tempdir", str(private))
    files = [
        (name, (tmp_path / "logs" / name).read_bytes(), "text/plain")
        for name in ("capi_server.ndjson", "pixel_browser.csv")
    ]
    app.file_uploader(key="logs-0").set_value(files).run()
    assert not app.exception and not app.error
    report = app.session_state["opened"].report
    assert {file.side for file in report.input.files} == {"browser", "server"}
    assert not list(private.glob("emq-audit-*/1")), "the uploaded logs are still on disk"
    assert "kept-here" not in json.dumps(report.as_dict()), "the report tells where the upload was kept"


def test_a_bad_upload_is_told_in_a_sentence(app: AppTest):
    app.file_uploader(key="logs-0").upload(
        "holiday.png", b"\x89PNG\r\n\x1a\n" + bytes(500), "image/png"
    ).run()
    assert not app.exception
    (message,) = app.error
    assert message.value.startswith("**") and "Traceback" not in message.value
    app.file_uploader(key="logs-1")


def test_an_empty_path_is_told_in_a_sentence(app: AppTest):
    (read,) = [button for button in app.button if button.label == "Read"]
    read.click().run()
    assert "No file is named" in app.error[0].value


def test_the_path_box_reads_a_folder(app: AppTest, tmp_path: Path):
    few_rows(tmp_path)
    app.text_input(key="path").input(str(tmp_path))
    (read,) = [button for button in app.button if button.label == "Read"]
    read.click().run()
    assert not app.exception and not app.error
    assert len(app.session_state["opened"].report.input.files) == 2
