"""Probe: every form is found as what it is, and the value that was typed gets out nowhere."""

import hashlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from emq_audit import events, probe
from emq_audit.cli.log import probe as command
from emq_audit.errors import AuditError
from emq_audit.probe import KEYS, OTHERWISE, SPELLINGS, WRITINGS, forms, known
from tests.logs import write_log

ROOT = Path(__file__).parents[1]
TYPED = {
    "em": ("Jane.Doe+news@Gmail.com", None),
    "ph": ("+45 20 12 34 56", None),
    "fn": ("Anne-Sofie Ørsted", None),
    "ln": ("O'Brien Møller", None),
    "external_id": ("Customer 1042", None),
}
"""A value of each key in which every spelling differs, and its country."""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def log_of(path: Path, *events: tuple[str, str, Any]) -> Path:
    """One server event for each event name, key and value."""
    path.write_text("".join(json.dumps(event_of(*event)) + "\n" for event in events), "utf-8")
    return path


def event_of(name: str, key: str, value: Any) -> dict[str, Any]:
    return {"event_name": name, "event_time": 1_794_000_000, "action_source": "website", "user_data": {key: value}}


# Forms -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_every_form_is_found_as_what_it_is(tmp_path: Path, key: str) -> None:
    text, region = TYPED[key]
    value = known(text, key, region)
    sought = forms(value)
    names = {f"{place} {spelling} {writing}": text for place, ((text, _), (spelling, writing)) in enumerate(sought.items())}
    log = log_of(tmp_path / "log.ndjson", *((name, key, text) for name, text in names.items()))
    found = probe.probe([log], value)
    seen = {sighting.event_name: (sighting.spelling, sighting.writing) for sighting in found.sightings}
    assert seen == {name: tuple(name.split()[1:]) for name in names}
    assert {sighting.events for sighting in found.sightings} == {1}


def test_every_spelling_and_every_writing_is_reached() -> None:
    reached = {form for key, (text, region) in TYPED.items() for form in forms(known(text, key, region)).values()}
    assert {spelling for spelling, _ in reached} == {spelling.id for spelling in SPELLINGS}
    assert {writing for _, writing in reached} == {writing.id for writing in WRITINGS}
    for key in KEYS:
        texts = (TYPED[key][0], *(("1042",) if key == "external_id" else ()))
        of_key = {spelling for text in texts for spelling, _ in forms(known(text, key)).values()}
        assert {spelling.id for spelling in SPELLINGS if key in spelling.keys} - of_key <= {"typed"}, key


def test_ids_and_words_are_told_apart() -> None:
    for table in ((*SPELLINGS, OTHERWISE), WRITINGS):
        assert len({entry.id for entry in table}) == len({entry.words for entry in table}) == len(table)


NUMBER = "4520123456"
KNOWN_FORMS = [
    ("em", "jane@example.com", sha256("jane@example.com"), "right", "sha256"),
    ("em", "jane@example.com", sha256("jane@example.com").upper(), "right", "sha256-capitals"),
    ("em", "jane@example.com", sha256("jane@example.com") + ".AQQCAQMB", "right", "sha256"),
    ("em", "jane@example.com", hashlib.md5(b"jane@example.com").hexdigest(), "right", "md5"),
    ("em", "jane@example.com", hashlib.sha1(b"JANE@EXAMPLE.COM").hexdigest(), "capitals", "sha1"),
    ("em", "jane@example.com", sha256(sha256("jane@example.com")), "right", "sha256-twice"),
    ("em", "jane@example.com", sha256(sha256("jane@example.com").upper()), "right", "sha256-of-capitals"),
    ("em", "jane@example.com", sha256("jane@example.com\n"), "untrimmed", "sha256"),
    ("em", "jane@example.com", "JANE@Example.com", "otherwise", "readable"),
    ("em", "jane@example.com", [sha256("joe@example.com"), sha256("jane@example.com")], "right", "sha256"),
    ("em", "jane.doe@gmail.com", sha256("janedoe@gmail.com"), "no-dots", "sha256"),
    ("ph", "+45 20123456", sha256(NUMBER), "right", "sha256"),
    ("ph", "+45 20123456", sha256("+" + NUMBER), "plus", "sha256"),
    ("ph", "+45 20123456", sha256("00" + NUMBER), "double-zero", "sha256"),
    ("ph", "+45 20123456", sha256("20123456"), "no-country-code", "sha256"),
    ("ph", "+45 20123456", sha256("020123456"), "leading-zero", "sha256"),
    ("ph", "+45 20123456", sha256("+45 20 12 34 56"), "grouped", "sha256"),
    ("ph", "+45 20123456", sha256("20-12-34-56"), "grouped-at-home", "sha256"),
    ("ph", "+45 20123456", "+45.2012 3456", "otherwise", "readable"),
    ("ph", "+45 20123456", int(NUMBER), "right", "readable"),
    ("fn", "Søren", sha256("soren"), "no-accents", "sha256"),
    ("fn", "Søren", sha256("søren"), "right", "sha256"),
    ("ln", "Holm Jensen", sha256("holm jensen"), "inner-signs", "sha256"),
    ("external_id", "C-1042", "c-1042", "small", "readable"),
]  # fmt: skip


@pytest.fixture(scope="module")
def known_forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What was found under each event name of a log with all of KNOWN_FORMS."""
    folder = tmp_path_factory.mktemp("forms")
    log = log_of(folder / "log.ndjson", *((f"Form{place}", key, stored) for place, (key, _, stored, *_) in enumerate(KNOWN_FORMS)))
    found = {}
    for key, typed in dict.fromkeys((key, typed) for key, typed, *_ in KNOWN_FORMS):
        for sighting in probe.probe([log], known(typed, key)).sightings:
            found[sighting.event_name, typed] = (sighting.spelling, sighting.writing)
    return found


@pytest.mark.parametrize("place", range(len(KNOWN_FORMS)))
def test_known_forms(known_forms: dict, place: int) -> None:
    _, typed, _, spelling, writing = KNOWN_FORMS[place]
    assert known_forms[f"Form{place}", typed] == (spelling, writing)


def test_without_a_region_the_right_form_of_a_number_is_not_guessed() -> None:
    assert known("20123456").right is None
    assert known("20123456", region="dk").right == NUMBER
    assert ("20123456", False) in forms(known("20123456"))


def test_other_people_are_not_taken_for_this_one(tmp_path: Path) -> None:
    others = ("jane@example.org", "jan@example.com", "jane@example.com.br", "xjane@example.com")
    stored = [("Lead", "em", text) for other in others for text in (other, sha256(other), other.upper())]
    found = probe.probe([log_of(tmp_path / "log.ndjson", *stored)], known("jane@example.com"))
    assert (found.sightings, found.elsewhere, found.events, found.carrying) == ((), 0, 12, 12)


def test_sides_names_and_places(tmp_path: Path) -> None:
    log = write_log(
        tmp_path / "log.ndjson",
        {"em": "Jane@Example.com", "_side": "browser", "event_time": 1_760_000_100},
        {"em": "Jane@Example.com", "_side": "browser"},
        {"em": ["Jane@Example.com"]},
        {"em": None, "email": "jane@example.com", "event_name": "Lead"},
        {"event_source_url": "https://shop.example.com/?e=JANE%40example.com"},
        {"note": "for jane@example.com"},
    )
    found = probe.probe([log], known("Jane@Example.com", "em"))
    assert {(one.field, one.spelling, one.event_name, one.side, one.events, one.compared) for one in found.sightings} == {
        ("em", "typed", "Purchase", "browser", 2, True),
        ("em", "typed", "Purchase", "server", 1, False),
        ("email", "right", "Lead", "server", 1, False),
    }
    browser = next(one for one in found.sightings if one.side == "browser")
    assert (browser.first, browser.last) == (1_760_000_000, 1_760_000_100)
    assert (found.events, found.elsewhere) == (6, 2)


@pytest.mark.parametrize(
    ("key", "typed"), [(None, "not an address"), ("em", "not-an-address"), ("ph", "12"), ("ph", "000000"), (None, " ")]
)
def test_what_is_no_such_value_is_refused_without_repeating_it(key: str | None, typed: str) -> None:
    with pytest.raises(AuditError) as error:
        known(typed, key)
    assert typed.strip() == "" or typed not in f"{error.value.problem}{error.value.hint}"


# The screen, and what does not get on it ------------------------------------------------------------------------------------------

CANARY = "canary.bird@cage.example"
TRACES = ("canary", "cage.example", sha256(CANARY), sha256(CANARY)[:8], hashlib.md5(CANARY.encode()).hexdigest())


def run(*words: str | Path, typed: str | bytes = CANARY + "\n") -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], input=typed, catch_exceptions=False)


def traces(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text.lower()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    stored = [sha256(CANARY), CANARY.upper(), sha256(sha256(CANARY)), hashlib.md5(CANARY.encode()).hexdigest(), "joe@example.com"]
    return write_log(tmp_path / "log.ndjson", *({"em": text} for text in stored), {"event_source_url": f"https://a.example/?{CANARY}"})


def test_the_screen_says_in_which_forms_and_never_what(log: Path) -> None:
    result = run(log)
    assert result.exit_code == 0
    for words in (
        "SHA-256, in the form Meta asks for: 1 event",
        "This is what Meta compares",
        "Not hashed, in capital letters",
        "Hashed twice",
        "MD5",
        "Readable in the page address or custom data: 1 event",
        "2025-10-09 08:53 UTC",
    ):
        assert words in result.output
    assert traces(result.output) == []


def test_a_value_that_is_not_there(log: Path) -> None:
    result = run(log, typed="nobody@cage.example\n")
    assert "This email is not in this log in any form we know" in result.output
    assert traces(result.output) == []


@pytest.mark.parametrize(
    ("words", "typed", "says"),
    [
        (["nowhere.ndjson"], CANARY, "nowhere.ndjson"),
        (["LOG", "--key", "ph"], CANARY, "not a phone number"),
        (["LOG"], "canary cage.example", "neither an email address nor a phone number"),
        (["LOG"], b"canary\xff@cage.example\n", "cannot be read as text"),
        (["LOG"], "", "No value was given"),
        (["LOG"], "canary@" + "cage.example" * 50, "No value was given"),
        (["-"], CANARY, "Standard input"),
        (["LOG", "--key", CANARY], CANARY, "Invalid value"),
    ],
)
def test_errors_do_not_repeat_it(log: Path, words: list[str], typed: str | bytes, says: str) -> None:
    result = run(*(log if word == "LOG" else word for word in words), typed=typed)
    assert result.exit_code == 2
    assert says in result.output
    if CANARY not in words:  # what stands on the command line is not ours to hide
        assert traces(result.output) == []


def test_a_database_that_complains_does_not_repeat_it(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def complain(con: duckdb.DuckDBPyConnection, value: probe.Known) -> None:
        raise duckdb.Error(f"cannot convert {value.typed}")

    monkeypatch.setattr(probe, "_found", complain)
    result = run(log)
    assert (result.exit_code, traces(result.output)) == (2, [])
    assert "could not be searched" in result.output


def test_a_value_does_not_show_itself(log: Path) -> None:
    assert traces(repr(known(CANARY))) == []
    assert traces(repr(probe.probe([log], known(CANARY)))) == []


def test_it_is_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log does not hold it, so no file may, though nothing is deleted and the database lies on disk."""
    private = tmp_path / "private"
    private.mkdir()
    log = log_of(tmp_path / "log.ndjson", *(("Lead", "em", sha256(str(number))) for number in range(500)))
    connect = events.connect
    monkeypatch.setattr("tempfile.tempdir", str(private))
    monkeypatch.setattr(probe.shutil, "rmtree", lambda *arguments, **options: None)
    monkeypatch.setattr(probe.events, "connect", lambda folder, size: connect(folder, 2_000_000_000))
    found, settings = probe._found, []

    def look(con: duckdb.DuckDBPyConnection, value: probe.Known) -> probe.Found:
        settings.extend(con.execute("SELECT current_setting('temp_directory')").fetchone())
        return found(con, value)

    monkeypatch.setattr(probe, "_found", look)
    assert "not in this log" in run(log).output
    assert settings == [""], "a database short of memory has nowhere to write what it compares"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in written)
    held = [path.read_bytes().lower() for path in written]
    assert not [trace for trace in TRACES for content in held if trace.encode() in content]


def test_the_prompt_does_not_show_what_is_typed(log: Path) -> None:
    """In a terminal of its own, as a user sits at it."""
    ours, theirs = pty.openpty()
    script = f"from emq_audit.cli.log import probe; probe(['{log}'])"
    program = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while b"(not shown)" not in shown:
        shown += os.read(ours, 1000)
    os.write(ours, CANARY.encode() + b"\n")
    while True:
        try:
            part = os.read(ours, 10_000)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    assert program.wait(30) == 0
    os.close(ours)
    text = shown.decode()
    assert "This is what Meta compares" in text
    assert traces(text) == []
