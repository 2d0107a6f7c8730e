"""Repair: the log once more, and what it brings: predicted from the states, measured by auditing the new log."""

import base64
import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

from emq_audit import audit, events, read, repair
from emq_audit.cli.log import fix as command
from emq_audit.correct import correct_event
from emq_audit.demo import BROWSER_FILE, SERVER_FILE, write_demo
from emq_audit.errors import AuditError
from emq_audit.match_keys import KEYS, USABLE
from emq_audit.read import plain_json, shapes
from emq_audit.remedies import HASHED, REMEDIES
from emq_audit.repair import lines, values
from tests.bench.dirty_logs import dirty_events
from tests.logs import pair, write_log
from tests.reading import workbook
from tests.sound import BROWSER, SERVER, different, nested

LOGS = int(os.environ.get("HYPOTHESIS_LOGS", "2"))
MOMENT = SERVER["event_time"]
SHA = re.compile(r"[0-9a-f]{64}(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?")
CLICK = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True, scope="module")
def one_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One database for all tests, emptied for each: making it takes a quarter of the time of a repair. Closing a cursor leaves it open."""
    con = events.connect(tmp_path_factory.mktemp("database"))
    kept = set(con.execute("SELECT table_name FROM duckdb_tables()").fetchall())

    def connect(folder: Path, size: int = 0) -> duckdb.DuckDBPyConnection:
        con.execute("DROP VIEW IF EXISTS events")
        for (table,) in set(con.execute("SELECT table_name FROM duckdb_tables()").fetchall()) - kept:
            con.execute(f"DROP TABLE {table}")
        return con.cursor()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair, "events", SimpleNamespace(build=events.build, connect=connect))
        yield
    con.close()


@contextmanager
def unmeasured() -> Iterator[None]:
    """Without the second audit, which takes half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair, "MEASURED_UP_TO", 0)
        yield


def fixed(folder: Path, *logs: Any, **options: Any) -> tuple[repair.Fixed, list[dict[str, Any]]]:
    """What became of the logs, and the events of the new one."""
    with unmeasured():
        done = repair.fix([*logs], folder / "fixed.ndjson", **options)
    return done, [json.loads(line) for line in done.path.read_text("utf-8").splitlines()]


def seen(folder: Path, *logs: Any, **options: Any) -> tuple[repair.Fixed, list[dict[str, dict[str, str]]]]:
    """What became of the logs; and the state of each key by event name, as the audits before and after it saw them."""
    found = []

    def build(con: duckdb.DuckDBPyConnection, *arguments: Any, **more: Any) -> None:
        events.build(con, *arguments, **more)
        listed = ", ".join(f"'{key}': CAST({key}_state AS VARCHAR)" for key in KEYS)
        found.append(dict(con.execute(f"SELECT event_name, {{{listed}}} FROM event_rows WHERE NOT no_event").fetchall()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair.events, "build", build)
        return repair.fix([*logs], folder / "fixed.ndjson", **options), found


def held(done: repair.Fixed) -> bool:
    """Does the new log show what was predicted?"""
    return bool(done.scores) and all(score.measured == pytest.approx(score.predicted, abs=1e-9) for score in done.scores)


# Every state --------------------------------------------------------------------------------------------------------------------

# Key, value, side, what the audit says of it, and whether the log alone is enough to repair it.
RIGHT = {"em": "jane@example.com", "ph": "4520123456", "fn": "mette", "ln": "holm", "ge": "f", "db": "19900531", "ct": "aarhus",
         "st": "ca", "zp": "8000", "country": "dk"}  # fmt: skip
CASES: list[tuple[str, Any, str, str, bool]] = [
    *((key, value, "server", state, held) for key, text in RIGHT.items() for value, state, held in (
        (hashlib.md5(text.encode()).hexdigest(), "md5", False),
        (hashlib.sha1(text.encode()).hexdigest(), "sha1", False),
        (hashlib.sha512(text.encode()).hexdigest(), "other_hash", False),
        (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(), "base64", True),
        (sha256(text).upper(), "uppercase", True),
        (f" {sha256(text)}\n", "malformed", True),
        ([text], "raw", True),
        (sha256("undefined"), "junk", False),
        ("(not set)", "junk", False),
        ("", "empty", False),
        ([], "empty", False),
        (["", sha256(text)], "usable", True),
        ([sha256("null"), sha256(text)], "junk", True),
    )),
    ("em", "Jane Doe <Jane@Example.com>", "server", "malformed", True),
    ("em", "jane at example", "server", "malformed", False),
    ("em", "Jane@Example.com", "browser", "usable", True),
    ("em", "jane", "browser", "malformed", False),
    ("ph", "+45 20 12 34 56", "server", "raw", True),
    ("ph", "20 12 34 56", "server", "raw", False),
    ("ph", "20 12 34 56", "browser", "no_country_code", False),
    ("ph", "+45 20 12 34 56", "browser", "usable", True),
    ("ge", sha256("Female"), "server", "wrong_form", True),
    ("ge", sha256("other"), "server", "wrong_form", False),
    ("country", sha256("Denmark"), "server", "wrong_form", True),
    ("st", sha256("CA"), "server", "wrong_form", True),
    ("zp", "940351234", "server", "raw", True),  # of the United States only the first five digits
    ("db", sha256("1990-05-31"), "server", "wrong_form", True),
    ("db", sha256("01/02/1990"), "server", "wrong_form", False),
    ("db", "01/02/1990", "browser", "usable", False),
    ("external_id", "undefined", "server", "junk", False),
    ("external_id", " ", "server", "empty", False),
    ("external_id", ["", "customer-1"], "server", "empty", True),
    ("lead_id", "l:1234567890123456", "server", "malformed", True),
    ("lead_id", "12", "server", "malformed", False),
    ("fb_login_id", sha256("1"), "server", "hashed", False),
    ("client_ip_address", "10.0.0.3", "server", "private", False),
    ("client_ip_address", "10.0.0.3", "browser", "private", True),  # the browser's own connection shows it
    ("client_ip_address", "127.0.0.1", "server", "loopback", False),
    ("client_ip_address", "203.0.113.9", "server", "reserved", False),
    ("client_ip_address", "::ffff:87.49.146.12", "server", "mapped", True),
    ("client_ip_address", "87.49.146.12, 10.0.0.1", "server", "list", True),
    ("client_ip_address", ["10.0.0.1", "87.49.146.12"], "server", "list", True),
    ("client_ip_address", "10.0.0.1, 10.0.0.2", "server", "list", False),
    ("client_ip_address", sha256("87.49.146.12"), "server", "hashed", False),
    ("client_ip_address", "unknown", "server", "junk", False),
    ("client_ip_address", "shop-01", "server", "malformed", False),
    ("client_ip_address", "87.49.146.12:4711", "server", "malformed", True),
    ("client_user_agent", "axios/1.6.0", "server", "http_library", False),
    ("client_user_agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)", "server", "webhook", False),
    ("client_user_agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "server", "bot", False),
    ("client_user_agent", sha256("Mozilla"), "server", "hashed", False),
    ("client_user_agent", "undefined", "server", "junk", False),
    ("client_user_agent", "undefined", "browser", "junk", True),
    ("client_user_agent", "browser", "server", "malformed", False),
    ("fbp", "GA1.1.123.456", "server", "malformed", False),
    ("fbp", f" fb.1.{MOMENT}000.12", "server", "malformed", True),
    ("fbp", sha256("fbp"), "server", "hashed", False),
    ("fbp", f"fb.1.{MOMENT}.12", "server", "seconds", True),
    ("fbp", f"fb.1.{MOMENT + 86_400}000.12", "server", "future", False),
    ("fbp", f"fb.1.{MOMENT - 60}000000.12", "server", "future", True),
    ("fbp", CLICK, "server", "click_id", False),
    ("fbp", "undefined", "server", "junk", False),
    ("fbc", "fb.1", "server", "malformed", False),
    ("fbc", f"fb.1.{MOMENT}000.123.{CLICK}", "server", "malformed", True),
    ("fbc", sha256("fbc"), "server", "hashed", False),
    ("fbc", f"fb.1.{MOMENT}.{CLICK}", "server", "seconds", True),
    ("fbc", f"fb.1.{MOMENT + 86_400}000.{CLICK}", "server", "future", False),
    ("fbc", f"fb.1.{MOMENT - 60}000000.{CLICK}", "server", "future", True),
    ("fbc", CLICK, "server", "click_id", True),
    ("fbc", "undefined", "server", "junk", False),
    ("fbc", f"fb.1.{MOMENT - 91 * 86_400}000.{CLICK}", "server", "expired", False),
]  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[repair.Fixed, list[dict]]:
    """What `fix` says, and the states before and after; one event name a case."""
    folder = tmp_path_factory.mktemp("cases")
    differences = [{"event_name": f"Case{number}", "_side": side, key: value} for number, (key, value, side, *_) in enumerate(CASES)]
    log = write_log(folder / "log.ndjson", *({"country": sha256("us")} | one if {"st", "zp"} & one.keys() else one for one in differences))
    return seen(folder, log)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{key}-{state}-{n}" for n, (key, _, _, state, _) in enumerate(CASES)])
def test_what_the_log_is_enough_to_repair_is_usable_and_the_rest_is_not(cases, number: int) -> None:
    key, _, _, state, enough = CASES[number]
    done, (before, after) = cases
    name = f"Case{number}"
    assert before[name][key] == state
    assert (after[name][key] in USABLE) == enough
    assert {other: was for other, was in before[name].items() if other != key} == {
        other: now for other, now in after[name].items() if other != key
    }
    score = next(score for score in done.scores if score.event_name == name)
    assert score.predicted == pytest.approx(score.measured, abs=1e-9)


def test_every_state_that_a_remedy_repairs_has_a_case() -> None:
    promised = {(key, state) for remedy in REMEDIES for key, of_key in remedy.repairs.items() for state in of_key}
    assert promised - {(key, state) for key, _, _, state, _ in CASES} == {("fbp", "synthetic")}


def test_personal_keys_become_what_a_single_corrected_event_has(cases) -> None:
    folder = cases[0].path.parent
    sent, found = ([json.loads(line) for line in (folder / name).open(encoding="utf-8")] for name in ("log.ndjson", "fixed.ndjson"))
    assert len(sent) == len(CASES)
    for one, other in zip(sent, found, strict=True):
        wanted = correct_event(one)[0]["user_data"]
        assert {key: other["user_data"].get(key) for key in HASHED} == {key: wanted.get(key) for key in HASHED}


def test_left_out_values_are_counted_by_key_and_reason(cases) -> None:
    done = cases[0]
    counted = {(one.key, one.state, one.reason): one.events for one in done.outcomes if one.action == "left out"}
    assert counted["em", "md5", "not a SHA-256, and a hash cannot be turned back: hash the original value again: left out"] == 1
    assert counted["client_ip_address", "private", "private or reserved address, not the visitor's: left out"] == 2
    kept = {("client_user_agent", state) for state in ("bot", "http_library", "webhook", "malformed")}
    assert {(one.key, one.state) for one in done.outcomes if one.action == "kept"} == kept
    lost = sum(not enough and (key, state) not in kept for key, _, _, state, enough in CASES)
    gained = 2  # a browser's address and user agent are left out, and added by the browser
    assert sum(counted.values()) == lost + gained


def test_a_country_code_is_added_for_a_named_country(tmp_path: Path) -> None:
    """Without one such numbers are left out: see CASES."""
    log = write_log(tmp_path / "log.ndjson", {"ph": ["20 12 34 56"]}, {"ph": "20 12 34 56", "_side": "browser"})
    done, found = fixed(tmp_path, log, region="DK")
    assert [event["user_data"]["ph"] for event in found] == [[sha256("4520123456")], sha256("4520123456")]
    assert {(one.action, one.state) for one in done.outcomes} == {("repaired", "raw"), ("repaired", "no_country_code")}


def made_anew(shift: int, unit: int) -> dict:
    return {"fbp": f"fb.1.{(MOMENT + shift) * unit}.{shift * 7919 + 1}", "event_time": MOMENT + shift, "event_id": f"o-{shift}"}


def test_browser_ids_that_look_made_for_each_event_are_kept_and_still_look_so(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", *(made_anew(shift, 1000) for shift in range(30)))
    done, found = fixed(tmp_path, log)
    assert {(one.key, one.action, one.state, one.events) for one in done.outcomes} == {("fbp", "kept", "synthetic", 30)}
    assert len({event["user_data"]["fbp"] for event in found}) == 30


def test_repaired_browser_ids_may_turn_out_to_be_made_for_each_event(tmp_path: Path) -> None:
    """In seconds each of them has a fault of its own; in milliseconds they show what they are."""
    log = write_log(tmp_path / "log.ndjson", *(made_anew(shift, 1) for shift in range(30)))
    done, (before, after) = seen(tmp_path, log)
    assert {one["fbp"] for one in before.values()} == {"seconds"}
    assert {one["fbp"] for one in after.values()} == {"synthetic"}
    assert held(done)


# Predicted and measured ---------------------------------------------------------------------------------------------------------


def test_the_demo_brings_what_was_predicted(tmp_path: Path) -> None:
    manifest = write_demo(tmp_path)
    done = repair.fix([tmp_path / SERVER_FILE, tmp_path / BROWSER_FILE], tmp_path / "fixed.ndjson")
    assert held(done)
    purchase = next(score for score in done.scores if place(score) == ("Purchase", "server"))
    assert purchase.after > purchase.before + 0.3
    assert (done.events, done.rejected) == (manifest.events, manifest.rejected)
    assert len(done.path.read_bytes().splitlines()) == manifest.events


def place(score: Any) -> tuple[str, str]:
    return score.event_name, score.side


def test_where_the_sender_alone_knows_more_the_repair_promises_less(tmp_path: Path) -> None:
    """`possible` is what mending the sender brings; the log cannot turn an MD5 back, but it can make a hash small."""
    log = write_log(tmp_path / "log.ndjson", {"em": "c" * 32}, {"event_name": "Lead", "em": SERVER["em"][0].upper()})
    scores = {score.event_name: score for score in audit([log], select=["email-md5"]).scores}
    done = repair.fix([log], tmp_path / "fixed.ndjson")
    after = {score.event_name: score.measured for score in done.scores}
    assert all(score.before == pytest.approx(scores[score.event_name].emq, abs=1e-4) for score in done.scores)
    reading = read.read([log], tmp_path)
    with repair.events.connect(tmp_path) as con:
        events.build(con, reading.sources)
        assert repair.repaired_scores(con, reading.sources) == {place(score): score.predicted for score in done.scores}
    assert after["Purchase"] == pytest.approx(scores["Purchase"].emq, abs=1e-3)
    assert scores["Purchase"].possible > after["Purchase"] + 0.5
    assert after["Lead"] == pytest.approx(scores["Lead"].possible, abs=1e-3)


@settings(
    max_examples=LOGS, deadline=None, derandomize=LOGS == 2, database=None, phases=[Phase.generate], verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(log=st.lists(dirty_events, min_size=60, max_size=90), region=st.sampled_from((None, "DK", "US")), plain=st.booleans())
def test_any_log_brings_what_was_predicted(tmp_path_factory: pytest.TempPathFactory, log: list, region: str | None, plain: bool) -> None:
    folder = tmp_path_factory.mktemp("dirty")
    if plain:  # so that events are taken as they stand
        log = [event for event in log if shapes.of_text(json.dumps(event))[0] == "event"]
    path = folder / "log.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in log), "utf-8")
    done = repair.fix([path], folder / "fixed.ndjson", region=region)
    found = [json.loads(line) for line in done.path.read_text("utf-8").splitlines()]
    assert held(done)
    assert done.events == len(found) > 0
    for event in found:
        assert not [value for key in HASHED for value in listed(event["user_data"].get(key)) if not SHA.fullmatch(str(value))]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


# What stays as it was sent -------------------------------------------------------------------------------------------------------

UNKNOWN = {"data_processing_options": ["LDU"], "data_processing_options_country": 1, "app_data": {"x": [1.50, None]}, "opt_out": True}


def with_unknown_fields(number: int) -> dict[str, Any]:
    event = nested(different({"em": ["Jane@Example.com"], "event_id": f"o-{number}"})) | UNKNOWN
    event["user_data"]["madid"] = "ABC"
    del event["_side"]
    return event


def bodies(sent: list[dict]) -> str:
    return "".join(json.dumps({"data": [event], "test_event_code": "TEST1"}) + "\n" for event in sent)


SHAPES = {
    "lines": lambda sent: "".join(json.dumps(event) + "\n" for event in sent),
    "blank lines": lambda sent: "".join(json.dumps(event) + "\n\n" for event in sent),
    "array": lambda sent: json.dumps(sent, indent=2),
    "documents": lambda sent: "\n".join(json.dumps(event, indent=2) for event in sent),
    "body": lambda sent: json.dumps({"data": sent}, indent=1),
    "bodies": bodies,
}


def test_all_other_fields_of_plain_events_stay(tmp_path: Path) -> None:
    sent = [with_unknown_fields(number) for number in range(3)]
    sent[1]["user_data"]["em"] = [sha256("clean@example.com")]
    logs = []
    for shape, write in SHAPES.items():
        logs.append(tmp_path / f"{shape}.json")
        logs[-1].write_text(write(sent), "utf-8")
    done, found = fixed(tmp_path, *logs)
    wanted = [event | {"user_data": event["user_data"] | {"em": [sha256("jane@example.com")]}} for event in sent]
    wanted[1] = sent[1]
    for number, shape in enumerate(SHAPES):
        of_shape = found[3 * number : 3 * number + 3]
        assert [event.pop("test_event_code", None) for event in of_shape] == ["TEST1" if shape == "bodies" else None] * 3, shape
        assert of_shape == wanted, shape
    assert (done.events, done.changed, done.fields_lost, done.side_name) == (18, 12, False, None)


def rewritten(folder: Path, text: str, query: Callable[..., str], words: str, **options: Any) -> tuple[list[dict], list[str]]:
    """The events of a log that DuckDB reads without a look at its lines, as a large one is read; and the names of those it read."""
    log = folder / "log.ndjson"
    log.write_text(text, "utf-8")
    source = read.Source(0, query(0, log, "newline_delimited", "'server'", **options))
    with repair.events.connect(folder) as con, io.StringIO() as out:
        events.build(con, [source])
        values.build(con, [source])
        lines.write(con, [source], [read.ReadFile("log", words)], out, side_name=None)
        names = con.execute("SELECT event_name FROM events ORDER BY place").fetchall()
        return [json.loads(line) for line in out.getvalue().splitlines()], [name for (name,) in names]


def test_odd_bodies_deep_in_a_log(tmp_path: Path) -> None:
    first, second = ({"event_name": name, "event_time": MOMENT, "user_data": {"em": f"{name}@Example.com"}} for name in ("a", "b"))
    odd = ['{"data":5}', '{"data":[]}', '{"data":[5,null]}', '{"data":"[{}]"}', "broken", '{"data":{"event_name":"c"}}', '{"x":1}']
    twice = f'{{"data":[],"data":[{json.dumps(first)},{json.dumps(second)}]}}'
    for end in (json.dumps({"data": [first, second]}), twice):
        text = "\n".join([json.dumps({"data": [first]}), *odd, end, json.dumps({"data": [second]})])
        found, names = rewritten(tmp_path, text, plain_json.bodies, "CAPI request bodies")
        assert [event["event_name"] for event in found] == names
        assert names[0] == "a" and names[-1] == "b"
        assert [listed(event["user_data"]["em"]) for event in found] == [[sha256(f"{name}@example.com")] for name in names]


def test_odd_events_deep_in_a_log(tmp_path: Path) -> None:
    """What stands where the keys should and is none is not passed on readable."""
    users = ['"jane@example.com"', '{"em":"jane@example.com"}', "{}", '{"madid":"ABC"}', '["jane@example.com"]']
    texts = [f'{{"event_name":"e{place}","user_data":{user}}}' for place, user in enumerate(users)]
    text = "\n".join([texts[0], "broken", "", "5", *texts[1:]])
    found, names = rewritten(tmp_path, text, plain_json.events, "NDJSON events", extra={})
    assert names == [event["event_name"] for event in found] == [f"e{place}" for place in range(5)]
    assert [event.get("user_data") for event in found] == [None, {"em": sha256("jane@example.com")}, {}, {"madid": "ABC"}, None]


TABLE = [
    {"event_name": "Purchase", "event_time": MOMENT + number, "event_id": f"o-{number}", "email": f"Jane{number}@Example.com",
     "value": "12.50", "num_items": 2, "currency": "DKK", "opt_out": "true", "data_processing_options": "LDU",
     "client_ip_address": "10.0.0.1", "client_user_agent": SERVER["client_user_agent"]}
    for number in range(3)
]  # fmt: skip


def as_csv(path: Path) -> Path:
    with path.open("w", newline="") as file:
        sheet = csv.DictWriter(file, TABLE[0])
        sheet.writeheader()
        sheet.writerows(TABLE)
    return path


def as_workbook(path: Path) -> Path:
    return workbook(path, {"Events": [list(TABLE[0]), *([*row.values()] for row in TABLE)]})


def as_parquet(path: Path) -> Path:
    as_csv(path.with_suffix(".part"))
    duckdb.read_csv(str(path.with_suffix(".part"))).write_parquet(str(path))
    return path


def as_pixel_requests(path: Path) -> Path:
    """Addresses as the browser's developer tools list them."""
    path.write_text("".join(
        f"https://www.facebook.com/tr/?id=123456789&ev=Purchase&eid=o-{number}&ts={MOMENT + number}000&ud[em]=Jane{number}@Example.com"
        f"&cd[value]=12.50&cd[currency]=DKK\n" for number in range(3)))  # fmt: skip
    return path


def test_other_formats_become_events_of_the_conversions_api(tmp_path: Path) -> None:
    writers = (as_csv, as_workbook, as_parquet, as_pixel_requests)
    done, found = fixed(tmp_path, *(write(tmp_path / write.__name__) for write in writers))
    assert [event["event_id"] for event in found] == ["o-0", "o-1", "o-2"] * 4
    assert [event["event_time"] for event in found] == [MOMENT, MOMENT + 1, MOMENT + 2] * 4
    for place, event in enumerate(found):
        assert listed(event["user_data"]["em"]) == [sha256(f"jane{place % 3}@example.com")]
        assert "client_ip_address" not in event["user_data"]
        assert event["custom_data"]["value"] == 12.5
        assert event["custom_data"]["currency"] == "DKK"
        if place < 9:
            assert (event["opt_out"], event["data_processing_options"], event["custom_data"]["num_items"]) == (True, ["LDU"], 2)
    assert done.fields_lost
    assert [event.get("source") for event in found] == ["server"] * 9 + ["browser"] * 3


def test_values_under_names_that_meta_ignores_are_moved_or_left_out(tmp_path: Path) -> None:
    log = write_log(
        tmp_path / "log.ndjson",
        {"em": None, "email": "Jane@Example.com", "firstName": "Jane"},
        {"email": "Joe@Example.com", "ip": "87.49.146.13"},
        {"em": "call me", "email": "Joe@Example.com"},
    )
    done = repair.fix([log], tmp_path / "fixed.ndjson")
    found = [json.loads(line) for line in done.path.read_text("utf-8").splitlines()]
    users = [event["user_data"] for event in found]
    assert [listed(user["em"]) for user in users] == [[sha256("jane@example.com")], SERVER["em"], [sha256("joe@example.com")]]
    assert users[0]["fn"] == SERVER["fn"]
    assert not [user for user in users if "email" in user or "firstName" in user]
    assert users[1]["ip"] == "87.49.146.13"
    assert held(done)


# Sides -------------------------------------------------------------------------------------------------------------------------


def sides(log: Path, folder: Path) -> list[str]:
    (source,) = read.read([log], folder).sources
    return [side for (side,) in duckdb.sql(f"SELECT lower(side) FROM ({source.sql})").fetchall()]


def plain(folder: Path, name: str, *differences: dict, **more: Any) -> Path:
    """A log whose events do not say their side."""
    written = [nested(different(difference)) | more for difference in differences]
    log = folder / name
    log.write_text("".join(json.dumps({key: value for key, value in event.items() if key != "_side"}) + "\n" for event in written), "utf-8")
    return log


def test_a_sound_log_of_one_server_stays_as_it_is_without_a_mark(tmp_path: Path) -> None:
    log = plain(tmp_path, "log.ndjson", {}, {})
    done, found = fixed(tmp_path, log)
    assert (done.side_name, done.changed, done.outcomes) == (None, 0, ())
    assert done.path.read_bytes() == log.read_bytes()
    assert done.path.stat().st_mode & 0o777 == 0o600, "only its owner may read it"
    assert not [event for event in found if set(event) & set(lines.SIDE_NAMES)]
    assert sides(done.path, tmp_path) == ["server"] * 2


def test_events_that_say_their_side_are_left_as_they_are(tmp_path: Path) -> None:
    done, found = fixed(tmp_path, write_log(tmp_path / "log.ndjson", *pair("a"), *pair("b")))
    assert done.side_name is None
    assert [event["source"] for event in found] == sides(done.path, tmp_path) == ["browser", "server"] * 2


def test_the_side_that_was_told_is_written_down(tmp_path: Path) -> None:
    logs = [f"browser={plain(tmp_path, 'b.ndjson', {'em': 'Jane@Example.com'})}", f"server={plain(tmp_path, 's.ndjson', {})}"]
    done, found = fixed(tmp_path, *logs)
    assert done.side_name == "source"
    assert [event["source"] for event in found] == sides(done.path, tmp_path) == ["browser", "server"]
    assert next(iter(found[0])) == "source"


def test_a_name_that_means_something_else_is_not_taken_for_the_side(tmp_path: Path) -> None:
    done, found = fixed(tmp_path, plain(tmp_path, "log.ndjson", {}, {}, source="newsletter"), side="browser")
    assert done.side_name == "received_from"
    assert {event["source"] for event in found} == {"newsletter"}
    assert sides(done.path, tmp_path) == ["browser"] * 2


def test_a_repaired_log_stays_as_it_is(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.ndjson", {"em": "Jane@Example.com"}, BROWSER | {"ph": "+45 20 12 34 56"}, {"em": "c" * 32})
    once, _ = fixed(tmp_path, log)
    with unmeasured():
        twice = repair.fix([once.path], tmp_path / "twice.ndjson")
    assert twice.path.read_bytes() == once.path.read_bytes()
    assert (once.changed, twice.changed) == (3, 0)


# The file and the screen ---------------------------------------------------------------------------------------------------------


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, old = write_log(tmp_path / "log.ndjson", {}), tmp_path / "fixed.ndjson"
    old.write_text("old")

    def half(con, sources, files, out, **options):
        out.write("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lines, "write", half)
    with pytest.raises(AuditError, match="No space left"):
        repair.fix([log], old)
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fixed.ndjson", "log.ndjson"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["LOG", "-o", "LOG"], "is the log itself"),
        (["LOG", "-o", "/no/such/folder/f.ndjson"], "no such folder"),
        (["LOG", "-o", "fixed.csv"], "end the name in .ndjson"),
        (["nowhere.ndjson", "-o", "f.ndjson"], "nowhere.ndjson"),
        (["LOG"], "--output"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: list[str], says: str) -> None:
    log = write_log(tmp_path / "log.ndjson", {})
    result = run(*(log if word == "LOG" else word for word in words))
    assert result.exit_code == 2
    assert says in result.stderr
    assert log.read_text("utf-8").count("\n") == 1


SECRETS = ("canary.bird", "20998877", "20 99 88", "Canarius", "Yellowfeather", "Cageville")


def test_the_screen_says_what_was_done_and_shows_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = {"ph": "+45 20 99 88 77", "fn": "Canarius", "ln": "Yellowfeather", "ct": "Cageville"}
    person |= {"em": "Canary.Bird@cage.example", "external_id": "kept"}
    log = write_log(tmp_path / "log.ndjson", person, person | {"_side": "browser", "email": "canary.bird@cage.example"}, {"em": "c" * 32})
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    result = run(log, "-o", tmp_path / "fixed.ndjson")
    assert result.exit_code == 0
    assert list(private.iterdir()) == [], "nothing stays behind"
    for words in (
        "3 events, 3 of them changed",
        "treat it like the log",
        "not hashed 1; readable 1",
        "a hash cannot be turned back",
        "the written file, audited again",
        "Mend the sender, not the log",
        "Meta has already received these events",
    ):
        assert words in result.output
    assert re.search(r"Purchase +server +2 events +\d\.\d\d → \d\.\d\d", result.output)
    everything = result.output + (tmp_path / "fixed.ndjson").read_text("utf-8")
    assert [secret for secret in SECRETS if secret.lower() in everything.lower()] == []
