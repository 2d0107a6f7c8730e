"""Text: JSON, a table, or lines of a log that hold events somewhere; told by what stands in it, never by the name of the file."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from emq_audit.read import delimited, headings, json_document, json_log
from emq_audit.read.encoding import from_windows
from emq_audit.read.found import Found
from emq_audit.read.refusal import Refusal
from emq_audit.read.sample import Sample, take
from emq_audit.read.search import events_in_row
from emq_audit.read.spool import Spool
from emq_audit.read.task import Outcome, Task

_FIRST_ROWS = 50
_NAME = re.compile(r"\s*[^\W\d][\w .:/()\[\]@-]{0,99}")
"""What can be a heading of such a table; the first line of a log begins with a time or holds JSON."""


def outcome(task: Task) -> Outcome:
    """What to hand on for a text file. Raises Refusal for one that is no log."""
    sample = take(task.path)
    if sample.foreign:
        task = replace(task, path=from_windows(task.path, task.new()))
        sample = take(task.path)
    if not sample.lines and not sample.head.strip():
        raise Refusal("the file is empty")
    if sample.head.lstrip(" \t\r\n\x1e\ufeff")[:1] in ("{", "["):
        if json_log.is_lined(sample):
            return json_log.lined(task, sample)
        if json_document.is_document(task):
            return json_document.document(task, sample)
    if delimiter := _wrapping(sample):
        return _wrapped(task, delimiter)
    if any(isinstance(entry, Found) for line in sample.lines[:2000] for entry in json_log.in_line(line)):
        return json_log.searched(task)
    if heading := headings.find(sample.head):
        return delimited.outcome(task, heading, recount=sample.blanks and sample.whole)
    if '"event_name"' in sample.head and (found := json_document.among_text(task)):
        return found
    raise Refusal(_why(sample))


def _why(sample: Sample) -> str:
    if sample.long and len(sample.lines) < 2:
        return "it is one line without end, and no JSON"
    start = sample.head.lstrip()[:1]
    return "it is not valid JSON" if start in ("{", "[") else "no event was found in it"


# Tables whose cells hold whole events --------------------------------------------------------------------------------------------


def _wrapping(sample: Sample) -> str | None:
    """The delimiter of a table in whose cells events stand, as exports of log tables have them; None for any other text."""
    for delimiter in headings.DELIMITERS:
        rows = _rows(iter(line + "\n" for line in sample.lines[: 4 * _FIRST_ROWS]), delimiter)
        names = next(rows, (0, []))[1]
        if len(names) < 2 or not all(_NAME.fullmatch(name) for name in names):
            continue
        seen = [cells for _, (_, cells) in zip(range(_FIRST_ROWS), rows, strict=False)]
        if any(isinstance(entry, Found) for cells in seen for entry in events_in_row(_row(names, cells))):
            return delimiter
    return None


def _wrapped(task: Task, delimiter: str) -> Outcome:
    spool = Spool(task.new())
    rows = delimited.rows(task.path, delimiter)
    _, names = next(rows)
    row = 1
    try:
        for row, cells in rows:
            if not spool.take(row, events_in_row(_row(names, cells))):
                spool.reject(row, "no event in any cell of the row")
    except csv.Error:
        spool.reject(row + 1, delimited.UNCLOSED)
    return spool.outcome(task, "table with events in its cells")


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from enumerate(csv.reader(lines, delimiter=delimiter), 1)
    except csv.Error:
        return


def _row(names: list[str], cells: list[str]) -> dict[str, Any]:
    return dict(zip(names, cells, strict=False))
