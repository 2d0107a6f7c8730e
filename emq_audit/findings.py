"""Findings: the answers to all checks, by event name and side, with a few masked rows to look at."""

import duckdb

from emq_audit.check import Answer, Check, Status
from emq_audit.mask import mask_text, mask_value
from emq_audit.report import Example, FileRead, Finding

EXAMPLES = 5
"""Rows shown for each check, event name and side."""


def findings(
    con: duckdb.DuckDBPyConnection, answers: list[Answer], files: list[FileRead]
) -> tuple[Finding, ...]:
    """One finding per check, event name and side in scope; one with neither where a check is not applicable or broke."""
    found: list[Finding] = []
    for answer in answers:
        if answer.status in (Status.ERROR, Status.NOT_APPLICABLE):
            found.append(
                Finding(answer.check.id, answer.check.severity, answer.status, None, None, 0, 0, None)
            )
            continue
        examples = _examples(con, answer.check, files) if answer.status is Status.FAILED else {}
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
    con: duckdb.DuckDBPyConnection, check: Check, files: list[FileRead]
) -> dict[tuple, tuple[Example, ...]]:
    """The first rows at fault of every event name and side, masked."""
    columns = _columns(con, check.over)
    shown = f'CAST("{check.shows}" AS VARCHAR)' if check.shows in columns else "NULL"
    place = 'file, "row"' if {"file", "row"} <= columns else "NULL, NULL"
    event_id = "event_id" if "event_id" in columns else "NULL"
    rows = con.execute(f"""
        SELECT event_name, side, {place}, {event_id}, {shown} FROM {check.over} WHERE ({check.when}) AND ({check.fails})
        QUALIFY row_number() OVER (PARTITION BY event_name, side) <= {EXAMPLES} ORDER BY ALL""").fetchall()
    examples: dict[tuple, list[Example]] = {}
    for event_name, side, file, row, identity, value in rows:
        path = files[file].path if file is not None else ""
        examples.setdefault((event_name, side), []).append(
            Example(path, int(row or 0), mask_text(identity), mask_value(check.shows or "", value))
        )
    return {key: tuple(group) for key, group in examples.items()}


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {row[0] for row in con.execute(f"DESCRIBE {relation}").fetchall()}
