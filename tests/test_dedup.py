"""Deduplication: the counts of the contract, checked against a slow and obvious count."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from emq_audit import audit
from emq_audit.dedup import WINDOW
from emq_audit.report import DedupEntry
from tests.logs import pair, write_log
from tests.sound import MOMENT

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


def test_spans_that_overlap_are_compared_event_by_event(tmp_path: Path) -> None:
    days = 24 * HOUR
    browser, server = pair("a")
    apart = (
        browser,
        browser | {"event_time": MOMENT - 12 * days},
        server | {"event_time": MOMENT - 6 * days},
    )
    assert entries(tmp_path, *apart)["Purchase"].outside_window == 1
    assert entries(tmp_path, *apart, server)["Purchase"].pairs == 1


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


EVENT = st.tuples(
    st.sampled_from(["browser", "server"]), st.sampled_from(["a", "b", "c", None]), st.integers(-4, 0)
)


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=12))
def test_agrees_with_a_count_by_hand(tmp_path_factory, log: list) -> None:
    differences = [
        {"_side": side, "event_id": identity, "event_time": MOMENT + days * 86_400}
        for side, identity, days in log
    ]
    found = entries(tmp_path_factory.mktemp("log"), *differences)["Purchase"]
    times = {
        (side, identity): [d * 86_400 for s, i, d in log if (s, i) == (side, identity)]
        for side, identity, _ in log
    }
    near, far = set(), set()
    for identity in {i for _, i, _ in log if i}:
        browser, server = times.get(("browser", identity), []), times.get(("server", identity), [])
        if browser and server:
            (near if any(abs(b - s) <= WINDOW for b in browser for s in server) else far).add(identity)
    assert found.pairs == len(near)
    assert found.outside_window == len(far)
    assert found.browser_only == sum(side == "browser" and identity not in near for side, identity, _ in log)
    assert found.server_only == sum(side == "server" and identity not in near for side, identity, _ in log)
    assert found.reused_ids == len(
        {identity for (_, identity), moments in times.items() if identity and len(moments) > 1}
    )
