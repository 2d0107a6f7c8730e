"""The read stage in tests: logs in, events and books out, the conservation law checked every time."""

import atexit
import json
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb

from emq_audit import events
from emq_audit.read import account, read
from emq_audit.report import FileRead, Rejection

EVENT = {
    "event_name": "Purchase",
    "event_time": 1_794_000_000,
    "event_id": "o-1",
    "action_source": "website",
    "user_data": {"em": ["a" * 64], "fbp": "fb.1.1793982121000.1567003801"},
    "custom_data": {"value": 12.5, "currency": "DKK"},
}


@dataclass(frozen=True)
class Read:
    """What came of some logs: one dictionary an event, then the books."""

    events: list[dict[str, Any]]
    files: list[FileRead]
    rejections: list[Rejection]

    @property
    def names(self) -> list[str | None]:
        return [event["event_name"] for event in self.events]

    @property
    def reasons(self) -> dict[int, str]:
        """Reason by row; for tests with one file."""
        return {rejection.row: rejection.reason for rejection in self.rejections}


COLUMNS = (
    "side, as_sent, sender, pixel_id, received_at, event_name, time_text, event_id, action_source, event_source_url, referrer_url,"
    " test_event_code, em, CAST(em_leaf AS VARCHAR) AS em_leaf, ph, CAST(ph_leaf AS VARCHAR) AS ph_leaf, fn, ln, ge, db, ct, st, zp,"
    " country, external_id, fbp, fbc, client_ip_address, client_user_agent, misnamed IS NOT NULL AS misnamed_key,"
    " CAST(custom_data AS VARCHAR) AS custom_data"
)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One database for all tests of a run: making it takes longer than most of them."""
    atexit.register(_database.cache_clear)
    return events.connect(tempfile.gettempdir())


def opened(folder: Path, *logs: Any, side: str | None = None) -> Read:
    """Read and account for logs; `folder` is any empty place. Rows are conserved, or this fails.

    The values are those that `events.build` starts from; their judgement, which takes most of its time, is left out.
    """
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    found = read(logs, spool, side=side)
    con = _database()
    con.execute("DROP TABLE IF EXISTS event_rows")
    for number, source in enumerate(found.sources):
        verb = "INSERT INTO event_rows" if number else "CREATE TABLE event_rows AS"
        con.execute(f'{verb} SELECT file, "row", no_event, {COLUMNS} FROM ({events._values(source.sql)})')
    files, rejections, rejected = account(con, found)
    first = {source.file: source.first_row for source in found.sources}
    cursor = con.execute(
        'SELECT file, coalesce("row", rowid - min(rowid) OVER (PARTITION BY file)) AS "row", "row" IS NULL AS counted,'
        ' * EXCLUDE (file, "row") FROM event_rows ORDER BY rowid'
    )
    names = [column[0] for column in cursor.description]
    rows = [
        row
        for row in (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
        if not row["no_event"]
    ]
    for row in rows:
        row["row"] += first[row["file"]] if row["counted"] else 0
    for file in files:
        assert file.rows == file.events + file.rejected, file
    assert sum(file.events for file in files) == len(rows)
    assert sum(file.rejected for file in files) == rejected
    assert len(rejections) == min(rejected, 1000)
    return Read(rows, files, rejections)


def event(**changes: Any) -> dict[str, Any]:
    """A sound event with some fields changed; None takes one away."""
    return {key: value for key, value in {**EVENT, **changes}.items() if value is not None}


def write(path: Path, *lines: Any, end: str = "\n") -> Path:
    """A text file: dictionaries and lists as JSON, text as it is."""
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + end for line in lines),
        encoding="utf-8",
    )
    return path


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[Any] | None]]) -> Path:
    """A small .xlsx; None is an empty row, and so is a cell."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    numbers = range(1, len(sheets) + 1)
    named = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{named}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{related}</Relationships>',
        )
        for number, rows in zip(numbers, sheets.values(), strict=True):
            data = "".join(_row(place, cells) for place, cells in enumerate(rows, 1) if cells is not None)
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
            )
    return path


def _row(place: int, cells: Sequence[Any]) -> str:
    return (
        f'<row r="{place}">'
        + "".join(_cell(place, column, cell) for column, cell in enumerate(cells))
        + "</row>"
    )


def _cell(place: int, column: int, cell: Any) -> str:
    if cell is None:
        return ""
    where = f"{chr(65 + column)}{place}"
    if isinstance(cell, (int, float)):
        return f'<c r="{where}"><v>{cell}</v></c>'
    return f'<c r="{where}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'
