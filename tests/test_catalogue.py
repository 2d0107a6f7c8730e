"""The catalogue of checks: well formed, complete, and described on a page that is current."""

import re
from collections import Counter

import duckdb
import pytest

from emq_audit import docs
from emq_audit.check import FACTS, STATE_COLUMNS, Check, Evidence, Severity
from emq_audit.checks import ALL, CHECKS_BY_ID, FAMILIES
from emq_audit.match_keys import KEYS, STATES, USABLE
from tests.sound import SOUND, open_log

DIGESTS = ("md5", "sha1", "other_hash", "base64", "uppercase")
HASHED = ("empty", "junk", "raw", "malformed", *DIGESTS)
NUMBER = ("empty", "junk", "hashed", "malformed")
COOKIE = ("empty", "junk", "hashed", "seconds", "future", "click_id", "malformed")

# Every state of every key that is a fault or an empty field: what vocabulary.sql, suspects.py and wrong_forms.py can give.
FAULT_STATES = {
    "em": HASHED,
    "ph": (*HASHED, "no_country_code"),
    "fn": HASHED,
    "ln": HASHED,
    "ge": (*HASHED, "wrong_form"),
    "db": (*HASHED, "wrong_form"),
    "ct": HASHED,
    "st": (*HASHED, "wrong_form"),
    "zp": HASHED,
    "country": (*HASHED, "wrong_form"),
    "external_id": ("empty", "junk"),
    "lead_id": NUMBER,
    "fb_login_id": NUMBER,
    "fbp": (*COOKIE, "synthetic"),
    "fbc": (*COOKIE, "expired"),
    "client_ip_address": (
        "empty",
        "junk",
        "hashed",
        "list",
        "private",
        "loopback",
        "reserved",
        "mapped",
        "malformed",
    ),
    "client_user_agent": ("empty", "junk", "hashed", "bot", "http_library", "webhook", "malformed"),
}
SIDE = {"no_country_code": "browser"}
"""The side that a state can occur on; the others occur on the server."""


@pytest.fixture(scope="session")
def sound_log(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return open_log(SOUND, tmp_path_factory.mktemp("sound"))


def accusers(con: duckdb.DuckDBPyConnection, key: str, state: str, side: str) -> set[str]:
    """The checks that accuse a sound event in which only this state of this key is another."""
    checks = [check for check in ALL if check.over == "events"]
    asked = ", ".join(f"bool_or(({check.when}) AND ({check.fails}))" for check in checks)
    rows = (
        f"SELECT * REPLACE (CAST('{state}' AS key_state) AS {key}_state) FROM patterns WHERE side = '{side}'"
    )
    verdict = con.execute(f"SELECT {asked} FROM ({rows})").fetchone()
    return {check.id for check, guilty in zip(checks, verdict, strict=True) if guilty}


@pytest.fixture(scope="session")
def asked_for(sound_log) -> dict[tuple[str, str], set[str]]:
    """By key and fault state: the checks that accuse it. One query: every state is a changed copy of the sound pattern."""
    checks = [check for check in ALL if check.over == "events"]
    asked = ", ".join(f"coalesce(({check.when}) AND ({check.fails}), false)" for check in checks)
    cases = [(key, state) for key, states in FAULT_STATES.items() for state in states]
    copies = " UNION ALL ".join(
        f"SELECT {number} AS number, * REPLACE (CAST('{state}' AS key_state) AS {key}_state) FROM patterns "
        f"WHERE side = '{SIDE.get(state, 'server')}'"
        for number, (key, state) in enumerate(cases)
    )
    rows = sound_log.execute(f"SELECT number, {asked} FROM ({copies}) ORDER BY number").fetchall()
    return {
        cases[row[0]]: {check.id for check, guilty in zip(checks, row[1:], strict=True) if guilty}
        for row in rows
    }


class TestCoverage:
    def test_every_fault_state_of_every_key_is_asked_for(self, asked_for):
        assert [case for case, checks in asked_for.items() if not checks] == []
        assert len(asked_for) == sum(map(len, FAULT_STATES.values()))

    def test_a_fault_of_one_key_is_one_finding(self, asked_for):
        assert {case: checks for case, checks in asked_for.items() if len(checks) > 1} == {}

    def test_every_key_and_every_state_is_thought_of(self):
        assert set(FAULT_STATES) == set(KEYS)
        assert {state for states in FAULT_STATES.values() for state in states} == set(STATES) - {
            "missing",
            *USABLE,
        }

    def test_every_fact_is_used(self):
        said = " ".join(f"{check.when} {check.fails}" for check in ALL)
        assert [column for column in (*FACTS, *STATE_COLUMNS) if column not in said] == []

    @pytest.mark.parametrize("side", ["server", "browser"])
    @pytest.mark.parametrize("key", KEYS)
    def test_a_key_that_is_not_sent_is_no_fault(self, sound_log, key, side):
        expected = {"user-agent-missing"} if (key, side) == ("client_user_agent", "server") else set()
        assert accusers(sound_log, key, "missing", side) == expected


class TestForm:
    def test_there_are_at_least_fifty_five(self):
        assert len(ALL) >= 55

    def test_ids_are_unique_and_kebab_case(self):
        assert [name for name, times in Counter(check.id for check in ALL).items() if times > 1] == []
        assert [
            check.id for check in ALL if not re.fullmatch(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)+", check.id)
        ] == []
        assert list(CHECKS_BY_ID) == [check.id for check in ALL]

    def test_titles_are_short_unlike_each_other_and_no_sentences(self):
        assert [
            check.title for check in ALL if not 10 <= len(check.title) <= 60 or check.title.endswith(".")
        ] == []
        assert len({check.title for check in ALL}) == len(ALL)

    def test_families_are_of_a_readable_size(self):
        assert all(3 <= len(checks) <= 17 for checks in FAMILIES.values())
        assert sum(map(len, FAMILIES.values())) == len(ALL)

    def test_every_check_says_what_it_is(self):
        for check in ALL:
            assert isinstance(check.severity, Severity) and isinstance(check.evidence, Evidence), check.id
            assert check.bad and check.ok, check.id
            assert (
                check.shows is None
                or check.over == "events"
                or check.shows in ("event_id", "em", "client_ip_address")
            ), check.id

    def test_examples_show_columns_of_events(self, sound_log):
        columns = {row[0] for row in sound_log.execute("DESCRIBE events").fetchall()}
        assert [check.id for check in ALL if check.shows and check.shows not in columns] == []

    def test_nothing_from_a_log_is_formatted_into_sql(self):
        assert [check.id for check in ALL if re.search(r"[{}%;]|--", check.when + check.fails)] == []


class TestWords:
    def test_nobody_shouts_or_speaks_in_code(self):
        for check in ALL:
            words = f"{check.title} {check.why} {check.fix}"
            assert "!" not in words, check.id
            assert not re.search(r"\b(PII|EMQ|AAM|payload|dedupe?)\b", words), check.id

    def test_why_and_fix_are_short_sentences(self):
        for check in ALL:
            for text in (check.why, check.fix):
                assert text.endswith(".") and text[0].isupper(), check.id
                assert len(text) <= 260, (check.id, len(text))

    def test_documented_rules_cite_meta(self):
        pages = ("https://developers.facebook.com/", "https://www.facebook.com/business/help/")
        assert [
            c.id for c in ALL if c.evidence is Evidence.DOCUMENTED and not c.source.startswith(pages)
        ] == []

    def test_observed_faults_cite_where(self):
        assert [
            c.id for c in ALL if c.evidence is Evidence.OBSERVED and not c.source.startswith("https://")
        ] == []

    def test_heuristics_say_that_they_are(self):
        assert [c.id for c in ALL if (c.evidence is Evidence.HEURISTIC) != ("judgement" in c.why)] == []

    def test_a_heuristic_is_never_critical(self):
        assert [
            c.id for c in ALL if c.evidence is Evidence.HEURISTIC and c.severity is Severity.CRITICAL
        ] == []


class TestPage:
    def test_is_current(self):
        assert docs.PAGE.read_text(encoding="utf-8") == docs.render(), "stale: run `python -m emq_audit.docs`"

    def test_tells_every_check(self):
        page = docs.render()
        assert [
            check.id
            for check in ALL
            if f"`{check.id}`" not in page or check.fix not in page or check.fails not in page
        ] == []

    def test_links_lead_to_a_place_on_the_page(self):
        page = docs.render()
        assert [
            target for target in re.findall(r"\]\(#([^)]+)\)", page) if f'<a id="{target}"></a>' not in page
        ] == []

    def test_long_values_and_long_lists_are_cut(self):
        check = Check(
            **{
                "id": "x-y",
                "title": "Some title",
                "severity": Severity.LOW,
                "evidence": Evidence.OBSERVED,
                "fails": "true",
            },
            why="",
            fix="",
            bad=tuple({"em": "a" * 500} for _ in range(9)),
        )
        lines = docs._examples("at fault", check.bad)
        assert len(lines) == 4 and lines[-1] == "- at fault: 6 more"
        assert all(len(line) < 120 for line in lines)
