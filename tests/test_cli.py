"""The command line: what it prints, writes and exits with."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emq_audit.checks import ALL
from emq_audit.cli import main
from emq_audit.fixes import THINGS
from tests.logs import pair, write_log

CONTRACT = {
    "input": {"files", "events", "rejected", "rejections", "from", "to", "as_of"},
    "setup": {"kind", "methods"},
    "scores": {"event_name", "side", "events", "emq", "low", "high", "target"},
    "coverage": {"event_name", "side", "key", "usable", "faulty", "missing"},
    "dedup": {"event_name", "browser", "server", "browser_with_id", "server_with_id", "pairs", "browser_only", "server_only",
              "event_coverage", "reused_ids", "collisions", "outside_window"},
    "findings": {"check", "severity", "status", "event_name", "side", "in_scope", "at_fault", "share", "examples"},
    "fixes": {"fix", "title", "checks", "gain", "events", "effort", "owner", "kind", "steps"},
}  # fmt: skip


def run(*words: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin, catch_exceptions=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(
        tmp_path / "log.ndjson", *pair("a"), *pair("b"), {"em": ["jane.roe@example.com"], "event_id": "c"}
    )


def test_the_summary_names_scores_faults_and_fixes(log: Path) -> None:
    result = run("audit", log)
    assert result.exit_code == 0
    for words in (
        "Purchase",
        "estimated",
        "Deduplication",
        "Hash contact data with SHA-256",
        "email-not-hashed",
        "NDJSON",
    ):
        assert words in result.output
    assert "jane.roe" not in result.output


def test_no_colours_where_there_is_no_terminal(log: Path) -> None:
    assert "\x1b" not in run("audit", log).output


def test_json_is_the_contract(log: Path) -> None:
    result = run("audit", log, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "emq-audit/1"
    for part, fields in CONTRACT.items():
        entries = document[part] if isinstance(document[part], list) else [document[part]]
        assert entries, part
        assert all(fields <= set(entry) for entry in entries), part
    for entry in document["coverage"]:
        assert entry["usable"] + entry["faulty"] + entry["missing"] == pytest.approx(1)
    assert {"check", "severity", "status"} <= set(document["findings"][0])
    assert document["input"]["events"] == 5


def test_dash_writes_json_and_nothing_else(log: Path) -> None:
    assert json.loads(run("audit", log, "-o", "-").stdout)["schema"] == "emq-audit/1"


def test_reports_are_written_whole(log: Path, tmp_path: Path) -> None:
    html, document = tmp_path / "r.html", tmp_path / "r.json"
    assert (
        run("audit", log, "-o", html, "-o", document, "--client", "Fjord", "--accent", "#123456").exit_code
        == 0
    )
    assert "Fjord" in html.read_text("utf-8")
    assert json.loads(document.read_text("utf-8"))["scores"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.ndjson", "r.html", "r.json"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.ndjson"], "nowhere.ndjson"),
        (["LOG", "-o", "report.docx"], "report.docx"),
        (["LOG", "-o", "/no/such/folder/r.html"], "cannot be written"),
        (["LOG", "--select", "email-md6"], "email-md5"),
        (["LOG", "--accent", "red"], "colour"),
        (["LOG", "--region", "Denmark"], "two letters"),
        (["LOG", "--as-of", "yesterday"], "2026-11-15"),
    ],
)
def test_what_cannot_be_done_is_said_in_two_lines_and_exit_2(log: Path, words: list[str], says: str) -> None:
    result = run("audit", *(log if word == "LOG" else word for word in words))
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_a_report_kind_is_refused_before_the_log_is_read(tmp_path: Path) -> None:
    assert "docx" in run("audit", tmp_path / "none.ndjson", "-o", "r.docx").stderr


def test_the_gate_exits_with_1(log: Path) -> None:
    assert run("audit", log, "--fail-under", "2").exit_code == 0
    result = run("audit", log, "--fail-under", "9.9")
    assert result.exit_code == 1
    assert "Below 9.9: Purchase" in result.stderr


def test_standard_input(log: Path) -> None:
    assert json.loads(run("audit", "-", "--json", stdin=log.read_bytes()).stdout)["input"]["events"] == 5


def test_select_and_ignore(log: Path) -> None:
    def asked(*words: str) -> set[str]:
        return {
            finding["check"] for finding in json.loads(run("audit", log, "--json", *words).stdout)["findings"]
        }

    assert asked("--select", "email-md5,email-not-hashed") == {"email-md5", "email-not-hashed"}
    assert asked("--ignore", "email-md5") == {check.id for check in ALL} - {"email-md5"}


def test_checks_lists_and_explain_explains_every_check() -> None:
    listed = run("checks").output
    for check in ALL:
        assert check.id in listed
        told = run("explain", check.id)
        assert told.exit_code == 0
        assert check.why in told.output and check.fix in told.output


def test_explain_tells_the_steps_of_every_fix_that_the_terminal_names() -> None:
    for identity, fix in THINGS.items():
        told = run("explain", identity)
        assert told.exit_code == 0 and fix.title in told.output
        assert told.output.count("Steps: ") == 4 and "  1. " in told.output


def test_explain_offers_the_nearest_id() -> None:
    assert "Did you mean email-md5?" in run("explain", "email-md6").stderr


def test_inspect_shows_one_event_masked() -> None:
    event = {
        "event_name": "Lead",
        "event_time": 1794000000,
        "action_source": "website",
        "user_data": {"em": "jane.roe@example.com", "client_ip_address": "87.49.146.12"},
    }
    result = run("inspect", "-", stdin=json.dumps(event))
    assert result.exit_code == 0
    assert "Estimate" in result.output and "not hashed" in result.output
    assert "jane.roe" not in result.output and "87.49.146" not in result.output


def test_inspect_says_and_writes_what_correcting_changes(tmp_path: Path) -> None:
    event = {
        "event_name": "Lead",
        "event_time": 1794000000000,
        "action_source": "website",
        "user_data": {"em": " Jane.Roe@Example.com", "ph": "20 30 40 50"},
    }
    target = tmp_path / "corrected.json"
    result = run("inspect", "-", "--region", "DK", "-o", target, stdin=json.dumps({"data": [event]}))
    assert "Corrected" in result.output and "rewritten" in result.output
    corrected = json.loads(target.read_text("utf-8"))
    assert corrected["event_time"] == 1794000000
    assert corrected["user_data"]["em"] == hashlib.sha256(b"jane.roe@example.com").hexdigest()
    assert corrected["user_data"]["ph"] == hashlib.sha256(b"4520304050").hexdigest()
    before, after = re.search(r"Estimate (\S+), range \S+; corrected (\S+),", result.output).groups()
    assert float(before) < float(after)
    again = run("inspect", target)
    assert f"Estimate {after}," in again.output and "corrected" not in again.output
    assert "not hashed" in result.output and "not hashed" not in again.output


def test_demo_writes_logs_that_can_be_audited(tmp_path: Path) -> None:
    said = run("demo", tmp_path / "shop").output
    assert "emq-audit audit" in said
    paths = re.findall(r"\S+\.(?:ndjson|csv)", said)
    assert run("audit", *paths).exit_code == 0


def test_a_killed_run_leaves_no_private_files(log: Path, tmp_path: Path) -> None:
    private = tmp_path / "tmp"
    private.mkdir()
    environment = {**os.environ, "TMPDIR": str(private)}
    subprocess.run(
        [sys.executable, "-m", "emq_audit.cli", "audit", str(log)],
        env=environment,
        check=True,
        capture_output=True,
    )
    assert list(private.iterdir()) == []
