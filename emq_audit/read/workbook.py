"""Workbooks: every sheet as a CSV spool whose first column is the spreadsheet's own row number."""

import csv
import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from emq_audit.read.refusal import Refusal

MAX_UNPACKED = 128 * 1024**2
"""Bytes of XML in a workbook. Reading takes about four times as much memory; larger tables belong in CSV or Parquet."""
MAX_CELLS = 16_000_000
"""Cells between the first and the last one used, 30 bytes each in memory whether they hold something or not."""
MAX_MEMBERS = 5_000
_CHUNK = 1024 * 1024
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})(\d{1,10})["']""")
_HIDDEN_PLACE = re.compile(rb"""\br\s*=\s*["'][^"'&]{0,20}&""")


def is_workbook(path: Path) -> bool:
    """Is this zip archive a workbook of Excel, or of an office program that keeps its sheets likewise?"""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.NameToInfo
            return any(name in names for name in ("xl/workbook.xml", "xl/workbook.bin")) or (
                "content.xml" in names and "mimetype" in names
            )
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, UnicodeDecodeError, OSError):
        return False


def sheets(path: Path, new: Callable[[], Path]) -> Iterator[tuple[str, Path]]:
    """Name and spool of every sheet that holds something; the name is empty where there is only one."""
    if zipfile.is_zipfile(path):
        _check_size(path)
    elif path.stat().st_size > MAX_UNPACKED:
        raise Refusal("the workbook is too large; save the sheet as CSV")
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        names = list(workbook.sheet_names)
        filled = [(name, spool) for name in names if (spool := _spool(workbook, name, new))]
    except Refusal:
        raise
    except PasswordError:
        raise Refusal("the workbook is protected by a password; save the sheet as CSV") from None
    except (CalamineError, OSError, ValueError, RuntimeError):
        raise Refusal("the workbook is damaged or protected by a password; save the sheet as CSV") from None
    except BaseException as error:  # a panic of the Rust reader is not an Exception
        if type(error).__name__ != "PanicException":
            raise
        raise Refusal("the workbook is damaged; save the sheet as CSV") from None
    if not filled:
        raise Refusal("the workbook is empty")
    yield from filled if len(filled) > 1 else [("", filled[0][1])]


def _check_size(path: Path) -> None:
    """Unpack the workbook once into nothing: the sizes an archive states may be lies."""
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" not in archive.NameToInfo:
                raise Refusal("only Excel's .xlsx and .xls workbooks are read; save the sheet as CSV")
            if len(archive.infolist()) > MAX_MEMBERS:
                raise Refusal("the workbook holds too many parts; save the sheet as CSV")
            for info in archive.infolist():
                with archive.open(info) as stream:
                    total += _unpacked(
                        stream, MAX_UNPACKED - total, info.filename.startswith("xl/worksheets/")
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise Refusal("the workbook is damaged or protected by a password; save the sheet as CSV") from None


def _unpacked(stream: BinaryIO, allowed: int, is_sheet: bool) -> int:
    """Bytes in one part of a workbook, at most `allowed`; a sheet must not stretch over more than MAX_CELLS."""
    size, rows, columns, tail = 0, 1, {b"A"}, b""
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > allowed:
            raise Refusal(
                f"the workbook unpacks to more than {MAX_UNPACKED // 1024**2} MB; save the sheet as CSV"
            )
        if is_sheet:
            if b"\0" in chunk or _HIDDEN_PLACE.search(tail + chunk):
                raise Refusal("the workbook is written in an unusual way; save the sheet as CSV")
            for column, row in _PLACE.findall(tail + chunk):
                columns.add(column)
                rows = max(rows, int(row))
            tail = chunk[-64:]
    if rows * max(map(_column_number, columns)) > MAX_CELLS:
        raise Refusal(
            f"a sheet stretches over more than {MAX_CELLS // 10**6} million cells; save the part with the events as CSV"
        )
    return size


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _spool(workbook: CalamineWorkbook, name: str, new: Callable[[], Path]) -> Path | None:
    """The sheet's rows that hold something, or None for an empty sheet and for charts."""
    sheet = workbook.get_sheet_by_name(name)
    if not sheet.height or not sheet.width:
        return None
    spool = new()
    with spool.open("w", encoding="utf-8", errors="replace", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        for row, cells in enumerate(sheet.iter_rows(), 1):
            shown = [_shown(cell) for cell in cells]
            if any(cell.strip() for cell in shown):
                table.writerow([row, *shown])
    return spool


def _shown(cell: object) -> str:
    """A cell as the sheet shows it: whole numbers without a fraction, times as ISO text."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e17 else repr(cell)
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)
