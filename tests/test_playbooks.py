"""The playbooks: every fix has steps on every way to run the Conversions API, and their code does what it says.

Python snippets are run. JavaScript snippets are checked for balanced brackets and nothing else: no JavaScript
engine is a given where tests run.
"""

import hashlib
import re
import tomllib
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files

import pytest

from emq_audit.remedies import BY_ID

METHODS = ("shopify", "gtm-server", "partner", "direct-api")
FIELDS = {"steps", "code", "language", "note"}
LANGUAGES = {"python", "javascript", "php", "nginx"}
LONGEST = 300
"""Characters a step may have: more is no longer one thing to do."""

PLAYBOOKS = {
    method: tomllib.loads(
        files("emq_audit").joinpath("playbooks", f"{method}.toml").read_text(encoding="utf-8")
    )
    for method in METHODS
}
ENTRIES = [
    pytest.param(entry, id=f"{method}/{fix}")
    for method, playbook in PLAYBOOKS.items()
    for fix, entry in playbook.items()
]
WORDS = [
    pytest.param(words, id=f"{method}/{fix}/{place}")
    for method, playbook in PLAYBOOKS.items()
    for fix, entry in playbook.items()
    for place, words in enumerate([*entry["steps"], entry.get("note")])
    if words is not None
]
JANE = "john_smith@gmail.com"
OPENING = {")": "(", "]": "[", "}": "{"}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def snippet(fix: str) -> dict:
    """The names that the Python snippet of the direct API defines, run in an empty namespace."""
    names: dict = {}
    exec(PLAYBOOKS["direct-api"][fix]["code"], names)  # our own file
    return names


@pytest.mark.parametrize("method", METHODS)
def test_every_remedy_has_an_entry_and_there_is_no_other(method):
    assert set(PLAYBOOKS[method]) == set(BY_ID)


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_has_two_to_five_steps_and_no_unknown_field(entry):
    assert 2 <= len(entry["steps"]) <= 5
    assert len(set(entry["steps"])) == len(entry["steps"])
    assert set(entry) <= FIELDS


@pytest.mark.parametrize("entry", ENTRIES)
def test_code_and_language_come_together(entry):
    assert ("code" in entry) == ("language" in entry)
    if "code" in entry:
        assert entry["language"] in LANGUAGES
        assert entry["code"].strip()


@pytest.mark.parametrize("entry", ENTRIES)
def test_last_step_says_how_to_see_that_it_worked(entry):
    assert re.search(r"Test Events|[Aa]udit (a|the) (new )?log", entry["steps"][-1])


@pytest.mark.parametrize("words", WORDS)
def test_words_are_calm_whole_sentences(words):
    assert words == words.strip() and "  " not in words
    assert words.endswith(".") and "!" not in words
    assert words[0].isupper()
    assert words.count("`") % 2 == 0


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_step_is_one_sentence(entry):
    for step in entry["steps"]:
        plain = re.sub(r"`[^`]*`", "x", step)
        assert not re.search(r"[.?] +[A-Z]", plain), step
        assert len(step) <= LONGEST, step


@pytest.mark.parametrize(
    "entry",
    [case for case in ENTRIES if case.values[0].get("language") == "javascript"],
)
def test_javascript_has_balanced_brackets(entry):
    assert unbalanced(entry["code"]) == []


def test_the_bracket_check_finds_a_missing_bracket():
    assert unbalanced("const a = (b => [b)];") != []
    assert unbalanced("fbq('track', '(', {value: 1};") != []
    assert unbalanced("// a comment with a ( bracket\nf('[') ") == []


def unbalanced(code: str) -> list[str]:
    """Brackets left open or closed wrongly. Texts, comments and regular expressions are left out first."""
    bare = re.sub(r"'(?:\\.|[^'\\\n])*'|//[^\n]*|/(?:\\.|[^/\\\n ])+/[gi]*", "", code)
    still_open: list[str] = []
    for sign in bare:
        if sign in OPENING.values():
            still_open.append(sign)
        elif sign in OPENING and (not still_open or still_open.pop() != OPENING[sign]):
            return [*still_open, sign]
    return still_open


DATA_HANDLING = [fix for fix, entry in PLAYBOOKS["direct-api"].items() if entry.get("language") == "python"]


@pytest.mark.parametrize("fix", DATA_HANDLING)
def test_python_snippet_runs_and_defines_a_function(fix):
    assert any(callable(value) for name, value in snippet(fix).items() if not name.startswith("__"))


def test_direct_api_has_python_for_each_repair():
    assert {fix for fix, remedy in BY_ID.items() if remedy.repairs} <= set(DATA_HANDLING)


def test_hashing_gives_the_example_of_meta():
    names = snippet("hash-before-sending")
    example = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
    assert names["email"]("John_Smith@gmail.com ") == example
    assert names["name"]("Mary").startswith("6915771b")
    assert names["name"]("Valéry").startswith("08e1996b")
    assert names["name"](" O'Neil-Smith ") == sha256("oneilsmith")
    assert names["email"](" ") is None


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
