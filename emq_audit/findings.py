"""Findings: the answers to all checks, by event name and side, with a few masked rows to look at."""

from typing import Any

import duckdb

from emq_audit.check import EXAMPLES, Answer, Check, Status
from emq_audit.mask import mask_text, mask_value
from emq_audit.report import Example, FileRead, Finding

Row = tuple[Any, ...]
"""event_name, side, file (number), row, event_id and the value to show."""


def findings(
    con: duckdb.DuckDBPyConnection, answers: list[Answer], files: list[FileRead]
) -> tuple[Finding, ...]:
    """One finding per check, event name and side in scope; one with neither where a check is not applicable or broke."""
    found: list[Finding] = []
    shown = _examples(con, [answer.check for answer in answers if answer.status is Status.FAILED], files)
    for answer in answers:
        if answer.status in (Status.ERROR, Status.NOT_APPLICABLE):
            found.append(
                Finding(answer.check.id, answer.check.severity, answer.status, None, None, 0, 0, None)
            )
            continue
        examples = shown.get(answer.check.id, {})
        found += [
            Finding(
                check=answer.check.id,
                severity=answer.check.severity,
                status=Status.FAILED if count.at_fault else Status.PASSED,
                event_name=count.event_name,
                side=count.side,
                in_scope=count.in_scope,
                at_fault=count.at_fault,
                share=count.at_fault / count.in_scope,
                examples=examples.get((count.event_name, count.side), ()) if count.at_fault else (),
            )
            for count in answer.counts
        ]
    return tuple(found)


def _examples(
    con: duckdb.DuckDBPyConnection, failed: list[Check], files: list[FileRead]
) -> dict[str, dict[tuple[str | None, str | None], tuple[Example, ...]]]:
    """By check, the first rows at fault of every event name and side, masked."""
    found = _of_events(con, [check for check in failed if check.over == "events"])
    found |= {check.id: _of_relation(con, check) for check in failed if check.over != "events"}
    return {check.id: _masked(check, found[check.id], files) for check in failed}


def _masked(check: Check, rows: list[Row], files: list[FileRead]) -> dict[tuple[str | None, str | None], tuple[Example, ...]]:
    examples: dict[tuple, list[Example]] = {}
    for event_name, side, file, row, identity, value in rows:
        path = files[file].path if file is not None else ""
        examples.setdefault((event_name, side), []).append(
            Example(path, int(row or 0), mask_text(identity), mask_value(check.shows or "", value))
        )
    return {key: tuple(group) for key, group in examples.items()}


def _of_events(con: duckdb.DuckDBPyConnection, checks: list[Check]) -> dict[str, list[Row]]:
    """The rows of all checks over `events` in one pass: `patterns` keeps the first places of every combination of states, so it knows
    which they are."""
    if not checks:
        return {}
    columns = _columns(con, "events")
    asked = " UNION ALL ".join(
        f"""SELECT {number} AS number, place
            FROM (SELECT event_name, side, unnest(places) AS place FROM patterns WHERE ({check.when}) AND ({check.fails}))
            QUALIFY row_number() OVER (PARTITION BY event_name, side ORDER BY place) <= {EXAMPLES}"""
        for number, check in enumerate(checks)
    )
    shown = " ".join(f"WHEN {number} THEN {_shown(check, columns)}" for number, check in enumerate(checks))
    # The places go into a table first, so that DuckDB knows how few they are.
    con.execute(f"CREATE OR REPLACE TEMP TABLE example_places AS {asked}")
    rows = con.execute(f"""
        SELECT number, event_name, side, file, "row", event_id, CASE number {shown} END
        FROM example_places JOIN events USING (place) ORDER BY ALL""").fetchall()
    con.execute("DROP TABLE example_places")
    found: dict[str, list[Row]] = {check.id: [] for check in checks}
    for number, *row in rows:
        found[checks[number].id].append(tuple(row))
    return found


def _of_relation(con: duckdb.DuckDBPyConnection, check: Check) -> list[Row]:
    """The rows of one check over another relation, which may lack `file`, `row` and `event_id`."""
    columns = _columns(con, check.over)
    place = 'file, "row"' if {"file", "row"} <= columns else "NULL, NULL"
    shown = f"{place}, {'event_id' if 'event_id' in columns else 'NULL'}, {_shown(check, columns)}"
    return con.execute(f"""
        SELECT event_name, side, {shown} FROM {check.over} WHERE ({check.when}) AND ({check.fails})
        QUALIFY row_number() OVER (PARTITION BY event_name, side ORDER BY {shown}) <= {EXAMPLES} ORDER BY ALL""").fetchall()


def _shown(check: Check, columns: set[str]) -> str:
    return f'CAST("{check.shows}" AS VARCHAR)' if check.shows in columns else "NULL"


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {row[0] for row in con.execute(f"DESCRIBE {relation}").fetchall()}
