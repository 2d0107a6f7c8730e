"""The code in the playbooks: Python is run against what it promises, JavaScript and PHP are parsed."""

import hashlib
import json
import re
import tomllib
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files

import pytest
import tree_sitter_javascript
import tree_sitter_php
from tree_sitter import Language, Parser

from emq_audit.fixes import METHODS
from emq_audit.normalise import normalise
from emq_audit.opportunities import OPPORTUNITIES
from emq_audit.remedies import BY_ID

PLAYBOOKS = {
    method: tomllib.loads(files("emq_audit").joinpath("playbooks", f"{method}.toml").read_text(encoding="utf-8"))
    for method in METHODS
}
PARSERS = {
    "javascript": Parser(Language(tree_sitter_javascript.language())),
    "php": Parser(Language(tree_sitter_php.language_php_only())),
}
PARSED = [
    pytest.param(language, code, id=f"{method}/{fix}/{language}")
    for method, playbook in PLAYBOOKS.items()
    for fix, entry in playbook.items()
    for language, code in {entry.get("language"): entry.get("code"), **entry.get("also", {})}.items()
    if language in PARSERS
]
JANE = "john_smith@gmail.com"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def snippet(fix: str) -> dict:
    """The names that the Python snippet of the direct API defines, run in an empty namespace."""
    names: dict = {}
    exec(PLAYBOOKS["direct-api"][fix]["code"], names)  # our own file
    return names


def is_sound(language: str, code: str) -> bool:
    """Whether the code parses. Tag Manager's {{variables}} stand for a value."""
    return not PARSERS[language].parse(re.sub(r"\{\{[\w ]+\}\}", "value", code).encode()).root_node.has_error


@pytest.mark.parametrize(("language", "code"), PARSED)
def test_javascript_and_php_parse(language, code):
    assert is_sound(language, code)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("javascript", "const a = (b => [b);"),
        ("javascript", "fbq('track', '(', {value: 1};"),
        ("javascript", "function f(a: string) { return a; }"),
        ("javascript", "const text = 'open;"),
        ("php", "function f(array $a): ?string { return 1 }"),
        ("php", "function f($a) { return [$a; }"),
        ("php", "function f() { return 'open; }"),
        ("php", "const f = (a) => a;"),
    ],
)
def test_broken_code_does_not_parse(language, code):
    assert not is_sound(language, code)


@pytest.mark.parametrize(("language", "code"), [case for case in PARSED if case.id.startswith("direct-api")])
def test_code_for_servers_needs_no_packages(language, code):
    assert all(name.startswith("node:") for name in re.findall(r"\bfrom '([^']+)'", code))
    assert not re.search(r"\brequire\b|module\.exports|^use |<\?php", code, re.MULTILINE)


DATA_HANDLING = [fix for fix, entry in PLAYBOOKS["direct-api"].items() if entry.get("language") == "python"]


@pytest.mark.parametrize("fix", DATA_HANDLING)
def test_python_snippet_runs_and_defines_a_function(fix):
    assert any(callable(value) for name, value in snippet(fix).items() if not name.startswith("__"))


def test_direct_api_has_python_for_each_repair_and_opportunity():
    assert {fix for fix, remedy in BY_ID.items() if remedy.repairs} <= set(DATA_HANDLING)
    assert {one.id for one in OPPORTUNITIES} <= set(DATA_HANDLING)


def test_hashing_gives_the_example_of_meta():
    names = snippet("hash-before-sending")
    example = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
    assert names["email"]("John_Smith@gmail.com ") == example
    assert names["name"]("Mary").startswith("6915771b")
    assert names["name"]("Valéry").startswith("08e1996b")
    assert names["name"](" O'Neil-Smith ") == names["name"]("O'Neil\u00a0Smith") == sha256("oneilsmith")
    assert names["email"](" ") is None
    forms = ("20 12 34 56", "+45 20 12 34 56", "0045 20123456", "020123456")
    assert {names["phone"](text, "45") for text in forms} == {sha256("4520123456")}
    assert names["phone"]("none", "45") is None


def test_stored_hashes_are_repaired_only_if_they_are_sha256():
    names = snippet("use-sha256")
    digest = names["sha256_hex"](JANE)
    assert digest == sha256(JANE)
    assert names["repaired"](digest.upper()) == digest
    assert names["repaired"](hashlib.md5(JANE.encode()).hexdigest()) is None
    assert names["repaired"]("z" * 64) is None


def test_small_domains_come_into_metas_form():
    names = snippet("right-form-before-hashing")
    us = "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"
    assert {names["country"](text) for text in ("United States", "US", " us ")} == {us}
    assert names["country"]("Atlantis") is None
    assert names["gender"]("Female") == sha256("f")
    assert names["gender"]("other") is None
    assert names["state"]("California") == names["state"]("CA") == sha256("ca")
    assert names["state"]("Île-de-France") == sha256("îledefrance")
    assert names["birth_date"](date(1997, 2, 16)).startswith("01acdbf6")


@pytest.mark.parametrize(
    "text", ["(650)555-1212", "+1 650 555 1212", "001-650-555-1212", "+1 (650) 555-1212"]
)
def test_phone_gets_its_country_code_once(text):
    expected = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"
    assert snippet("phone-country-code")["phone"](text, "1") == expected


def test_a_phone_without_digits_is_no_phone():
    phone = snippet("phone-country-code")["phone"]
    assert phone("unknown", "45") is None
    assert phone("020 12 34 56", "45") == sha256("4520123456")


@pytest.mark.parametrize(
    ("forwarded", "remote", "expected"),
    [
        ("8.8.4.4, 10.0.0.1", "127.0.0.1", "8.8.4.4"),
        ("10.0.0.7, 8.8.4.4", "127.0.0.1", "8.8.4.4"),
        ("::ffff:8.8.4.4", "127.0.0.1", "8.8.4.4"),
        ("2001:4860:4860::8888", "10.0.0.1", "2001:4860:4860::8888"),
        (None, "8.8.4.4", "8.8.4.4"),
        ("unknown", "192.168.1.4", None),
    ],
)
def test_the_visitors_address_is_the_first_public_one(forwarded, remote, expected):
    assert snippet("visitor-ip-address")["visitor_ip"](forwarded, remote) == expected


def test_the_visitor_is_remembered_without_empty_values():
    remember_visitor = snippet("visitor-user-agent")["remember_visitor"]
    order = remember_visitor({}, {"User-Agent": "Mozilla/5.0"}, {"_fbp": "fb.1.2.3"})
    assert order == {"visitor": {"client_user_agent": "Mozilla/5.0", "fbp": "fb.1.2.3"}}


def test_only_a_sound_browser_id_is_passed_on():
    fbp = snippet("browser-id-as-it-is")["fbp"]
    for sound in ("fb.1.1596403881668.1116446470", "fb.1.1596403881668.1116446470.AQICAQMC"):
        assert fbp({"_fbp": sound}) == sound
    assert fbp({}) is None
    assert fbp({"_fbp": sha256("fb.1.1596403881668.1116446470")}) is None


def test_a_click_id_is_built_once_and_then_repeated():
    fbc = snippet("click-id-as-it-is")["fbc"]
    stored = "fb.1.1554763741205.IwAR2F4-dbP0l7Mn1.AQICAQMC"
    assert fbc({"_fbc": stored}, None, 0) == stored
    assert fbc({"_fbc": stored}, "IwAR2F4-dbP0l7Mn1", 1700000000000) == stored
    assert fbc({"_fbc": stored}, "IwAR9Other", 1700000000000) == "fb.1.1700000000000.IwAR9Other"
    assert fbc({}, "IwAR9Other", 1700000000000) == "fb.1.1700000000000.IwAR9Other"
    assert fbc({}, None, 0) is None


def test_event_ids_differ_except_for_one_order():
    event_id = snippet("new-event-id-for-each-event")["event_id"]
    assert event_id("AddToCart") != event_id("AddToCart")
    assert event_id("Purchase", 1042) == event_id("Purchase", 1042) == "Purchase-1042"


def test_both_sides_get_the_same_order_data():
    purchase_data = snippet("same-report-from-both-sides")["purchase_data"]
    lines = [{"product_id": 7}, {"product_id": "SKU-8"}]
    order = {"total": Decimal("149.950"), "currency": "dkk", "number": 1042, "lines": lines}
    assert purchase_data(order) == {
        "value": 149.95,
        "currency": "DKK",
        "order_id": "1042",
        "content_ids": ["7", "SKU-8"],
        "content_type": "product",
    }


def test_an_order_is_sent_once():
    to_send, sent = snippet("report-each-action-once")["to_send"], set()
    assert [to_send(number, sent) for number in ("1042", "1043", "1042")] == [True, True, False]


def test_empty_fields_and_placeholders_go():
    filled = snippet("leave-empty-fields-out")["filled"]
    empty = {"ph": "", "fn": None, "ln": "undefined", "ct": [], "st": ["null"]}
    user_data = {"em": JANE, **empty, "zp": ["", "1050"], "lead_id": 7}
    assert filled(user_data) == {"em": JANE, "zp": ["1050"], "lead_id": 7}


def test_plausible_contact_data():
    names = snippet("correct-personal-data")
    assert all(map(names["plausible_email"], (JANE, " jane+shop@example.co.uk ", "j@ø.dk")))
    assert not any(map(names["plausible_email"], ("jane", "jane@example", "a b@example.com", "")))
    assert names["plausible_phone"]("+45 20 12 34 56") and not names["plausible_phone"]("12345")


def test_names_are_translated_to_metas():
    renamed = snippet("meta-parameter-names")["renamed"]
    assert renamed({"email": 1, "postal_code": 2, "fbp": 3}) == {"em": 1, "zp": 2, "fbp": 3}


def test_a_click_counts_for_ninety_days():
    fresh = snippet("fresh-click-ids")["fresh_fbc"]
    day, click = 24 * 60 * 60, "fb.1.1700000000000.IwAR2F4"
    assert fresh(click, 1700000000 + 90 * day) == click
    assert fresh(click, 1700000000 + 90 * day + 1) is None
    assert fresh(None, 1700000000) is None


def test_crawlers_are_told_from_phones():
    is_crawler = snippet("keep-bots-out")["is_crawler"]
    assert is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    assert is_crawler("meta-externalagent/1.1") and is_crawler("facebookexternalhit/1.1")
    assert not is_crawler("Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) Chrome/120 Mobile Safari/537.36")


def test_event_times_are_seconds_of_the_last_week():
    names = snippet("event-time-in-seconds")
    moment = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    now = names["event_time"](moment)
    assert now == 1777629600
    assert names["accepted"](now - 7 * 86400, now)
    assert not names["accepted"](now - 7 * 86400 - 1, now)
    assert not names["accepted"](now + 60, now)
    with pytest.raises(ValueError, match="time zone"):
        names["event_time"](datetime(2026, 5, 1, 12))


def test_names_become_standard_ones():
    standard_name = snippet("standard-event-names")["standard_name"]
    assert standard_name("PURCHASE") == standard_name("Purchase") == "Purchase"
    assert standard_name("begin_checkout") == "InitiateCheckout"
    assert standard_name("Add To Cart") == "AddToCart"
    assert standard_name("Quiz") == "Quiz"


def test_missing_fields_are_named():
    missing = snippet("required-event-fields")["missing_fields"]
    event = {
        "event_name": "Lead",
        "event_time": 1,
        "action_source": "physical_store",
        "user_data": {"em": "x"},
    }
    assert missing(event) == []
    event["action_source"] = "website"
    assert missing(event) == ["event_source_url", "user_data.client_user_agent"]
    assert missing({}) == ["event_name", "event_time", "action_source", "user_data"]


def test_money_is_a_number_and_a_code():
    money = snippet("value-and-currency")["money"]
    assert money(Decimal("1299.00"), " dkk") == {"value": 1299.0, "currency": "DKK"}
    for amount, currency in ((Decimal("-1"), "DKK"), (Decimal("1"), "kr.")):
        with pytest.raises(ValueError):
            money(amount, currency)


def test_page_addresses_lose_personal_data_only():
    clean_url = snippet("personal-data-out-of-sight")["clean_url"]
    dirty = "https://shop.example.com/done?Email=jane%40example.com&fbclid=IwAR2-_x&to=jane%40example.com&order=7#top"
    assert clean_url(dirty) == "https://shop.example.com/done?fbclid=IwAR2-_x&order=7"
    assert clean_url("https://shop.example.com/") == "https://shop.example.com/"


def test_a_test_code_never_reaches_production():
    request_body = snippet("no-test-code-in-production")["request_body"]
    assert request_body([], production=True) == {"data": []}
    assert request_body([], production=False, test_event_code="TEST1")["test_event_code"] == "TEST1"
    with pytest.raises(ValueError):
        request_body([], production=True, test_event_code="TEST1")


def test_denied_consent_holds_an_event_back_or_strips_it():
    event_to_send = snippet("consent-respected")["event_to_send"]
    event = {"event_name": "Lead", "user_data": {"em": "x", "fbp": "fb.1.2.3", "client_user_agent": "Mozilla/5.0"}}
    assert event_to_send(event, True) == event
    assert event_to_send(event, False) is None
    stripped = event_to_send(event, False, send_without_consent=True)
    assert stripped == {"event_name": "Lead", "user_data": {"client_user_agent": "Mozilla/5.0"}}


def test_browser_ids():
    f = snippet("forward-browser-ids")["browser_ids"]
    ids = {"fbp": "fb.1.2.3", "fbc": "fb.1.2.AbC"}
    assert f({"_fbp": "fb.1.2.3", "_fbc": "fb.1.2.AbC"}) == ids
    assert f({}, ids) == ids and f({"_fbp": "fb.1.9.9"}, ids) == {**ids, "fbp": "fb.1.9.9"}
    assert f({"_fbp": ""}, None) == {} and f({"_fbp": "x"}) == {}


@pytest.mark.parametrize(
    ("forwarded", "remote", "expected"),
    [
        ("8.8.4.4, 10.0.0.1", "127.0.0.1", "8.8.4.4"),
        ("10.0.0.7, 8.8.4.4", "127.0.0.1", "8.8.4.4"),
        (None, "::ffff:8.8.4.4", "8.8.4.4"),
        ("2001:4860:4860::8888", "10.0.0.1", "2001:4860:4860::8888"),
        ("unknown", "192.168.1.4", None),
    ],
)
def test_network(forwarded, remote, expected):
    f = snippet("forward-network")["network"]
    headers = {"User-Agent": "Mozilla/5.0", **({"X-Forwarded-For": forwarded} if forwarded else {})}
    wanted = {"client_user_agent": "Mozilla/5.0"} | ({"client_ip_address": expected} if expected else {})
    assert f(headers, remote) == wanted
    assert f({}, "192.168.1.4") == {}


CUSTOMER = {
    "email": " John_Smith@gmail.com ", "phone": "+1 (650) 555-1212", "first_name": "Mary-Jane", "last_name": "O'Neil Valéry",
    "gender": "Female", "birth_date": "1997-02-16", "city": "St. Paul", "state": "CA", "zip": "94025-1234", "country": "US", "number": 1042,
}


def test_contact_equals_the_audits_own_form():
    f = snippet("forward-contact")["contact"]
    got = f(CUSTOMER)
    source = {"em": "email", "ph": "phone", "fn": "first_name", "ln": "last_name", "ge": "gender", "db": "birth_date", "ct": "city",
              "st": "state", "zp": "zip", "country": "country"}
    for key, field in source.items():
        assert got[key] == normalise(key, CUSTOMER[field], region="US", country="us").value, key
    assert got["external_id"] == "1042"
    assert got["em"].startswith("62a14e44") and got["ph"].startswith("e323ec62") and got["db"].startswith("01acdbf6")
    assert f({"email": "", "phone": None, "gender": "other", "country": "Denmark"}) == {}
    assert f({"phone": "0045 20 12 34 56"}) == {"ph": sha256("4520123456")}


def test_advanced_matching():
    matching = snippet("advanced-matching")["advanced_matching"]

    def f(customer):
        return matching(customer, "45")

    assert f({}) == "{}"
    got = json.loads(f({"email": " J@X.dk", "phone": "+45 20 12 34 56", "number": "A7", "country": "DK", "last_name": "</script>"}))
    assert got == {"em": "j@x.dk", "ph": "4520123456", "external_id": "A7", "country": "dk", "ln": "</script>"}
    assert "<" not in f({"last_name": "</script>"})
    assert f({"email": " ", "phone": "none", "city": None}) == "{}"
    assert json.loads(f({"phone": "20 12 34 56"})) == {"ph": "4520123456"}


def test_attach():
    names, store = snippet("attach-contact"), {}
    names["remember"](store, "fb.1.2.3", {"em": "a", "ph": "", "fbp": "x"})
    names["remember"](store, "fb.1.2.3", {"ph": "p"})
    names["remember"](store, None, {"em": "nobody"})
    names["remember"](store, "other", {"fbp": "x"})
    assert store == {"fb.1.2.3": {"em": "a", "ph": "p"}}
    add = names["with_remembered"]
    assert add(store, "fb.1.2.3", {"em": None, "fbp": "x"}) == {"em": "a", "ph": "p", "fbp": "x"}
    assert add(store, "fb.1.2.3", {"em": "b"}) == {"em": "b", "ph": "p"}
    assert add(store, "stranger", {"fbp": "x"}) == {"fbp": "x"} and add(store, None, {"fbp": "x"}) == {"fbp": "x"}


def test_attach_external_id():
    names = snippet("attach-external-id")
    assert names["external_id"]({}) is None
    known = names["external_id"]({}, 1042)
    assert known == sha256("1042") == names["external_id"]({"customer_ref": "old"}, "1042")
    assert names["external_id"]({"customer_ref": known}) == known
    assert names["set_cookie"](known).startswith(f"customer_ref={known}; Max-Age=31536000;")


def test_collect_network():
    f = snippet("collect-network")["with_network"]
    event = {"event_name": "Lead", "action_source": "website", "user_data": {"em": "x"}}
    done = f(event, {"ip": "8.8.8.8", "user_agent": "M"})
    assert done["user_data"] == {"em": "x", "client_ip_address": "8.8.8.8", "client_user_agent": "M"} and event["user_data"] == {"em": "x"}
    with pytest.raises(ValueError, match="user agent"):
        f(event, {"ip": "8.8.8.8"})
    assert f({"action_source": "system_generated"}, {})["user_data"] == {}


def test_collect_browser_id():
    f, order = snippet("collect-browser-id")["remembered_fbp"], {}
    assert f({}, order) is None
    assert f({"_fbp": "fb.1.2.3"}, order) == "fb.1.2.3" == f({}, order)


def test_collect_email():
    f = snippet("collect-email")["em"]
    assert f(" John_Smith@gmail.com", "john_smith@gmail.com", None, "jane", "") == [sha256("john_smith@gmail.com")]
    assert f("b@x.dk", "a@x.dk") == [sha256("b@x.dk"), sha256("a@x.dk")] and f() == []


def test_collect_phone():
    f = snippet("collect-phone")["ph"]
    for text in ("20 12 34 56", "020123456", "+45 20 12 34 56", "0045-20123456"):
        assert f(text, "DK") == sha256("4520123456") == normalise("ph", "+4520123456").value, text
    assert f("(650)555-1212", "US") == normalise("ph", "(650)555-1212", region="US").value
    assert f("20123456", "FR") is None and f("", "DK") is None and f(None, "DK") is None and f("123", "DK") is None


def test_collect_external_id():
    f = snippet("collect-external-id")["external_id"]
    assert f({}, 7) == (sha256("7"), None)
    new, header = f({})
    assert header.startswith(f"visitor_ref={new};") and f({"visitor_ref": new}) == (new, None)


def test_collect_name_and_address():
    f = snippet("collect-name-and-address")["name_and_address"]
    given = {"first_name": "Mary", "last_name": "O'Neil Valéry", "city": "Aarhus C 8000", "zip": "M1 1AE", "country": "DK"}
    got = f(given)
    for key, field in {"fn": "first_name", "ln": "last_name", "ct": "city", "zp": "zip", "country": "country"}.items():
        assert got[key] == normalise(key, given[field]).value, key
    assert f({"zip": "94025-1234", "country": "US"})["zp"] == sha256("94025")
    assert f({"country": "Denmark", "city": None}) == {}
