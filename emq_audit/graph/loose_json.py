"""JSON that is almost right: trailing and missing commas, braces left out, an end that was cut off.

The sample answers on Meta's page about the Dataset Quality API are like that, and so is what people save of them:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/dataset-quality-api
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

DEEPEST = 60

_TOKEN = re.compile(r'\s*(?:([{}\[\]:,])|("(?:[^"\\]|\\.)*")|([^\s{}\[\]:,"]+)|("))', re.S)
_END = ("end", "")


class Loose(NamedTuple):
    """`values`: the documents in the text, one or several. `repairs`: how many places had to be read with good will."""

    values: list[Any]
    repairs: int


def read(text: str) -> Loose:
    """The JSON documents in a text; what stands before the first brace (headers, a fence, words) is passed over.

    Raises ValueError where nothing can be read, or where it is nested too deeply to be an answer.
    """
    start = min((place for mark in "{[" if (place := text.find(mark)) >= 0), default=None)
    if start is None:
        raise ValueError("no braces")
    try:
        return Loose([json.loads(text[start:])], 0)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        pass
    reader = _Reader(text[start:])
    values = list(reader.documents())
    if not values:
        raise ValueError("nothing to read")
    return Loose(values, reader.repairs)


def _tokens(text: str) -> Iterator[tuple[str, Any]]:
    place = 0
    while found := _TOKEN.match(text, place):
        place = found.end()
        mark, quoted, bare, open_quote = found.groups()
        if mark:
            yield mark, mark
        elif open_quote:  # a text without its end: the file was cut there
            return
        elif quoted:
            yield "text", _text(quoted)
        else:
            yield "value", _bare(bare)


def _text(quoted: str) -> str:
    try:
        return json.loads(quoted, strict=False)
    except ValueError:
        return quoted[1:-1]


def _bare(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class _Reader:
    """One pass over the tokens, with one token of foresight where a brace may be missing."""

    def __init__(self, text: str) -> None:
        self._all = list(_tokens(text))
        self._at = 0
        self.repairs = 0

    def documents(self) -> Iterator[Any]:
        while self._at < len(self._all):
            before = self._at
            if self._kind() in ("{", "["):
                yield self._value(0)
            else:  # commas and words between documents, or a closing brace too many
                self._at += 1
            self._at = max(self._at, before + 1)

    def _kind(self, ahead: int = 0) -> str:
        return (self._all[self._at + ahead] if self._at + ahead < len(self._all) else _END)[0]

    def _value(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        kind = self._kind()
        if kind == "{":
            self._at += 1
            return self._members(depth)
        if kind == "[":
            self._at += 1
            return self._items(depth)
        if (
            kind == "text" and self._kind(1) == ":"
        ):  # "name": where a value belongs: its opening brace is missing
            self.repairs += 1
            return self._members(depth)
        if kind in ("text", "value"):
            self._at += 1
            return self._all[self._at - 1][1]
        self.repairs += 1
        return None

    def _members(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        parted = True
        while True:
            kind = self._kind()
            if kind == "}":
                self._at += 1
                return found
            if kind == ",":
                self.repairs += parted
                parted = True
                self._at += 1
            elif kind == "text":
                self.repairs += not parted
                name = self._all[self._at][1]
                self._at += 1
                if self._kind() == ":":
                    self._at += 1
                    found[name] = self._value(depth + 1)
                else:
                    self.repairs += 1
                parted = False
            elif kind in (":", "value"):
                self.repairs += 1
                self._at += 1
            else:  # ] or { or the end: the closing brace is missing
                self.repairs += 1
                return found

    def _items(self, depth: int) -> list[Any]:
        found: list[Any] = []
        parted = True
        while True:
            kind = self._kind()
            if kind == "]":
                self.repairs += parted and bool(found)
                self._at += 1
                return found
            if kind == ",":
                parted = True
                self._at += 1
            elif kind in ("}", "end"):
                self.repairs += 1
                return found
            elif kind == ":":
                self.repairs += 1
                self._at += 1
            else:
                self.repairs += not parted
                found.append(self._value(depth + 1))
                parted = False
