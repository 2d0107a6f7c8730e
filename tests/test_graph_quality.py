"""Meta's Dataset Quality API: answers as documented, as broken as Meta's samples, and as people save them."""

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emq_audit.errors import AuditError
from emq_audit.graph import fetch, load
from emq_audit.graph.errors import GraphRefused, error_in
from emq_audit.graph.quality import key_for
from tests.graph_cases import BROKEN, FULL, graph_of, loaded
from tests.graph_server import DATASET, GraphServer, error


def test_a_whole_answer_becomes_records() -> None:
    event = loaded(FULL).events[0]
    assert (event.event_name, event.emq, event.coverage, event.coverage_goal) == (
        "Purchase",
        6.2,
        0.341,
        0.75,
    )
    assert [(key.key, key.coverage, key.uplift) for key in event.keys] == [
        ("em", 0.625, 0.5896),
        ("client_ip_address", 0.999, 0.2065),
        ("client_user_agent", 1.0, None),
    ]
    assert (event.diagnostics[0].share, event.diagnostics[0].affected, event.diagnostics[0].total) == (
        0.615,
        19567,
        31830,
    )
    assert (
        event.dedupe[0].key,
        event.dedupe[0].browser,
        event.dedupe[0].server,
        event.dedupe[0].browser_covered,
    ) == ("event_id", 1, 0.98, 0.148)
    assert (event.freshness, event.acr, event.potential, event.coverage_uplift) == (
        "real_time",
        0.379,
        0.329,
        0.358,
    )


def test_metas_broken_samples_are_read() -> None:
    quality = load(BROKEN.encode())
    by_name = {event.event_name: event for event in quality.events}
    assert list(by_name) == ["Purchase", "CompleteRegistration", "Lead"]
    assert (by_name["Purchase"].emq, by_name["CompleteRegistration"].emq) == (6.2, 7.2)
    assert by_name["Purchase"].keys[0].uplift == 0.5896 and by_name["Purchase"].keys[1].coverage == 0.999
    assert by_name["CompleteRegistration"].dedupe[0].browser == 1
    assert by_name["Lead"].coverage == 0.341 and by_name["Lead"].coverage_goal == 0.75
    assert any("repair" in note for note in quality.notes)


@pytest.mark.parametrize("spelling", ["dedupe_key_feedback", "dedup_key_feedback"])
def test_both_spellings_of_the_deduplication_field(spelling: str) -> None:
    entry = {
        "event_name": "Lead",
        spelling: [{"dedupe_key": "fbp", "server_events_with_dedupe_key": {"percentage": 40}}],
    }
    assert loaded({"web": [entry]}).events[0].dedupe[0].server == 0.4


@pytest.mark.parametrize(
    "shape",
    [
        lambda web: {"web": web},
        lambda web: {"data": [{"web": web}]},
        lambda web: {"web": {"data": web, "paging": {}}},
        lambda web: {"data": web},
        lambda web: web,
        lambda web: web[0],
        lambda web: [
            {"web": [{"event_name": "Purchase", "event_match_quality": {"composite_score": 6.2}}]},
            {"web": web},
        ],
    ],
)
def test_the_entries_are_found_wherever_they_stand(shape: Callable[[list], Any]) -> None:
    quality = loaded(shape(FULL["web"]))
    assert [(event.event_name, event.emq, len(event.keys)) for event in quality.events] == [
        ("Purchase", 6.2, 3)
    ]


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-16"),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"HTTP/2 200\r\ncontent-type: application/json\r\n\r\n" + text.encode(),
        lambda text: f"```json\n{text}\n```\n".encode(),
        lambda text: (text + "\n" + text).encode(),
    ],
    ids=["PowerShell", "mark", "curl -i", "fence", "twice"],
)
def test_files_as_people_save_them(written: Callable[[str], bytes]) -> None:
    assert load(written(json.dumps(FULL))).events == loaded(FULL).events


def test_a_file_cut_anywhere_ends_in_a_result_or_one_clear_sentence() -> None:
    text = json.dumps(FULL)
    read = 0
    for end in range(0, len(text), 13):
        try:
            read += len(load(text[:end].encode()).events)
        except AuditError as failed:
            assert failed.problem.endswith("Dataset Quality API.") and failed.hint
    assert read > 50


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\x00\x01",
        b"{",
        b"[",
        b"{}",
        b"[[[]]]",
        b'{"events": 3}',
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"\xff\xfe\xff",
        b'{"web": 3',
    ],
)
def test_what_is_no_answer_is_said_in_one_sentence(content: bytes) -> None:
    with contextlib.suppress(AuditError):
        assert load(content).events == ()
        assert b"web" in content
        return
    with pytest.raises(AuditError) as caught:
        load(content)
    assert "holds no answer" in caught.value.problem and "-o FILE" in caught.value.hint


def test_a_saved_error_is_explained() -> None:
    with pytest.raises(AuditError, match="expired"):
        loaded(error(190, "Session has expired", 463))


@pytest.mark.parametrize("path", ["nowhere.json", "."])
def test_a_file_that_cannot_be_read(path: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="cannot be read"):
        load(tmp_path / path)


def test_odd_values_are_left_out_not_believed() -> None:
    entry = {
        "event_name": "Lead",
        "event_match_quality": {
            "composite_score": 62,
            "match_key_feedback": [{"identifier": "shoe_size", "coverage": {"percentage": 3}}, "x", None],
        },
        "event_coverage": {"percentage": "NaN", "goal_percentage": True},
        "dedupe_key_feedback": {"dedupe_key": "fbp"},
        "acr": 12,
        "data_freshness": "hourly",
    }
    quality = loaded({"web": [entry, {"event_match_quality": {}}, "x"], "offline": [{}]})
    event = quality.events[0]
    assert (event.emq, event.coverage, event.coverage_goal, event.acr) == (None, None, None, 0.12)
    assert event.dedupe[0].key == "fbp"
    notes = " ".join(quality.notes)
    assert all(
        words in notes for words in ("between 0 and 10", "shoe_size", "without an event name", "offline")
    )


IDENTIFIERS = """
email em | phone ph | ip_address client_ip_address | user_agent client_user_agent | external_id external_id | first_name fn | Last-Name ln
city ct | state st | zip_code zp | country country | date_of_birth db | gender ge | fbp fbp | fbc fbc | click_id fbc | browser_id fbp
fb_login_id fb_login_id | lead_id lead_id | name - | value - | shoe_size -
"""


@pytest.mark.parametrize("pair", [pair for pair in re.split(r"[|\n]", IDENTIFIERS) if pair.strip()])
def test_metas_names_of_match_keys_are_ours(pair: str) -> None:
    identifier, key = pair.split()
    assert key_for(identifier) == (None if key == "-" else key)


def test_everything_is_asked_for_and_a_field_meta_lacks_is_let_go(server: GraphServer) -> None:
    server.pages[:] = [[{"event_name": "Purchase"}]]
    server.unknown_fields |= {"dedupe_key_feedback", "solution"}
    with graph_of(server) as graph:
        quality, _ = fetch(graph, DATASET, agent="MyPartner")
    first, last = server.requests[0].query, server.requests[-1].query
    assert "dedupe_key_feedback{dedupe_key" in first["fields"] and "dedup_key_feedback" not in first["fields"]
    assert first["agent_name"] == "mypartner" and first["dataset_id"] == DATASET
    assert "dedupe_key_feedback" not in last["fields"] and "event_match_quality," in last["fields"]
    assert len(server.requests) == 3
    assert len(quality.notes) == 2


def test_an_api_that_knows_nothing_ends(server: GraphServer) -> None:
    server.unknown_fields |= {"event_name"}
    with graph_of(server) as graph, pytest.raises(GraphRefused, match="no field event_name"):
        fetch(graph, DATASET)


@pytest.mark.parametrize("dataset", ["", "12", "me", "123/../456", "1234567890?x=1", "１２３４５６"])
def test_a_dataset_is_a_number(dataset: str, server: GraphServer) -> None:
    with graph_of(server) as graph, pytest.raises(AuditError, match="number"):
        fetch(graph, dataset)
    assert server.requests == []


def test_error_in_reads_only_errors() -> None:
    assert error_in({"web": []}) is None and error_in([1]) is None and error_in(None) is None
