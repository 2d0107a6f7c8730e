"""The command quality, and what both commands that talk to Meta share: token, prompt, words."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from emq_audit.cli.meta import quality as quality_command
from emq_audit.cli.meta import send_test
from emq_audit.graph import load
from emq_audit.report import Report
from tests.graph_cases import BROKEN, FULL, run
from tests.graph_server import DATASET, TOKEN, GraphServer


def test_quality_shows_metas_numbers_and_saves_them(at: GraphServer, tmp_path: Path) -> None:
    leaky = FULL["web"][0] | {"data_freshness": {"upload_frequency": f"x{TOKEN}"}}
    at.pages[:] = [[leaky], [{"event_name": "Lead", "event_match_quality": {"composite_score": 4.4}}]]
    saved = tmp_path / "answer.json"
    result = run(quality_command, DATASET, "-o", saved)
    assert result.exit_code == 0
    assert "6.2" in result.output and "Email" in result.output and "mismatched IP" in result.output
    text = saved.read_text("utf-8")
    assert TOKEN not in text + result.output + result.stderr and "paging" not in text
    assert [event.event_name for event in load(saved).events] == ["Purchase", "Lead"]
    assert load(saved).dataset == DATASET and abs(load(saved).fetched - time.time()) < 60
    assert all(request.method == "GET" for request in at.requests)


def test_quality_beside_an_audit_sends_nothing_of_the_log(
    at: GraphServer, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emq_audit.pipeline.audit", lambda logs, **options: report)
    at.pages[:] = [FULL["web"]]
    result = run(quality_command, DATASET, "log.ndjson")
    assert result.exit_code == 0
    for words in ("beside the estimate", "Estimate", "Meta's own score lies", "Match keys of Purchase", "Usable here", "Meta's diagnostics",
                  "Fix first, by what Meta expects", "Deduplication"):  # fmt: skip
        assert words in result.output, words
    assert [request.body for request in at.requests] == [b""]
    assert not [secret for secret in ("jane.roe", TOKEN) if secret in result.output + result.stderr]


def test_a_saved_answer_beside_an_audit_needs_no_token_no_network_and_no_http_library(
    at: GraphServer, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the audit itself: tests/test_graph_report.py."""
    monkeypatch.setattr("emq_audit.pipeline.audit", lambda logs, **options: report)
    monkeypatch.delenv("META_ACCESS_TOKEN")
    for library in ("httpx", "httpcore"):
        monkeypatch.setitem(sys.modules, library, None)  # importing it now fails
    saved = tmp_path / "saved.json"
    saved.write_text(BROKEN, "utf-8")
    result = run(quality_command, "--file", saved, "log.ndjson", "--json")
    document = json.loads(result.stdout)
    assert {"events", "calibration", "fixes", "expected", "notes"} <= set(document)
    assert document["calibration"]["points"] == 1
    assert at.requests == []


def test_the_http_library_is_loaded_by_nothing_but_a_call() -> None:
    code = (
        "import sys, emq_audit, emq_audit.cli, emq_audit.cli.meta, emq_audit.graph, emq_audit.graph.send, emq_audit.pipeline\n"
        "assert not {'httpx', 'httpcore'} & set(sys.modules), 'loaded'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_saved_answer_can_be_shown_alone(tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(BROKEN, "utf-8")
    result = run(quality_command, "--file", saved)
    assert result.exit_code == 0
    assert all(
        words in result.output for words in ("repair", "6.2", "CompleteRegistration", "34 %", "Could add")
    )


def test_words_of_meta_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    name = "[red]Evil[/red]\x1b[31m\r\u202e"
    web = [{"event_name": name, "event_match_quality": {"composite_score": 5, "match_key_feedback": [{"identifier": name}],
            "diagnostics": [{"name": name, "solution": name}]}, "data_freshness": {"upload_frequency": name}}]  # fmt: skip
    saved = tmp_path / "s.json"
    saved.write_text(json.dumps({"web": web}))
    output = run(quality_command, "--file", saved).output
    assert "[red]Evil[/red]" in output and not {"\x1b", "\r", "\u202e"} & set(output)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Which dataset?"),
        (("shop.ndjson",), "number"),
        (("--file", "nowhere.json"), "cannot be read"),
        ((DATASET, "-o", "/no/such/folder/a.json"), "cannot be written"),
    ],
)
def test_quality_says_what_is_wrong_in_two_lines(at: GraphServer, words: tuple[str, ...], says: str) -> None:
    result = run(quality_command, *words)
    assert result.exit_code == 2 and says in result.stderr and "Traceback" not in result.stderr


def test_without_a_token_and_a_terminal_nothing_is_asked(
    at: GraphServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("META_ACCESS_TOKEN")
    for result in (
        run(quality_command, DATASET),
        run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--yes"),
    ):
        assert result.exit_code == 2 and "META_ACCESS_TOKEN" in result.stderr
    assert at.requests == []


@pytest.mark.parametrize("command", [quality_command, send_test])
def test_help_says_where_the_token_comes_from(command: Any) -> None:
    words = " ".join(run(command, "--help").output.split())
    assert "META_ACCESS_TOKEN" in words and "hidden prompt" in words and "--token" not in words


def test_the_prompt_hides_the_token(at: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner echoes what is typed at a prompt that does not hide it."""
    monkeypatch.delenv("META_ACCESS_TOKEN")
    monkeypatch.setattr("emq_audit.cli.meta._at_a_terminal", lambda: True)
    result = run(quality_command, DATASET, stdin=f"{TOKEN}\n")
    assert result.exit_code == 0 and "Access token" in result.stderr
    assert TOKEN not in result.output + result.stderr
    assert at.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("typed", ["\n", ""])
def test_a_prompt_without_an_answer_asks_meta_nothing(
    at: GraphServer, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.delenv("META_ACCESS_TOKEN")
    monkeypatch.setattr("emq_audit.cli.meta._at_a_terminal", lambda: True)
    result = run(quality_command, DATASET, stdin=typed)
    assert result.exit_code == 2 and "token" in result.stderr
    assert at.requests == []


def test_the_token_is_asked_for_after_the_yes(
    at: GraphServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("META_ACCESS_TOKEN")
    monkeypatch.setattr("emq_audit.cli.meta._at_a_terminal", lambda: True)
    said = ("--dataset", DATASET, "--code", "TEST12345", "--most", 1)
    assert "Access token" not in run(send_test, log, *said, stdin="n\n").stderr
    result = run(send_test, log, *said, stdin=f"y\n{TOKEN}\n")
    assert result.exit_code == 0 and len(at.events) == 1
    assert TOKEN not in result.output + result.stderr
