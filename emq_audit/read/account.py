"""The books of the read stage: every row read is an event or a rejection with file, row and reason."""

from collections import Counter
from pathlib import Path

import duckdb

from emq_audit.errors import AuditError
from emq_audit.read.found import Found
from emq_audit.read.json_log import in_line, why_not
from emq_audit.read.json_text import lines
from emq_audit.read.source import MAX_REJECTIONS, Reading
from emq_audit.report import FileRead, Rejection

_OTHER_SHAPE = "an entry that is no event, or one of another shape than the rest of the log"


def account(con: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[list[FileRead], list[Rejection], int]:
    """What became of each file, the first thousand rejections and how many there were.

    Needs `event_rows` and the files themselves, so call it after build and before they are deleted. A row is what could be one event: a
    line, a row of a table, an entry of a body's `data`. Hence rows = events + rejected, for every file and in all.
    """
    counts = {
        file: (events, rejected, start)
        for file, events, rejected, start in con.execute(
            "SELECT file, count(*) FILTER (NOT no_event), count(*) FILTER (no_event), min(rowid) FROM event_rows GROUP BY file"
        ).fetchall()
    }
    if not any(events for events, _, _ in counts.values()):
        raise AuditError(
            "None of the rows in the log is an event.", "Give a log in which each row names its event."
        )
    files: list[FileRead] = []
    rejections: list[Rejection] = []
    total = 0
    for number, file in enumerate(reading.files):
        events, late, start = counts.get(number, (0, 0, 0))
        rejected = file.rejected + late
        total += rejected
        files.append(
            FileRead(file.path, file.format, events + rejected, events, rejected, file.side, file.side_from)
        )
        wanted = MAX_REJECTIONS - len(rejections)
        found = list(file.rejections[:wanted])
        if late and len(found) < wanted:
            found += _late(con, reading, number, start, wanted - len(found))
        rejections += [Rejection(file.path, row, reason) for row, reason in sorted(found)]
    return files, rejections, total


def _late(
    con: duckdb.DuckDBPyConnection, reading: Reading, number: int, start: int, limit: int
) -> list[tuple[int, str]]:
    """Row and reason of rows that turned out to be no events when they were loaded."""
    file = reading.files[number]
    found = con.execute(
        'SELECT rowid - ? + 1, "row" FROM event_rows WHERE no_event AND file = ? ORDER BY rowid LIMIT ?',
        [start, number, limit],
    ).fetchall()
    if file.table:
        return _of_table(con, file.table, [ordinal for ordinal, _ in found], _first_row(reading, number))
    if file.lines:
        return _of_lines(file.lines, [row if file.many and row else ordinal for ordinal, row in found])
    return [(row or ordinal, "no event in it") for ordinal, row in found]


def _first_row(reading: Reading, number: int) -> int:
    return next(source.first_row for source in reading.sources if source.file == number)


def _of_table(
    con: duckdb.DuckDBPyConnection, table: str, ordinals: list[int], first_row: int
) -> list[tuple[int, str]]:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE refused_rows AS SELECT unnest(?::BIGINT[]) AS ordinal", [ordinals]
    )
    rows = con.execute(
        f'SELECT ordinal, "row", reason FROM ({table}) SEMI JOIN refused_rows USING (ordinal)'
    ).fetchall()
    con.execute("DROP TABLE refused_rows")
    return [
        (row or ordinal + first_row - 1, reason or "no event in the row") for ordinal, row, reason in rows
    ]


def _of_lines(path: Path, ordinals: list[int]) -> list[tuple[int, str]]:
    """The lines looked up again. DuckDB skips blank lines, so the n-th row is the n-th line that holds something."""
    wanted = Counter(ordinals)
    told: list[tuple[int, str]] = []
    for ordinal, (number, line) in enumerate(lines(path), 1):
        if ordinal in wanted:
            reason = _why(line)
            told += [(number, reason)] * wanted.pop(ordinal)
            if not wanted:
                break
    return told


def _why(line: str | None) -> str:
    if line is not None and any(isinstance(entry, Found) for entry in in_line(line)):
        return _OTHER_SHAPE
    return why_not(line)
