"""The SQL judgement of events against its plain Python twin, on dirty logs that hypothesis makes.

The twin (tests/bench/plain_*.py) says in Python what vocabulary.sql and events.py say in SQL. Where they differ, one of them is wrong.
To look further than the few logs of a test run: HYPOTHESIS_LOGS=500 pytest tests/test_oracle.py
"""

import ipaddress
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from emq_audit import events, open_audit
from emq_audit.check import FACTS, STATE_COLUMNS
from emq_audit.read import Source, plain_json
from emq_audit.read.sides import side_sql
from tests.bench.dirty_logs import DAY, NOW, dirty_logs, ipv6, sent_logs
from tests.bench.plain_loop import COLUMNS, columns, outcome, read_log

LOGS = int(os.environ.get("HYPOTHESIS_LOGS", "6"))
FEW = settings(
    max_examples=LOGS, deadline=None, derandomize=LOGS == 6, database=None, phases=[Phase.generate], verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)


# The two judgements ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One connection for all logs; its words are defined once."""
    con = events.connect(tmp_path_factory.mktemp("oracle"))
    yield con
    con.close()


def judged_by_sql(con: duckdb.DuckDBPyConnection, path: Path, as_of: int | None) -> dict[int, tuple[Any, ...]]:
    """Row → the columns of `patterns`, as `events` has them."""
    con.execute("DROP VIEW IF EXISTS events")
    con.execute("DROP TABLE IF EXISTS event_rows")
    side = side_sql("(source ->> '$')")
    query = plain_json.events(0, path, "newline_delimited", side, {"side": "source", "received_at": "received_at"})
    events.build(con, [Source(0, query)], as_of=as_of)
    words = {"side", *STATE_COLUMNS, *(fact for fact in FACTS if fact.endswith("_state"))}
    listed = ", ".join(f"CAST({name} AS VARCHAR)" if name in words else name for name in COLUMNS)
    return {row: tuple(rest) for row, *rest in con.execute(f'SELECT "row", {listed} FROM events').fetchall()}


def judged_by_python(path: Path, as_of: int | None) -> dict[int, tuple[Any, ...]]:
    """The same by the twin."""
    log = read_log(path, side=None, as_of=as_of)
    both_sides = {"browser", "server"} <= {kind[1] for kind in log.kinds}
    return {row: columns(*settled, both_sides) for row, settled in zip(log.rows, log.settled(), strict=True)}


def differences(log: list[dict[str, Any]], sql: dict[int, tuple[Any, ...]], python: dict[int, tuple[Any, ...]]) -> list[str]:
    """Every event on which the two disagree, in words. How a number is written as a name is not compared."""
    assert sql.keys() == python.keys(), "the two find different rows to be events"
    return [
        f"{name}: SQL says {ours}, Python says {theirs} of {json.dumps(log[row - 1])[:600]}"
        for row in sql
        for name, ours, theirs in zip(COLUMNS, sql[row], python[row], strict=True)
        if ours != theirs and not (name == "event_name" and isinstance(log[row - 1]["event_name"], (int, float)))
    ]


def write(path: Path, log: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in log), encoding="utf-8")
    return path


@FEW
@given(log=dirty_logs, as_of=st.sampled_from((None, NOW, NOW + 8 * DAY)))
def test_sql_and_python_judge_dirty_events_alike(
    log: list[dict[str, Any]], as_of: int | None, database: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "dirty.ndjson", log)
    different = differences(log, judged_by_sql(database, path, as_of), judged_by_python(path, as_of))
    assert not different, "\n".join(different[:20])


RELATED = (
    "event-id-reused", "event-id-in-cached-page", "event-id-for-whole-visit", "event-id-covers-values", "event-id-covers-orders",
    "event-id-comes-back-late", "pair-outside-window", "email-on-many-visitors", "ip-on-many-visitors",
)  # fmt: skip


@settings(FEW, max_examples=3)
@given(log=sent_logs)
def test_ids_pairs_emails_and_addresses_are_counted_alike(log: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write(tmp_path_factory.getbasetemp() / "ids.ndjson", log)
    with open_audit([path], select=RELATED) as audit:
        report = audit.report
    ours = outcome(read_log(path, side=None))
    paired = {entry.event_name: (entry.pairs, entry.outside_window, entry.reused_ids, entry.collisions) for entry in report.dedup}
    assert {name: (of.pairs, of.outside_window, of.reused_ids, of.collisions) for name, of in ours.dedup.items()} == paired
    asked = {(found.check, found.event_name, found.side): (found.in_scope, found.at_fault) for found in report.findings if found.in_scope}
    assert {(check, *place): counts for check in RELATED for place, counts in ours.checks.get(check, {}).items()} == asked


groups = st.integers(0, 0xFFFF).flatmap(lambda number: st.sampled_from((f"{number:x}", f"{number:04X}")))
halves = st.lists(groups, max_size=9).map(":".join)
gaps = st.sampled_from(("::", ":", ":::", ""))
written_addresses = st.one_of(ipv6, st.builds(lambda left, gap, right: left + gap + right, halves, gaps, halves))


@FEW
@given(texts=st.lists(written_addresses, min_size=200, max_size=300))
def test_ipv6_addresses_are_told_as_python_tells_them(texts: list[str], database: duckdb.DuckDBPyConnection) -> None:
    sound = dict(database.execute("SELECT text, is_ipv6(text) FROM unnest(?) AS t(text)", [texts]).fetchall())
    assert sound == {text: is_ipv6(text) for text in texts}


@pytest.mark.parametrize("left", range(10))
def test_ipv6_addresses_of_every_length_are_told(left: int, database: duckdb.DuckDBPyConnection) -> None:
    texts = [":".join(["a"] * left) + gap + ":".join(["1"] * right) for right in range(10) for gap in ("::", ":")]
    sound = dict(database.execute("SELECT text, is_ipv6(text) FROM unnest(?) AS t(text)", [texts]).fetchall())
    assert sound == {text: is_ipv6(text) for text in texts}


def is_ipv6(text: str) -> bool:
    """Without dotted ends and zones, which address_state looks at separately."""
    try:
        return bool(ipaddress.IPv6Address(text)) and not set(text) & {".", "%"}
    except ipaddress.AddressValueError:
        return False


ODD_LINES = (
    b'{"event_name":"Purchase","event_time":1760000000,"event_id":"\\ud800","user_data":{"em":"\\udfff jane"},"action_source":"website"}',
    b'{"event_name":"Purch\\u0000ase","event_time":1E400,"user_data":{"em":["\\u0000"]},"action_source":"website"}',
    b'{"event_name":"Lead","event_time":"1760000000","user_data":{},"custom_data":{"value":1E400}}',
    b"", b"   ", b"{", b"[]", b"null", b'"text"', b"{}", b'{"event_name":null}', b"\xff\xfe", b'{"a":1}',
)  # fmt: skip


def test_odd_lines_are_events_or_rejected_on_both_roads(tmp_path: Path) -> None:
    """The whole road from the file: one odd line among sound ones in every file, read by the read stage and by the loop."""
    sound = b'{"event_name":"PageView","event_time":1760000000,"event_id":"1","action_source":"website","user_data":{"em":"x"}}'
    paths = [tmp_path / f"{number}.ndjson" for number in range(len(ODD_LINES))]
    for path, odd in zip(paths, ODD_LINES, strict=True):
        path.write_bytes(b"\n".join((sound, odd, sound, sound)) + b"\n")
    with open_audit(paths, side="server") as audit:
        read = [(file.events, file.rejected) for file in audit.report.input.files]
        found = audit.con.execute(f'SELECT file, "row", {", ".join(STATE_COLUMNS)} FROM events ORDER BY file, "row"').fetchall()
    logs = [read_log(path) for path in paths]
    assert read == [(len(log.events), log.rejected) for log in logs]
    assert found == [
        (file, row, *kind[3]) for file, log in enumerate(logs) for row, (kind, *_) in zip(log.rows, log.settled(), strict=True)
    ]
