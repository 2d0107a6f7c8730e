"""Hostile and broken input: every file ends in a result or in one clear sentence, soon and in little memory."""

import gzip
import json
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emq_audit import audit
from emq_audit.errors import AuditError
from emq_audit.read import read
from tests.reading import event, opened, workbook, write

EVENT = json.dumps(event())
DEEP = 200_000

RUN = """
import resource, sys, tempfile, time
from pathlib import Path
from emq_audit import events
from emq_audit.errors import AuditError
from emq_audit.read import account, read
start = time.monotonic()
folder = Path(tempfile.mkdtemp(dir=sys.argv[2]))
try:
    reading = read([sys.argv[1]], folder)
    con = events.connect(folder)
    events.build(con, reading.sources)
    files, rejections, rejected = account(con, reading)
    print(sum(file.events for file in files), rejected)
except AuditError as error:
    print(error.problem)
print(time.monotonic() - start)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def limited(log: Path) -> str:
    """What a process of its own says about a log, within 15 seconds and 900 MB."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, log, log.parent],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    said, seconds, megabytes = done.stdout.splitlines()
    assert float(seconds) < 15 and float(megabytes) < 900
    return said


def refused(log: object, folder: Path) -> str:
    with pytest.raises(AuditError) as caught:
        read([log], folder)
    assert caught.value.hint
    return caught.value.problem


# Bombs -------------------------------------------------------------------------------------------------------------------------


def test_gzip_bomb(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "log", "wb", 1) as bomb:
        bomb.write(EVENT.encode() + b"\n")
        for _ in range(100):
            bomb.write(b" " * 1024**2)
    assert "unreasonable size" in limited(tmp_path / "log")


def test_a_line_of_a_gigabyte(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:  # a hole in the file reads as zeros and takes no space
        file.write(f"{EVENT}\n".encode() * 100 + b'{"event_name":"' + b"a" * 100_000)
        file.seek(1 << 30)
        file.write(b"\n" + f"{EVENT}\n".encode() * 100)
    assert limited(log) == "200 1"


def test_a_document_of_one_endless_text(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(b'{"event_name":"' + b"a" * 100_000)
        file.truncate(1 << 30)
    assert "no JSON" in limited(log)


def test_a_workbook_stretched_over_all_cells(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book", {"S": [["event_name"]]})
    for quote in ('="{}"', " = '{}'"):
        far = "<row><c r{}><v>1</v></c></row>".format(quote.format("XFD1048576"))
        replace_sheet(book, lambda sheet, far=far: sheet.replace("</sheetData>", far + "</sheetData>"))
        assert "million cells" in limited(book)


def replace_sheet(book: Path, change) -> None:
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def test_a_workbook_with_a_huge_sheet(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book", {"S": [["event_name"]]})
    replace_sheet(book, lambda sheet: sheet.replace("<sheetData>", "<sheetData>" + " " * (130 * 1024**2)))
    assert "unpacks to more than 128 MB" in refused(book, tmp_path)


def test_a_workbook_of_nested_entities(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book", {"S": [["event_name", "x"]]})
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    replace_sheet(
        book,
        lambda sheet: f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>' + sheet.replace("event_name", "&l9;"),
    )
    assert refused(book, tmp_path)


def test_a_parquet_file_that_repeats_one_value(tmp_path: Path) -> None:
    log = tmp_path / "log"
    duckdb.sql(
        "SELECT 'A' AS event_name, 1794000000 AS event_time, repeat('x', 5000) AS em FROM range(200000)"
    ).write_parquet(str(log))
    assert "unreasonable size" in refused(log, tmp_path)


def test_zip_that_unpacks_too_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emq_audit.read.unpack.RATIO_FROM", 1_000_000)
    monkeypatch.setattr("emq_audit.read.unpack.MAX_RATIO", 20)
    with zipfile.ZipFile(tmp_path / "log", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}", (EVENT + "\n") * 1000)
    found = opened(tmp_path, tmp_path / "log")
    assert 0 < len(found.files) < 20 and "unreasonable size" in found.rejections[-1].reason


def test_all_archives_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emq_audit.read.unpack.MAX_UNPACKED", 1000)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(gzip.compress((EVENT + "\n").encode() * 2))
    found = opened(tmp_path, tmp_path / "a", tmp_path / "b")
    assert len(found.events) == 2 and "unpacks to more than" in found.rejections[0].reason


def test_zip_with_too_many_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log", "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.json", "{}")
    assert "1,001 files" in refused(tmp_path / "log", tmp_path)


def test_archive_inside_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "inner", "w") as archive:
        archive.writestr("a", EVENT)
    with zipfile.ZipFile(tmp_path / "log", "w") as archive:
        archive.write(tmp_path / "inner", "inner")
    assert "an archive inside an archive" in refused(tmp_path / "log", tmp_path)
    (tmp_path / "log").write_bytes(gzip.compress(gzip.compress(gzip.compress(EVENT.encode()))))
    assert "packed several times" in refused(tmp_path / "log", tmp_path)


def test_zip_that_lies_or_is_locked_or_cut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with zipfile.ZipFile(log, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", EVENT * 1000)
    sound = log.read_bytes()
    central = sound.find(b"PK\x01\x02")
    log.write_bytes(sound[: central + 24] + struct.pack("<I", 10) + sound[central + 28 :])
    assert "damaged in the archive" in refused(log, tmp_path)
    locked = bytearray(sound)
    locked[6] |= 1
    locked[central + 8] |= 1
    log.write_bytes(locked)
    assert "protected by a password" in refused(log, tmp_path)
    log.write_bytes(sound[:200])
    assert "archive is damaged" in refused(log, tmp_path)
    log.write_bytes(b"PK\x03\x04" + b"junk" * 100)
    assert "archive is damaged" in refused(log, tmp_path)


# Nesting -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP]
)
def test_nesting_without_end(tmp_path: Path, text: str) -> None:
    assert refused(write(tmp_path / "log", text), tmp_path)


def test_nesting_inside_a_log(tmp_path: Path) -> None:
    nested = '{"a":' * DEEP + "1" + "}" * DEEP
    log = write(
        tmp_path / "log",
        EVENT,
        '{"event_name":"Deep","user_data":{"em":'
        + "[" * DEEP
        + "]" * DEEP
        + '},"custom_data":'
        + nested
        + "}",
        '{"data":' + nested + "}",
        EVENT,
    )
    report = audit([log])
    assert report.input.events == 3 and report.input.rejected == 1
    log = write(
        tmp_path / "log",
        json.dumps({"message": '{"event_name":"X","user_data":{},"custom_data":' + nested + "}"}),
        {"payload": event()},
    )
    assert opened(tmp_path, log).reasons == {1: "no event in it"}


def test_json_in_texts_in_texts(tmp_path: Path) -> None:
    text = EVENT
    while len(text) < 1_000_000:
        text = json.dumps(text)
    assert refused(write(tmp_path / "log", {"message": text}, {"message": text}), tmp_path)


# What is no log ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n\n \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (b"\0" * 10_000, "not text"),
        (random.Random(1).randbytes(100_000), "not text"),
        (b"\xff\xd8\xff\xe0" + b"x" * 100, "a picture"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'<?xml version="1.0"?><a/>', "XML"),
        (b"SQLite format 3\0", "SQLite"),
        (b"7z\xbc\xaf'\x1c", "must be unpacked first"),
        (b"\x1f\x8b\x08junkjunkjunk", "gzip file is damaged"),
        (b"PAR1junkPAR1", "Parquet is damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "workbook is damaged or protected"),
        (b"Dear Jane,\nthe log is attached.\n", "no event was found"),
        (b"{]", "not valid JSON"),
        (b"[1, 2, 3]", "no event was found in it"),
        (b"null", "no event was found in it"),
        (b"," * 100_000, "no event was found"),
    ],
)
def test_files_given_by_mistake(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "log").write_bytes(content)
    assert words in refused(tmp_path / "log", tmp_path)


def test_a_wrong_file_does_not_cost_the_others(tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    found = opened(tmp_path, write(tmp_path / "log", event()), tmp_path / "picture.jpg")
    assert [(file.path, file.events, file.rejected) for file in found.files] == [
        ("log", 1, 0),
        ("picture.jpg", 0, 1),
    ]
    assert found.rejections[0].reason == "it is a picture"


def test_zero_bytes_in_lines(tmp_path: Path) -> None:
    log = write(tmp_path / "log", EVENT + "\0", EVENT.replace("Purchase", "Pur\0chase"), "\0" * 50, EVENT)
    assert opened(tmp_path, log).names == ["Purchase", "Pur\0chase", "Purchase"]


def test_half_a_utf16_character(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes("event_name,event_time\nA,1794000000\n".encode("utf-16") + b"x")
    assert "A" in opened(tmp_path, tmp_path / "log").names


def test_names_in_archives_are_shown_harmlessly(tmp_path: Path) -> None:
    names = [
        "../../evil.json",
        "/etc/passwd",
        "C:\\x\\y.json",
        "\x1b[31mred\n.json",
        "a/" * 200 + "x.json",
        "..",
    ]
    with zipfile.ZipFile(tmp_path / "log", "w") as archive:
        for name in names:
            archive.writestr(name, EVENT)
    before = sorted(tmp_path.parent.iterdir())
    found = opened(tmp_path, tmp_path / "log")
    assert len(found.events) >= 5 and sorted(tmp_path.parent.iterdir()) == before
    for file in found.files:
        assert ".." not in file.path and file.path.isprintable() and len(file.path) < 140
    assert {path.name.split("-")[0] for path in (tmp_path / "spool").iterdir()} == {"part"}


def test_links_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "up").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    write(folder / "a" / "log", event())
    (folder / "same").symlink_to(folder / "a" / "log")
    assert len(opened(tmp_path, folder).events) == 1


# The law -----------------------------------------------------------------------------------------------------------------------

LINES = {
    EVENT: 1,
    json.dumps({"data": [event(), event()]}): 2,
    json.dumps({"data": [event(), 5]}): 1,
    json.dumps({"message": "x " + EVENT}): 1,
    json.dumps({"data": []}): 0,
    EVENT[:50]: 0,
    "junk": 0,
    "{}": 0,
    '"' * 3: 0,
    "[[[[": 0,
    '{"event_name":"\\ud83d","event_time":1}': 1,
    "\x00\x01": 0,
    json.dumps(event(user_data="x")): 1,
    "é" * 5: 0,
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.sampled_from(sorted(LINES)), min_size=1, max_size=12),
    blanks=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_every_line_is_an_event_or_a_rejection(
    tmp_path: Path, lines: list[str], blanks: bool, end: str, packed: bool
) -> None:
    lines = [EVENT, *lines]
    text = (end * (2 if blanks else 1)).join(lines) + end
    log = tmp_path / "log"
    log.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = opened(tmp_path, log)  # which checks that rows are conserved
    assert len(found.events) == sum(LINES[line] for line in lines)
    step = 2 if blanks else 1
    holding = {1 + step * place for place, line in enumerate(lines) if LINES[line]}
    assert {row["row"] for row in found.events} == holding
    assert {rejection.row for rejection in found.rejections} >= {
        1 + step * place for place, line in enumerate(lines) if not LINES[line]
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300),
    start=st.sampled_from([b"", b"{", b"[", b"event_name,event_time\n", EVENT.encode() + b"\n"]),
)
def test_any_bytes_end_in_a_result_or_a_sentence(tmp_path: Path, content: bytes, start: bytes) -> None:
    (tmp_path / "log").write_bytes(start + content)
    try:
        opened(tmp_path, tmp_path / "log")
    except AuditError as error:
        assert error.problem and error.hint
