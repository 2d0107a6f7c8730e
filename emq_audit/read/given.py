"""Which logs are meant by what the user gave: files, folders, patterns, standard input, texts with a name, data frames."""

import glob
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from emq_audit.errors import AuditError
from emq_audit.read.source import SIDES

MAX_FILES = 10_000
"""Files in one audit; a folder with more was hardly meant."""


@dataclass(frozen=True)
class Given:
    """One log: a `path`, an open `stream`, or a data `frame`; `side` as the user said it."""

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None
    frame: Any = None
    side: str | None = None


def find(logs: Sequence[Any], side: str | None) -> list[Given]:
    """Every log that is meant, in the order given; folders and patterns in alphabetical order, each file once.

    Raises AuditError for a name that leads nowhere.
    """
    found: dict[object, Given] = {}
    for position, log in enumerate(logs):
        for given in _one(log, side, position):
            found.setdefault(given.path.resolve() if given.path else (position, given.name), given)
            if len(found) > MAX_FILES:
                raise AuditError(
                    f"There are more than {MAX_FILES:,} files in what was given.",
                    "Name the folder that holds the logs.",
                )
    if not found:
        raise AuditError("No log was given.", "Name a log file, or a folder with logs.")
    return _named_apart(list(found.values()))


def _one(log: Any, side: str | None, position: int) -> Iterator[Given]:
    if hasattr(log, "to_pandas"):
        log = log.to_pandas()
    if hasattr(log, "columns") and hasattr(log, "set_axis"):
        yield Given(f"DataFrame {position + 1}" if position else "DataFrame", frame=log, side=side)
    elif isinstance(log, tuple) and len(log) == 2 and isinstance(log[1], (bytes, bytearray)):
        yield Given(str(log[0]), stream=io.BytesIO(log[1]), side=side)
    elif hasattr(log, "read"):
        yield Given(PurePath(str(getattr(log, "name", "log"))).name, stream=log, side=side)
    elif isinstance(log, (str, os.PathLike)):
        yield from _named(os.fspath(log), side)
    else:
        raise AuditError(
            f"A log cannot be given as {type(log).__name__}.",
            "Give a path, a DataFrame, or a (name, bytes) pair.",
        )


def _named(text: str, side: str | None) -> Iterator[Given]:
    """Logs behind a name as typed: FILE, FOLDER, PATTERN, SIDE=FILE or - for standard input."""
    if text == "-":
        yield Given("standard input", stream=sys.stdin.buffer, side=side)
        return
    prefix, _, rest = text.partition("=")
    if prefix in SIDES and rest and not os.path.lexists(text):
        text, side = rest, prefix  # said of this file, so it counts more than what was said of all
    if "\0" in text:
        raise AuditError("The name of a log holds a character that no file name can hold.", "Check the name.")
    if text.startswith(("http://", "https://")):
        raise AuditError(
            "A web address was given instead of a file.", "Download the log first, then name the file."
        )
    path = Path(text)
    if not os.path.lexists(text) and glob.has_magic(text):
        paths = sorted(glob.glob(text, recursive=True))
        if not paths:
            raise AuditError(f"No file matches {text}.", "Check the pattern and the folder you are in.")
        for match in paths:
            yield from _files(Path(match), side, Path(match).parent, chosen=False)
        return
    yield from _files(path, side, path.parent, chosen=True)


def _files(path: Path, side: str | None, start: Path, *, chosen: bool) -> Iterator[Given]:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise AuditError(
            f"{path.name or path} cannot be opened: {_reason(error)}.",
            "Check the name and the folder you are in.",
        ) from None
    if stat.S_ISDIR(mode):
        inside = list(_in_folder(path, side))
        if not inside and chosen:
            raise AuditError(
                f"There are no files in the folder {path.name or path}.",
                "Name the folder that holds the logs.",
            )
        yield from inside
    elif stat.S_ISREG(mode):
        yield Given(path.name, path=path, side=side)
    elif stat.S_ISFIFO(mode) and chosen:
        yield Given(path.name, stream=path.open("rb"), side=side)
    elif chosen:
        raise AuditError(f"{path.name} is not a file.", "Name a log file, or a folder with logs.")


def _in_folder(folder: Path, side: str | None) -> Iterator[Given]:
    """Regular files under `folder`, without hidden ones. Links to folders are not followed, so that no loop is."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                count += 1
                if count > MAX_FILES:
                    return
                yield Given(path.relative_to(folder).as_posix(), path=path, side=side)


def _named_apart(logs: list[Given]) -> list[Given]:
    """The same logs under names that can be shown and differ: a parent folder in front, or a number behind, where two are called alike."""
    logs = [
        replace(log, name="".join(letter if letter.isprintable() else "?" for letter in log.name))
        for log in logs
    ]
    names = [log.name for log in logs]
    if len(set(names)) == len(names):
        return logs
    named: dict[str, Given] = {}
    for log in logs:
        name = f"{log.path.parent.name}/{log.name}" if log.path and names.count(log.name) > 1 else log.name
        free = next(
            tried
            for number in range(1, len(logs) + 2)
            if (tried := name if number == 1 else f"{name} ({number})") not in named
        )
        named[free] = replace(log, name=free)
    return list(named.values())


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "you may not read it"
    return (error.strerror or "it is unreadable").lower()
