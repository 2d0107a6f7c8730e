"""Fixes: exact gains, every check settled, the best first."""

from dataclasses import replace
from pathlib import Path

import pytest

from emq_audit import Report, audit
from emq_audit.checks import ALL, CHECKS_BY_ID
from emq_audit.fixes import ranked
from emq_audit.match_keys import ABSENT, KEYS, STATES, USABLE
from emq_audit.remedies import BY_ID, REMEDIES, REMEDY_OF
from tests.logs import write_log
from tests.sound import SERVER


def report_of(folder: Path, *differences: dict) -> Report:
    return audit([write_log(folder / "log.ndjson", *differences)])


def test_every_check_is_settled_by_exactly_one_remedy() -> None:
    named = [check for remedy in REMEDIES for check in remedy.checks]
    assert sorted(named) == sorted(CHECKS_BY_ID)
    assert set(REMEDY_OF) == {check.id for check in ALL}


def test_remedies_repair_only_known_faulty_states() -> None:
    for remedy in REMEDIES:
        for key, states in remedy.repairs.items():
            assert key in KEYS
            assert set(states) <= set(STATES) - {*USABLE, *ABSENT}


@pytest.mark.parametrize(
    ("fault", "fix"),
    [
        ({"em": ["jane@example.com"]}, "hash-before-sending"),
        ({"em": ["c" * 32]}, "use-sha256"),
        ({"client_ip_address": "10.0.0.3"}, "visitor-ip-address"),
        ({"client_user_agent": "axios/1.6.0"}, "visitor-user-agent"),
        ({"fbc": None, "external_id": None, "fbp": "fb.1.1700000000.12"}, "browser-id-as-it-is"),
    ],
)
def test_the_gain_is_what_a_second_audit_of_the_repaired_log_shows(
    tmp_path: Path, fault: dict, fix: str
) -> None:
    mended = {key: SERVER[key] for key in fault if fault[key] is not None}
    absent = {key: None for key in fault if fault[key] is None}
    before = report_of(tmp_path, fault, {}, fault, {"event_name": "Lead", "event_id": "l"})
    after = report_of(tmp_path, mended | absent, {}, mended | absent, {"event_name": "Lead", "event_id": "l"})
    found = next(entry for entry in before.fixes if entry.fix == fix)
    measured = {score.event_name: score.emq for score in after.scores}
    today = {score.event_name: score.emq for score in before.scores}
    assert found.kind == "repair"
    assert found.events == 2
    assert found.gain == {"Purchase": pytest.approx(measured["Purchase"] - today["Purchase"], abs=1e-3)}
    assert found.scores["Purchase"][1] == pytest.approx(measured["Purchase"], abs=1e-3)
    assert next(s.possible for s in before.scores if s.event_name == "Purchase") == pytest.approx(
        measured["Purchase"], abs=1e-3
    )


def test_what_nobody_knows_brings_no_points(tmp_path: Path) -> None:
    found = report_of(
        tmp_path, {"em": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}
    ).fixes
    assert [(fix.fix, fix.kind, fix.gain) for fix in found] == [("leave-empty-fields-out", "other", {})]


def test_points_come_before_the_rest_and_purchases_before_page_views(tmp_path: Path) -> None:
    found = report_of(
        tmp_path,
        {"client_ip_address": "10.0.0.3", "event_name": "PageView", "event_id": "p"},
        {"em": ["jane@example.com"]},
        {"currency": None, "event_id": "2", "order_id": "2"},
    ).fixes
    found = [fix for fix in found if BY_ID.get(fix.fix)]
    assert [fix.fix for fix in found] == ["hash-before-sending", "visitor-ip-address", "value-and-currency"]
    heavy = ranked(found, {"PageView": 1000})
    assert [fix.fix for fix in heavy] == ["visitor-ip-address", "hash-before-sending", "value-and-currency"]


def test_a_fix_of_twice_the_effort_needs_twice_the_points(tmp_path: Path) -> None:
    first, second, *_ = report_of(
        tmp_path, {"em": ["jane@example.com"]}, {"client_ip_address": "10.0.0.3", "event_name": "PageView", "event_id": "p"}
    ).fixes
    even = replace(second, worth=dict.fromkeys(["Purchase"], first.worth["Purchase"] * second.hours / first.hours))
    assert ranked([first, replace(even, worth={"Purchase": even.worth["Purchase"] * 1.01})])[0].fix == second.fix
    assert ranked([first, replace(even, worth={"Purchase": even.worth["Purchase"] * 0.99})])[0].fix == first.fix


def test_a_sound_log_needs_no_repair(tmp_path: Path) -> None:
    found = report_of(tmp_path, {}, {"_side": "browser"}).fixes
    assert {fix.kind for fix in found} <= {"forward", "attach", "collect"}


def test_every_fix_says_who_and_how(tmp_path: Path) -> None:
    for fix in report_of(tmp_path, {"em": ["jane@example.com"], "currency": None}).fixes:
        assert fix.owner in ("marketer", "developer", "vendor")
        assert fix.title == BY_ID[fix.fix].title
        assert set(fix.steps) == {"shopify", "gtm-server", "partner", "direct-api"}
        assert all(fix.steps.values())
