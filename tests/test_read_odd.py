"""Odd shapes: events inside log lines, JSON inside texts, forms, Pixel requests, HAR recordings, customer data platforms."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from emq_audit.errors import AuditError
from emq_audit.read import read
from tests.reading import event, opened, write

BODY = {"data": [event(), event(event_name="Lead")], "partner_agent": "acme", "access_token": "SECRET-TOKEN"}
TEXT = json.dumps(BODY)
FORM = urlencode({"data": json.dumps(BODY["data"]), "partner_agent": "acme", "access_token": "SECRET-TOKEN"})
URL = "https://graph.facebook.com/v24.0/111222333444555/events?access_token=SECRET-TOKEN"


def spooled(folder: Path) -> str:
    """All that the read stage wrote down."""
    return "".join(path.read_text() for path in (folder / "spool").iterdir())


@pytest.mark.parametrize(
    "line",
    [
        f"2026-11-06T20:00:01+00:00 INFO [capi] sent: {TEXT}",
        f"[2026-11-06 20:00:01] FBE.INFO: {TEXT} [] []",
        json.dumps({"level": "info", "message": TEXT}),
        json.dumps({"level": "info", "message": f"sent {TEXT}"}),
        json.dumps({"payload": BODY, "level": "info"}),
        json.dumps({"message": json.dumps({"payload": TEXT})}),
        json.dumps({"url": URL, "request": BODY, "response": {"events_received": 2, "fbtrace_id": "A"}}),
        json.dumps({"Name": "Facebook", "Type": "Request", "EventName": "Purchase", "RequestUrl": URL, "RequestBody": BODY}),
        json.dumps({"insertId": "x", "textPayload": json.dumps({"Type": "Request", "RequestBody": BODY})}),
        json.dumps({"insertId": "x", "jsonPayload": {"message": json.dumps({"RequestBody": BODY})}}),
        json.dumps({"event_name": "Purchase", "request_body": TEXT, "response_body": '"{}"', "timestamp": 1794000000123}),
        json.dumps([BODY]),
        FORM,
        json.dumps({"batch": [{"relative_url": "v24.0/111222333444555/events", "body": FORM}]}),
        f"curl -X POST -d '{TEXT}' {URL}",
        TEXT + ",",
        "\x1e" + TEXT,
    ],
)  # fmt: skip
def test_events_inside_a_line(tmp_path: Path, line: str) -> None:
    found = opened(tmp_path, write(tmp_path / "log", line, "nothing here", line))
    assert [(row["row"], row["event_name"]) for row in found.events] == [
        (1, "Purchase"),
        (1, "Lead"),
        (3, "Purchase"),
        (3, "Lead"),
    ]
    assert {row["side"] for row in found.events} == {"server"}
    assert {row["sender"] for row in found.events} == {"acme"}
    assert found.reasons == {2: "no JSON in this line"}
    assert "SECRET" not in spooled(tmp_path)


def test_dataset_and_receipt_from_around_the_request(tmp_path: Path) -> None:
    row = {"timestamp": "2026-11-06T20:00:01.5Z", "RequestUrl": URL, "RequestBody": BODY}
    found = opened(tmp_path, write(tmp_path / "log", row, {**row, "timestamp": "2026-11-06 20:00:01"}))
    assert [(row["pixel_id"], row["received_at"]) for row in found.events] == [
        ("111222333444555", 1793995201),
        ("111222333444555", 1793995201),
        ("111222333444555", None),  # a time without zone could be hours off
        ("111222333444555", None),
    ]


def test_json_four_texts_deep_is_left_alone(tmp_path: Path) -> None:
    deep = TEXT
    for _ in range(3):
        deep = json.dumps({"message": deep})
    found = opened(tmp_path, write(tmp_path / "log", event(), deep))
    assert found.names == ["Purchase", "Purchase", "Lead"]
    assert opened(tmp_path, write(tmp_path / "log", event(), json.dumps({"message": deep}))).names == [
        "Purchase"
    ]


def test_responses_are_no_events(tmp_path: Path) -> None:
    response = {
        "Name": "Facebook",
        "Type": "Response",
        "EventName": "Purchase",
        "ResponseStatusCode": 200,
        "ResponseBody": '{"events_received":1}',
    }
    found = opened(tmp_path, write(tmp_path / "log", {"Type": "Request", "RequestBody": BODY}, response))
    assert found.reasons == {2: "a response, not an event"}


def test_objects_of_the_sdk(tmp_path: Path) -> None:
    dump = {
        "_event_name": "Purchase",
        "_event_time": 1794000000,
        "_event_id": "o-1",
        "_user_data": {
            "_emails": ["jane@example.com"],
            "_fbp": "fb.1.2.3",
            "_client_ip_address": "87.1.2.3",
            "_phones": None,
        },
        "_custom_data": {"_value": 12, "_currency": "DKK"},
        "_action_source": "website",
    }
    row = opened(tmp_path, write(tmp_path / "log", dump, dump)).events[0]
    assert (row["event_name"], row["em"], row["fbp"], row["client_ip_address"], row["action_source"]) == (
        "Purchase", "jane@example.com", "fb.1.2.3", "87.1.2.3", "website",
    )  # fmt: skip
    assert row["side"] == "unknown" and not row["as_sent"]  # the SDK hashes later: raw is no fault
    assert json.loads(row["custom_data"]) == {"value": 12, "currency": "DKK"}


def test_dictionaries_printed_by_python(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        write(
            tmp_path / "log", repr(event()), "sent " + repr({"data": [event(event_name="It's")], "x": None})
        ),
    )
    assert found.names == ["Purchase", "It's"]


def test_events_with_other_names(tmp_path: Path) -> None:
    renamed = {
        "eventName": "Purchase",
        "eventTime": 1794000000,
        "eventID": "o-1",
        "userData": {"email": "h", "fbp": "f"},
        "customData": {"value": 3},
    }
    found = opened(
        tmp_path,
        write(
            tmp_path / "log",
            renamed,
            {"message": "started"},
            {"event": "Lead", "ts": 1794000000, "phone": "p"},
        ),
    )
    assert [
        (row["event_name"], row["time_text"], row["event_id"], row["em"], row["ph"], row["fbp"])
        for row in found.events
    ] == [
        ("Purchase", "1794000000", "o-1", "h", None, "f"),
        ("Lead", "1794000000", None, None, "p", None),
    ]
    assert json.loads(found.events[0]["custom_data"]) == {"value": 3}
    assert found.reasons == {2: "no event in it"} and found.files[0].format == "flat JSON events"
    assert found.files[0].side == "unknown"


def test_events_whose_match_keys_stand_beside_the_name(tmp_path: Path) -> None:
    flat = {
        "event_name": "Lead",
        "timestamp": 1794000000,
        "em": "h",
        "user_data_ph": "p",
        "source": "pixel",
        "value": 4,
    }
    found = opened(
        tmp_path,
        write(
            tmp_path / "log",
            flat,
            {"event_name": "Search", "event_time": 1794000000, "client_ip_address": "1.2.3.4"},
        ),
    )
    assert [
        (row["event_name"], row["em"], row["ph"], row["client_ip_address"], row["side"])
        for row in found.events
    ] == [
        ("Lead", "h", "p", None, "browser"),
        ("Search", None, None, "1.2.3.4", "server"),
    ]


def test_events_in_other_containers(tmp_path: Path) -> None:
    text = json.dumps(
        {"count": 2, "hits": {"hits": [{"_source": event()}, {"_source": event(event_name="Lead")}]}},
        indent=1,
    )
    assert opened(tmp_path, write(tmp_path / "log", text)).names == ["Purchase", "Lead"]
    assert opened(tmp_path, write(tmp_path / "log", json.dumps({"events": [event()], "meta": {}}))).names == [
        "Purchase"
    ]


def test_lone_surrogates_and_odd_numbers(tmp_path: Path) -> None:
    lines = [
        '{"event_name":"A","user_data":{"em":"\\ud800"}}',
        '{"event_name":"B","event_time":NaN,"user_data":{}}',
        '{"event_name":"C","event_time":' + "9" * 5000 + ',"user_data":{}}',
        '{"event_name":"D","event_name":"E","user_data":{}}',
    ]
    found = opened(tmp_path, write(tmp_path / "log", *lines))
    assert found.names == ["A", "B", "C", "E"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"event_name": "page_view", "event_params": [], "user_pseudo_id": "x"}, "a row of Google Analytics"),
        (
            {"event_name": "purchase", "x-ga-protocol_version": "2", "ip_override": "1.2.3.4"},
            "server-side Tag Manager",
        ),
        ({"msg": "x"}, "no event in it"),
        ({"events_received": 1, "fbtrace_id": "A"}, "a response"),
    ],
)
def test_what_is_no_event_log(tmp_path: Path, line: dict, words: str) -> None:
    with pytest.raises(AuditError, match=words):
        read([write(tmp_path / "log", line, line)], tmp_path)


# The browser's side ------------------------------------------------------------------------------------------------------------

PARAMETERS = {
    "id": "111222333444555", "ev": "AddToCart", "dl": "https://shop.example.com/p/1", "rl": "https://x.dk/", "ts": "1794000000123",
    "cd[content_ids]": '["SKU-1"]', "cd[value]": "129.90", "cd[currency]": "EUR", "ud[em]": "a" * 64, "udff[em]": "b" * 64,
    "udff[ph]": "c" * 64,
    "a": "tmgoogletagmanager", "fbc": "fb.1.1793999000000.IwAR", "fbp": "fb.1.1793900000456.1234567890", "eid": "a2", "dpo": "LDU",
    "cudff[em]": "****",
}  # fmt: skip
ADDRESS = "https://www.facebook.com/tr/?" + urlencode(PARAMETERS)


def is_add_to_cart(row: dict) -> None:
    assert (row["event_name"], row["time_text"], row["event_id"], row["side"], row["as_sent"]) == (
        "AddToCart",
        "1794000000",
        "a2",
        "browser",
        False,
    )
    assert (row["pixel_id"], row["sender"], row["em"], row["ph"]) == (
        "111222333444555",
        "tmgoogletagmanager",
        "a" * 64,
        "c" * 64,
    )
    assert (row["fbp"], row["fbc"]) == (PARAMETERS["fbp"], PARAMETERS["fbc"])
    assert (row["event_source_url"], row["referrer_url"]) == (PARAMETERS["dl"], PARAMETERS["rl"])
    assert json.loads(row["custom_data"]) == {"content_ids": ["SKU-1"], "value": "129.90", "currency": "EUR"}


def test_addresses_of_pixel_requests(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log",
        ADDRESS,
        "https://x.dk/other",
        ADDRESS.replace("tr/?", "tr?") + " 200 OK",
        f'GET "{ADDRESS}"',
        "//facebook.com/tr?id=1",
    )
    found = opened(tmp_path, log)
    for row in found.events:
        is_add_to_cart(row)
    assert [row["row"] for row in found.events] == [1, 3, 4]
    assert found.reasons == {2: "no JSON in this line", 5: "a request to the Pixel without an event name"}
    assert found.files[0].format == "Pixel requests" and found.files[0].side == "browser"


def test_pixel_addresses_in_json_and_csv(tmp_path: Path) -> None:
    is_add_to_cart(
        opened(
            tmp_path, write(tmp_path / "log", {"type": "TrackingRequest", "url": ADDRESS}, {"x": 1})
        ).events[0]
    )
    is_add_to_cart(
        opened(tmp_path, write(tmp_path / "log", "method,address,status", f'GET,"{ADDRESS}",200')).events[0]
    )


def har(*requests: dict) -> dict:
    headers = [{"name": "user-agent", "value": "UA"}, {"name": "Cookie", "value": "SECRET"}]
    entries = [
        {"startedDateTime": "2026-11-06T20:00:01.123Z", "request": {"headers": headers, **request}, "response": {"status": 200}}
        for request in requests
    ]  # fmt: skip
    return {"log": {"version": "1.2", "pages": [{"id": "page_1"}], "entries": entries}}


def test_recorded_session(tmp_path: Path) -> None:
    boundary = "----WebKitFormBoundaryAb12"
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in PARAMETERS.items()
    )
    to = {"method": "POST", "url": "https://www.facebook.com/tr/"}
    multipart = {
        "mimeType": f"multipart/form-data; boundary={boundary}",
        "text": f"{parts}--{boundary}--\r\n",
    }
    session = har(
        {"method": "GET", "url": ADDRESS},
        {"method": "GET", "url": "https://x.dk/"},
        {**to, "postData": {"mimeType": "application/x-www-form-urlencoded", "text": urlencode(PARAMETERS)}},
        {**to, "postData": multipart},
        {
            **to,
            "postData": {
                **multipart,
                "text": base64.b64encode(multipart["text"].encode()).decode(),
                "encoding": "base64",
            },
        },
        {
            **to,
            "postData": {
                "mimeType": "x",
                "params": [{"name": key, "value": value} for key, value in PARAMETERS.items()],
            },
        },
        {**to, "postData": {}},
        {"method": "GET", "url": "https://www.facebook.com/tr/?id=1&ev=PageView&noscript=1"},
    )
    session["log"]["entries"].append({**session["log"]["entries"][0], "_error": "net::ERR_BLOCKED_BY_CLIENT"})
    found = opened(tmp_path, write(tmp_path / "log", session))
    assert [row["row"] for row in found.events] == [1, 3, 4, 5, 6, 8]
    for row in found.events[:5]:
        is_add_to_cart(row)
        assert (row["client_user_agent"], row["received_at"]) == ("UA", 1793995201)
    assert (found.events[5]["event_name"], found.events[5]["time_text"]) == ("PageView", "1793995201")
    assert found.reasons == {
        7: "a Pixel request whose body was not recorded",
        9: "a Pixel request that was blocked before it left the browser",
    }
    assert found.files[0].format == "HAR"
    assert "SECRET" not in spooled(tmp_path)


def test_recorded_session_without_the_pixel(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="without a request of the Pixel"):
        read([write(tmp_path / "log", har({"method": "GET", "url": "https://x.dk/"}))], tmp_path)


def test_long_documents_are_read_entry_by_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emq_audit.read.json_text.WHOLE_CAP", 3000)
    monkeypatch.setattr("emq_audit.read.json_text._FIRST", 1000)
    monkeypatch.setattr("emq_audit.read.sample.WHOLE", 2000)
    monkeypatch.setattr("emq_audit.read.sample.HEAD", 2000)
    session = har(*({"method": "GET", "url": ADDRESS} for _ in range(20)))
    assert len(opened(tmp_path, write(tmp_path / "log", json.dumps(session, indent=1))).events) == 20
    body = {
        "upload_tag": "[x",
        "data": [event(event_id=str(number)) for number in range(50)],
        "partner_agent": "acme",
        "more": {"a": [1, 2]},
    }
    found = opened(tmp_path, write(tmp_path / "log", json.dumps(body, indent=1)))
    assert [row["event_id"] for row in found.events] == [str(number) for number in range(50)]
    assert found.files[0].rejected == 0


def test_track_calls(tmp_path: Path) -> None:
    call = {
        "type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-7", "timestamp": "2026-11-06T20:00:01.000Z",
        "receivedAt": "2026-11-06T20:00:02.000Z",
        "context": {
            "ip": "84.17.46.19", "userAgent": "UA", "page": {"url": "https://shop.example.com/thanks", "referrer": "https://x.dk"},
            "traits": {"email": " Ana@Example.com ", "firstName": "Ana", "address": {"city": "Porto", "postalCode": "4000-001"}},
            "fbp": "fb.1.2.3",
        },
        "properties": {"order_id": "90017", "revenue": 129.9, "currency": "EUR"},
    }  # fmt: skip
    found = opened(
        tmp_path,
        write(
            tmp_path / "log",
            call,
            {"type": "page", "anonymousId": "an-1"},
            {"type": "identify", "userId": "u-7"},
        ),
    )
    row = found.events[0]
    keys = ("event_name", "event_id", "em", "fn", "ct", "zp", "external_id", "fbp", "side")
    assert [row[key] for key in keys] == [
        "Purchase", "m-1", " Ana@Example.com ", "Ana", "Porto", "4000-001", "u-7", "fb.1.2.3", "unknown",
    ]  # fmt: skip
    assert (row["client_ip_address"], row["received_at"], row["event_source_url"]) == (
        "84.17.46.19",
        1793995202,
        "https://shop.example.com/thanks",
    )
    assert json.loads(row["custom_data"]) == {"value": 129.9, "currency": "EUR", "order_id": "90017"}
    assert found.names == ["Purchase", "PageView"] and found.reasons == {3: "no event in it"}
    assert found.files[0].format == "track calls of a customer data platform"


def test_quoted_keys_of_a_request(tmp_path: Path) -> None:
    row = opened(
        tmp_path,
        write(
            tmp_path / "log",
            f"https://www.facebook.com/tr?id=1&ev={quote('Køb')}&cd%5Bvalue%5D=1&ud%5Bem%5D=x",
        ),
    ).events[0]
    assert (row["event_name"], row["em"], row["custom_data"]) == ("Køb", "x", '{"value":"1"}')


def test_several_lists_of_events_in_one_document(tmp_path: Path) -> None:
    document = {
        "browser": [event(event_id="1")],
        "server": [event(event_id="2"), event(event_id="3")],
        "again": [event(event_id="3")],
    }
    found = opened(tmp_path, write(tmp_path / "log", json.dumps(document, indent=1)))
    assert [(row["event_id"], row["side"]) for row in found.events][:3] == [
        ("1", "browser"),
        ("2", "server"),
        ("3", "server"),
    ]


def test_what_repeats_a_request_is_not_read_twice(tmp_path: Path) -> None:
    line = {"message": TEXT, "context": BODY, "payload": BODY}
    assert opened(tmp_path, write(tmp_path / "log", line, line)).names == ["Purchase", "Lead"] * 2
    line = {"message": TEXT, "context": BODY}
    assert opened(tmp_path, write(tmp_path / "log", line, line)).names == ["Purchase", "Lead"] * 2


def test_pretty_printed_json_between_other_text(tmp_path: Path) -> None:
    text = json.dumps(BODY, indent=2)
    log = write(
        tmp_path / "log",
        "[2026-11-06 20:00] INFO Sending",
        text,
        "[2026-11-06 20:01] INFO Sending (again)",
        text,
    )
    assert opened(tmp_path, log).names == ["Purchase", "Lead"] * 2


def test_a_log_of_columns_with_json(tmp_path: Path) -> None:
    log = write(tmp_path / "log", "2026-11-06 | INFO | started", f"2026-11-06 | INFO | {TEXT}")
    found = opened(tmp_path, log)
    assert found.names == ["Purchase", "Lead"] and found.reasons == {1: "no JSON in this line"}
