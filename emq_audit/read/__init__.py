"""A log in, event rows out: what a file is, by its content, and the SQL that reads it.

    given -> unpack -> text (json_log, json_document, delimited) | columnar -> Reading

`read` returns one `Source` for every readable part. Nothing is loaded yet: the plain shapes (events and request bodies as NDJSON,
arrays or documents, CSV, Parquet) stream straight from the file into the canonical table; what has another shape is searched by Python
(`search`, `pixel`, `cdp`) into a spool of the same form. After `events.build` has loaded all of it, `account` says what became of
every row.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emq_audit.errors import AuditError
from emq_audit.read import columnar, delimited, given, headings, text, unpack
from emq_audit.read.account import account
from emq_audit.read.refusal import Refusal
from emq_audit.read.source import EVENT_LEAVES, MISNAMED_KEYS, SIDES, USER_DATA, ReadFile, Reading, Source
from emq_audit.read.task import Outcome, Task

__all__ = [
    "EVENT_LEAVES",
    "MISNAMED_KEYS",
    "SIDES",
    "USER_DATA",
    "ReadFile",
    "Reading",
    "Source",
    "account",
    "read",
]

_WHAT_TO_GIVE = "Give a log of Pixel or Conversions API events: JSON, NDJSON, CSV, Excel or Parquet, a HAR recording, or Pixel requests."


def read(logs: Sequence[Any], folder: Path, *, side: str | None = None) -> Reading:
    """What the given logs hold.

    `logs`: paths, folders, patterns, `-` for standard input, `browser=FILE`, DataFrames, (name, bytes) pairs, open binary files.
    `folder` is private to this audit and takes spooled files; the caller deletes it after `events.build` and `account`.
    `side` is what the user says about all logs; it wins over everything but what is said of one file.

    A file that holds no events is listed with one rejection that says why. Raises AuditError where a name leads nowhere, and where
    no file holds an event.
    """
    if side is not None and side not in SIDES:
        raise AuditError(f"There is no side called {side}.", f"Sides are {', '.join(SIDES)}.")
    reading = Reading()
    bench = unpack.Bench(Path(folder))
    for log in given.find(logs, side):
        for part in unpack.parts(log, bench):
            task = Task(len(reading.files), part.name, part.path, part.side, bench.new)
            try:
                file, sources = _outcome(task, part)
            except Refusal as refusal:
                file, sources = (
                    ReadFile(part.name, "no events", rejected=1, rejections=((1, refusal.reason),)),
                    [],
                )
            reading.files.append(file)
            reading.paths.update(path for path in (part.path, file.lines) if path is not None)
            reading.sources.extend(sources)
    if not reading.sources:
        raise _nothing(reading.files)
    return reading


def _outcome(task: Task, part: unpack.Part) -> Outcome:
    """The reader for each kind of part. Raises Refusal."""
    if part.kind == "refused":
        raise Refusal(part.reason)
    if part.kind == "frame":
        return columnar.frame(task, part.frame)
    if part.kind == "parquet":
        return columnar.parquet(task)
    if part.kind == "sheet":
        return _sheet(task)
    return text.outcome(task)


def _sheet(task: Task) -> Outcome:
    """A sheet of a workbook, spooled as CSV behind its row numbers."""
    with task.path.open(encoding="utf-8") as spool:
        heading = headings.find(spool.read(1024 * 1024))
    if heading is None:
        raise Refusal("no row of the sheet names the columns of events")
    return delimited.sheet(task, "Excel", headings.Heading(heading.row, ",", heading.headings[1:]))


def _nothing(files: list[ReadFile]) -> AuditError:
    """The error for logs without a single event."""
    if len(files) == 1:
        reason = files[0].rejections[0][1] if files[0].rejections else "no event was found in it"
        return AuditError(f"{files[0].path} cannot be audited: {reason}.", _WHAT_TO_GIVE)
    reasons = "; ".join(f"{file.path}: {file.rejections[0][1]}" for file in files[:3] if file.rejections)
    return AuditError(f"None of the {len(files)} files holds an event ({reasons}).", _WHAT_TO_GIVE)
