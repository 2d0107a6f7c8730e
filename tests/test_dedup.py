"""Deduplication: the counts of the contract on logs made by hand; test_replay.py compares them with a slow and obvious count."""

from io import StringIO
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import pytest
from rich.console import Console

from emq_audit import audit
from emq_audit.replay import WINDOW
from emq_audit.report import DedupEntry
from emq_audit.report.terminal import show
from tests.logs import pair, write_log
from tests.sound import MOMENT, fbp

HOUR = 3600


def entries(folder: Path, *differences: dict) -> dict[str, DedupEntry]:
    return {
        entry.event_name: entry for entry in audit([write_log(folder / "log.ndjson", *differences)]).dedup
    }


def test_same_name_and_id_is_a_pair(tmp_path: Path) -> None:
    found = entries(
        tmp_path, *pair("a"), *pair("b"), {"event_id": "c"}, {"_side": "browser", "event_id": "d"}
    )["Purchase"]
    assert (found.browser, found.server, found.pairs, found.browser_only, found.server_only) == (
        3,
        3,
        2,
        1,
        1,
    )
    assert found.event_coverage == 2 / 3


def test_another_event_name_is_no_pair(tmp_path: Path) -> None:
    found = entries(tmp_path, {"_side": "browser", "event_id": "a", "event_name": "Lead"}, {"event_id": "a"})
    assert found["Purchase"].pairs == found["Lead"].pairs == 0


def test_ids_are_compared_to_the_letter(tmp_path: Path) -> None:
    assert (
        entries(tmp_path, {"_side": "browser", "event_id": "#1042"}, {"event_id": "1042"})["Purchase"].pairs
        == 0
    )
    assert (
        entries(tmp_path, {"_side": "browser", "event_id": "AB"}, {"event_id": "ab"})["Purchase"].pairs == 0
    )


def test_the_window_is_48_hours(tmp_path: Path) -> None:
    browser, server = pair("a")
    within = entries(tmp_path, browser, server | {"event_time": MOMENT + WINDOW})["Purchase"]
    beyond = entries(tmp_path, browser, server | {"event_time": MOMENT + WINDOW + 1})["Purchase"]
    assert (within.pairs, within.outside_window) == (1, 0)
    assert (beyond.pairs, beyond.outside_window, beyond.browser_only, beyond.server_only) == (0, 1, 1, 1)


def test_receipt_counts_before_the_time_of_the_event(tmp_path: Path) -> None:
    browser, server = pair("a")
    found = entries(
        tmp_path, browser | {"received_at": MOMENT}, server | {"received_at": MOMENT + 3 * 24 * HOUR}
    )["Purchase"]
    assert found.outside_window == 1


def test_an_id_that_comes_back_opens_a_new_window(tmp_path: Path) -> None:
    days = 24 * HOUR
    browser, server = pair("a")
    apart = (
        browser,
        browser | {"event_time": MOMENT - 12 * days},
        server | {"event_time": MOMENT - 6 * days},
    )
    assert entries(tmp_path, *apart)["Purchase"].outside_window == 1
    again = entries(tmp_path, *apart, server)["Purchase"]
    assert (again.pairs, again.outside_window, again.counted, again.browser_only, again.server_only) == (1, 0, 3, 1, 1)


def test_the_window_runs_from_the_first_event(tmp_path: Path) -> None:
    browser, server = pair("a")
    hours = {0: browser, 40: browser, 60: server}
    found = entries(tmp_path, *(event | {"event_time": MOMENT - (60 - after) * HOUR} for after, event in hours.items()))["Purchase"]
    assert (found.pairs, found.outside_window, found.counted) == (0, 1, 2)


def test_an_id_used_twice_on_a_side_is_reused_and_by_other_people_a_collision(tmp_path: Path) -> None:
    other = {"em": ["b" * 64], "external_id": ["customer-7"], "fbp": f"fb.1.{MOMENT * 1000}.777"}
    again = entries(tmp_path, {"event_id": "a"}, {"event_id": "a"})["Purchase"]
    shared = entries(tmp_path, {"event_id": "a"}, {"event_id": "a", **other})["Purchase"]
    assert (again.reused_ids, again.collisions) == (1, 0)
    assert (shared.reused_ids, shared.collisions) == (1, 1)


def test_events_without_an_id_are_alone(tmp_path: Path) -> None:
    found = entries(tmp_path, {"event_id": None}, {"event_id": ""}, {"_side": "browser", "event_id": None})[
        "Purchase"
    ]
    assert (found.server_with_id, found.browser_with_id, found.server_only, found.browser_only) == (
        0,
        0,
        2,
        1,
    )


def test_the_order_of_files_and_lines_does_not_matter(tmp_path: Path) -> None:
    events = [
        *pair("a"),
        *pair("b"),
        {"event_id": "c"},
        {"event_id": "c"},
        {"_side": "browser", "event_id": "d"},
    ]
    once = audit([write_log(tmp_path / "all.ndjson", *events)]).dedup
    first, second = (
        write_log(tmp_path / "1.ndjson", *events[::2]),
        write_log(tmp_path / "2.ndjson", *events[1::2]),
    )
    assert audit([first, second]).dedup == audit([second, first]).dedup == once


def test_what_is_received_is_counted_or_dropped(tmp_path: Path) -> None:
    found = entries(
        tmp_path, *pair("a"), {"event_id": "a"}, {"event_id": "b"}, {"event_id": None, "fbp": None, "external_id": None}
    )["Purchase"]
    assert (found.received, found.deduplicated, found.counted) == (5, 2, 3)
    assert found.dropped == {"pair": 1, "repeat": 1, "fallback": 0}
    assert found.kept == {"browser": 1, "server": 2}


def test_the_browser_is_favoured_for_five_minutes(tmp_path: Path) -> None:
    browser, server = pair("a")
    soon = entries(tmp_path, browser | {"event_time": MOMENT}, server | {"event_time": MOMENT - 300})["Purchase"]
    late = entries(tmp_path, browser | {"event_time": MOMENT}, server | {"event_time": MOMENT - 301})["Purchase"]
    assert (soon.kept, late.kept) == ({"browser": 1, "server": 0}, {"browser": 0, "server": 1})


def test_the_time_used_is_told(tmp_path: Path) -> None:
    browser, server = pair("a")
    received = {"received_at": MOMENT}
    assert entries(tmp_path, browser, server)["Purchase"].timed_by == "event_time"
    assert entries(tmp_path, browser, server | received)["Purchase"].timed_by == "both"
    assert entries(tmp_path, browser | received, server | received)["Purchase"].timed_by == "received_at"


def test_a_common_prefix_is_named_and_a_personal_one_is_not(tmp_path: Path) -> None:
    def log(prefix: str) -> list[dict]:
        return [
            event
            for number in range(1040, 1044)
            for event in ({"_side": "browser", "event_id": f"{number}"}, {"event_id": f"{prefix}{number}"})
        ]

    shop = entries(tmp_path, *log("order-"))["Purchase"].unpaired
    person = entries(tmp_path, *log("jane@example.com-"))["Purchase"].unpaired
    assert [(row.side, row.reason, row.events, row.detail) for row in shop] == [
        ("browser", "prefix", 4, "order-"),
        ("server", "prefix", 4, "order-"),
    ]
    assert [(row.reason, row.detail) for row in person] == [("prefix", None), ("prefix", None)]


def test_both_reports_of_an_action_are_compared(tmp_path: Path) -> None:
    browser, server = pair("a")
    report = audit(
        [
            write_log(
                tmp_path / "log.ndjson",
                browser | {"value": 249.004, "currency": "dkk", "contents": [{"id": 2}, {"id": "1"}]},
                server | {"value": "249.00", "currency": "EUR", "contents": [{"id": "1"}, {"id": "2"}], "ph": None},
            )
        ]
    )
    assert {row.field: (row.compared, row.differ) for row in report.disagreements} == {
        "value": (1, 0),
        "currency": (1, 1),
        "em": (1, 0),
        "contents": (1, 0),
    }


def test_what_the_counted_event_lacks(tmp_path: Path) -> None:
    browser, server = pair("a")
    lacking = audit([write_log(tmp_path / "log.ndjson", browser | {"em": None, "fbp": None}, server)]).lacking
    assert {("em", 1, 1), ("fbp", 1, 1)} <= {(row.key, row.pairs, row.events) for row in lacking}
    assert "external_id" not in {row.key for row in lacking}


def test_what_one_side_alone_would_miss(tmp_path: Path) -> None:
    report = audit([write_log(tmp_path / "log.ndjson", *pair("a"), {"event_id": "b"}, {"event_name": "Lead"})])
    rows = {(row.side, row.by): (row.events, row.of) for row in report.one_sided if row.side == "server"}
    assert rows == {("server", "browser"): (1, 2), ("server", "os"): (1, 2), ("server", "day"): (1, 2)}


@pytest.mark.parametrize(("actions", "also", "reason"), [(10, 0, "other-id-family"), (9, 0, "no-counterpart"), (10, 1, "no-counterpart")])
def test_sides_that_each_make_a_uuid_are_told_from_sides_that_miss_events(tmp_path: Path, actions: int, also: int, reason: str) -> None:
    """One visitor an action, seen from both sides; only where no id of the name ever pairs do two UUIDs stand for one action."""
    events: list[dict] = list(pair("the same")) * also
    for number in range(actions):
        visitor = {"event_time": MOMENT - 60 * number, "fbp": fbp(MOMENT - HOUR, 500 + number)}
        visitor |= dict.fromkeys(("external_id", "em", "order_id"))
        for side in ("browser", "server"):
            events.append({"_side": side, "event_id": str(uuid5(NAMESPACE_DNS, f"{side} {number}")), **visitor})
    found = entries(tmp_path, *events)["Purchase"]
    assert {(miss.side, miss.reason, miss.events) for miss in found.unpaired} == {("browser", reason, actions), ("server", reason, actions)}
    assert found.counted_twice == (actions if reason == "other-id-family" else 0)


def test_the_terminal_says_what_meta_joins_without_an_id(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", {"_side": "browser", "event_id": None}, {"event_id": None, "event_time": MOMENT + 5})
    report = audit([log])
    assert report.dedup[0].dropped["fallback"] == 1
    told = Console(file=StringIO(), width=200)
    show(report, told)
    assert "Purchase, 1 server: without a partner by id, but dropped" in told.file.getvalue()
