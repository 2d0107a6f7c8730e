"""Meta's answer as part of a Report: `audit --quality`, its JSON, the terminal, the HTML report, and what no answer can make them do."""

import json
import re
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from emq_audit import audit
from emq_audit.app.charts import beside as chart
from emq_audit.app.palette import LIGHT
from emq_audit.cli.audit import audit as audit_command
from emq_audit.errors import AuditError
from emq_audit.graph import compare
from emq_audit.report import Report
from emq_audit.report.html import to_html
from emq_audit.report.sections import meta
from emq_audit.report.terminal import show
from tests.graph_cases import BROKEN, FULL, SECRETS, estimate_of, loaded, run, scored, uplifted
from tests.html_page import Page, sections
from tests.sample_report import EVIL


def with_answer(report: Report, answer: dict) -> Report:
    return replace(report, meta=compare(report, loaded(answer)))


def on_terminal(report: Report) -> str:
    out = StringIO()
    show(report, Console(file=out, width=140, force_terminal=True, highlight=False))
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def section_of(report: Report) -> str:
    """What the section says."""
    (found,) = re.findall(r'<section class="part part-meta".*?</section>', to_html(report), re.S)
    return Page(found).text


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "meta.json"
    path.write_text(BROKEN, "utf-8")
    return path


def test_audit_with_an_answer_asks_nobody(log: Path, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("httpx", "httpcore"):
        monkeypatch.setitem(sys.modules, library, None)  # importing it now fails
    page = tmp_path / "report.html"
    result = run(audit_command, log, "--quality", saved, "--json", "-o", page)
    assert result.exit_code == 0
    found = json.loads(result.stdout)["meta"]
    assert {"events", "calibration", "fixes", "expected", "notes", "dataset", "fetched"} <= set(found)
    assert found["calibration"]["points"] == 1
    assert {event["event_name"]: event["meta"] for event in found["events"]}["Purchase"] == 6.2
    assert "Meta’s own numbers" in page.read_text("utf-8")
    assert not [secret for secret in SECRETS if secret in (result.output + page.read_text("utf-8")).lower()]


def test_without_an_answer_nothing_is_said(report: Report) -> None:
    assert report.meta is None and report.as_dict()["meta"] is None
    assert "meta" not in sections(Page(to_html(report)))
    assert "beside the estimate" not in on_terminal(report)


def test_a_wrong_file_is_told_before_the_log_is_read(log: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "orders.csv"
    wrong.write_text("order,total\n1,2\n")
    told: list[str] = []
    with pytest.raises(AuditError, match="holds no answer"):
        audit([log], quality=wrong, progress=lambda share, words: told.append(words))
    assert told == []
    result = run(audit_command, log, "--quality", tmp_path / "nowhere.json")
    assert result.exit_code == 2 and "cannot be read" in result.stderr


def test_every_face_says_the_same(report: Report) -> None:
    beside = with_answer(report, FULL)
    page, terminal = section_of(beside), on_terminal(beside)
    for words in ("6.2", "Email", "event_id", "Server sending mismatched IP addresses", "Fix first, by what Meta expects"):
        assert words in page and words in terminal, words
    assert "Meta scores Purchase 6.2" in page and "34%" in page and "34 %" in terminal
    assert "62%" in page and "(goal 75%)" in page and "19,567 of 31,830" in page


def test_the_estimate_is_calibrated_in_every_face(report: Report) -> None:
    ours = estimate_of(report, "Purchase")
    beside = replace(report, meta=compare(report, scored(Purchase=ours - 2)))
    moved = f"{estimate_of(report, 'Lead') - 1:.1f}"
    assert meta.moved_in(beside.meta).keys() == {"Lead", "AddToCart"}
    row = next(row for row in meta.section(beside).rows if row.name.text == "Lead")
    assert (row.calibrated, row.estimate) == (moved, f"{estimate_of(report, 'Lead'):.1f}")
    for told in (section_of(beside), on_terminal(beside)):
        assert "Calibrated" in told and moved in told
        words = " ".join(told.split())
        assert "2.0 points below the estimate (1 event name)" in words and "moved by -1.0" in words
    same = replace(report, meta=compare(report, scored(Purchase=ours)))
    assert "Calibrated" not in section_of(same) and "Calibrated" not in on_terminal(same)


@pytest.mark.parametrize(("by", "says"), [(-3, "below the range"), (0, "within the range"), (2.5, "above the range")])
def test_the_title_says_where_metas_score_lies(report: Report, by: float, says: str) -> None:
    score = min(10, estimate_of(report, "Purchase") + by)
    beside = replace(report, meta=compare(report, scored(Purchase=score)))
    expected = says if beside.meta.events[0].within is not True else "within the range"
    title = "".join(piece.text for piece in meta.section(beside).title)
    assert expected in title and (by == 2.5 or says in title)


def test_an_answer_about_other_events_says_so(report: Report) -> None:
    body = meta.section(replace(report, meta=compare(report, scored(Subscribe=7))))
    assert "no server events of that name" in "".join(piece.text for piece in body.title)
    body = meta.section(with_answer(report, {"web": [{"event_name": "Purchase"}]}))
    assert "holds no score" in "".join(piece.text for piece in body.title)


def test_fixes_stand_in_metas_order_with_the_plans_numbers(report: Report) -> None:
    beside = with_answer(report, {"web": [uplifted("ip_address", 40), uplifted("email", 40, "Purchase")]})
    rows = meta.section(beside).fixes
    assert [row.rank for row in rows] == [str(place) for place in range(1, len(rows) + 1)]
    wanted = [fix.title for fix in beside.meta.fixes if fix.uplift]
    assert ["".join(piece.text for piece in row.title) for row in rows] == [title.replace("`", "") for title in wanted]
    document = to_html(beside)
    section = document[document.index('id="meta"') :]
    for anchor, title in re.findall(r'\d+\. <a href="#(fix-\d+)">(.*?)</a>', section):
        assert re.search(rf'id="{anchor}".*?{re.escape(title)}', document, re.S), "the link points to another fix"
    assert len(re.findall(r'\d+\. <a href="#fix-\d+">', section)) == len(rows)


def hostile(words: str) -> dict:
    more = {"percentage": 9}
    feedback = [{"identifier": words}, {"identifier": "email", "coverage": {"percentage": 3}, "potential_aly_acr_increase": more}]
    return {
        "dataset_id": words,
        "web": [
            {
                "event_name": name,
                "event_match_quality": {
                    "composite_score": 5,
                    "match_key_feedback": feedback,
                    "diagnostics": [{"name": words, "solution": words}, {"name": f"IP address {words}", "description": words}],
                },
                "event_coverage": {"percentage": 40, "goal_percentage": 75, "potential_aly_acr_increase": {"percentage": 9}},
                "dedupe_key_feedback": [{"dedupe_key": words, "browser_events_with_dedupe_key": {"percentage": 3}}],
                "data_freshness": {"upload_frequency": words},
            }
            for name in (words, "Purchase")
        ],
    }


@pytest.fixture(scope="module")
def tags(report: Report) -> set[str]:
    """Elements of a page with an honest answer, and places where a long name may break."""
    return {tag for tag, _ in Page(to_html(with_answer(report, FULL))).elements} | {"wbr"}


@pytest.mark.parametrize("words", [*EVIL, "\x1b[31m\r\u202e[red]x[/red]", "{{7*7}}{event}%{hovertext}<img src=x onerror=x>"])
def test_words_of_meta_are_only_words(report: Report, words: str, tags: set[str]) -> None:
    beside = with_answer(report, hostile(words))
    document = to_html(beside)
    found = Page(document)
    assert {tag for tag, _ in found.elements} <= tags
    for tag, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert tag == "a" or "href" not in attributes
    assert not {"\x1b", "\u202e"} & set(document)
    shown = on_terminal(beside)
    assert not {"\x1b", "\r", "\u202e"} & set(shown)
    assert json.loads(json.dumps(beside.as_dict()))["meta"]["events"]
    drawn = chart.chart(beside.meta.events, meta.moved_in(beside.meta), 6.0, LIGHT).to_json()
    assert "<img" not in drawn and "<script" not in drawn


def test_an_answer_without_end_stays_a_page(report: Report) -> None:
    diagnostics = [{"name": f"d{number}"} for number in range(30)]
    match = {"composite_score": 5, "match_key_feedback": [{"identifier": "email", "coverage": 5}], "diagnostics": diagnostics}
    web = [{"event_name": f"E{number}", "event_match_quality": match} for number in range(100)]
    beside = with_answer(report, {"web": web})
    body = meta.section(beside)
    assert len(body.rows) == 30 and "more event names" in body.more_rows
    assert (len(body.tables), len(body.diagnostics), body.more_diagnostics) == (6, 20, 100 * 30 - 20)
    assert len(to_html(beside)) < 600_000
