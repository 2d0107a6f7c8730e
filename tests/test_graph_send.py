"""Test events: which events, what leaves of them, and what the command send-test says and asks."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emq_audit.cli.meta import send_test
from emq_audit.errors import AuditError
from emq_audit.graph.client import API_VERSION
from emq_audit.graph.outgoing import prepare
from emq_audit.graph.send import code_for_tests, send
from tests.graph_cases import NOW, SECRET, SECRETS, fresh, graph_of, run
from tests.graph_server import DATASET, TOKEN, GraphServer, error
from tests.logs import write_log


def test_the_events_chosen_are_corrected_and_of_every_name(log: Path) -> None:
    prepared = prepare([log], most=3)
    assert [event.event_name for event in prepared.events] == ["Purchase", "Lead", "AddToCart"]
    purchase, lead, cart = (event.payload for event in prepared.events)
    assert purchase["event_id"] == "p0" and purchase["event_time"] == NOW - 60
    assert re.fullmatch("[0-9a-f]{64}", purchase["user_data"]["em"][0]) and re.fullmatch(
        "[0-9a-f]{64}", purchase["user_data"]["fn"]
    )
    assert "email" not in purchase["user_data"]
    assert cart["event_time"] == NOW - 90, "milliseconds turned into seconds"
    assert [event.refreshed for event in prepared.events] == [False, True, False]
    assert NOW <= lead["event_time"] <= time.time()


def test_what_may_not_leave_stays_and_is_counted(log: Path) -> None:
    prepared = prepare([log], most=50)
    assert {event.payload["event_id"] for event in prepared.events} == {"p0", "p1", "p2", "p3", "l1", "c1"}
    reasons = " ".join(prepared.left_out)
    assert all(words in reasons for words in ("browser", "e-mail", "app event", "Limited Data Use"))
    assert sum(prepared.left_out.values()) == 4


def test_only_hashes_leave_of_what_must_be_hashed(tmp_path: Path) -> None:
    path = write_log(
        tmp_path / "l.ndjson",
        fresh(
            em="no address",
            ph="1",
            zp="",
            country="Atlantis",
            external_id="jane.roe@example.com",
            fn=["a", 7],
        ),
    )
    user = prepare([path]).events[0].payload["user_data"]
    assert not {"em", "ph", "zp", "country", "external_id"} & set(user)


def test_a_table_gives_events_too(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "event_name,event_time,event_id,action_source,email,client_ip_address,value,currency\n"
        f"Purchase,{NOW - 5},o1,website,Jane.Roe@example.com,87.49.146.12,12.50,dkk\n"
    )
    event = prepare([path], side="server").events[0]
    assert event.payload["event_time"] == NOW - 5 and re.fullmatch(
        "[0-9a-f]{64}", event.payload["user_data"]["em"]
    )
    assert event.payload["custom_data"] == {"value": 12.5, "currency": "DKK"}
    assert any("client_user_agent" in words for words in event.lacks)


def test_a_shop_may_be_older(tmp_path: Path) -> None:
    path = write_log(
        tmp_path / "l.ndjson",
        fresh(event_id="s", action_source="physical_store", event_time=NOW - 30 * 86_400),
        fresh(event_id="t", action_source="physical_store", event_time=NOW - 80 * 86_400),
    )
    assert [event.refreshed for event in prepare([path]).events] == [False, True]


def test_a_log_without_such_events_says_why(tmp_path: Path) -> None:
    path = write_log(tmp_path / "l.ndjson", fresh(_side="browser"))
    with pytest.raises(AuditError, match="browser"):
        prepare([path])


def test_every_event_has_its_own_answer(server: GraphServer, log: Path) -> None:
    server.refuse["Lead"] = error(
        100, "Invalid parameter", 2804019, f"Wrong: {SECRET['external_id']} in order-canary-99812"
    )
    with graph_of(server) as graph:
        answers = list(send(graph, DATASET, "TEST12345", prepare([log], most=3).events))
    assert [answer.accepted for answer in answers] == [True, False, True]
    assert len(server.requests) == 3
    assert all(
        request.json["test_event_code"] == "TEST12345" and len(request.json["data"]) == 1
        for request in server.requests
    )
    assert all(request.path == f"/{API_VERSION}/{DATASET}/events" for request in server.requests)
    assert answers[0].trace == "AbCdEf" and "2804019" in answers[1].problem


def test_what_meta_repeats_of_an_event_is_not_shown(server: GraphServer, log: Path) -> None:
    event = prepare([log], most=1).events[0]
    values = [SECRET["client_ip_address"], SECRET["external_id"], event.payload["user_data"]["em"][0]]
    server.refuse["Purchase"] = error(100, "x", 2804019, f"Not good: {' '.join(values)}")
    with graph_of(server) as graph:
        (answer,) = send(graph, DATASET, "TEST12345", [event])
    assert "Not good" in answer.hint
    assert not any(value in answer.hint for value in values)


@pytest.mark.parametrize("code", [None, "", "  ", "a b", "TEST{}"])
def test_a_code_is_needed(code: str | None) -> None:
    with pytest.raises(AuditError, match="without a test event code"):
        code_for_tests(code)


def test_send_test_shows_asks_sends_and_tells(at: GraphServer, log: Path) -> None:
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--most", 3, stdin="y\n")
    assert result.exit_code == 0
    before, after = result.output.split("Send these 3 events to Meta?")
    for words in ("would leave this computer", f"{at.address}/{API_VERSION}/{DATASET}/events", "3, one request each", "TEST12345",
                  "user_data.em", "custom_data.contents[0].id", "set to now", "then hashed",
                  "counts as one more event", "Left out"):  # fmt: skip
        assert words in before, words
    for words in ("received 1", "AbCdEf", "Deduplicated", "Received from"):
        assert words in after, words
    assert [event["event_name"] for event in at.events] == ["Purchase", "Lead", "AddToCart"]
    assert not [
        secret for secret in (*SECRETS, TOKEN) if secret.lower() in (result.output + result.stderr).lower()
    ]


def test_every_field_that_leaves_is_shown(at: GraphServer, log: Path) -> None:
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--most", 1, "--yes")

    def names(part: Any, before: str = "") -> Iterator[str]:
        for name, value in part.items():
            if isinstance(value, dict):
                yield from names(value, f"{before}{name}.")
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                yield from (
                    found
                    for place, entry in enumerate(value)
                    for found in names(entry, f"{before}{name}[{place}].")
                )
            else:
                yield before + name

    sent = list(names(at.events[0]))
    assert len(sent) > 10
    assert [name for name in sent if not re.search(rf"(?m)^ *{re.escape(name)} ", result.output)] == []


@pytest.mark.parametrize(("stdin", "status"), [("n\n", 0), ("\n", 0), ("", 2)])
def test_nothing_is_sent_before_a_yes(at: GraphServer, log: Path, stdin: str, status: int) -> None:
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", stdin=stdin)
    assert result.exit_code == status
    assert "Nothing was sent" in result.output
    assert at.requests == []


def test_yes_asks_nothing(at: GraphServer, log: Path) -> None:
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--most", 2, "--yes")
    assert result.exit_code == 0 and "[y/N]" not in result.output and len(at.requests) == 2


def test_no_code_no_events(at: GraphServer, log: Path) -> None:
    result = run(send_test, log, "--dataset", DATASET, "--yes")
    assert result.exit_code == 2
    assert "without a test event code" in result.stderr and "Test events" in result.stderr
    assert at.requests == []


def test_a_refused_event_ends_in_status_1(at: GraphServer, log: Path) -> None:
    at.refuse["Lead"] = error(100, "Invalid parameter", 2804050)
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--most", 3, "--yes")
    assert result.exit_code == 1
    assert "too little customer information" in result.output and result.output.count("received 1") == 2


def test_a_bad_token_stops_at_the_first_event(
    at: GraphServer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_TOKEN", "EAAWrongCanary0123456789012345")
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--yes")
    assert result.exit_code == 2 and len(at.requests) == 1
    assert "does not accept the access token" in result.stderr
    assert "EAAWrongCanary" not in result.output + result.stderr


def test_answers_so_far_are_shown_when_meta_stops(at: GraphServer, log: Path) -> None:
    at.refuse["Lead"] = error(17, "User request limit reached")
    result = run(send_test, log, "--dataset", DATASET, "--code", "TEST12345", "--most", 3, "--yes")
    assert result.exit_code == 2
    assert "received 1" in result.output and "too many calls" in result.stderr
    assert [event["event_name"] for event in at.events] == ["Purchase", *["Lead"] * 4]
