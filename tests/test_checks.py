"""Every check: catches its bad example, passes its near misses, passes what is sound."""

from types import SimpleNamespace

import duckdb
import pytest

from emq_audit.check import Check, Status, run
from emq_audit.checks import ALL, CHECKS_BY_ID, chosen
from emq_audit.checks.examples import DAY, EMAIL, MOMENT
from emq_audit.errors import AuditError
from emq_audit.lookup import count_events
from emq_audit.match_keys import KEYS
from tests.sound import BROWSER, SERVER, SOUND, open_log

# What these ask of a row depends on the other rows, so their examples need a log of their own.
OWN_LOG = tuple(check for check in ALL if check.over != "events" or check.id == "fbp-synthetic")
ONE_LOG = tuple(check for check in ALL if check not in OWN_LOG)
ALSO_AT_FAULT = {
    "email-on-many-visitors": {"event-id-reused"},
    "ip-on-many-visitors": {"event-id-reused"},
}
"""Examples in which all visitors send the sound event's id, so that they share that too."""


BARE = {key: None for key in SERVER if key not in ("_side", "event_name", "event_time", "event_id")}

# One sound event each. They stand in one log with all examples, and no check of events may accuse them.
SOUND_EVENTS = {
    "a server event": {},
    "a browser event": {"_side": "browser"},
    "a page view": {"event_name": "PageView", "value": None, "currency": None, "contents": None},
    "a custom event": {"event_name": "QuizFinished", "value": None, "currency": None},
    "an automatic pixel event": {"event_name": "SubscribedButtonClick", "event_id": None, "_side": "browser"},
    "a visitor who accepted no cookies": {"fbp": None, "fbc": None},
    "a visitor of whom only the cookie is known": BARE
    | {
        key: SERVER[key]
        for key in ("action_source", "event_source_url", "client_ip_address", "client_user_agent", "fbp")
    }
    | {"event_name": "ViewContent"},
    "a row of an exported table with few columns": BARE
    | {"event_name": "Lead", "_as_sent": False, "em": EMAIL},
    "an exported row of an unknown side": BARE
    | {"event_name": "Lead", "_as_sent": False, "_side": "unknown", "em": "mette@shop.example.com"},
    "an order in a system that has no browser": BARE
    | {"action_source": "system_generated", "em": EMAIL, "value": 249, "currency": "DKK"},
    "a sale in a store": BARE
    | {
        "_side": "offline",
        "action_source": "physical_store",
        "event_time": MOMENT - 30 * DAY,
        "event_id": None,
    }
    | {"em": EMAIL, "value": 249, "currency": "DKK"},
    "a stage of a lead in a customer system": BARE
    | {"event_name": "Qualified", "action_source": "system_generated", "lead_id": 1234567890123456},
    "an event of an app": BARE
    | {"event_name": "AddToCart", "action_source": "app", "external_id": "customer-1042"},
    "a message": BARE | {"event_name": "LeadSubmitted", "action_source": "business_messaging"},
    "what Meta's Parameter Builder adds": {
        "fbp": f"{SERVER['fbp']}.AQQCAQMC",
        "fbc": f"{SERVER['fbc']}.AQQCAQMC",
        "em": f"{EMAIL}.AQQCAQMC",
        "external_id": f"{EMAIL}.AQQCAQMC",
        "client_ip_address": "87.49.146.12.AQQAAQMC",
        "event_source_url": f"{SERVER['event_source_url']}.AQQCAQMC",
    },
    "what its older versions add": {"fbp": f"{SERVER['fbp']}.Bg", "fbc": f"{SERVER['fbc']}.AQ"},
}

# Whole logs that no check at all may accuse.
SOUND_LOGS = {
    "both sides of one event": SOUND,
    "an event every hour": tuple(
        {"event_id": f"n-{hour}", "order_id": f"{hour}", "event_time": MOMENT - hour * 3600} for hour in range(48)
    ),
    "a pixel log with little in it": (
        {key: None for key in BROWSER if key not in ("event_source_url", "fbp")}
        | {"_side": "browser", "event_name": "PageView"},
    ),
}

EXAMPLES = [
    (check.id, kind, event) for check in ONE_LOG for kind in ("bad", "ok") for event in getattr(check, kind)
]


@pytest.fixture(scope="session")
def log(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """All examples, then all sound events, in one log."""
    return open_log(
        [*(event for _, _, event in EXAMPLES), *SOUND_EVENTS.values()], tmp_path_factory.mktemp("log")
    )


@pytest.fixture(scope="session")
def accused(log) -> list[set[str]]:
    """For each row of the log, the checks that accuse it."""
    asked = ", ".join(f"coalesce(({check.when}) AND ({check.fails}), false)" for check in ONE_LOG)
    rows = log.execute(f'SELECT {asked} FROM events ORDER BY "row"').fetchall()
    assert len(rows) == len(EXAMPLES) + len(SOUND_EVENTS)
    return [{check.id for check, guilty in zip(ONE_LOG, row, strict=True) if guilty} for row in rows]


def at_fault(check: Check, con: duckdb.DuckDBPyConnection) -> int:
    (answer,) = run([check], con)
    assert answer.status is not Status.ERROR, answer.error
    return sum(count.at_fault for count in answer.counts)


@pytest.mark.parametrize("check", ONE_LOG, ids=lambda check: check.id)
class TestEveryCheckOfEvents:
    def test_catches_its_bad_examples(self, check, accused):
        assert [check.id in accused[row] for row in _rows(check, "bad")] == [True] * len(check.bad)

    def test_passes_its_near_misses(self, check, accused):
        assert [check.id in accused[row] for row in _rows(check, "ok")] == [False] * len(check.ok)


def _rows(check: Check, kind: str) -> list[int]:
    return [row for row, example in enumerate(EXAMPLES) if example[:2] == (check.id, kind)]


@pytest.mark.parametrize("check", OWN_LOG, ids=lambda check: check.id)
class TestEveryCheckOfMoreThanOneEvent:
    def test_catches_its_bad_example_and_no_other_accuses_it_too(self, check, tmp_path):
        asked = [*OWN_LOG, CHECKS_BY_ID["event-id-missing"]]
        con = open_log(check.bad, tmp_path)
        answers = run(asked, con)
        failed = {answer.check.id for answer in answers if answer.status is Status.FAILED}
        assert [answer.error for answer in answers if answer.error] == []
        assert failed == {check.id} | ALSO_AT_FAULT.get(check.id, set())
        assert count_events(SimpleNamespace(con=con), check=check.id) >= at_fault(check, con) > 0

    def test_passes_its_near_misses(self, check, tmp_path):
        assert at_fault(check, open_log(check.ok, tmp_path)) == 0


@pytest.mark.parametrize("name", SOUND_EVENTS)
def test_no_check_accuses_a_sound_event(name, accused):
    assert accused[len(EXAMPLES) + list(SOUND_EVENTS).index(name)] == set()


@pytest.mark.parametrize("name", SOUND_LOGS)
def test_no_check_accuses_a_sound_log(name, tmp_path):
    answers = run(ALL, open_log(SOUND_LOGS[name], tmp_path))
    assert {
        answer.check.id: (answer.status, answer.error)
        for answer in answers
        if answer.status in (Status.ERROR, Status.FAILED)
    } == {}


def test_sound_events_are_asked_by_most_checks(tmp_path):
    """Passing must not mean that nothing was in scope."""
    answers = run(ALL, open_log(SOUND, tmp_path))
    passed = {answer.check.id for answer in answers if answer.status is Status.PASSED}
    idle = {check.id for check in ALL} - passed
    assert idle == {
        "state-wrong-form",  # the sound event has no state,
        "birth-date-wrong-form",  # no date of birth,
        "lead-id-malformed",  # no lead id,
        "login-id-malformed",  # no Facebook login,
        "phone-no-country-code",  # no raw phone,
        "value-without-currency",  # is a Purchase,
        "currency-without-value",
        "event-late-two-hours",  # and does not say when it arrived;
        "event-late-a-day",
        "email-on-many-visitors",  # its email
        "ip-on-many-visitors",  # and address are not shared,
        *(check.id for check in ALL if check.over == "misses"),  # nothing is without a partner,
        "event-sent-in-bursts",  # a purchase with an order is judged by its order,
        "order-from-two-senders",  # the browser's is counted,
        "server-ids-of-two-kinds",  # its id is text,
        "keys-without-consent",  # and nothing is said about consent
    }


def test_counting_patterns_finds_what_looking_at_rows_finds(log, accused):
    found = {answer.check.id: sum(count.at_fault for count in answer.counts) for answer in run(ONE_LOG, log)}
    assert found == {check.id: sum(check.id in row for row in accused) for check in ONE_LOG}


class TestScope:
    """Accusations that would be wrong."""

    def test_a_log_of_one_side_is_not_asked_for_event_ids(self, tmp_path):
        con = open_log([{"_side": "browser", "event_id": None}, {"_side": "browser"}], tmp_path)
        assert run([CHECKS_BY_ID["event-id-missing"]], con)[0].status is Status.NOT_APPLICABLE

    def test_the_same_id_on_both_sides_is_no_reuse(self, tmp_path):
        con = open_log([{"event_id": "a"}, {"event_id": "a", "_side": "browser", "em": None}], tmp_path)
        assert run([CHECKS_BY_ID["event-id-reused"]], con)[0].status is Status.PASSED

    def test_old_events_of_a_log_kept_for_weeks_are_not_too_old(self, tmp_path):
        con = open_log([{"event_time": MOMENT - day * DAY} for day in range(30)], tmp_path, as_of=None)
        assert run([CHECKS_BY_ID["event-too-old"]], con)[0].status is Status.PASSED

    def test_an_order_that_counts_twice_for_want_of_an_id_is_told_once(self, tmp_path):
        con = open_log([{"event_id": None}, {"_side": "browser", "event_time": MOMENT + 5}], tmp_path)
        asked = [*OWN_LOG, CHECKS_BY_ID["event-id-missing"]]
        failed = {answer.check.id for answer in run(asked, con) if answer.status is Status.FAILED}
        assert failed == {"event-id-missing"}
        assert con.execute("SELECT kind FROM doubles").fetchall() == [("two-sides",)]

    def test_events_that_nothing_answers_are_no_fault_of_pairing(self, tmp_path):
        con = open_log(
            [{"event_id": "a", "order_id": "1"}, {"_side": "browser", "event_id": "b", "order_id": "2", "fbp": None}], tmp_path
        )
        misses = [check for check in ALL if check.over == "misses"]
        assert {answer.status for answer in run(misses, con)} == {Status.PASSED}

    def test_one_customer_with_many_events_is_one_visitor(self, tmp_path):
        con = open_log([{"client_ip_address": f"87.49.146.{n}"} for n in range(1, 100)], tmp_path)
        assert run([CHECKS_BY_ID["email-on-many-visitors"]], con)[0].status is Status.PASSED

    def test_a_server_that_makes_browser_ids_does_not_turn_one_customer_into_many(self, tmp_path):
        con = open_log(
            [{"fbp": f"fb.1.{MOMENT}000.{n}", "event_id": f"e{n}"} for n in range(1, 100)], tmp_path
        )
        assert run([CHECKS_BY_ID["email-on-many-visitors"]], con)[0].status is Status.PASSED


def test_weak_combinations_are_those_that_meta_lists():
    """Every combination of usable keys, against Meta's own wording: a subset of any of four sets."""
    listed = (
        {"ct", "country", "st", "zp", "ge", "client_user_agent"},
        {"db", "client_user_agent"},
        {"fn", "ge"},
        {"ln", "ge"},
    )
    weak = sorted(set.union(*listed))
    sets = [
        {key for place, key in enumerate(weak) if number >> place & 1} for number in range(1 << len(weak))
    ]
    sets += [{*keys, strong} for keys in sets for strong in ("em", "client_ip_address", "fbp")]
    con = duckdb.connect()
    states = ", ".join(
        f"CASE WHEN list_contains(keys, '{key}') THEN 'usable' ELSE 'md5' END AS {key}_state" for key in KEYS
    )
    facts = "true AS as_sent, 'server' AS side, true AS scored"
    check = CHECKS_BY_ID["match-keys-too-weak"]
    con.execute("CREATE TABLE sets AS SELECT unnest(?) AS keys", [[sorted(keys) for keys in sets]])
    rows = con.execute(
        f"SELECT keys, ({check.when}) AND ({check.fails}) FROM (SELECT keys, {states}, {facts} FROM sets)"
    ).fetchall()
    expected = [bool(keys) and any(set(keys) <= group for group in listed) for keys, _ in rows]
    assert [verdict for _, verdict in rows] == expected
    assert sum(expected) == 63 + 2 + 2 + 2  # what each set adds to those before it


class TestChosen:
    def test_all_without_a_choice(self):
        assert chosen() == ALL

    def test_only_the_selected_in_the_order_of_the_catalogue(self):
        assert [check.id for check in chosen(["phone-md5", "email-md5"])] == ["email-md5", "phone-md5"]

    def test_all_but_the_ignored(self):
        assert {check.id for check in ALL} - {check.id for check in chosen(ignore=["email-md5"])} == {
            "email-md5"
        }

    def test_a_wrong_id_gets_the_nearest_one(self):
        with pytest.raises(AuditError) as raised:
            chosen(["email-md"])
        assert "email-md" in raised.value.problem
        assert "email-md5" in raised.value.hint

    def test_an_id_like_no_other_gets_the_list(self):
        with pytest.raises(AuditError, match="zzz") as raised:
            chosen(ignore=["zzz"])
        assert "emq-audit checks" in raised.value.hint


def test_a_broken_check_costs_only_itself(tmp_path):
    broken = Check(
        id="broken",
        title="",
        severity="low",
        evidence="heuristic",
        fails="no_such_column",
        why="",
        fix="",
        bad=(),
    )
    answers = run([*ALL[:20], broken, *ALL[20:]], open_log(SOUND, tmp_path))
    assert [answer.check.id for answer in answers if answer.status is Status.ERROR] == ["broken"]
    assert len(answers) == len(ALL) + 1
