"""The client of the Graph API, against a server on the loopback: what is asked, retried, refused and explained."""

import socket
import time

import pytest

from emq_audit.errors import AuditError
from emq_audit.graph import fetch
from emq_audit.graph.client import ADDRESS, API_VERSION, Graph, Patience, address_from
from emq_audit.graph.errors import GraphRefused
from tests.graph_cases import HASTY, QUICK, ask, failure, graph_of
from tests.graph_server import DATASET, TOKEN, GraphServer, Next, error, served


def arrived(server: GraphServer, number: int) -> bool:
    """Did just so many requests arrive? The server may notice them a little later than the client gives them up."""
    end = time.monotonic() + 2
    while len(server.requests) < number and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.05)
    return len(server.requests) == number


# The client ----------------------------------------------------------------------------------------------------------------


def test_the_token_travels_in_the_header_and_in_no_address(server: GraphServer) -> None:
    assert ask(server) == {"web": []}
    request = server.requests[0]
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in request.path
    assert request.path.startswith(f"/{API_VERSION}/dataset_quality?")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_recovers_is_asked_again(server: GraphServer, status: int) -> None:
    server.coming += [
        Next(status, b"<html>down</html>"),
        Next(status, error(2, "Service temporarily unavailable")),
    ]
    said: list[str] = []
    assert ask(server, told=said.append) == {"web": []}
    assert len(server.requests) == 3
    assert len(said) == 2 and "Trying again in" in said[0]


def test_attempts_end_and_are_counted(server: GraphServer) -> None:
    server.coming += [Next(503, b"")] * 9
    failed = failure(server)
    assert len(server.requests) == QUICK.attempts
    assert "HTTP 503" in failed.problem and f"Tried {QUICK.attempts} times" in failed.problem


def test_pauses_double(server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("emq_audit.graph.client.sleep", pauses.append)
    server.coming += [Next(500, b"")] * 9
    failure(server, Patience(timeout=2, attempts=5, wait=1, longest=60))
    assert pauses == [1, 2, 4, 8]


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80000, 80004, 80014])
def test_rate_limits_are_retried_and_explained(server: GraphServer, code: int) -> None:
    server.coming += [Next(400, error(code, "limit reached"))] * 3
    failed = failure(server)
    assert len(server.requests) == 3
    assert isinstance(failed, GraphRefused) and failed.error.kind == "limit"
    assert str(code) in failed.problem and "Wait" in failed.hint


def test_a_wait_that_meta_names_is_kept_to(server: GraphServer) -> None:
    server.coming.append(Next(429, b"", {"Retry-After": "0.3"}))
    start = time.monotonic()
    ask(server)
    assert time.monotonic() - start >= 0.3
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        (
            "X-Business-Use-Case-Usage",
            '{"55":[{"type":"ads_insights","call_count":100,"estimated_time_to_regain_access":12}]}',
            "12 minutes",
        ),
        ("X-Ad-Account-Usage", '{"acc_id_util_pct":100,"reset_time_duration":300}', "5 minutes"),
        ("Retry-After", "90", "90 seconds"),
    ],
)
def test_a_long_wait_is_told_and_not_sat_through(
    server: GraphServer, header: str, value: str, says: str
) -> None:
    server.coming.append(Next(400, error(80004, "There have been too many calls"), {header: value}))
    failed = failure(server)
    assert len(server.requests) == 1
    assert says in failed.hint and "ad account" in failed.problem


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "[]",
        '{"a":{"estimated_time_to_regain_access":"soon"}}',
        '{"a":[{"estimated_time_to_regain_access":-5}]}',
    ],
)
def test_usage_headers_may_be_nonsense(server: GraphServer, value: str) -> None:
    server.coming.append(Next(500, b"", {"X-Business-Use-Case-Usage": value}))
    assert ask(server) == {"web": []}


def test_a_passing_error_says_so_itself(server: GraphServer) -> None:
    server.coming.append(Next(400, {"error": {"code": 7777, "message": "later", "is_transient": True}}))
    assert ask(server) == {"web": []}


REFUSALS = [
    (190, None, "token", "Events Manager"),
    (190, 463, "expired", "Generate access token"),
    (190, 460, "password has changed", "Generate access token"),
    (190, 467, "no longer valid", "Generate access token"),
    (102, None, "session", "Generate access token"),
    (2500, None, "no access token", "Generate access token"),
    (3, None, "may not make this call", "ads_read"),
    (10, None, "no permission", "Use events dataset"),
    (200, None, "no permission", "Use events dataset"),
    (283, None, "no permission", "Use events dataset"),
    (294, None, "ads_management", "Use events dataset"),
    (100, 33, "no dataset of this number", "assigned"),
    (803, None, "no dataset", "Events Manager"),
    (2044055, None, "no dataset", "Events Manager"),
    (100, 2044055, "no dataset", "Events Manager"),
    (2635, None, "version", "Update emq-audit"),
    (100, 2804001, "click id", "fbc"),
    (100, 2804003, "seven days", "whole request"),
    (100, 2804010, "currency", "DKK"),
    (100, 2804016, "not hashed", "SHA-256"),
    (100, 2804036, "lead id", "15 to 17"),
    (100, 2804050, "too little customer information", "external_id"),
    (100, 2804066, "business messaging", "event names"),
    (100, 2804999, "refuses the event", "own words"),
    (100, None, "does not accept a value", "own words"),
    (368, None, "policies", "Account quality"),
    (4242, None, "refused the call", "own words"),
]


@pytest.mark.parametrize(("code", "subcode", "problem", "hint"), REFUSALS)
def test_every_refusal_says_what_is_wrong_and_what_to_do(
    server: GraphServer, code: int, subcode: int | None, problem: str, hint: str
) -> None:
    server.coming.append(Next(400, error(code, "Raw words of the API", subcode, "Words for people")))
    failed = failure(server)
    assert len(server.requests) == 1, "asking again cannot help"
    assert problem in failed.problem and f"code {code}" in failed.problem
    assert hint in failed.hint and "Words for people" in failed.hint and "AbCdEf" in failed.hint
    assert subcode is None or str(subcode) in failed.problem


def test_a_signed_call_is_asked_for_in_words(server: GraphServer) -> None:
    server.coming.append(
        Next(400, error(100, "API calls from the server require an appsecret_proof argument"))
    )
    assert "signed calls" in failure(server).problem


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Next(200, b"<html>Please sign in</html>"), "not one of Meta's API"),
        (Next(200, b'["a list"]'), "not one of Meta's API"),
        (Next(200, b"[" * 200_000), "not one of Meta's API"),
        (Next(404, b"no"), "HTTP 404"),
        (Next(200, {"error": "just words"}), "refused the call"),
        (Next(200, {"error": {"code": "x", "message": ["y"]}}), "refused the call"),
    ],
)
def test_answers_that_are_none_end_in_one_sentence(server: GraphServer, answer: Next, says: str) -> None:
    server.coming.append(answer)
    assert says in failure(server).problem
    assert len(server.requests) == 1


def test_redirects_are_not_followed(server: GraphServer) -> None:
    with served() as other:
        server.coming.append(Next(302, b"", {"Location": f"{other.address}/v1/me"}))
        assert "redirect" in failure(server).problem
        assert other.requests == []


@pytest.mark.parametrize(
    "slow",
    [Next(200, {"web": []}, delay=0.6), Next(200, {"web": [0] * 50}, drip=0.05)],
    ids=["silent", "dripping"],
)
def test_a_slow_answer_is_given_up(server: GraphServer, slow: Next) -> None:
    server.coming += [slow, slow]
    start = time.monotonic()
    assert "in time" in failure(server, HASTY).problem
    assert time.monotonic() - start < 5.0
    assert arrived(server, 2)


@pytest.mark.parametrize(
    "broken", [Next(hang_up=True), Next(200, b'{"web": [', cut=500)], ids=["hung up", "cut"]
)
def test_a_broken_connection_is_tried_again(server: GraphServer, broken: Next) -> None:
    server.coming.append(broken)
    assert ask(server) == {"web": []}
    assert len(server.requests) == 2


def test_an_answer_without_end_is_refused(server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emq_audit.graph.client.LARGEST_ANSWER", 1000)
    server.coming.append(Next(200, b" " * 5000))
    assert "larger" in failure(server).problem


def test_a_network_that_is_not_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with (
            Graph(TOKEN, address=address, patience=QUICK) as graph,
            pytest.raises(AuditError, match="cannot be reached"),
        ):
            graph.get("me", {})


@pytest.mark.parametrize("unsure", [Next(hang_up=True), Next(200, {}, delay=0.6)], ids=["hung up", "silent"])
def test_what_may_have_arrived_is_not_sent_twice(server: GraphServer, unsure: Next) -> None:
    server.coming.append(unsure)
    with graph_of(server, HASTY) as graph, pytest.raises(AuditError) as caught:
        graph.post(f"{DATASET}/events", {"data": []})
    assert arrived(server, 1)
    assert "may have arrived" in caught.value.hint


def test_a_refused_batch_is_sent_again_after_a_fault_of_the_server(server: GraphServer) -> None:
    server.coming.append(Next(500, b""))
    with graph_of(server) as graph:
        assert graph.post(f"{DATASET}/events", {"data": []})["events_received"] == 0
    assert len(server.requests) == 2


@pytest.mark.parametrize("given", ["http://127.0.0.1:8000", "http://127.8.9.1:1/", "http://[::1]:9"])
def test_another_address_may_be_this_computer(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_from(given) == given.rstrip("/")
    monkeypatch.setenv("EMQ_AUDIT_GRAPH_ADDRESS", given)
    assert address_from() == given.rstrip("/")


@pytest.mark.parametrize(
    "given",
    ["http://example.com", "https://graph.facebook.com.example.com", "http://127.0.0.1@example.com:80", "http://127.0.0.1.example.com:80",
     "http://10.0.0.1:80", "http://localhost:80", "file:///etc", "http://127.0.0.1:80/path", "http://[::1", "http://graph.facebook.com"],
)  # fmt: skip
def test_no_other_address_gets_the_token(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMQ_AUDIT_GRAPH_ADDRESS", given)
    for attempt in (lambda: address_from(given), address_from, lambda: Graph(TOKEN)):
        with pytest.raises(AuditError) as caught:
            attempt()
        assert given not in caught.value.problem + caught.value.hint


def test_without_the_variable_the_address_is_metas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMQ_AUDIT_GRAPH_ADDRESS", raising=False)
    assert address_from() == ADDRESS == "https://graph.facebook.com"


def test_pages_are_read_to_the_end(server: GraphServer) -> None:
    server.pages[:] = [
        [{"event_name": "Purchase", "event_match_quality": {"composite_score": 7}}],
        [{"event_name": "Lead"}],
        [{"event_name": "Search"}],
    ]
    with graph_of(server) as graph:
        quality, _ = fetch(graph, DATASET)
    assert [event.event_name for event in quality.events] == ["Purchase", "Lead", "Search"]
    assert len(server.requests) == 3
    assert not any("access_token" in request.path for request in server.requests)


def test_the_next_page_is_never_asked_of_another_host(server: GraphServer) -> None:
    server.pages[:] = [[{"event_name": "Purchase"}], [{"event_name": "Lead"}]]
    with served() as other:
        server.next_host = other.address
        with graph_of(server) as graph:
            quality, _ = fetch(graph, DATASET)
        assert other.requests == []
    assert [event.event_name for event in quality.events] == ["Purchase", "Lead"]


def test_pages_that_go_in_a_circle_end(server: GraphServer) -> None:
    server.pages[:] = [[{"event_name": "Purchase"}]]
    server.endless = True
    with graph_of(server) as graph:
        assert len(fetch(graph, DATASET)[0].events) == 1
    assert len(server.requests) <= 3
