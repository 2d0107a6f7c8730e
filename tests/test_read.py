"""JSON logs on the plain road, sides, what was given, and the books."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from emq_audit.errors import AuditError
from emq_audit.read import read
from tests.reading import EVENT, event, opened, write

# Layouts -----------------------------------------------------------------------------------------------------------------------


def test_lines_of_events(tmp_path: Path) -> None:
    found = opened(
        tmp_path, write(tmp_path / "log", event(), event(event_id="o-2"), event(event_name="Lead"))
    )
    assert found.names == ["Purchase", "Purchase", "Lead"]
    assert [row["row"] for row in found.events] == [1, 2, 3]
    assert found.files[0].format == "NDJSON events"
    first = found.events[0]
    assert (
        first["as_sent"]
        and first["side"] == "server"
        and first["em_leaf"] == json.dumps(["a" * 64], separators=(",", ":"))
    )
    assert json.loads(first["custom_data"]) == {"value": 12.5, "currency": "DKK"}


def test_lines_of_request_bodies(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        {
            "data": [event(), event(event_name="Lead", test_event_code="OWN")],
            "partner_agent": "acme",
            "test_event_code": "TEST1",
        },
        {"data": []},
        {"data": [event(event_name="Search")]},
    )
    found = opened(tmp_path, log)
    assert [(row["row"], row["event_name"], row["sender"]) for row in found.events] == [
        (1, "Purchase", "acme"),
        (1, "Lead", "acme"),
        (3, "Search", None),
    ]
    assert found.reasons == {2: "a request without an event"}
    assert found.files[0].side == "server" and found.files[0].rows == 4


@pytest.mark.parametrize("indent", [None, 1])
def test_one_request_body(tmp_path: Path, indent: int | None) -> None:
    body = json.dumps({"data": [event(), event(event_name="Lead")], "partner_agent": "acme"}, indent=indent)
    found = opened(tmp_path, write(tmp_path / "log", body))
    assert [(row["row"], row["event_name"], row["sender"]) for row in found.events] == [
        (1, "Purchase", "acme"),
        (2, "Lead", "acme"),
    ]
    assert found.files[0].format == "CAPI request body"


@pytest.mark.parametrize("indent", [None, 2])
def test_array_of_events(tmp_path: Path, indent: int | None) -> None:
    found = opened(
        tmp_path, write(tmp_path / "log", json.dumps([event(), event(event_name="Lead")], indent=indent))
    )
    assert found.names == ["Purchase", "Lead"]
    assert [row["row"] for row in found.events] == [1, 2]
    assert found.files[0].format == "JSON array of events"


def test_array_with_one_event_a_line(tmp_path: Path) -> None:
    lines = ["[", json.dumps(event()) + ",", json.dumps(event(event_name="Lead")), "]"]
    assert opened(tmp_path, write(tmp_path / "log", *lines)).names == ["Purchase", "Lead"]


@pytest.mark.parametrize("between", ["", "\n", "\n\n", " "])
def test_pretty_printed_values_one_after_the_other(tmp_path: Path, between: str) -> None:
    text = between.join(json.dumps(event(event_name=name), indent=2) for name in ("A", "B", "C"))
    assert opened(tmp_path, write(tmp_path / "log", text)).names == ["A", "B", "C"]


def test_bodies_one_after_the_other(tmp_path: Path) -> None:
    text = "".join(json.dumps({"data": [event(event_name=name)]}, indent=2) for name in ("A", "B"))
    found = opened(tmp_path, write(tmp_path / "log", text))
    assert [(row["row"], row["event_name"]) for row in found.events] == [(1, "A"), (2, "B")]


def test_bare_single_event(tmp_path: Path) -> None:
    assert opened(tmp_path, write(tmp_path / "log", event())).names == ["Purchase"]


def test_data_as_text_and_as_list_of_texts(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        {"data": json.dumps([event()]), "partner_agent": "acme"},
        {"data": [json.dumps(event(event_name="Lead")), json.dumps(event(event_name="Search"))]},
    )
    found = opened(tmp_path, log)
    assert [(row["row"], row["event_name"], row["sender"]) for row in found.events] == [
        (1, "Purchase", "acme"),
        (2, "Lead", None),
        (2, "Search", None),
    ]


def test_user_data_as_text_is_not_lost(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log", event(user_data=json.dumps(EVENT["user_data"]), custom_data='{"value": 7}'), event()
    )
    found = opened(tmp_path, log)
    assert [row["em"] for row in found.events] == ["a" * 64, "a" * 64]
    assert json.loads(found.events[0]["custom_data"]) == {"value": 7}


def test_events_and_bodies_in_one_log(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        event(),
        {"data": [event(event_name="Lead"), event(event_name="Search")]},
        event(event_name="Contact"),
    )
    found = opened(tmp_path, log)
    assert [(row["row"], row["event_name"]) for row in found.events] == [
        (1, "Purchase"),
        (2, "Lead"),
        (2, "Search"),
        (3, "Contact"),
    ]


# Rejections --------------------------------------------------------------------------------------------------------------------


def test_broken_lines_are_counted_with_their_line(tmp_path: Path) -> None:
    whole = json.dumps(event())
    log = write(tmp_path / "log", whole, whole[:80], "", "not json", '"text"', "{}", '{"other": 1}', whole)
    found = opened(tmp_path, log)
    assert [row["row"] for row in found.events] == [1, 8]
    assert found.reasons == {
        2: "the line ends in the middle of its JSON",
        4: "no JSON in this line",
        5: "a single value, not an event",
        6: "an empty object",
        7: "no event in it",
    }
    assert found.files[0].rows == 7  # blank lines are no rows


def test_blank_lines_do_not_shift_lines(tmp_path: Path) -> None:
    log = write(tmp_path / "log", "", event(), "  ", "", event(), "broken", {}, end="\r\n")
    found = opened(tmp_path, log)
    assert [row["row"] for row in found.events] == [2, 5]
    assert sorted(found.reasons) == [6, 7]


def test_only_the_first_thousand_rejections_are_kept(tmp_path: Path) -> None:
    found = opened(tmp_path, write(tmp_path / "log", event(), *["broken"] * 1500))
    assert found.files[0].rejected == 1500
    assert [rejection.row for rejection in found.rejections] == list(range(2, 1002))


def test_entries_of_a_body_that_are_no_events(tmp_path: Path) -> None:
    found = opened(tmp_path, write(tmp_path / "log", {"data": [event(), "text", 5, {}]}, {"data": [event()]}))
    assert found.files[0].rows == 5 and found.files[0].rejected == 3
    assert {rejection.row for rejection in found.rejections} == {1}


def test_responses_are_said_to_be_responses(tmp_path: Path) -> None:
    response = {"events_received": 1, "messages": [], "fbtrace_id": "A1"}
    assert opened(tmp_path, write(tmp_path / "log", event(), response)).reasons == {
        2: "a response, not an event"
    }


def test_a_large_log_is_sampled_and_still_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emq_audit.read.sample.WHOLE", 1000)
    monkeypatch.setattr("emq_audit.read.sample.HEAD", 2000)
    monkeypatch.setattr("emq_audit.read.sample._WINDOW", 1000)
    lines = [event(event_id=str(number)) for number in range(300)]
    log = write(tmp_path / "log", *lines[:200], {"data": [event()]}, "", "broken", *lines[200:])
    found = opened(tmp_path, log)
    assert len(found.events) == 300  # a rare line of another shape is counted, not read
    assert found.reasons[203] == "no JSON in this line"
    assert "another shape" in found.reasons[201]


# Sides -------------------------------------------------------------------------------------------------------------------------


def test_side_by_a_key(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        event(source="Browser"),
        event(source="Conversions API"),
        event(source="offline"),
        event(),
    )
    found = opened(tmp_path, log)
    assert [row["side"] for row in found.events] == ["browser", "server", "offline", "unknown"]
    assert found.files[0].side_from == "the key source"


def test_a_key_about_traffic_tells_no_side(tmp_path: Path) -> None:
    found = opened(tmp_path, write(tmp_path / "log", event(source="google"), event(source="newsletter")))
    assert {row["side"] for row in found.events} == {"server"}
    assert found.files[0].side_from == "its events carry what only servers send"


def test_side_is_not_guessed(tmp_path: Path) -> None:
    bare = event(action_source=None)
    found = opened(tmp_path, write(tmp_path / "log", bare, bare))
    assert found.files[0].side == "unknown" and found.events[0]["side"] == "unknown"


def test_the_user_says_the_side(tmp_path: Path) -> None:
    log = write(tmp_path / "log", event(source="browser"))
    found = opened(tmp_path, log, side="offline")
    assert found.events[0]["side"] == "offline" and found.files[0].side_from == "you said so"


def test_side_before_the_name_of_a_file(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", event()), write(tmp_path / "two", event())
    found = opened(tmp_path, f"browser={one}", str(two))
    assert [(file.path, file.side) for file in found.files] == [("one", "browser"), ("two", "server")]


def test_dataset_sender_and_receipt_beside_the_event(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        event(pixel_id="111222333", partner_agent="acme", received_at="2026-11-06T22:00:00Z"),
    )
    row = opened(tmp_path, log).events[0]
    assert (row["pixel_id"], row["sender"], row["received_at"]) == ("111222333", "acme", 1794002400)


# What was given ----------------------------------------------------------------------------------------------------------------


def test_folder_glob_and_hidden_files(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    write(folder / "b.json", event(event_name="B"))
    write(folder / "deep" / "a.json", event(event_name="A"))
    write(folder / ".hidden", event(event_name="H"))
    write(folder / "manifest.json", {"shop": "x", "files": []})
    (folder / "loop").symlink_to(folder)
    found = opened(tmp_path, folder)
    assert [(file.path, file.events, file.rejected) for file in found.files] == [
        ("b.json", 1, 0),
        ("manifest.json", 0, 1),
        ("deep/a.json", 1, 0),
    ]
    assert [(rejection.file, rejection.row) for rejection in found.rejections] == [("manifest.json", 1)]
    assert opened(tmp_path, str(folder / "*.json")).names == ["B"]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    log = write(tmp_path / "log.json", event())
    assert opened(tmp_path, log, str(tmp_path / "*.json")).names == ["Purchase"]


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "log", event())
    assert [file.path for file in opened(tmp_path, tmp_path / "a" / "log", tmp_path / "b" / "log").files] == [
        "a/log",
        "b/log",
    ]


def test_bytes_and_open_files(tmp_path: Path) -> None:
    text = json.dumps(event()).encode()
    found = opened(tmp_path, ("upload.json", text), io.BytesIO(text))
    assert [file.path for file in found.files] == ["upload.json", "log"] and len(found.events) == 2


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(json.dumps(event()).encode())

    monkeypatch.setattr("sys.stdin", Input)
    assert opened(tmp_path, "-").files[0].path == "standard input"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("missing.json", "no such file"),
        ("*.nothing", "No file matches"),
        ("https://example.com/log", "web address"),
        ("browser=missing.json", "no such file"),
        ("bad\0name", "no file name can hold"),
        (5, "cannot be given as int"),
    ],
)
def test_names_that_lead_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: object, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuditError, match=words) as caught:
        read([log], tmp_path)
    assert caught.value.hint


def test_a_folder_without_logs(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuditError, match="no files in the folder"):
        read([tmp_path / "empty"], tmp_path)


def test_the_folder_takes_the_user_only(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    log.write_bytes(gzip.compress(json.dumps(event()).encode()))
    opened(tmp_path, log)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "spool").glob("part-*"))


# Packed ------------------------------------------------------------------------------------------------------------------------


def test_gzip_of_several_members_under_another_name(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(
        b"".join(gzip.compress(json.dumps(event(event_name=name)).encode() + b"\n") for name in "AB")
    )
    assert opened(tmp_path, log).names == ["A", "B"]


def test_gzip_cut_off(tmp_path: Path) -> None:
    import random

    dice = random.Random(1)
    lines = "".join(json.dumps(event(event_id=f"{dice.getrandbits(256):x}")) + "\n" for _ in range(2000))
    packed = gzip.compress(lines.encode())
    (tmp_path / "log.gz").write_bytes(packed[: len(packed) // 2])
    found = opened(tmp_path, tmp_path / "log.gz")
    assert 500 < len(found.events) < 1500 and found.files[0].rejected <= 1


def test_zip_with_many_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("server.ndjson", json.dumps(event(event_name="S")))
        archive.writestr(
            "in/../../../etc/browser.csv", "source,event_name,event_time\nbrowser,B,1794000000\n"
        )
        archive.writestr("packed.json.gz", gzip.compress(json.dumps(event(event_name="G")).encode()))
        archive.writestr("__MACOSX/._server.ndjson", b"\0\5\26\7")
        archive.writestr("folder/", "")
        archive.writestr("empty.json", "")
    found = opened(tmp_path, tmp_path / "logs.zip")
    assert sorted(found.names) == ["B", "G", "S"]
    assert [file.path for file in found.files] == [
        "logs.zip › server.ndjson",
        "logs.zip › in/etc/browser.csv",
        "logs.zip › packed.json.gz",
        "logs.zip › empty.json",
    ]
    assert found.rejections[0].reason == "the file is empty"
    assert not (tmp_path.parent / "etc").exists()


@pytest.mark.parametrize(
    "name", ["log[1].json", "log*.json", "it's.json", "a;b --.json", "log\n.json", "~log", "ü \udce9.json"]
)
def test_names_that_mean_something_to_a_database(tmp_path: Path, name: str) -> None:
    log = write(tmp_path / name, event())
    write(tmp_path / "log1.json", event(), event())
    assert len(opened(tmp_path, log).events) == 1
    assert (
        len(opened(tmp_path, write(tmp_path / ("t" + name), "event_name,event_time", "A,1794000000")).events)
        == 1
    )


def test_a_log_in_which_no_row_is_an_event(tmp_path: Path) -> None:
    log = write(tmp_path / "log", "event_name,event_time", ",", "Total,")
    with pytest.raises(AuditError, match="None of the rows"):
        opened(tmp_path, log)


def test_text_streams(tmp_path: Path) -> None:
    assert opened(tmp_path, io.StringIO(json.dumps(event(event_name="Købt")))).names == ["Købt"]
