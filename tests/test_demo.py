"""The demo data is what its manifest says. Every fault is counted here from the files, by eyes of its own."""

import ast
import csv
import hashlib
import ipaddress
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

import emq_audit.demo as demo
from emq_audit.demo import BROWSER_FILE, MANIFEST_FILE, SERVER_FILE, shop, write_demo
from emq_audit.demo.faults import Plant

HASHED = ("em", "ph", "fn", "ln", "ct", "zp", "country", "ge", "db", "external_id")
STANDARD = {"PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase", "Lead"}
RENAMED = {"purchase": "Purchase", "add_to_cart": "AddToCart"}
WEEK = (1_794_178_800, 1_794_783_600)  # Monday 9 November 2026 00:00 to Monday 16 November, Danish time
FIELDS = {
    "Event Name": "event_name",
    "Event Time": "event_time",
    "Event ID": "event_id",
    "Page URL": "event_source_url",
    "Email Hash": "em",
    "Customer ID": "external_id",
    "_fbp": "fbp",
    "_fbc": "fbc",
    "Value": "value",
    "Currency": "currency",
    "Order Number": "order_id",
}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


@pytest.fixture(scope="module")
def manifest(folder):
    return json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def unreadable(folder):
    return [line for line in lines(folder) if not is_json(line)]


@pytest.fixture(scope="module")
def rows(folder):
    """Both logs as flat dicts, one an event; absent and empty values are left out."""
    server = [json.loads(line) for line in lines(folder) if is_json(line)]
    flat = [
        event
        | {key: value[0] if isinstance(value, list) else value for key, value in event["user_data"].items()}
        | event["custom_data"]
        | {"side": "server"}
        for event in server
    ]
    with (folder / BROWSER_FILE).open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            event = {field: row[heading] for heading, field in FIELDS.items()} | {
                "side": row["Received From"]
            }
            event["event_time"] = int(event["event_time"])
            flat.append({key: value for key, value in event.items() if value != ""})
    return flat


def lines(folder):
    return (folder / SERVER_FILE).read_text(encoding="utf-8").splitlines()


def is_json(line):
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def is_number(value):
    return re.fullmatch(r"\d+(\.\d+)?", str(value)) is not None


REUSED = "event-id-reused"
FAULTY = {
    "phone-not-hashed": lambda row: row.get("ph", "").startswith("+45 "),
    "email-junk-hash": lambda row: row.get("em") in {sha256(""), sha256("undefined")},
    "email-md5": lambda row: len(row.get("em", "")) == 32,
    "email-uppercase-hash": lambda row: re.fullmatch("[0-9A-F]{64}", row.get("em", "")) is not None,
    "country-wrong-form": lambda row: row.get("country", sha256("dk")) != sha256("dk"),
    "gender-wrong-form": lambda row: row.get("ge", sha256("f")) not in {sha256("f"), sha256("m")},
    "fbc-time-in-seconds": lambda row: re.match(r"fb\.1\.\d{10}\.", row.get("fbc", "")) is not None,
    "fbp-malformed": lambda row: "fbp" in row and not re.fullmatch(r"fb\.1\.\d{13}\.\d{9,18}", row["fbp"]),
    "ip-private": lambda row: row.get("client_ip_address", "").startswith("10."),
    "user-agent-http-library": lambda row: (
        re.match("axios|node-fetch", row.get("client_user_agent", "")) is not None
    ),
    "event-time-milliseconds": lambda row: row["event_time"] > 10**12,
    "purchase-without-currency": lambda row: row["event_name"] == "Purchase" and "currency" not in row,
    "currency-unknown": lambda row: row.get("currency", "DKK") != "DKK",
    "value-not-a-number": lambda row: not is_number(row.get("value", 0)),
    "event-id-missing": lambda row: "event_id" not in row,
    "test-event-code": lambda row: "test_event_code" in row,
    "email-in-url": lambda row: "@" in row["event_source_url"].replace("%40", "@"),
    "event-name-misspelt": lambda row: row["event_name"] == "purchase",
    "event-name-ga4": lambda row: row["event_name"] == "add_to_cart",
}


def found(rows):
    """(row, check) for each fault in the files; an id is reused when browsers with other cookies send it."""
    cookies = defaultdict(set)
    for row in rows:
        cookies[key_of(row)].add(row.get("fbp"))
    for row in rows:
        for check, is_faulty in FAULTY.items():
            if is_faulty(row):
                yield row, check
        if "event_id" in row and row["side"] == "browser" and len(cookies[key_of(row)]) > 1:
            yield row, REUSED


def key_of(row):
    return row["side"], row["event_name"], row.get("event_id")


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    write_demo(tmp_path / "again")
    for name in (SERVER_FILE, BROWSER_FILE, MANIFEST_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_the_manifest_returned_is_the_one_written(manifest, tmp_path):
    assert json.loads(write_demo(tmp_path).to_json()) == manifest


def test_every_row_is_an_event_or_rejected(manifest, rows, unreadable):
    by_side = Counter(row["side"] for row in rows)
    browser, server = manifest["files"]
    assert (browser["path"], server["path"]) == (BROWSER_FILE, SERVER_FILE)
    assert (browser["events"], browser["rejected"]) == (by_side["browser"], 0)
    assert (server["events"], server["rejected"]) == (by_side["server"], len(unreadable))
    assert server["rows"] == server["events"] + server["rejected"]
    assert manifest["rejected"] == len(unreadable) > 0
    assert manifest["events"] == len(rows)
    assert 4_000 < len(rows) < 6_000


def test_the_planted_faults_are_in_the_files_and_nothing_else_is(manifest, rows):
    seen = Counter((check, row["side"], row["event_name"]) for row, check in found(rows))
    planted = {(f["check"], f["side"], f["event_name"]): f["events"] for f in manifest["faults"]}
    assert seen == planted
    assert {fault.id for fault in demo.FAULTS} == FAULTY.keys() | {REUSED}


def test_a_row_with_a_fault_is_sound_otherwise(rows):
    faults = Counter(id(row) for row, _ in found(rows))
    assert set(faults.values()) == {1}


@pytest.mark.parametrize("fault", demo.FAULTS, ids=lambda fault: f"{fault.id}:{fault.event_name}")
def test_each_fault_is_planted_at_its_rate(fault, manifest, rows):
    sent_as = {name: sent for sent, name in RENAMED.items() if fault.id.startswith("event-name")}
    entry = (fault.id, fault.side, sent_as.get(fault.event_name, fault.event_name))
    (events,) = [f["events"] for f in manifest["faults"] if (f["check"], f["side"], f["event_name"]) == entry]
    names = Counter((row["side"], RENAMED.get(row["event_name"], row["event_name"])) for row in rows)
    names["server", "PageView"] += manifest["rejected"]
    for counts in manifest["dedup"]:
        names["server", counts["event_name"]] -= counts["repeated"]
    most = round(fault.rate * names[fault.side, fault.event_name])
    anyone = fault.among is Plant.among
    assert events == most if anyone else 3 <= events <= most


def test_dedup_counts(manifest, rows):
    assert [entry["event_name"] for entry in manifest["dedup"]] == sorted({row["event_name"] for row in rows})
    for entry in manifest["dedup"]:
        mine = [row for row in rows if row["event_name"] == entry["event_name"]]
        browser, server = (
            [row.get("event_id") for row in mine if row["side"] == side] for side in ("browser", "server")
        )
        shared = set(browser) & set(server) - {None}
        assert entry["browser"] == len(browser) and entry["server"] == len(server)
        assert entry["server_with_id"] == len(server) - server.count(None)
        assert entry["browser_with_id"] == len(browser) - browser.count(None)
        assert entry["pairs"] == len(shared)
        assert entry["browser_only"] == sum(event_id not in shared for event_id in browser)
        assert entry["server_only"] == sum(event_id not in shared for event_id in server)
        repeats = [i for side in (browser, server) for i, n in Counter(side).items() if i and n > 1]
        assert entry["reused_ids"] == len(repeats)
        coverage = 1 - entry["browser_only"] / len(browser) if browser else None
        assert entry["event_coverage"] == (None if coverage is None else pytest.approx(coverage, abs=1e-6))


def test_reused_ids_are_a_cached_page_and_the_retry_queue(manifest, rows):
    entries = {entry["event_name"]: entry for entry in manifest["dedup"]}
    assert (entries["AddToCart"]["reused_ids"], entries["AddToCart"]["collisions"]) == (1, 1)
    assert entries["ViewContent"]["reused_ids"] == entries["ViewContent"]["repeated"] > 0
    assert sum(entry["collisions"] for entry in manifest["dedup"]) == 1
    cached = [row for row, check in found(rows) if check == REUSED]
    assert len({row["em"] for row in cached if "em" in row}) > 1, "different people, also by e-mail"


def test_near_misses_have_their_partner(manifest, rows):
    server = {(row["event_name"], row.get("event_id")) for row in rows if row["side"] == "server"}
    browser = [row for row in rows if row["side"] == "browser"]
    seen = Counter()
    for row in browser:
        if row["event_id"].startswith("#"):
            assert (row["event_name"], row["event_id"][1:]) in server
            seen["prefix", row["event_name"]] += 1
        elif row["event_name"] in RENAMED:
            name = RENAMED[row["event_name"]]
            assert (name, row["event_id"]) in server
            seen["event-name", name] += 1
    cookies = {(row["event_name"], row["fbp"]) for row in browser if "fbp" in row}
    for row in rows:
        if "event_id" not in row:
            assert (row["event_name"], row["fbp"]) in cookies
            seen["no-id", row["event_name"]] += 1
    assert seen == {(near["kind"], near["event_name"]): near["events"] for near in manifest["near_misses"]}


def test_gaps(manifest, rows):
    gaps = {(gap["key"], gap["side"], gap["event_name"]): gap["events"] for gap in manifest["gaps"]}
    # Orders are known by their number on both sides, whatever happened to the event id or name.
    orders = {row["order_id"]: row for row in rows if row["side"] == "browser" and "order_id" in row}
    purchases = [row for row in rows if row["side"] == "server" and row["event_name"] == "Purchase"]
    leads = [row for row in rows if row["event_name"] == "Lead"]
    for key in ("fbc", "fbp"):
        lost = [row for row in purchases if key not in row and key in orders.get(row["order_id"], {})]
        assert gaps[key, "server", "Purchase"] == len(lost) > 0
    for key in ("em", "fbp"):
        assert gaps[key, "browser", "Lead"] == sum(key not in row for row in leads) > 0
    assert not any("fbc" in row for row in purchases)
    assert {row["side"] for row in leads} == {"browser"}


def test_sound_values_have_the_shape_meta_asks_for(rows):
    faulty = defaultdict(set)
    for row, check in found(rows):
        faulty[id(row)].add(check)
    for row in (row for row in rows if not faulty[id(row)]):
        assert all(re.fullmatch("[0-9a-f]{64}", row[key]) for key in HASHED if key in row)
        assert row["event_name"] in STANDARD
        assert WEEK[0] <= row["event_time"] < WEEK[1]
        assert row["event_source_url"].startswith("https://shop.fjordogfyr.example/")
        assert ("value" in row) == ("currency" in row) == (row["event_name"] not in ("PageView", "Lead"))
        for cookie in (row[key] for key in ("fbp", "fbc") if key in row):
            made = int(cookie.split(".")[2])
            assert 2_000 <= row["event_time"] * 1000 - made < 90 * 86_400_000
        if row["side"] == "server":
            assert ipaddress.ip_address(row["client_ip_address"]).is_global
            assert row["client_user_agent"].startswith("Mozilla/5.0 (")
            assert row["action_source"] == "website"
        if "fbclid=" in row["event_source_url"]:
            assert row["fbc"].split(".", 3)[3] == row["event_source_url"].split("fbclid=")[1]


def test_hashes_are_of_normalised_words(rows):
    def words(names):
        return {sha256(re.sub("[^a-zæøå]", "", name.lower())) for name in names}

    days = {sha256(f"{y}{m:02}{d:02}") for y in range(1950, 2006) for m in range(1, 13) for d in range(1, 29)}
    allowed = {
        "fn": words(shop.WOMEN + shop.MEN),
        "ln": words(shop.SURNAMES),
        "ct": words(town for _, town in shop.TOWNS),
        "zp": {sha256(postcode) for postcode, _ in shop.TOWNS},
        "db": days,
        "country": {sha256("dk"), sha256("DK"), sha256("denmark")},
        "ge": {sha256("f"), sha256("m"), sha256("female")},
    }
    for key, hashes in allowed.items():
        seen = {row[key] for row in rows if key in row}
        assert seen and seen <= hashes, key


def test_one_person_is_the_same_on_both_sides(rows):
    sound = [row for row in rows if not any(is_faulty(row) for is_faulty in FAULTY.values())]
    for known_by in ("external_id", "fbp"):
        for key in ("em", "fbp", "external_id", "client_ip_address", "client_user_agent"):
            values = defaultdict(set)
            for row in sound:
                if known_by in row and key in row:
                    values[row[known_by]].add(row[key])
            assert all(len(held) == 1 for held in values.values()), (known_by, key)


def test_the_server_tells_of_a_pair_shortly_after_the_browser(rows):
    browser = {key_of(row)[1:]: row["event_time"] for row in rows if row["side"] == "browser"}
    delays = {
        row["event_time"] - browser[key_of(row)[1:]]
        for row in rows
        if row["side"] == "server" and key_of(row)[1:] in browser and row["event_time"] < 10**12
    }
    assert min(delays) >= 0 and max(delays) <= 21


def test_the_funnel_narrows_and_each_side_misses_some(manifest):
    entries = {entry["event_name"]: entry for entry in manifest["dedup"]}
    funnel = [
        entries[name]["server"]
        for name in ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
    ]
    assert funnel == sorted(funnel, reverse=True)
    pages = entries["PageView"]
    assert 0.12 <= pages["server_only"] / pages["server"] <= 0.18, "ad blockers"
    assert 0.03 <= pages["browser_only"] / pages["browser"] <= 0.10, "requests that timed out"


def test_no_address_leads_to_a_real_person(folder):
    text = "".join((folder / name).read_text(encoding="utf-8") for name in (SERVER_FILE, BROWSER_FILE))
    domains = set(re.findall(r"(?:@|%40)([a-z.]+)", text))
    assert domains and domains <= {"example.com", "example.net", "example.org"}


def test_the_generator_needs_the_standard_library_only():
    for path in Path(demo.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert all(
                name.split(".")[0] in sys.stdlib_module_names or name.startswith("emq_audit.demo")
                for name in names
            )
