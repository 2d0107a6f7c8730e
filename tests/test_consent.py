"""Consent: signals read on every road, decoded, counted, and what following a refusal does to the scores."""

import atexit
import csv
import json
import tempfile
import tomllib
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emq_audit import audit, consent, events, open_audit, patterns, repair
from emq_audit.app.views import consent as app_section
from emq_audit.fields import signal_for
from emq_audit.match_keys import KEYS
from emq_audit.read import read
from emq_audit.read.consent import Keys, keys, signals
from emq_audit.report.html import to_html
from emq_audit.report.sections.consent import headline
from emq_audit.report.terminal import show
from emq_audit.score import score
from tests.reading import event, workbook, write
from tests.sound import open_log

LETTERS = {**dict.fromkeys("trnv", "granted"), **dict.fromkeys("pmu", "denied"), "l": "not set", "q": "unclear"}


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return events.connect(tmp_path_factory.mktemp("words"))


def judged(con: duckdb.DuckDBPyConnection, leaves: list[Any]) -> list[str]:
    """The states of such leaves, judged as events.build judges them."""
    query = """SELECT CAST(consent_verdict(storage_words(texts), user_data_words(texts), general_words(texts)) AS VARCHAR)
               FROM (SELECT consent_texts(leaf::JSON) AS texts FROM (SELECT unnest(?::VARCHAR[]) AS leaf))"""
    return [row[0] for row in con.execute(query, [[json.dumps(leaf) for leaf in leaves]]).fetchall()]


@cache
def _database() -> duckdb.DuckDBPyConnection:
    atexit.register(_database.cache_clear)
    return events.connect(tempfile.gettempdir())


def states(folder: Path, *logs: Any) -> list[str]:
    """The state of every event of some logs, in the order they were read. The rest of the judgement, which takes most of its time, is
    left out."""
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    said: list[str] = []
    for source in read(logs, spool).sources:
        query = f"SELECT CAST(consent_state AS VARCHAR) FROM ({events._with_consent(source)}) WHERE event_name IS NOT NULL"
        said += [row[0] for row in _database().execute(query).fetchall()]
    return said


# Decoding ------------------------------------------------------------------------------------------------------------------------


LEAVES = [
    ({"gcs": "G111"}, "granted"),
    ({"gcs": "G110"}, "granted"),
    ({"gcs": "G100"}, "denied"),
    ({"gcs": "g101 "}, "denied"),
    ({"gcs": "G1--"}, "not set"),
    ({"gcs": "G1"}, "unclear"),
    ({"gcs": "G1110"}, "unclear"),
    ({"gcs": ""}, "not logged"),
    ({"gcd": "13l3l3l3l1"}, "not set"),
    ({"gcd": "11p1p1p1p5"}, "denied"),
    ({"gcd": "13p3t3p3p5l1"}, "denied"),
    ({"gcd": "13t3p3t3p5"}, "granted"),
    ({"gcd": "13t3t3u3t5"}, "denied"),
    ({"gcd": "11q1q1q1q5"}, "unclear"),
    ({"gcd": "11t1t1"}, "unclear"),
    ({"gcs": "G100", "gcd": "11q1q1q1q5"}, "denied"),
    ({"gcs": "G111", "gcd": "13l3l3l3l1"}, "granted"),
    ({"gcs": "G111", "gcd": "13p3p3p3p5"}, "unclear"),
    ({"gcs": "G100", "gcd": "13r3r3r3r5"}, "unclear"),
    ({"gcs": "nonsense", "ad_storage": "granted"}, "granted"),
    ({"ad_storage": "granted", "ad_user_data": "denied"}, "denied"),
    ({"ad_storage": "denied", "ad_user_data": "granted"}, "denied"),
    ({"consent": {"ad_storage": "granted", "ad_user_data": "granted", "analytics_storage": "denied"}}, "granted"),
    ({"consent": {"analytics_storage": "denied", "ad_personalization": "denied"}}, "not logged"),
    ({"consent": {"adStorage": False, "adUserData": False}}, "denied"),
    ({"consent": {"marketing": True, "statistics": False}}, "granted"),
    ({"consent": {"categoryPreferences": {"Advertising": False, "Analytics": True}}}, "denied"),
    ({"consent": {"gcs": "G100"}}, "denied"),
    ({"consent": True, "ad_storage": "denied"}, "unclear"),
    ({"consent": "CPzX4AAPzX4AAAGABCENATEgAAAAAAAAAAAAAAAAAA"}, "unclear"),
    ({"consent": ["marketing"]}, "unclear"),
    ({"consent": "advanced"}, "not logged"),
    ({"consent": None}, "not logged"),
    ({"consent": {}}, "not logged"),
    ({"marketing_consent": "no"}, "denied"),
    ({}, "not logged"),
]


def test_leaves_are_read_as_documented(con):
    assert list(zip([leaf for leaf, _ in LEAVES], judged(con, [leaf for leaf, _ in LEAVES]), strict=True)) == LEAVES


WORDS = {
    "granted": ("granted", "GRANTED", "true", True, 1, "1", "1.0", "yes", " Yes "),
    "denied": ("denied", "Denied", "false", False, 0, "0", "no", "revoked"),
    "not set": ("not_set", "unspecified", "(not set)", "pending"),
    "unclear": ("{{consent}}", "maybe", 7),
}


@pytest.mark.parametrize("name", ["consent", "ad_storage", "ad_user_data", "marketing_consent"])
def test_plain_words(con, name):
    expected = {repr(word): state for state, words in WORDS.items() for word in words}
    found = judged(con, [{name: word} for words in WORDS.values() for word in words])
    assert dict(zip(expected, found, strict=True)) == expected


@pytest.mark.parametrize("digit", "13")
def test_gcd_is_judged_by_its_first_and_third_letter(con, digit):
    codes = list(product(LETTERS, "lp", LETTERS, "tq"))
    found = judged(con, [{"gcd": f"1{digit}" + "".join(f"{letter}{digit}" for letter in letters)} for letters in codes])
    for letters, state in zip(codes, found, strict=True):
        said = {LETTERS[letters[0]], LETTERS[letters[2]]}
        assert state == next(word for word in ("denied", "granted", "not set", "unclear") if word in said), letters


ANYTHING = st.dictionaries(
    st.sampled_from(["gcs", "gcd", "ad_storage", "ad_user_data", "consent", "marketing_consent"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)
    | st.dictionaries(st.text(max_size=12), st.text(max_size=5), max_size=3),
)


@settings(max_examples=5, deadline=None)
@given(leaves=st.lists(ANYTHING, min_size=1, max_size=60))
def test_no_leaf_breaks_the_judgement(leaves):
    assert set(judged(_database(), leaves)) <= set(consent.STATES)


@pytest.mark.parametrize(
    ("header", "signal"),
    [
        ("gcs", "gcs"),
        ("x-ga-gcs", "gcs"),
        ("X-GA-GCD", "gcd"),
        ("event_data.x-ga-gcs", "gcs"),
        ("custom_data[gcs]", "gcs"),
        ("adStorage", "ad_storage"),
        ("adUserDataConsent", "ad_user_data"),
        ("consent_state.ad_storage", "ad_storage"),
        ("Consent State", "consent"),
        ("marketing_consent", "marketing_consent"),
        ("properties.consent", "consent"),
        ("analytics.consent", None),
        ("analytics_storage", None),
        ("accepts_marketing", None),
        ("email_marketing_consent", None),
        ("consent_timestamp", None),
        ("data_processing_options", None),
        ("gcsx", None),
    ],
)
def test_names_of_signals(header, signal):
    assert signal_for(header) == signal


def test_signals_of_an_object_win_over_those_in_its_parts():
    found = {"gcs": "G111", "custom_data": {"gcs": "G100", "ad_storage": "denied"}, "user_data": {"gcd": "11p1p1p1p5"}, "consent": None}
    assert signals(found) == {"gcs": "G111", "ad_storage": "denied"}
    assert keys([found]) == Keys(("gcs", "consent"), ("gcs", "ad_storage"))


# Roads ---------------------------------------------------------------------------------------------------------------------------

SIGNALS = [{"gcs": "G111"}, {"x-ga-gcs": "G100"}, {}, {"consent_state": {"ad_storage": False}}, {"ad_user_data": "granted"}]
EXPECTED = ["granted", "denied", "not logged", "denied", "granted"]
LOG = [event(event_id=f"o-{n}", **said) for n, said in enumerate(SIGNALS)]
INSIDE = [event(event_id=f"o-{n}", custom_data={"value": 1, **said}) for n, said in enumerate(SIGNALS)]


class TestJson:
    @pytest.mark.parametrize("log", [LOG, INSIDE], ids=["top", "custom_data"])
    def test_lines(self, tmp_path, log):
        assert states(tmp_path, write(tmp_path / "log", *log)) == EXPECTED

    def test_lines_with_blank_ones_between(self, tmp_path):
        assert states(tmp_path, write(tmp_path / "log", LOG[0], "", *LOG[1:])) == EXPECTED

    def test_an_array(self, tmp_path):
        assert states(tmp_path, write(tmp_path / "log", LOG)) == EXPECTED

    def test_a_document_over_several_lines(self, tmp_path):
        assert states(tmp_path, write(tmp_path / "log", *(json.dumps(entry, indent=2) for entry in LOG))) == EXPECTED

    def test_request_bodies_in_lines(self, tmp_path):
        assert states(tmp_path, write(tmp_path / "log", {"data": LOG[:2]}, {"data": LOG[2:]})) == EXPECTED

    def test_one_request_body(self, tmp_path):
        assert states(tmp_path, write(tmp_path / "log", json.dumps({"data": LOG}, indent=1))) == EXPECTED

    @pytest.mark.parametrize("indent", [None, 1])
    def test_what_stands_beside_data_counts_for_the_events_in_it(self, tmp_path, indent):
        bodies = [{"data": [event(), event(gcs="G111")], "x-ga-gcs": "G100"}, {"data": [event()]}]
        lines = [json.dumps(body, indent=indent) for body in bodies]
        assert states(tmp_path, write(tmp_path / "log", *lines)) == ["denied", "granted", "not logged"]

    def test_events_with_other_names(self, tmp_path):
        flat = [{"eventName": "Purchase", "email": "a" * 64, "timestamp": 1_794_000_000, **said} for said in SIGNALS]
        assert states(tmp_path, write(tmp_path / "log", *flat)) == EXPECTED

    def test_names_that_differ_in_case_only(self, tmp_path):
        log = [event(gcs="G100"), event(GCS="G100")]
        assert states(tmp_path, write(tmp_path / "log", *log))[0] == "denied"

    def test_a_hostile_name_is_no_signal(self, tmp_path):
        log = [event(**{"gcs\"') --": "G100", "gcs": "G111"})]
        assert states(tmp_path, write(tmp_path / "log", *log)) == ["granted"]


class TestWrappings:
    @pytest.mark.parametrize(
        "line",
        [
            {"Name": "Facebook", "Type": "Request", "x-ga-gcs": "G100", "RequestBody": {"data": [event()]}},
            {"Name": "Facebook", "Type": "Request", "RequestBody": json.dumps({"data": [event(consent_state={"ad_storage": False})]})},
            {"jsonPayload": {"event_data": {"x-ga-gcs": "G100", "event_name": "purchase"}, "request_body": {"data": [event()]}}},
            {"textPayload": json.dumps({"consent": {"ad_storage": "denied"}, "RequestBody": {"data": [event()]}})},
        ],
        ids=["line", "text", "event data beside", "cloud logging"],
    )
    def test_server_side_tag_manager(self, tmp_path, line):
        assert states(tmp_path, write(tmp_path / "log", line, line)) == ["denied", "denied"]

    def test_what_one_line_says_is_not_said_of_the_next(self, tmp_path):
        lines = [{"x-ga-gcs": "G100", "RequestBody": {"data": [event()]}}, {"RequestBody": {"data": [event()]}}]
        assert states(tmp_path, write(tmp_path / "log", *lines)) == ["denied", "not logged"]

    def test_pixel_addresses(self, tmp_path):
        start = "https://www.facebook.com/tr/?id=1&ev=Purchase&dl=https%3A%2F%2Fshop.dk&ts=1794000000000"
        said = ["&gcs=G111", "&gcd=11p1p1p1p5", "", "&cd[consent]=denied", "&cd%5Bad_storage%5D=granted"]
        assert states(tmp_path, write(tmp_path / "log", *(start + more for more in said))) == EXPECTED

    def test_a_recorded_session(self, tmp_path):
        def entry(url: str, **more: Any) -> dict:
            return {"startedDateTime": "2026-11-06T10:00:00Z", "request": {"method": "GET", "url": url, "headers": [], **more}}

        posted = {"method": "POST", "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "id=1&ev=Lead&gcs=G111"}}
        session = {"log": {"entries": [
            entry("https://www.facebook.com/tr/?id=1&ev=PageView&gcs=G100"),
            entry("https://region1.google-analytics.com/g/collect?v=2&gcs=G100&en=page_view"),
            entry("https://www.facebook.com/tr/", **posted),
        ]}}  # fmt: skip
        assert states(tmp_path, write(tmp_path / "log", session)) == ["denied", "granted"]

    def test_track_calls(self, tmp_path):
        call = {"type": "track", "event": "Order Completed", "messageId": "m", "timestamp": "2026-11-06T10:00:00Z"}
        said = [{"consent": {"categoryPreferences": {"Advertising": allowed}}} for allowed in (True, False)]
        lines = [call | {"context": {"traits": {"email": "a@b.dk"}, **more}} for more in (*said, {})]
        assert states(tmp_path, write(tmp_path / "log", *lines)) == ["granted", "denied", "not logged"]

    def test_cells_that_hold_events(self, tmp_path):
        path = tmp_path / "log.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["when", "x-ga-gcs", "request_body"])
            table.writerows([["1", code, json.dumps({"data": [event()]})] for code in ("G100", "G111")])
        assert states(tmp_path, path) == ["denied", "granted"]


class TestTables:
    HEAD = ("event_name", "event_time", "em", "x-ga-gcs", "consent_state.ad_storage", "consent_timestamp")
    ROWS = (
        ("Purchase", "1794000000", "a" * 64, "G111", "", "2026-01-01"),
        ("Purchase", "1794000001", "a" * 64, "", "denied", "2026-01-01"),
        ("Purchase", "1794000002", "a" * 64, "", "", ""),
        ("Purchase", "1794000003", "a" * 64, "G100", "granted", ""),
    )
    SAID = ("granted", "denied", "not logged", "unclear")

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_delimited(self, tmp_path, delimiter):
        lines = [delimiter.join(row) for row in (self.HEAD, *self.ROWS)]
        assert states(tmp_path, write(tmp_path / "log.csv", *lines)) == list(self.SAID)

    def test_workbook(self, tmp_path):
        path = tmp_path / "log.xlsx"
        workbook(path, {"events": [self.HEAD, *self.ROWS]})
        assert states(tmp_path, path) == list(self.SAID)

    def test_data_frame(self, tmp_path):
        assert states(tmp_path, pd.DataFrame(self.ROWS, columns=self.HEAD)) == list(self.SAID)

    def test_parquet_with_nested_columns(self, tmp_path):
        path = tmp_path / "log.parquet"
        lines = write(tmp_path / "log", *(event(consent_state={"ad_storage": said}) for said in ("granted", "denied")))
        duckdb.execute(f"COPY (SELECT * FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)")
        assert states(tmp_path, path) == ["granted", "denied"]


class TestWithoutSignals:
    def test_nothing_more_is_read_or_stored(self, tmp_path):
        log = write(tmp_path / "log", *(event(event_id=str(n)) for n in range(5)))
        found = read([log], tmp_path)
        assert [source.consent for source in found.sources] == [False] and "consent" not in found.sources[0].sql
        con = events.connect(tmp_path)
        events.build(con, found.sources)
        assert "consent_state" not in {row[0] for row in con.execute("DESCRIBE event_rows").fetchall()}

    def test_the_report_says_nothing(self, tmp_path):
        report = audit([write(tmp_path / "log", event())])
        assert (report.consent, report.consent_modes) == ((), ())
        assert 'id="consent"' not in to_html(report)

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_one_of_two_files_has_some(self, tmp_path, order):
        logs = write(tmp_path / "a", event(gcs="G100")), write(tmp_path / "b", event(), event())
        con = events.connect(tmp_path)
        events.build(con, read([logs[place] for place in order], tmp_path).sources)
        said = [row[0] for row in con.execute("SELECT CAST(consent_state AS VARCHAR) FROM events ORDER BY place").fetchall()]
        assert said == (["denied", "not logged", "not logged"] if order == (0, 1) else ["not logged", "not logged", "denied"])


def test_a_repaired_table_still_says_what_was_said(tmp_path):
    lines = [",".join(row) for row in (TestTables.HEAD, *TestTables.ROWS)]
    path, out = write(tmp_path / "log.csv", *lines), tmp_path / "fixed.ndjson"
    repair.fix([path], out)
    assert states(tmp_path, out) == list(TestTables.SAID)


# Counts --------------------------------------------------------------------------------------------------------------------------

FULL = {"client_ip_address": "87.49.146.12", "client_user_agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/141.0.0.0 Safari/537.36"}
MIXED = [
    *({"consent": {"gcs": "G111"}} for _ in range(4)),
    *({"consent": {"gcs": "G100"}, "em": None} for _ in range(2)),
    {"consent": {"gcs": "G100"}, "em": "jane@shop.example.com"},
    {"consent": {"gcs": "G100"}} | {key: None for key in KEYS if key not in FULL},
    {"consent": {"gcs": "G1--"}},
    {},
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    log = [{"event_id": f"o-{n}", **difference} for n, difference in enumerate(MIXED)]
    return open_log(log, tmp_path_factory.mktemp("mixed"))


def test_events_and_keys_by_state(mixed):
    found = {entry.state: entry for entry in consent.consent(mixed)}
    assert list(found) == ["granted", "denied", "not set", "not logged"]
    assert {state: entry.events for state, entry in found.items()} == {"granted": 4, "denied": 4, "not set": 1, "not logged": 1}
    assert sum(entry.share for entry in found.values()) == pytest.approx(1)
    denied = found["denied"]
    assert (denied.with_keys, denied.share) == (3, 0.4)
    assert {key: denied.keys_sent.get(key) for key in ("em", "fbp", "client_ip_address", "db")} == {
        "em": 1, "fbp": 3, "client_ip_address": 4, "db": None,
    }  # fmt: skip


def test_the_check_counts_the_same(mixed):
    from emq_audit.check import run
    from emq_audit.checks import CHECKS_BY_ID

    (answer,) = run([CHECKS_BY_ID["keys-without-consent"]], mixed)
    assert [(count.in_scope, count.at_fault) for count in answer.counts] == [(4, 3)]


# Modes ---------------------------------------------------------------------------------------------------------------------------


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Patterns with these differences from one event without keys."""
    start = {"event_name": "Purchase", "side": "server", "events": 1, "consent_state": "granted"} | dict.fromkeys(KEYS, "missing")
    return pd.DataFrame([start | row for row in rows])


NETWORK = dict.fromkeys(("client_ip_address", "client_user_agent"), "usable")
GOOD = NETWORK | {"em": "usable", "fbp": "usable"}


def test_both_modes_by_hand():
    refused, unclear = {"events": 3, "consent_state": "denied"}, {"events": 1, "consent_state": "unclear"}
    given = table(GOOD | {"events": 6}, GOOD | refused, NETWORK | unclear)
    good, bare = (float(score(table(row))["emq"][0]) for row in (GOOD, NETWORK))
    (found,) = consent.modes(given)
    assert (found.event_name, found.side, found.events, found.denied) == ("Purchase", "server", 10, 3)
    assert found.today == pytest.approx(0.9 * good + 0.1 * bare, abs=1e-4)
    assert found.basic == pytest.approx((6 * good + bare) / 7, abs=1e-4)
    assert found.advanced == pytest.approx(0.6 * good + 0.4 * bare, abs=1e-4)


def test_where_all_is_denied_basic_mode_leaves_nothing():
    (found,) = consent.modes(table(GOOD | {"consent_state": "denied"}))
    assert found.basic is None and found.advanced < found.today


def test_events_without_a_refusal_are_left_out():
    given = table(GOOD, GOOD | {"event_name": "Lead", "consent_state": "denied"})
    assert [entry.event_name for entry in consent.modes(given)] == ["Lead"]
    assert consent.modes(table(GOOD)) == ()


def test_modes_agree_with_an_audit_of_the_log_as_it_would_be(mixed, tmp_path):
    (found,) = consent.modes(patterns.scored(patterns.load(mixed)))
    log = [{"event_id": f"o-{n}", **difference} for n, difference in enumerate(MIXED)]
    gone = {key: None for key in consent.IDENTIFYING}
    denied = [difference.get("consent") == {"gcs": "G100"} for difference in MIXED]
    for name, changed in {
        "basic": [entry for entry, refused in zip(log, denied, strict=True) if not refused],
        "advanced": [entry | gone if refused else entry for entry, refused in zip(log, denied, strict=True)],
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        expected = score(patterns.scored(patterns.load(open_log(changed, folder))))["emq"][0]
        assert getattr(found, name) == pytest.approx(expected, abs=1e-4)


# Faces ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("faces")
    said = ["G111"] * 3 + ["G100"] * 2
    log = [event(event_id=f"o-{n}", gcs=code) for n, code in enumerate(said)]
    with open_audit([write(folder / "log", *log)], side="server") as done:
        return done.report


def test_contract(report):
    document = json.loads(json.dumps(report.as_dict()))
    assert document["consent"] == [
        {"state": "granted", "events": 3, "share": 0.6, "with_keys": 3, "keys_sent": {"em": 3, "fbp": 3}},
        {"state": "denied", "events": 2, "share": 0.4, "with_keys": 2, "keys_sent": {"em": 2, "fbp": 2}},
    ]
    (mode,) = document["consent_modes"]
    assert (mode["event_name"], mode["denied"], mode["events"]) == ("Purchase", 2, 5)
    assert "consent-respected" in {fix["fix"] for fix in document["fixes"]}


def test_html_and_terminal_say_it(report, capsys):
    assert "".join(piece.text for piece in headline(report)) == "2 of 2 events under denied consent carry match keys"
    assert 'id="consent"' in to_html(report) and "If denied consent were followed" in to_html(report)
    show(report)
    assert "granted 3 (60 %), denied 2 (40 %)" in capsys.readouterr().out


def test_the_app_shows_it(report, monkeypatch):
    pieces: list[str] = []
    monkeypatch.setattr(app_section.parts, "show", lambda *shown, **_: pieces.extend(map(str, shown)))
    app_section.show(report)
    page = "".join(pieces)
    assert "2 of 2 events under denied consent carry match keys." in page and "Sent bare" in page


def test_the_snippet_holds_back_or_strips():
    playbook = tomllib.loads(files("emq_audit").joinpath("playbooks", "direct-api.toml").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    exec(playbook["consent-respected"]["code"], names)  # our own file
    sent = names["event_to_send"]
    given = {"event_name": "Lead", "user_data": {"em": "x", "client_ip_address": "1.2.3.4"}}
    assert sent(given, True) == given
    assert sent(given, False) is None
    assert sent(given, False, True) == {"event_name": "Lead", "user_data": {"client_ip_address": "1.2.3.4"}}
