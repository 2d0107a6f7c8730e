"""The benchmark's contenders do the same work: on a small log they agree, so that the big one compares like with like."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from emq_audit import Audit, open_audit
from emq_audit.check import FACTS, STATE_COLUMNS
from emq_audit.checks import ALL
from tests.bench import contenders, run
from tests.bench.make_log import write_log
from tests.bench.pandas_version import patterns, read
from tests.bench.plain_loop import COLUMNS, Outcome, outcome, read_log

EVENTS = 2000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "log.ndjson"
    write_log(path, EVENTS)
    return path


@pytest.fixture(scope="module")
def audit(log: Path):
    with open_audit([log]) as done:
        yield done


@pytest.fixture(scope="module")
def loop(log: Path) -> Outcome:
    return outcome(read_log(log))


NOT_IN_THE_LOOP = ("bursts", "compared", "counted_purchases", "id_makers", "misses")
"""Relations about several events that the plain loop, a rival in speed, does without: its time is too short rather than too long."""


def counted(con: duckdb.DuckDBPyConnection) -> Counter[tuple[Any, ...]]:
    words = {"side", *STATE_COLUMNS, *(fact for fact in FACTS if fact.endswith("_state"))}
    listed = ", ".join(f"CAST({name} AS VARCHAR)" if name in words else name for name in COLUMNS)
    rows = con.execute(f"SELECT {listed}, CAST(sum(events) AS BIGINT) FROM patterns GROUP BY ALL").fetchall()
    return Counter({row[:-1]: row[-1] for row in rows})


def test_the_loop_counts_the_patterns_of_the_audit(audit: Audit, loop: Outcome) -> None:
    assert loop.patterns == counted(audit.con)


def test_the_loop_gives_every_check_the_answer_of_the_audit(audit: Audit, loop: Outcome) -> None:
    asked: dict[str, dict[Any, tuple[int, int]]] = {}
    for finding in audit.report.findings:
        if finding.in_scope:
            asked.setdefault(finding.check, {})[finding.event_name, finding.side] = (finding.in_scope, finding.at_fault)
    left_out = {check.id for check in ALL if check.over in NOT_IN_THE_LOOP}
    told = {check: counts for check, counts in asked.items() if check not in left_out}
    assert {check: counts for check, counts in loop.checks.items() if counts} == told
    assert not left_out & set(loop.checks)


def test_the_loop_scores_as_the_audit_does(audit: Audit, loop: Outcome) -> None:
    scored = {(entry.event_name, entry.side): entry.emq for entry in audit.report.scores if entry.emq is not None}
    assert {(row.event_name, row.side): round(row.emq, 4) for row in loop.scores.itertuples()} == scored


def test_pandas_counts_the_patterns_of_the_audit(log: Path, audit: Audit) -> None:
    table = patterns(read(log))
    ours: Counter[tuple[Any, ...]] = Counter()
    for *row, events in table.itertuples(index=False):
        ours[tuple(None if pd.isna(value) or value == "" else value for value in row)] += int(events)
    assert ours == counted(audit.con)


def test_contenders_count_the_same_events(log: Path) -> None:
    bare = duckdb.connect().execute(contenders.parse_sql(log)).fetchone()
    assert bare is not None
    assert [bare[0], contenders.audit(log), contenders.loop(log), contenders.frame(log), contenders.stages(log)] == [EVENTS] * 5


def test_a_process_is_measured_and_shown() -> None:
    one = run.measured([sys.executable, "-c", "print(7)"])
    assert one.said.strip() == "7"
    assert one.peak > 1
    table = run.as_table({name: [one, one] for name in (*run.QUICK, *run.SLOW)})
    assert "| 1.0 | 1.00 | 2 |" in table


def test_a_failing_process_is_told() -> None:
    with pytest.raises(RuntimeError, match="no luck"):
        run.measured([sys.executable, "-c", "raise SystemExit('no luck')"])
