"""One plain file to read, and what a reader gives back for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emq_audit.read.source import ReadFile, Source


@dataclass(frozen=True)
class Task:
    """`file` is its number, `name` what users call it, `said` the side they named for it; `new` gives a place for a spool."""

    file: int
    name: str
    path: Path
    said: str | None
    new: Callable[[], Path]


Outcome = tuple[ReadFile, list[Source]]
