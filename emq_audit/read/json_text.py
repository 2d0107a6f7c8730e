"""JSON as logs hold it: decoded leniently and within bounds, line by line or value by value."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emq_audit.read.encoding import decoded
from emq_audit.read.sql import LINE_CAP

WHOLE_CAP = 2 * LINE_CAP
"""Longest document in characters that is decoded in one go; of a longer one, the entries of its lists are."""
MAX_FAILURES = 1000
"""Places in a broken document from which reading is tried again."""
_FIRST = 1024 * 1024
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BRACKET = re.compile(r'["\[]')
_TOKEN = re.compile(r'[\[\]{"]|[^\s,\[\]{}"\x1e\ufeff]+')
_NEXT_LINE = re.compile(r"\n(?=[ \t\r,]*[{\[])")
_DECODER = json.JSONDecoder(strict=False)
_LENIENT = json.JSONDecoder(strict=False, parse_int=float)


class Unreadable(Exception):
    """A record that is no JSON; the text of the error is the reason a user reads."""


@dataclass(frozen=True)
class Record:
    """One line or value of a log: `row` is its line (or its place in a list), `value` what it holds, or why it cannot be read."""

    row: int
    value: Any = None
    reason: str | None = None


def loads(text: str) -> Any:
    """The value at the start of `text`; what follows it is ignored. Raises Unreadable."""
    return decode(text, _start(text))[0]


def decode(text: str, start: int) -> tuple[Any, int]:
    """The value at `start` and where it ends. Raises Unreadable, or json.JSONDecodeError for text that is no JSON."""
    try:
        return _DECODER.raw_decode(text, start)
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more than 4,300 digits
        return _LENIENT.raw_decode(text, start)


def _start(text: str) -> int:
    return len(text) - len(text.lstrip(" \t\r\n\x1e\ufeff"))


def of_line(line: str) -> Any:
    """The value in a line of a log, which may stand behind a prefix such as a time. Raises Unreadable."""
    problem = None
    for start in _openings(line):
        try:
            value, end = decode(line, start)
        except json.JSONDecodeError as error:
            problem = problem or _why(line, error)
            continue
        if isinstance(value, dict) or _holds_objects(value) or (start == 0 and not line[end:].strip()):
            return value
    if problem is None:
        raise Unreadable("no JSON in this line")
    return _python_literal(line, problem)


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, (dict, str)) for entry in value)


def _openings(line: str) -> list[int]:
    """Where a JSON value may begin: the start of the line, or the first few brackets behind a prefix, which may hold some itself."""
    if line.startswith(("{", '"')):
        return [0]
    brackets = [match.start() for match in re.finditer(r"[\[{]", line[:2000])]
    return brackets[: 6 if len(line) < 100_000 else 1] or ([0] if len(line) < 30 else [])


def _why(line: str, error: json.JSONDecodeError) -> str:
    if "\0" in line:
        return "the line holds zero bytes"
    if error.pos == 0 and line[:1] not in "{[":
        return "no JSON in this line"
    if error.pos >= len(line.rstrip()) - 1 or "Unterminated" in error.msg:
        return "the line ends in the middle of its JSON"
    return "the line is not valid JSON"


def _python_literal(line: str, problem: str) -> Any:
    """A dictionary printed by Python, quotes and None and all; only short and flat ones, as Python's own reader is easily exhausted."""
    found = re.search(r"\[?\{'", line[:2000])
    text = line[found.start() :] if found else ""
    if not text or len(text) > 100_000 or text.count("{") + text.count("[") > 200 or text.count("-") > 5000:
        raise Unreadable(problem)
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise Unreadable(problem) from None


def lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Every line that is not blank, with its number; None for one longer than the cap."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_CAP + 1):
            number += 1
            if len(line) > LINE_CAP and not line.endswith(b"\n"):
                while (rest := file.readline(LINE_CAP)) and not rest.endswith(b"\n"):
                    pass
                yield number, None
            elif line.strip(b" \t\r\n\x1e"):
                yield number, decoded(line).strip()


class Values:
    """The JSON values of a document, one after the other, however they are laid out.

    A list at the top, and any document longer than WHOLE_CAP, gives the entries of its lists, so that memory stays bounded. `row` counts
    the values from 1. `among_text`: there is other text between the values, so that only braces open one. What cannot be read gives a
    Record with a reason, and reading goes on at the next line that opens a value.
    """

    def __init__(self, path: Path, *, among_text: bool = False) -> None:
        self._among_text = among_text
        self._file = path.open(encoding="utf-8", errors="replace", newline="")
        self._text = ""
        self._at = 0
        self._row = 0
        self._failures = 0
        self._inside = False
        """In a list whose entries are given one by one."""
        self._descended = False
        """In a document too long to be decoded whole, of which only the entries of lists are given."""

    def __iter__(self) -> Iterator[Record]:
        with self._file:
            while self._failures < MAX_FAILURES and self._seek():
                self._row += 1
                try:
                    value = self._next()
                    if self._descended and not isinstance(value, dict):
                        self._row -= 1
                        continue
                    yield Record(self._row, value)
                except Unreadable as problem:
                    self._failures += 1
                    yield Record(self._row, reason=str(problem))
                except _Descend:
                    self._row -= 1
            if self._failures >= MAX_FAILURES:
                yield Record(self._row + 1, reason="unreadable from here on")

    def _more(self) -> bool:
        """Read on, twice as much each time; drop what lies behind."""
        chunk = self._file.read(max(_FIRST, len(self._text) - self._at))
        self._text, self._at = self._text[self._at :] + chunk, 0
        return bool(chunk)

    def _seek(self) -> bool:
        """Go to the next value; False at the end of the file."""
        while True:
            place = self._value_start()
            if place is not None:
                self._at = place
                return True
            self._at = len(self._text)
            if not self._more():
                return False

    def _value_start(self) -> int | None:
        """Where the next value begins in what has been read; a list at the top is entered, one that ends is left."""
        place = self._at
        while found := _TOKEN.search(self._text, place):
            symbol, place = found[0], found.end()
            if symbol == "]":
                self._inside = False
            elif symbol == "[" and not self._inside:
                self._inside = not self._among_text
            elif self._inside or (symbol == "{" and not self._descended):
                return found.start()
            elif symbol == '"' and self._descended:
                quoted = _STRING.match(self._text, found.start())
                place = quoted.end() if quoted else place
        return None

    def _next(self) -> Any:
        while True:
            try:
                value, self._at = decode(self._text, self._at)
                return value
            except Unreadable:
                self._skip_line()
                raise
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self._text) - 16 or "Unterminated" in error.msg
                if cut and len(self._text) - self._at > (LINE_CAP if self._inside else WHOLE_CAP):
                    self._too_long()
                if not cut or not self._more():
                    self._skip_line()
                    raise Unreadable(
                        "the text ends in the middle of its JSON" if cut else "not valid JSON"
                    ) from None

    def _too_long(self) -> None:
        """A document too long to be decoded whole: go into its first list. An entry too long: give up on it."""
        if not self._inside and (place := self._first_list()) is not None:
            self._at, self._inside, self._descended = place + 1, True, True
            raise _Descend
        self._skip_line()
        raise Unreadable(f"longer than {LINE_CAP // 1024**2} MB")

    def _first_list(self) -> int | None:
        """The first square bracket that is not part of a text."""
        place = self._at
        while found := _BRACKET.search(self._text, place):
            if found[0] == "[":
                return found.start()
            quoted = _STRING.match(self._text, found.start())
            if not quoted:
                return None
            place = quoted.end()
        return None

    def _skip_line(self) -> None:
        """Go to the next line that opens a value."""
        while not (found := _NEXT_LINE.search(self._text, self._at)):
            self._at = max(self._at, len(self._text) - 64)
            if not self._more():
                self._at = len(self._text)
                return
        self._at = found.end()


class _Descend(Exception):
    """Not a value: its entries come next."""
