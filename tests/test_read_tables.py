"""Tables: CSV in its many forms, workbooks, Parquet files and data frames."""

import datetime as dt
import json
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from emq_audit.errors import AuditError
from emq_audit.read import read
from tests.reading import event, opened, workbook, write

HEAD = "Event Name,Event Time,Event ID,Email"
OFFLINE = "its columns are those of Meta's offline events"
ROWS = ("Purchase,1794000000,o-1,a@example.com", "Lead,1794000060,o-2,b@example.com")


def table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "table"
    path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    found = opened(tmp_path, table(tmp_path, *(line.replace(",", delimiter) for line in (HEAD, *ROWS))))
    assert [(row["row"], row["event_name"], row["em"]) for row in found.events] == [
        (2, "Purchase", "a@example.com"),
        (3, "Lead", "b@example.com"),
    ]
    assert not found.events[0]["as_sent"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    log = table(tmp_path, HEAD + ",City", ROWS[0] + ",København", ROWS[1] + ",Århus", encoding=encoding)
    assert [row["ct"] for row in opened(tmp_path, log).events] == ["København", "Århus"]


def test_one_line_in_another_encoding(tmp_path: Path) -> None:
    log = tmp_path / "table"
    log.write_bytes(f"{HEAD},City\n{ROWS[0]},Århus\n".encode() + f"{ROWS[1]},Skælskør\n".encode("cp1252"))
    assert [row["ct"] for row in opened(tmp_path, log).events] == ["Århus", "Skælskør"]


@pytest.mark.parametrize(
    "heading",
    ["em", "EM", "Email", "E-Mail", "email_hash", "user_data.em", "user_data_em", "User Data Em", "ud[em]", "[match_keys.email]",
     "user.email", "traits.email", "user_data[em]", "Hashed Email", "sha256_email"],
)  # fmt: skip
def test_headings_of_one_field(tmp_path: Path, heading: str) -> None:
    log = table(tmp_path, f"event_name,event_time,{heading}", "Purchase,1794000000,x")
    assert opened(tmp_path, log).events[0]["em"] == "x"


def test_title_above_and_totals_below(tmp_path: Path) -> None:
    lines = (
        "Export of events, November",
        "",
        HEAD + ",Value",
        ROWS[0] + ",12",
        ",,,,",
        HEAD + ",Value",
        ROWS[1] + ",13",
        "Total,,,,25",
    )
    found = opened(tmp_path, table(tmp_path, *lines))
    assert [(row["row"], row["event_name"]) for row in found.events] == [(4, "Purchase"), (7, "Lead")]
    assert found.reasons == {5: "the row is empty", 6: "the headings again", 8: "a row of totals"}


def test_cells_that_stand_for_nothing(tmp_path: Path) -> None:
    nothing = ["NULL", "NaN", "None", "-", "(not set)", "N/A", "", "  ", "null"]
    log = table(
        tmp_path, HEAD, *(f"Purchase,1794000000,o-{place},{cell}" for place, cell in enumerate(nothing))
    )
    assert {row["em_leaf"] for row in opened(tmp_path, log).events} == {None}


def test_repeated_columns_are_several_values(tmp_path: Path) -> None:
    log = table(
        tmp_path,
        "event_name,event_time,email,email,email,phone",
        "Purchase,1794000000,a@x.dk,,c@x.dk,",
        "Lead,1794000000,,b@x.dk,,1",
    )
    found = opened(tmp_path, log)
    assert [row["em_leaf"] for row in found.events] == ['["a@x.dk","c@x.dk"]', '"b@x.dk"']


def test_json_in_cells(tmp_path: Path) -> None:
    log = tmp_path / "table"
    cells = pd.DataFrame(
        {
            "event_name": ["Purchase", "Lead", "Search"],
            "event_time": [1794000000] * 3,
            "em": ['["h1","h2"]', "['h3']", "[broken"],
            "contents": ['[{"id":"SKU-1","quantity":2}]', "", ""],
            "custom_data": ['{"value": 12}', "", "junk"],
        }
    )
    cells.to_csv(log, index=False)
    found = opened(tmp_path, log)
    assert [row["em_leaf"] for row in found.events] == ['["h1","h2"]', '["h3"]', '"[broken"']
    assert json.loads(found.events[0]["custom_data"]) == {
        "value": 12,
        "contents": [{"id": "SKU-1", "quantity": 2}],
    }


def test_user_data_in_one_cell(tmp_path: Path) -> None:
    log = tmp_path / "table"
    users = [json.dumps({"em": ["h"], "fbp": "fb.1.2.3", "email": "x"}), ""]
    pd.DataFrame(
        {
            "event_name": ["A", "B"],
            "event_time": [1794000000] * 2,
            "user_data": users,
            "fbc": ["fb.1.1.c", ""],
        }
    ).to_csv(log, index=False)
    found = opened(tmp_path, log)
    assert [(row["em"], row["fbp"], row["fbc"], row["misnamed_key"]) for row in found.events] == [
        ("h", "fb.1.2.3", "fb.1.1.c", True),
        (None, None, None, False),
    ]


def test_whole_requests_in_cells(tmp_path: Path) -> None:
    log = tmp_path / "table"
    bodies = [json.dumps({"data": [event(), event(event_name="Lead")], "partner_agent": "stape"}), "{}"]
    urls = ["https://graph.facebook.com/v24.0/111222333444/events?access_token=SECRET"] * 2
    times = ["1794000100000", "1794000200000"]
    rows = {
        "tag_name": ["Facebook"] * 2,
        "event_name": ["Purchase", "Lead"],
        "request_url": urls,
        "request_body": bodies,
        "timestamp": times,
    }
    pd.DataFrame(rows).to_csv(log, index=False)
    found = opened(tmp_path, log)
    assert [
        (row["row"], row["event_name"], row["sender"], row["pixel_id"], row["received_at"])
        for row in found.events
    ] == [
        (2, "Purchase", "stape", "111222333444", 1794000100),
        (2, "Lead", "stape", "111222333444", 1794000100),
    ]
    assert found.reasons == {3: "no event in any cell of the row"}
    assert not any("SECRET" in path.read_text() for path in (tmp_path / "spool").iterdir())


def test_rows_of_other_lengths(tmp_path: Path) -> None:
    log = table(tmp_path, HEAD, "Purchase,1794000000", ROWS[1] + ",12,50", "Lead,1794000000,o-3,c@x.dk,,")
    found = opened(tmp_path, log)
    assert [row["row"] for row in found.events] == [2, 4]
    assert found.reasons == {3: "the row has more cells than there are headings"}


def test_quoted_line_ends_and_quotes_inside(tmp_path: Path) -> None:
    log = table(
        tmp_path,
        '"Event\nName",Event Time,Email,City',
        'Purchase,1794000000,"a@x.dk","Ny\nby"',
        'Lead,1794000000,b "c" d,"x""y"',
    )
    found = opened(tmp_path, log)
    assert [(row["event_name"], row["em"], row["ct"]) for row in found.events] == [
        ("Purchase", "a@x.dk", "Ny\nby"),
        ("Lead", 'b "c" d', 'x"y'),
    ]


def test_a_value_with_a_decimal_comma_is_left_alone(tmp_path: Path) -> None:
    log = table(tmp_path, "Event Name;Event Time;Value", "Purchase;1794000000;129,90")
    assert json.loads(opened(tmp_path, log).events[0]["custom_data"]) == {"value": "129,90"}


def test_the_best_of_several_columns(tmp_path: Path) -> None:
    log = table(
        tmp_path,
        "name,created_at,event_time,event_name,custom_data.name,total,value",
        "Jane,2020-01-01,1794000000,Purchase,Sofa,9,12",
    )
    row = opened(tmp_path, log).events[0]
    assert (row["event_name"], row["time_text"], json.loads(row["custom_data"])) == (
        "Purchase",
        "1794000000",
        {"value": "12"},
    )


# Sides -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "cells", "side", "words"),
    [
        ("Received From,event_name,event_time", "Browser,Purchase,1794000000", "browser", "the column Received From"),
        ("Connection Method,event_name,event_time", "Conversions API,Purchase,1794000000", "server", "the column Connection Method"),
        ("source,event_name,event_time", "google,Purchase,1794000000", "unknown", "no column tells it"),
        ("ev,eid,dl,ts", "Purchase,o-1,https://x.dk/,1794000000", "browser", "its columns are parameters of the Pixel"),
        ("event_name,event_time,action_source", "Purchase,1794000000,website", "server", "its columns are fields of the Conversions API"),
        ("event_name,event_time,action_source", "Purchase,1794000000,", "unknown", "no column tells it"),
        ("event_name,event_time,email,dob,doby,gen", "Purchase,1794000000,a@x.dk,10/21/80,1980,F", "offline", OFFLINE),
        ("[event_name],[event_time],[match_keys.email]", "Purchase,1794000000,a@x.dk", "offline", OFFLINE),
        ("event_name,event_time,em,fbp", "Purchase,1794000000,a@x.dk,fb.1.2.3", "unknown", "no column tells it"),
    ],
)  # fmt: skip
def test_sides(tmp_path: Path, head: str, cells: str, side: str, words: str) -> None:
    found = opened(tmp_path, table(tmp_path, head, cells))
    assert (found.files[0].side, found.files[0].side_from, found.events[0]["side"]) == (side, words, side)


def test_a_column_tells_each_row_its_side(tmp_path: Path) -> None:
    lines = (f"{word},{ROWS[0]}" for word in ("Browser", "server", "CAPI", "Offline"))
    found = opened(tmp_path, table(tmp_path, "source," + HEAD, *lines))
    assert [row["side"] for row in found.events] == ["browser", "server", "server", "offline"]
    assert found.files[0].side == "unknown"


# Refused -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ("email,phone,fn,ln", "a@x.dk,1,A,B"),
            "lists people, not events; its columns are: email, phone, fn, ln",
        ),
        (("order_id,total,created_at", "1,2,2026-11-01"), "no column names the event"),
        (("just a note", "and another"), "no event was found"),
    ],
)
def test_tables_without_events(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(AuditError, match=words):
        read([table(tmp_path, *lines)], tmp_path)


# Workbooks ---------------------------------------------------------------------------------------------------------------------


def test_every_sheet_of_a_workbook(tmp_path: Path) -> None:
    head = ["Event Name", "Event Time", "Email", "Zip", "Source"]
    book = workbook(
        tmp_path / "book",
        {
            "Browser": [
                ["Events of November"], None, head, ["Purchase", 1794000000, "a@x.dk", 2100, "browser"], None,
                ["Lead", 1794000000.5, None, "0999", "browser"],
            ],
            "Notes": [["Made by", "Jane"]],
            "Server": [head, ["Purchase", "2026-11-06T20:00:00Z", "b@x.dk", 2100, "server"], ["Total", None, None, None, None]],
            "Empty": [],
        },
    )  # fmt: skip
    found = opened(tmp_path, book)
    assert [
        (row["row"], row["side"], row["event_name"], row["em"], row["zp"], row["time_text"])
        for row in found.events
    ] == [
        (4, "browser", "Purchase", "a@x.dk", "2100", "1794000000"),
        (6, "browser", "Lead", None, "0999", "1794000000.5"),
        (2, "server", "Purchase", "b@x.dk", "2100", "2026-11-06T20:00:00Z"),
    ]
    assert [(file.path, file.events) for file in found.files] == [
        ("book › Browser", 2),
        ("book › Notes", 0),
        ("book › Server", 1),
    ]
    assert [(rejection.row, rejection.reason) for rejection in found.rejections] == [
        (1, "no row of the sheet names the columns of events"),
        (3, "a row of totals"),
    ]


def test_a_workbook_with_one_sheet_keeps_its_name(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx", {"Sheet1": [["event_name", "event_time"], ["A", 1794000000]]})
    assert opened(tmp_path, book).files[0].path == "book.xlsx"


# Parquet and data frames -------------------------------------------------------------------------------------------------------


def test_flat_parquet(tmp_path: Path) -> None:
    log = tmp_path / "log"
    duckdb.sql(
        "SELECT * FROM (VALUES ('Purchase', 1794000000::DOUBLE, TIMESTAMP '2026-11-06 20:00:00', ['h1', 'h2'],"
        " 4520123456::DOUBLE, 'x'::BLOB),"
        " ('Lead', NULL, NULL, NULL, NULL, NULL)) t(event_name, event_time, received_at, em, phone, zip)"
    ).write_parquet(str(log))
    found = opened(tmp_path, log)
    first = found.events[0]
    assert (first["row"], first["time_text"], first["em_leaf"], first["ph"], first["zp"], first["received_at"]) == (
        1, "1794000000", '["h1","h2"]', "4520123456", "x", 1793995200,
    )  # fmt: skip
    assert found.files[0].format == "Parquet" and found.names == ["Purchase", "Lead"]


def test_nested_parquet(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source",
        event(),
        event(user_data={"em": ["h"], "client_user_agent": "UA"}, event_name="Lead"),
    )
    duckdb.read_json(str(source)).write_parquet(str(tmp_path / "log"))
    found = opened(tmp_path, tmp_path / "log")
    assert [(row["event_name"], row["em"], row["client_user_agent"]) for row in found.events] == [
        ("Purchase", "a" * 64, None),
        ("Lead", "h", "UA"),
    ]
    assert json.loads(found.events[0]["custom_data"])["currency"] == "DKK"


def test_parquet_of_request_bodies(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source",
        {"data": [event(), event(event_name="Lead")]},
        {"data": [event(event_name="Search")]},
    )
    duckdb.read_json(str(source)).write_parquet(str(tmp_path / "log"))
    assert opened(tmp_path, tmp_path / "log").names == ["Purchase", "Lead", "Search"]


def test_data_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "Event Name": ["Purchase", "Lead"],
            "Event Time": [dt.datetime(2026, 11, 6, 20), pd.NaT],
            "Email": ["a@x.dk", float("nan")],
            "phone": [4520123456, None],
            "mixed": [1, "x"],
        },
        index=[7, 7],
    )
    found = opened(tmp_path, frame)
    assert [(row["row"], row["event_name"], row["em"], row["ph"]) for row in found.events] == [
        (1, "Purchase", "a@x.dk", "4520123456"),
        (2, "Lead", None, None),
    ]
    assert found.files[0].path == "DataFrame" and found.events[0]["time_text"].startswith(
        "2026-11-06 20:00:00"
    )


def test_data_frame_of_nested_events(tmp_path: Path) -> None:
    found = opened(
        tmp_path, pd.DataFrame([event(), event(event_name="Lead", user_data={"em": "h"})]), side="server"
    )
    assert [(row["event_name"], row["em"], row["side"]) for row in found.events] == [
        ("Purchase", "a" * 64, "server"),
        ("Lead", "h", "server"),
    ]


def test_two_data_frames(tmp_path: Path) -> None:
    frame = pd.DataFrame({"event_name": ["A"], "event_time": [1794000000]})
    assert [file.path for file in opened(tmp_path, frame, frame).files] == ["DataFrame", "DataFrame 2"]


def test_a_quotation_mark_that_swallows_rows(tmp_path: Path) -> None:
    log = table(
        tmp_path,
        HEAD,
        ROWS[0],
        'Lead,1794000060,o-2,"b@example.com',
        ROWS[0],
        ROWS[1],
        "Lead,1794000060,o-3,c@example.com",
    )
    found = opened(tmp_path, log)
    assert [row["row"] for row in found.events] == [2]
    assert "swallowed" in found.reasons[3]


def test_headings_without_rows(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="headings but no rows"):
        read([table(tmp_path, HEAD)], tmp_path)
    with pytest.raises(AuditError, match="headings but no rows"):
        read([workbook(tmp_path / "book.xlsx", {"S": [["event_name", "event_time"]]})], tmp_path)


def test_too_many_columns(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="2,502 columns"):
        read([table(tmp_path, "event_name,event_time," + ",".join(["em"] * 2500), "A,1")], tmp_path)
