"""Every face of the report, for small dirty logs that hypothesis makes: whatever a log holds, a report comes out.

To look further than the few logs of a test run: HYPOTHESIS_LOGS=500 pytest tests/test_faces.py
"""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console

from emq_audit.app import session
from emq_audit.next_step import Budget
from emq_audit.pipeline import open_audit
from emq_audit.report import terminal
from emq_audit.report.html import to_html
from emq_audit.report.json import to_json
from tests.bench.dirty_logs import dirty_events, sent
from tests.html_page import Page
from tests.test_app import shown

LOGS = int(os.environ.get("HYPOTHESIS_LOGS", "12"))
PAGES = ("overview", "coverage", "deduplication", "fixes", "what_if", "events", "meta", "set_up")
small_logs = st.one_of(st.lists(dirty_events, min_size=1, max_size=6), st.lists(sent, min_size=1, max_size=12))


def few(logs: int) -> settings:
    return settings(
        max_examples=logs, deadline=None, derandomize=LOGS == 12, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def written(folder: Path, events: list[dict]) -> Path:
    log = folder / "log.ndjson"
    log.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return log


@few(LOGS)
@given(small_logs)
def test_every_log_ends_in_a_report(tmp_path_factory: pytest.TempPathFactory, events: list[dict]):
    log = written(tmp_path_factory.mktemp("log"), events)
    with open_audit([log], what_if={"em": 0.9}, budget=Budget(1000.0)) as done:
        assert Page(to_html(done.report)).open == []
        assert json.loads(to_json(done.report))["input"]["events"] == done.report.input.events
        terminal.show(done.report, Console(file=StringIO(), width=80))


@few(max(2, LOGS // 6))
@given(small_logs)
def test_every_log_ends_in_pages(tmp_path_factory: pytest.TempPathFactory, events: list[dict]):
    log = written(tmp_path_factory.mktemp("log"), events)
    with open_audit([log]) as done, pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "audit", lambda: done)
        test = shown(done.report, *PAGES)
    assert not test.exception and not test.error
