"""CSV and its relatives: read by DuckDB where it can, by Python where a file is too broken for that."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from emq_audit.read import headings, probe, sql, table
from emq_audit.read.encoding import decoded
from emq_audit.read.headings import Heading, columns
from emq_audit.read.refusal import Refusal
from emq_audit.read.task import Outcome, Task

_FIRST = 500
UNCLOSED = "a quotation mark is opened in this row and never closed; nothing behind it was read"
_WORDS = {",": "CSV", ";": "CSV (semicolons)", "\t": "TSV", "|": "CSV (vertical bars)"}


def outcome(task: Task, heading: Heading, *, recount: bool) -> Outcome:
    """What to hand on for a delimited text whose heading is known. `recount`: it has blank rows, which DuckDB does not count."""
    demand_events(heading.headings)
    for parallel in () if recount else (True, False):
        found = as_table(task.path, heading, parallel)
        try:
            probe.rows(f"SELECT count(COLUMNS(*)) FROM {found.relation}")
            first = probe.rows(f"SELECT * FROM {found.relation}", _FIRST)
        except duckdb.Error:
            continue
        if first and begins_alike(first, task.path, heading):
            return table.outcome(task, _WORDS[heading.delimiter], found, first)
    spool = task.new()
    broken = _rewrite(task.path, heading, spool)
    try:
        read, sources = sheet(
            replace(task, path=spool), _WORDS[heading.delimiter], Heading(1, ",", heading.headings)
        )
    except Refusal as refusal:
        raise Refusal("a quotation mark below its headings is never closed") if broken else refusal from None
    return (replace(read, rejected=1, rejections=((broken, UNCLOSED),)) if broken else read), sources


def begins_alike(first: list[tuple[object, ...]], path: Path, heading: Heading) -> bool:
    """Do DuckDB and Python agree where the rows begin? Stray quotation marks in a title can make them differ."""
    try:
        below = next((cells for row, cells in rows(path, heading.delimiter) if row > heading.row), [])
    except csv.Error:
        return False
    return bool(below) and (first[0][0] or "") == below[0]


def demand_events(names: tuple[str, ...]) -> None:
    """Raises Refusal for a table that names no events, or names too much."""
    if len(names) > headings.MAX_COLUMNS:
        raise Refusal(
            f"it has {len(names):,} columns, more than {headings.MAX_COLUMNS:,}; keep those of the events"
        )
    if "event_name" in columns(names):
        return
    shown = ", ".join(" ".join(name.split()) for name in names if name.isprintable() and name)[:200]
    what = (
        "it lists people, not events" if {"em", "ph"} & set(columns(names)) else "no column names the event"
    )
    raise Refusal(f"{what}; its columns are: {shown}")


def relation_of(path: Path, delimiter: str, skip: int, names: Sequence[str], parallel: bool) -> str:
    """read_csv that takes quotation marks inside cells and rows of any length, as the programs that write such files do."""
    return (
        f"read_csv({sql.text(path)}, columns={sql.columns(dict.fromkeys(names, 'VARCHAR'))}, delim={sql.text(delimiter)},"
        f" quote='\"', escape='\"', header=false, skip={skip}, auto_detect=false, strict_mode=false, null_padding=true,"
        f" parallel={str(parallel).lower()}, compression='none')"
    )


def as_table(path: Path, heading: Heading, parallel: bool) -> table.Table:
    """The columns of the file and one more, which shows rows that are too long."""
    names = tuple(f"c{place}" for place in range(len(heading.headings) + 1))
    relation = relation_of(path, heading.delimiter, heading.row, names, parallel)
    return table.Table(
        relation,
        heading.headings,
        names[:-1],
        first_row=heading.row + 1,
        extra=names[-1],
        delimiter=heading.delimiter,
    )


def sheet(task: Task, words: str, heading: Heading) -> Outcome:
    """What to hand on for a CSV of our own, which has the row number in front of the columns under the headings."""
    demand_events(heading.headings)
    names = tuple(f"c{place}" for place in range(len(heading.headings) + 1))
    relation = relation_of(task.path, ",", heading.row, ("number", *names), parallel=False)
    found = table.Table(
        relation, heading.headings, names[:-1], row="TRY_CAST(number AS BIGINT)", extra=names[-1]
    )
    first = probe.rows(f"SELECT {', '.join(found.names)} FROM {relation}", _FIRST)
    if not first:
        raise Refusal("it has headings but no rows below them")
    return table.outcome(task, words, found, first)


def _rewrite(path: Path, heading: Heading, spool: Path) -> int | None:
    """The rows below the heading as plain CSV, with their row numbers in front; the row at which reading had to end, if any."""
    row = 0
    with spool.open("w", encoding="utf-8", errors="replace", newline="") as file:
        clean = csv.writer(file, lineterminator="\n")
        clean.writerow(["row", *heading.headings])
        try:
            for row, cells in rows(path, heading.delimiter):
                if row > heading.row:
                    clean.writerow([row, *cells])
        except csv.Error:
            return row + 1
    return None


def rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Row number, as a spreadsheet counts, and cells of every row that holds something, as Python reads them.

    Raises csv.Error at a cell without end.
    """
    csv.field_size_limit(sql.LINE_CAP)
    with path.open("rb") as file:
        texts = (decoded(line) for line in iter(lambda: file.readline(sql.LINE_CAP), b""))
        for row, cells in enumerate(csv.reader(texts, delimiter=delimiter), 1):
            if cells:
                yield row, cells
