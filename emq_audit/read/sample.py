"""A look into a text file without reading all of it: its beginning, and lines from all over a large one."""

from dataclasses import dataclass
from pathlib import Path

from emq_audit.read.encoding import decoded
from emq_audit.read.sql import LINE_CAP

WHOLE = 16 * 1024 * 1024
"""Bytes up to which a file is looked at whole."""
HEAD = 1024 * 1024
_WINDOW = 32 * 1024
_STEP = LINE_CAP // 2
"""Distance between two windows; a line longer than the cap leaves at least one window without a line end."""


@dataclass(frozen=True)
class Sample:
    """What was seen. `lines` are whole lines that are not blank, without their ends.

    `whole`: nothing was left out. `blanks`: some lines are blank. `long`: some line may be longer than the cap. `foreign`: some line is
    not UTF-8.
    """

    size: int
    head: str
    lines: tuple[str, ...]
    whole: bool
    blanks: bool
    long: bool
    foreign: bool


def take(path: Path) -> Sample:
    """Look at the file once: whole when small, else at its beginning and at one window every 8 MiB."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= WHOLE:
            windows = [file.read()]
        else:
            windows = [_complete(file.read(HEAD), first=True)]
            for offset in range(HEAD, size, _STEP):
                file.seek(offset)
                windows.append(_complete(file.read(_WINDOW), first=False))
            # The last lines tell what the first ones cannot: a file still being written, a row of totals.
            file.seek(max(HEAD, size - _WINDOW))
            windows.append(_complete(file.read(), first=False) or b"\n")
    lines = [line for window in windows for line in window.split(b"\n")[: None if size <= WHOLE else -1]]
    texts = [decoded(line) for line in lines if line.strip()]
    return Sample(
        size=size,
        head=decoded(windows[0][:HEAD]) if size <= WHOLE else decoded(windows[0] or _head(path)),
        lines=tuple(text.rstrip("\r") for text in texts),
        whole=size <= WHOLE,
        blanks=any(not line.strip() for line in (lines[:-1] if size <= WHOLE else lines)),
        long=size > WHOLE and not all(windows),
        foreign=any(not _is_utf8(line) for line in lines),
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _complete(window: bytes, *, first: bool) -> bytes:
    """The whole lines inside a window, with their ends; empty where it holds none."""
    start = 0 if first else window.find(b"\n") + 1
    return window[start : window.rfind(b"\n") + 1]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
