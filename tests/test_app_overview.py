"""Overview, once the log tells of consent and Meta’s own answer is there, and how the app names the command that gets the answer."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from emq_audit.graph import compare
from emq_audit.report import ConsentShare, Report
from tests.graph_cases import estimate_of, scored
from tests.sample_report import sample_report
from tests.test_app import shown


def said(report: Report) -> str:
    """The words of the page, without its tags."""
    bodies = "".join(element.body for element in shown(report, "overview").html if not element.body.startswith("<style>"))
    return " ".join(re.sub(r"<[^>]+>", " ", bodies).split())


def test_neither_is_named_where_nothing_tells_of_it():
    words = said(sample_report())
    assert "Meta says" not in words and "Meta’s own scores" not in words and "Consent" not in words


def test_metas_own_scores_stand_beside_the_estimate():
    report = sample_report()
    near = round(estimate_of(report, "Purchase") + 0.1, 1)
    words = said(replace(report, meta=compare(report, scored(Purchase=near, Lead=10.0, Search=5.5))))
    assert f"Meta says {near}" in words
    assert re.search(rf"Meta’s own scores Purchase {near}, Lead 10.0, Search 5.5 ▲ 1 of 2 in range", words)


def test_a_score_of_an_event_that_the_log_lacks_is_no_comparison():
    report = sample_report()
    words = said(replace(report, meta=compare(report, scored(Search=5.5))))
    assert "Meta’s own scores Search 5.5 ○ not estimated" in words and "Meta says" not in words


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        (ConsentShare("denied", 40, 0.25, 30, {"em": 30}), "Consent 30 of 40 events under denied consent carry match keys ▲ 25% denied"),
        (ConsentShare("denied", 40, 0.25), "25% of events came under denied consent, none of them with match keys ○ 25% denied"),
        (ConsentShare("granted", 40, 1.0), "Consent No event in this log came under denied consent ○ none denied"),
    ],
)
def test_consent_is_told_in_a_line(consent: ConsentShare, expected: str):
    assert expected in said(replace(sample_report(), consent=(consent,)))


def test_the_command_is_named_as_a_terminal_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / ".venv" / "bin" / "emq-audit"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.chdir(tmp_path)
    found = {}
    for where in ("", str(program.parent)):
        monkeypatch.setenv("PATH", where)
        command = next(code.value for code in shown(sample_report(), "meta").code if "DATASET" in code.value)
        found[where] = command.split()[0]
    assert list(found.values()) == [".venv/bin/emq-audit", "emq-audit"]
