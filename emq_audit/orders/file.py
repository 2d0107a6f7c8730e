"""The order file: whatever was given, opened as text tables by what the read stage has for logs."""

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from emq_audit.errors import AuditError
from emq_audit.mask import printable
from emq_audit.orders.columns import places
from emq_audit.read import delimited, given, unpack
from emq_audit.read.encoding import from_windows
from emq_audit.read.headings import DELIMITERS, MAX_COLUMNS, Heading
from emq_audit.read.refusal import Refusal
from emq_audit.read.sample import HEAD, take

WHAT_TO_GIVE = "Give the orders as your shop exports them: a CSV or Excel file with a column of order ids."
LONGEST_CELL = 1_000
"""Characters of a cell that are read; no id, amount, status or date is longer."""
_LOOK = 40


@dataclass(frozen=True)
class Sheet:
    """One table of orders: `heading` says where it begins. `numbered`: a sheet of a workbook, with row numbers in the first column."""

    name: str
    path: Path
    heading: Heading
    numbered: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.heading.headings


def sheets(orders: Any, folder: Path) -> list[Sheet]:
    """The tables in what was given that are headed alike and like orders: one file, or the parts in which a shop packs a long export.

    `folder` is private and takes spooled files. Raises AuditError where there is none.
    """
    bench = unpack.Bench(folder)
    found: list[Sheet] = []
    reasons: list[str] = []
    logs = given.find([orders], None)
    for part in (part for log in logs for part in unpack.parts(log, bench)):
        try:
            found.append(_sheet(part, bench))
        except Refusal as refusal:
            reasons.append(refusal.reason)
    name = printable(logs[0].name)
    if not found:
        raise AuditError(
            f"The orders in {name} cannot be read: {[*reasons, 'it holds no table'][0]}.", WHAT_TO_GIVE
        )
    best = max(found, key=lambda sheet: ("id" in places(sheet.names), len(places(sheet.names))))
    return [replace(sheet, name=name) for sheet in found if sheet.names == best.names]


def check(orders: Any) -> None:
    """Raises AuditError where an order file is missing or no table, so that a long audit need not end in that."""
    if isinstance(orders, str | Path) and Path(orders).is_dir():
        raise AuditError(f"{printable(str(orders))} is a folder, not an orders file.", WHAT_TO_GIVE)
    if not (isinstance(orders, str) and orders == "-"):  # standard input can be read once
        with tempfile.TemporaryDirectory(prefix="emq-audit-") as place:
            sheets(orders, Path(place))


def _sheet(part: unpack.Part, bench: unpack.Bench) -> Sheet:
    if part.kind == "refused":
        raise Refusal(part.reason)
    if part.kind == "sheet":
        with part.path.open(encoding="utf-8") as spool:
            heading = _heading(spool.read(HEAD), ",", first=1)
        return Sheet(part.name, part.path, heading, numbered=True)
    if part.kind == "frame":
        path = bench.new()
        part.frame.to_csv(path, index=False)
        return Sheet(part.name, path, _heading(take(path).head))
    if part.kind == "parquet":
        raise Refusal("it is a Parquet file")
    sample = take(part.path)
    path = from_windows(part.path, bench.new()) if sample.foreign else part.path
    if not sample.head.strip():
        raise Refusal("the file is empty")
    if sample.head.lstrip()[:1] in ("{", "["):
        raise Refusal("it is JSON, not a table")
    return Sheet(part.name, path, _heading(sample.head))


def _heading(text: str, delimiters: str = DELIMITERS, first: int = 0) -> Heading:
    """The row among the first lines that names most columns of an order, else the first row; cells in front of `first` are not its own."""
    lines = [line[:100_000] for line in text.splitlines(keepends=True)[:_LOOK]]
    rows = [
        (len(found := places(cells)), "id" in found, row, delimiter, cells)
        for delimiter in delimiters
        for row, cells in _rows(lines, delimiter, first)
    ]
    if not rows:
        raise Refusal("no row of it can be read")
    count, named, row, delimiter, cells = max(rows, key=lambda found: (found[1], found[0], -found[2]))
    if not named and count < 2:
        *_, row, delimiter, cells = max(rows, key=lambda found: (-found[2], len(found[4])))
    if len(cells) > MAX_COLUMNS:
        raise Refusal(f"it has {len(cells):,} columns, more than {MAX_COLUMNS:,}")
    if not any(letter.isalpha() for cell in cells for letter in cell):  # a bare list of numbers
        row, cells = row - 1, [f"column {place}" for place in range(1, len(cells) + 1)]
    return Heading(row, delimiter, tuple(cell.strip() for cell in cells))


def _rows(lines: Sequence[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    try:
        for row, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1):
            if any(cell.strip() for cell in cells[first:]):
                yield row, cells[first:]
    except csv.Error:
        return


def load(con: duckdb.DuckDBPyConnection, table: str, sheet: Sheet, wanted: Sequence[int], new: Path) -> int:
    """Append the `wanted` columns to `table` as c0, c1 ... by their places; returns how many rows could not be read.

    DuckDB reads the file where it and Python agree; Python writes a file too broken for that to `new` first.
    """
    if not sheet.numbered:
        for parallel in (True, False):
            found = delimited.as_table(sheet.path, sheet.heading, parallel)
            try:
                first = con.execute(f"SELECT * FROM {found.relation} LIMIT 1").fetchall()
                if not first or not delimited.begins_alike(first, sheet.path, sheet.heading):
                    break
                return _append(con, table, found.relation, wanted, _odd(found.extra, len(sheet.names), sheet))
            except duckdb.Error:
                continue
    odd = _rewrite(sheet, wanted, new)
    names = tuple(f"c{place}" for place in wanted)
    try:
        _append(con, table, delimited.relation_of(new, ",", 0, names, parallel=False), wanted, "false")
    except duckdb.Error:
        raise AuditError(f"The orders in {sheet.name} cannot be read as a table.", WHAT_TO_GIVE) from None
    return odd


def _append(
    con: duckdb.DuckDBPyConnection, table: str, relation: str, wanted: Sequence[int], odd: str
) -> int:
    """Rows that are `odd` (SQL) are counted instead."""
    cells = ", ".join(f"left(c{place}, {LONGEST_CELL}) AS c{place}" for place in wanted)
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_load AS SELECT {cells}, {odd} AS odd FROM {relation}")
    con.execute(f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (odd) FROM order_load WHERE NOT odd")
    count = con.execute("SELECT count(*) FROM order_load WHERE odd").fetchone()
    con.execute("DROP TABLE order_load")
    return count[0] if count else 0


def _odd(extra: str | None, width: int, sheet: Sheet) -> str:
    """SQL: a row with more cells than headings, or one that a stray quotation mark made of several.

    In a narrow table an address of two lines looks like that, so there it takes more lines.
    """
    cells = ", ".join(f"c{place}" for place in range(width))
    line = f"\\n[^\\n]*({re.escape(sheet.heading.delimiter)}[^\\n]*){{{min(width - 1, 200)}}}"
    swallowed = line if width > 4 else f"({line}){{3}}"
    return (
        f"(coalesce(trim({extra}), '') <> '' OR"
        f" (contains(concat({cells}), chr(10)) AND regexp_matches(concat({cells}), '{swallowed}')))"
    )


def _rewrite(sheet: Sheet, wanted: Sequence[int], new: Path) -> int:
    """The wanted cells of every row below the heading, as plain CSV; returns how many rows are odd."""
    width, odd, first = len(sheet.names), 0, int(sheet.numbered)
    with new.open("w", encoding="utf-8", errors="replace", newline="") as file:
        clean = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        try:
            for row, cells in delimited.rows(sheet.path, sheet.heading.delimiter):
                if row > sheet.heading.row:
                    own = cells[first:]
                    if any(cell.strip() for cell in own[width:]):
                        odd += 1
                    else:
                        shown = [own[place] if place < len(own) else "" for place in wanted]
                        clean.writerow([cell[:LONGEST_CELL].replace("\n", " ") for cell in shown])
        except csv.Error:
            odd += 1
    return odd
