"""Text as UTF-8: byte order marks taken off, UTF-16 and the Windows code page turned into UTF-8."""

import codecs
from collections.abc import Callable
from pathlib import Path

from emq_audit.read.refusal import Refusal

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1024 * 1024
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27, 30}


def as_utf8(path: Path, head: bytes, new: Callable[[], Path]) -> Path:
    """The file itself where it is UTF-8 without a mark, else a copy that is. Raises Refusal for what is no text."""
    if marked := next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None):
        return _recode(path, marked, new())
    if encoding := _unmarked_utf16(head):
        return _recode(path, encoding, new())
    if _looks_binary(head):
        raise Refusal("it is not text")
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        raise Refusal("it is a web page; export the log itself")
    if start.startswith((b"<?xml", b"<svg", b"<rss")):
        raise Refusal("it is XML; export the log as JSON or CSV")
    return path


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in every second byte."""
    even, odd = head[: len(head) // 2 * 2 : 2], head[1::2]
    if len(head) >= 8 and odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if len(head) >= 8 and even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _looks_binary(head: bytes) -> bool:
    return sum(byte in _CONTROLS for byte in head) > 0.1 * len(head)


def _recode(path: Path, encoding: str, spool: Path) -> Path:
    """A copy in UTF-8 without a mark; what cannot be decoded becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace")
    if encoding == "utf-8":
        return _without_mark(path, spool)
    with path.open("rb") as source, spool.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            copy.write(decoder.decode(chunk).encode("utf-8", "replace"))
        copy.write(decoder.decode(b"", True).encode("utf-8", "replace"))
    return spool


def _without_mark(path: Path, spool: Path) -> Path:
    with path.open("rb") as source, spool.open("wb") as copy:
        source.read(len(codecs.BOM_UTF8))
        while chunk := source.read(_CHUNK):
            copy.write(chunk)
    return spool


def from_windows(path: Path, spool: Path) -> Path:
    """A copy in which every line that is not UTF-8 has been read as Windows-1252, the code page of Western Europe."""
    with path.open("rb") as source, spool.open("wb") as copy:
        while line := source.readline(_CHUNK):
            copy.write(decoded(line).encode("utf-8", "replace"))
    return spool


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, or else Windows-1252."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
