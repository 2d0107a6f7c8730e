"""Gains of what is known but not sent: each must be what a second audit shows once the log really carries it."""

import random
from pathlib import Path

import pytest

from emq_audit import Report, audit
from emq_audit.checks.examples import DAY, MOMENT, fbp, sha256
from emq_audit.errors import AuditError
from emq_audit.match_keys import KEYS
from emq_audit.opportunities import OPPORTUNITIES, Opportunity
from emq_audit.what_if import read_shares
from tests.logs import write_log
from tests.sound import SERVER, different

BY_ID = {thing.id: thing for thing in OPPORTUNITIES}
DROPPED = ("em", "ph", "external_id", "fbp", "fbc", "client_ip_address", "client_user_agent", "fn", "country")


def shop(seed: int, actions: int = 40) -> list[dict]:
    """Two-sided actions of a few visitors, each visitor with one email, phone, number and browser; every report lacks keys at random."""
    dice = random.Random(seed)
    events = []
    for number in range(actions):
        visitor = dice.randrange(12)
        own = {
            "em": [sha256(f"v{visitor}@shop.example.com")],
            "ph": [sha256(f"45201000{visitor:02}")],
            "external_id": [f"customer-{visitor}"],
            "fbp": fbp(MOMENT - 3 * DAY, 1000 + visitor),
            "event_name": dice.choice(["Purchase", "AddToCart"]),
            "event_id": f"id-{number}",
            "event_time": MOMENT - number * 60,
            "order_id": None,
        }
        for side in ("browser", "server"):
            if dice.random() < 0.85:
                events.append({"_side": side, **own} | {key: None for key in DROPPED if dice.random() < 0.5})
                if dice.random() < 0.1:
                    events.append(events[-1] | {"em": own["em"]})
    return events


def audited(folder: Path, events: list[dict]) -> Report:
    return audit([write_log(folder / "log.ndjson", *events)])


def forwarded(events: list[dict], thing: Opportunity) -> list[dict]:
    """Every event of the side with the keys that the other side's reports of the same action carry."""
    done = []
    for event in events:
        others = [other for other in events if other["_side"] != event["_side"] and same(other, event)]
        more: dict = {}
        for key in thing.keys if event["_side"] == thing.side and others else ():
            if different(event).get(key) is None:
                values = [different(other).get(key) for other in others]
                implied = event["_side"] == "server" and key in ("client_ip_address", "client_user_agent")
                value = next((value for value in values if value is not None), different({})[key] if implied else None)
                more |= {key: value} if value is not None else {}
        done.append(event | more)
    return done


def same(one: dict, other: dict) -> bool:
    return (one["event_name"], one["event_id"]) == (other["event_name"], other["event_id"])


def attached(events: list[dict], thing: Opportunity) -> list[dict]:
    """Every event with what other events of the visitor, by fbp or external_id, carry, but for what its other report could hand on."""
    done = []
    for event in events:
        more: dict = {}
        reports = [other for other in events if other["_side"] != event["_side"] and same(other, event)]
        for key in thing.keys:
            if any(different(other).get(key) is not None for other in reports):
                continue
            for by in ("fbp", "external_id"):
                mine = different(event).get(by)
                if different(event).get(key) is None and mine is not None and by != key:
                    shown = [different(other).get(key) for other in events if different(other).get(by) == mine]
                    more |= {key: value for value in shown if value is not None}  # noqa: B035 - the last one shown
        done.append(event | more)
    return done


@pytest.mark.parametrize("seed", range(3))
def test_gains_are_what_a_second_audit_shows(tmp_path: Path, seed: int) -> None:
    events = shop(seed)
    before = audited(tmp_path, events)
    fixes = {fix.fix: fix for fix in before.fixes if fix.kind in ("forward", "attach")}
    assert {"forward-browser-ids", "forward-network", "advanced-matching", "attach-contact"} <= set(fixes)
    for fix in fixes.values():
        thing = BY_ID[fix.fix]
        after = audited(tmp_path, (forwarded if thing.kind == "forward" else attached)(events, thing))
        measured = {(score.event_name, score.side): score.emq for score in after.scores}
        side = thing.side or "server"
        for name, (_, predicted) in fix.scores.items():
            assert predicted == pytest.approx(measured[name, side], abs=1e-3), (fix.fix, name)


def test_the_path_is_scored_together_not_added(tmp_path: Path) -> None:
    events = [event for event in shop(1) if event["_side"] == "server"]
    before = audited(tmp_path, [*events, {"em": ["c" * 32], "event_id": "raw", "ph": ["+45 20 10 00 01"]}])
    alone = {fix.fix: fix.gain.get("Purchase", 0) for fix in before.fixes}
    today = next(score.emq for score in before.scores if score.event_name == "Purchase")
    reached = [step.scores["Purchase"] for step in before.path]
    assert [step.fix for step in before.path] == [fix.fix for fix in before.fixes if fix.gain]
    server = {score.event_name: score.possible for score in before.scores if score.side == "server"}
    assert all(before.path[-1].scores[name] >= possible - 1e-4 for name, possible in server.items())
    assert reached == sorted(reached) and reached[0] == pytest.approx(today + alone[before.path[0].fix], abs=1e-3)
    assert reached[-1] < today + sum(alone.values())


def test_repairs_that_bring_points_only_together_have_their_steps(tmp_path: Path) -> None:
    neither = {"client_ip_address": "10.0.0.1", "client_user_agent": "axios/1.7.2"}
    report = audited(tmp_path, [neither, neither | {"event_id": "2"}])
    (score,) = report.scores
    assert [fix.gain for fix in report.fixes if fix.fix in ("visitor-ip-address", "visitor-user-agent")] == [{}, {}]
    *_, last = [step for step in report.path if not step.fix.startswith("collect")]
    assert last.scores["Purchase"] == pytest.approx(score.possible, abs=1e-4) and score.possible > score.emq + 0.05


def test_a_value_of_two_people_on_one_browser_is_attached_to_nobody(tmp_path: Path) -> None:
    one, two, nobody = {"event_id": "1"}, {"event_id": "2", "em": [sha256("other@shop.example.com")]}, {"event_id": "3", "em": None}
    other = {"external_id": None, "ph": None}
    assert "attach-contact" in {fix.fix for fix in audited(tmp_path, [one | other, nobody | other]).fixes}
    assert "attach-contact" not in {fix.fix for fix in audited(tmp_path, [one | other, two | other, nobody | other]).fixes}


def test_a_cookie_is_the_same_with_what_parameter_builder_appends(tmp_path: Path) -> None:
    one, other = {"em": [sha256("a@shop.example.com")], "event_id": "1"}, {"_side": "server", "event_id": "2", "external_id": None}
    nobody = other | {"em": None, "ph": None, "fbp": SERVER["fbp"] + ".AQICAQMC"}
    assert "attach-contact" in {fix.fix for fix in audited(tmp_path, [one, nobody]).fixes}


def test_what_somebody_sends_is_not_collected(tmp_path: Path) -> None:
    without = [{"event_id": str(number), "ph": None} for number in range(4)]
    kinds = {fix.fix: fix.kind for fix in audited(tmp_path, without).fixes}
    assert kinds.get("collect-phone") == "collect"
    assert "collect-phone" not in {fix.fix for fix in audited(tmp_path, [*without, {"event_id": "x"}]).fixes}
    assert "collect-phone" not in {fix.fix for fix in audited(tmp_path, [event | {"event_name": "PageView"} for event in without]).fixes}


def test_what_nobody_sends_comes_last(tmp_path: Path) -> None:
    log = [{"event_id": str(number), "ph": None, "client_ip_address": "10.0.0.1"} for number in range(4)]
    kinds = [fix.kind for fix in audited(tmp_path, log).fixes if fix.gain]
    assert kinds == sorted(kinds, key=lambda kind: kind == "collect") and "collect" in kinds


def test_what_if_agrees_with_an_audit_of_such_a_log(tmp_path: Path) -> None:
    none = {"em": None, "ph": None, "fbc": None}
    log = [{"event_id": str(number), **none} for number in range(10)]
    asked = audit([write_log(tmp_path / "a.ndjson", *log)], what_if={"em": 0.4}).what_if[0]
    known = [{"event_id": f"m{number}", **none} | {"em": different({})["em"]} for number in range(4)]
    real = audit([write_log(tmp_path / "b.ndjson", *log[:6], *known)])
    assert asked.emq == pytest.approx(real.scores[0].emq, abs=1e-3)
    assert (asked.low, asked.high) == (pytest.approx(real.scores[0].low, abs=1e-3), pytest.approx(real.scores[0].high, abs=1e-3))
    assert asked.today < asked.emq


def test_what_if_takes_keys_away_as_well(tmp_path: Path) -> None:
    nothing = dict.fromkeys((key for key in KEYS if key != "lead_id"), 0)
    asked = audit([write_log(tmp_path / "a.ndjson", {}, {"event_id": "2"})], what_if=nothing).what_if[0]
    assert asked.emq == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("text", ["email=1", "em=2", "em", "em=-0.1", "", "em=half"])
def test_a_what_if_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(AuditError):
        read_shares(text)


def test_shares_may_be_percentages() -> None:
    assert read_shares("em=95%, fbc = 0.4") == {"em": 0.95, "fbc": 0.4}
