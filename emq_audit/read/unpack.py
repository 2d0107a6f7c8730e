"""From what lies on disk to plain files that can be read: gzip and zip undone, workbooks split into sheets, text made UTF-8.

Everything unpacked is written to the audit's private folder under a name of our own, never under the name an archive gives, and within the
caps below. What cannot be a log is refused with one clause that says what it seems to be.
"""

import glob
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from emq_audit.read import encoding, workbook
from emq_audit.read.given import Given
from emq_audit.read.refusal import Refusal

MAX_UNPACKED = 4 * 1024**3
"""Bytes that all archives of one audit may unpack to."""
MAX_RATIO, RATIO_FROM = 200, 64 * 1024**2
"""How many times its size an archive may unpack to, once more than RATIO_FROM bytes came out: text packs 5 to 20 times smaller."""
MAX_MEMBERS = 1_000
MAX_DEPTH = 2
"""Archives in archives: a zip of gzip files is common, more is not."""
_CHUNK = 1024 * 1024

_NOT_LOGS = (
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"SQLite format 3", "an SQLite database"),
    (b"7z\xbc\xaf", "a 7z archive, which must be unpacked first"),
    (b"Rar!", "a RAR archive, which must be unpacked first"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard, and must be unpacked first"),
    (b"BZh", "packed with bzip2, and must be unpacked first"),
    (b"\xfd7zXZ", "packed with xz, and must be unpacked first"),
    (b"Obj\x01", "an Avro file; export it as NDJSON, CSV or Parquet"),
    (b"ORC", "an ORC file; export it as NDJSON, CSV or Parquet"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


@dataclass(frozen=True)
class Part:
    """One plain file. `kind`: text (UTF-8), sheet (CSV with the row number in front), parquet, `frame` (a DataFrame), or refused,
    with the `reason`.
    """

    name: str
    kind: str
    path: Path
    side: str | None = None
    reason: str = ""
    frame: Any = None


@dataclass
class Bench:
    """The private folder and how much has been unpacked into it so far."""

    folder: Path
    unpacked: int = 0

    def new(self) -> Path:
        """Where the next file can be written."""
        return self.folder / f"part-{secrets.token_hex(8)}"

    def plain(self, path: Path) -> Path:
        """The same file under a name that DuckDB does not take for a pattern, and that UTF-8 can write."""
        path = path.absolute()
        if not glob.has_magic(str(path)) and str(path).isprintable():
            return path
        link = self.new()
        try:
            link.symlink_to(path)
        except OSError:  # not everyone may make links on Windows
            shutil.copyfile(path, link)
        return link


def parts(given: Given, bench: Bench) -> Iterator[Part]:
    """The plain files in one given log."""
    if given.frame is not None:
        yield Part(given.name, "frame", Path(), given.side, frame=given.frame)
        return
    try:
        if given.stream is not None:
            path = bench.new()
            _copy(given.stream, path, bench, packed=None)
        else:
            path = bench.plain(given.path)
        yield from _open(given.name, path, given.side, bench, depth=0)
    except (Refusal, OSError) as error:
        yield Part(given.name, "refused", Path(), given.side, _reason(error))


def _open(name: str, path: Path, side: str | None, bench: Bench, depth: int) -> Iterator[Part]:
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise Refusal("the file is empty")
    if head.startswith(b"\x1f\x8b"):
        if depth >= MAX_DEPTH:
            raise Refusal("it is packed several times over; unpack it first")
        yield from _open(name, _gunzip(path, bench), side, bench, depth + 1)
    elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if workbook.is_workbook(path):
            yield from _sheets(name, path, side, bench)
        elif depth:
            raise Refusal("it is an archive inside an archive; unpack it first")
        else:
            yield from _members(name, path, side, bench)
    elif head.startswith(b"\xd0\xcf\x11\xe0"):
        yield from _sheets(name, path, side, bench)
    elif head.startswith(b"PAR1"):
        yield Part(name, "parquet", path, side)
    elif known := next((what for magic, what in _NOT_LOGS if head.startswith(magic)), None):
        raise Refusal(f"it is {known}")
    else:
        yield Part(name, "text", encoding.as_utf8(path, head, bench.new), side)


def _sheets(name: str, path: Path, side: str | None, bench: Bench) -> Iterator[Part]:
    for sheet, spool in workbook.sheets(path, bench.new):
        yield Part(f"{name} › {_shown(sheet)}" if sheet else name, "sheet", spool, side)


def _members(name: str, path: Path, side: str | None, bench: Bench) -> Iterator[Part]:
    """The files in a zip archive; one that cannot be read is refused without costing the others."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, UnicodeDecodeError):
        raise Refusal("the archive is damaged") from None
    with archive:
        members = [info for info in archive.infolist() if _is_log(info)]
        if len(members) > MAX_MEMBERS:
            raise Refusal(
                f"the archive holds {len(members):,} files, more than {MAX_MEMBERS:,}; pack the logs only"
            )
        if not members:
            raise Refusal("the archive holds no files")
        before, packed = bench.unpacked, path.stat().st_size
        for info in members:
            shown = f"{name} › {_shown(info.filename)}"
            try:
                if info.flag_bits & 1:
                    raise Refusal("it is protected by a password; unpack it first")
                spool = bench.new()
                with archive.open(info) as stream:
                    _copy(stream, spool, bench, packed=packed, before=before)
                yield from _open(shown, spool, side, bench, depth=1)
            except Refusal as error:
                if error.final:
                    raise
                yield Part(shown, "refused", Path(), side, error.reason)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
                yield Part(shown, "refused", Path(), side, "it is damaged in the archive")


def _is_log(info: zipfile.ZipInfo) -> bool:
    places = PurePosixPath(info.filename).parts
    return bool(places) and not info.is_dir() and "__MACOSX" not in places and not places[-1].startswith(".")


class _Gunzip:
    """The content of a gzip file of any number of members. One that was cut off gives what there is: logs are copied while written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._member = zlib.decompressobj(wbits=31)
        self._any = False

    def read(self, size: int) -> bytes:
        while True:
            if self._member.eof:
                packed = self._member.unused_data.lstrip(b"\0") or self._file.read(_CHUNK).lstrip(b"\0")
                self._member = zlib.decompressobj(wbits=31)
            else:
                packed = self._member.unconsumed_tail or self._file.read(_CHUNK)
            if not packed:
                return b""
            try:
                content = self._member.decompress(packed, size)
            except zlib.error:
                if self._any:
                    return b""
                raise Refusal("the gzip file is damaged") from None
            if content:
                self._any = True
                return content


def _gunzip(path: Path, bench: Bench) -> Path:
    spool = bench.new()
    with path.open("rb") as file:
        _copy(_Gunzip(file), spool, bench, packed=path.stat().st_size)
    if not spool.stat().st_size:
        raise Refusal("nothing is packed in it")
    return spool


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _copy(
    stream: _Stream, spool: Path, bench: Bench, *, packed: int | None, before: int | None = None
) -> None:
    """Write `stream` to `spool` within the caps. `packed` is the size of the archive, `before` what was unpacked when it was opened."""
    start = bench.unpacked if before is None else before
    with open(os.open(spool, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := stream.read(_CHUNK):
            chunk = chunk.encode("utf-8", "replace") if isinstance(chunk, str) else chunk
            bench.unpacked += len(chunk)
            if bench.unpacked > MAX_UNPACKED:
                raise Refusal(
                    f"what was given unpacks to more than {MAX_UNPACKED // 1024**3} GiB; audit it in parts",
                    final=True,
                )
            out = bench.unpacked - start
            if packed is not None and out > RATIO_FROM and out > MAX_RATIO * packed:
                raise Refusal("it unpacks to an unreasonable size and was not read further", final=True)
            file.write(chunk)


def _shown(name: str) -> str:
    """A name from an archive or workbook, fit to be shown: no control characters, no way upwards."""
    kept = "/".join(place for place in name.replace("\\", "/").split("/") if place not in ("", ".", ".."))
    return "".join(letter for letter in kept if letter.isprintable())[-120:] or "unnamed"


def _reason(error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.reason
    return "you may not read it" if isinstance(error, PermissionError) else "it cannot be read from disk"
