"""Values and events as Meta asks for them: its own examples, what its libraries agree on, and what must never happen."""

import hashlib
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emq_audit import events
from emq_audit.correct import Change, correct_event, number_in
from emq_audit.match_keys import BY_KEY, KEYS, USABLE, Hashing
from emq_audit.normalise import is_placeholder, normalise
from tests.sound import open_log

CLICK = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
MOMENT = 1_760_000_000
"""Unix seconds of the events below."""

HASHED = [key for key in KEYS if BY_KEY[key].hashing is Hashing.REQUIRED]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# One value ---------------------------------------------------------------------------------------------------------------

# https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
DOCUMENTED = [
    (
        "em",
        "John_Smith@gmail.com",
        "john_smith@gmail.com",
        "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
    ),
    (
        "ph",
        "(650)555-1212",
        "16505551212",
        "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    ),
    ("fn", "Mary", "mary", "6915771b"),
    ("fn", "정", "정", "8fa8cd9c"),
    ("ln", "Valéry", "valéry", "08e1996b"),
    ("db", "2/16/1997", "19970216", "01acdbf6"),
    ("zp", "M1 1AE", "m11ae", ""),
    ("zp", "75018", "75018", ""),
    ("country", "United States", "us", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
]


@pytest.mark.parametrize(("key", "sent", "form", "digest"), DOCUMENTED)
def test_examples_of_meta(key, sent, form, digest):
    answer = normalise(key, sent, region="US" if key == "ph" else None)
    assert answer.form == form
    assert answer.value == sha256(form)
    assert answer.value.startswith(digest)


# Key, what was sent, form, and what else is known. The first of each key are what all of Meta's libraries agree on.
FORMS = [
    ("em", "  Jane@Example.COM \n", "jane@example.com", {}),
    ("em", "Jane Doe <jane@example.com>", "jane@example.com", {}),
    ("em", "mailto:jane@example.com", "jane@example.com", {}),
    ("em", "jørgen@æble.dk", "jørgen@æble.dk", {}),
    ("em", "jane@localhost", None, {}),
    ("em", "jane@a.dk, joe@a.dk", None, {}),
    ("em", "test@test.com", None, {}),
    ("ph", "+45 20 12 34 56", "4520123456", {}),
    ("ph", "0045-20123456", "4520123456", {}),
    ("ph", "4520123456", "4520123456", {}),
    ("ph", "20 12 34 56", "4520123456", {"region": "DK"}),
    ("ph", "20 12 34 56", None, {}),
    ("ph", "0171 2345678", "491712345678", {"region": "de"}),
    ("ph", "0171 23456789", None, {}),
    ("ph", "+44 (0)20 7946 0958", "442079460958", {}),
    ("ph", "+44 (0)20 7946 0958", "442079460958", {"region": "DK"}),
    ("ph", "+1 650 555 1212 ext. 3", "16505551212", {}),
    ("ph", "+39 06 6982 1234", "390669821234", {}),
    ("ph", "+52 1 55 1234 5678", "5215512345678", {}),
    ("ph", "4582211234", "14582211234", {"region": "US"}),
    ("ph", 4520123456.0, "4520123456", {}),
    ("ph", "4520123456.0", "4520123456", {}),
    ("ph", "4.52012E+09", None, {}),
    ("ph", "+45 20123456 / +45 20123457", None, {}),
    ("ph", "12345", None, {"region": "DK"}),
    ("fn", " MARY ", "mary", {}),
    ("fn", "Mary-Jane", "maryjane", {}),
    ("fn", "Jean Luc", "jeanluc", {}),
    ("ln", "O’Brien", "obrien", {}),
    ("ln", "O'Brien", "obrien", {}),
    ("ln", "---", None, {}),
    ("ge", "F", "f", {}),
    ("ge", "Male", "m", {}),
    ("ge", "kvinde", "f", {}),
    ("ge", "Mrs.", "f", {}),
    ("ge", "other", None, {}),
    ("ge", "1", None, {}),
    ("db", "19970216", "19970216", {}),
    ("db", 19970216, "19970216", {}),
    ("db", "1997-02-16", "19970216", {}),
    ("db", "1997/2/16", "19970216", {}),
    ("db", "16.02.1997", "19970216", {}),
    ("db", "02021997", "19970202", {}),
    ("db", "1997-02-16T00:00:00.000Z", "19970216", {}),
    ("db", "1997-02-15T23:00:00.000Z", None, {}),
    ("db", "03/02/1997", None, {}),
    ("db", "10/21/68", "19681021", {}),
    ("db", "25/12/05", None, {}),
    ("db", "1997-02-30", None, {}),
    ("db", "1897-02-16", None, {}),
    ("db", "1997", None, {}),
    ("ct", "New York", "newyork", {}),
    ("ct", "St. John's", "stjohns", {}),
    ("ct", "Zürich", "zürich", {}),
    ("ct", "8000 Aarhus C", "aarhusc", {}),
    ("ct", "8000", None, {}),
    ("st", "CA", "ca", {}),
    ("st", "California", "ca", {"country": "us"}),
    ("st", "District of Columbia", "dc", {"country": "US"}),
    ("st", "Québec", "qc", {"country": "ca"}),
    ("st", "US-NY", "ny", {}),
    ("st", "Bavaria", None, {"country": "us"}),
    ("st", "California", "california", {}),
    ("st", "Île-de-France", "îledefrance", {"country": "fr"}),
    ("zp", "94025-1234", "94025", {}),
    ("zp", "940251234", "94025", {"country": "us"}),
    ("zp", 2134, "02134", {"country": "us"}),
    ("zp", "SW1A 1AA", None, {"country": "us"}),
    ("zp", "K1A 0A6", "k1a0a6", {}),
    ("zp", "00-950", "00950", {"country": "pl"}),
    ("zp", 8000.0, "8000", {}),
    ("zp", "12345", "12345", {}),
    ("zp", "00000", None, {}),
    ("country", "DK", "dk", {}),
    ("country", "USA", "us", {}),
    ("country", "Danmark", "dk", {}),
    ("country", "UK", "gb", {}),
    ("country", "South Korea", "kr", {}),
    ("country", "Côte d'Ivoire", "ci", {}),
    ("country", "NA", "na", {}),
    ("country", "Virgin Islands", None, {}),
    ("country", "EU", None, {}),
    ("country", "Atlantis", None, {}),
    ("external_id", " Customer-1042 ", " Customer-1042 ", {}),
    ("external_id", 1042, "1042", {}),
    ("external_id", "undefined", None, {}),
    ("lead_id", "l:1234567890123456", "1234567890123456", {}),
    ("lead_id", "12", None, {}),
    ("fb_login_id", 42, "42", {}),
    ("fb_login_id", "0.0", None, {}),
    ("fbp", "fb.1.1596403881668.1116446470", "fb.1.1596403881668.1116446470", {}),
    ("fbp", "fb.1.1596403881.1116446470", "fb.1.1596403881000.1116446470", {}),
    ("fbp", "fb.1.1596403881668.1116446470.AQ", "fb.1.1596403881668.1116446470.AQ", {}),
    ("fbp", f"fb.1.{MOMENT + 3600}000.1116446470", None, {"event_time": MOMENT}),
    ("fbp", CLICK, None, {"event_time": MOMENT}),
    ("fbc", f"fb.1.1554763741205.{CLICK}", f"fb.1.1554763741205.{CLICK}", {}),
    ("fbc", f"fb.2.1554763741205000.{CLICK}.AQQCAQMC", f"fb.2.1554763741205.{CLICK}.AQQCAQMC", {}),
    ("fbc", f"fb.1.1554763741205.9998.{CLICK}", f"fb.1.1554763741205.{CLICK}", {}),
    ("fbc", CLICK, f"fb.1.{MOMENT}000.{CLICK}", {"event_time": MOMENT}),
    ("fbc", CLICK, None, {}),
    ("fbc", f"fb.1.{MOMENT - 91 * 86400}000.{CLICK}", None, {"event_time": MOMENT}),
    ("fbc", sha256("x"), None, {}),
    ("fbc", "fb.1.1554763741205.", None, {}),
    ("client_ip_address", "87.49.146.12", "87.49.146.12", {}),
    ("client_ip_address", "::ffff:87.49.146.12", "87.49.146.12", {}),
    ("client_ip_address", "10.0.0.7, 87.49.146.12, 66.249.64.1", "87.49.146.12", {}),
    ("client_ip_address", "87.49.146.12:51234", "87.49.146.12", {}),
    ("client_ip_address", "[2a00:1450::5]:443", "2a00:1450::5", {}),
    ("client_ip_address", "2a00:1450::5.AQQAAQMC", "2a00:1450::5.AQQAAQMC", {}),
    ("client_ip_address", "10.0.0.7", None, {}),
    ("client_ip_address", "::1", None, {}),
    ("client_ip_address", "203.0.113.9", None, {}),
    ("client_ip_address", "87.49.146.xxx", None, {}),
    ("client_user_agent", AGENT, AGENT, {}),
    ("client_user_agent", sha256(AGENT), None, {}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "sent", "form", "known"), FORMS)
def test_form(key, sent, form, known):
    answer = normalise(key, sent, **known)
    assert answer.form == form
    assert answer.value == (sha256(form) if form and key in HASHED else form)
    assert answer.changed == (answer.value != str(sent))
    assert answer.reason.endswith("left out") == (form is None)


HASH = sha256("jane@example.com")
DIGESTS = [
    ("em", HASH, HASH, {}),
    ("em", f"{HASH}.AQQCAQMC", f"{HASH}.AQQCAQMC", {}),
    ("em", f" {HASH.upper()}.AQ\n", f"{HASH}.AQ", {}),
    (
        "em",
        "jJj51lFd0CAiJtdnYz1XSaxTF3sxI02NoPMgfu2VF2M=",
        "8c98f9d6515dd0202226d767633d5749ac53177b31234d8da0f3207eed951763",
        {},
    ),
    ("em", hashlib.md5(b"jane@example.com").hexdigest(), None, {}),
    ("em", hashlib.sha512(b"jane@example.com").hexdigest(), None, {}),
    ("fn", f"sha256:{HASH}", None, {}),
    ("em", sha256("undefined"), None, {}),
    ("external_id", sha256(""), None, {}),
    ("external_id", HASH.upper(), HASH.upper(), {}),
    ("country", sha256("USA"), sha256("us"), {}),
    ("country", sha256("na"), sha256("na"), {}),
    ("ge", sha256("Female"), sha256("f"), {}),
    ("ge", sha256("unknown"), None, {}),
    ("ge", sha256("other"), None, {}),
    ("db", sha256("16/02/1997"), sha256("19970216"), {}),
    ("db", sha256("03/02/1997"), None, {}),
    ("st", sha256("California"), sha256("ca"), {"country": "us"}),
]


@pytest.mark.parametrize(("key", "sent", "value", "known"), DIGESTS)
def test_digest(key, sent, value, known):
    answer = normalise(key, sent, **known)
    assert answer.value == value
    assert answer.form == (value if key == "external_id" else None)
    assert answer.changed == (value != sent)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        " \t\n",
        "null",
        "N/A",
        "{{customer.email}}",
        "\ud800",
        [],
        {},
        True,
        float("nan"),
        pytest.param(10**5000, id="huge"),
    ],
)
@pytest.mark.parametrize("key", KEYS)
def test_nothing_to_send(key, sent):
    answer = normalise(key, sent)
    assert answer.value is None
    assert answer.changed


def test_absent_is_no_change_and_unknown_keys_are_refused():
    assert not normalise("em", None).changed
    with pytest.raises(ValueError, match="unknown match key"):
        normalise("email", "jane@example.com")


def test_personal_data_is_not_shown():
    assert "jane" not in repr(normalise("em", "jane@example.com"))
    assert "1042" not in repr(normalise("external_id", "customer-1042"))


# Texts that look like something, so that the rules are reached.
_LETTERS = st.text(
    st.sampled_from("0123456789abcdefABCDEF .,:;-_/@+()'’<>#x~éøß٣４正\t\u00a0\u200b"), max_size=40
)
_TEXTS = st.one_of(
    st.text(),
    _LETTERS,
    st.from_regex(r"fb\.[0-9]{1,2}\.[0-9]{10,19}\.\w{1,9}(\.AQ)?"),
    st.ip_addresses().map(str),
    st.dates().map(str),
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    key=st.sampled_from(KEYS),
    text=_TEXTS,
    region=st.sampled_from([None, "DK", "US", "xx"]),
    time=st.sampled_from([None, MOMENT]),
)
def test_any_text_gives_nothing_or_what_stays(key, text, region, time):
    known = {"region": region, "event_time": time}
    value = normalise(key, text, **known).value
    if value is None:
        return
    again = normalise(key, value, **known)
    assert (again.value, again.changed) == (value, False)
    if key in HASHED:
        assert len(value.split(".")[0]) == 64
        assert value[:64] == value[:64].lower()
        int(value[:64], 16)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(email=st.emails(), before=st.text(" \t\n\u00a0", max_size=3), after=st.text(" \r\n", max_size=3))
def test_case_and_blanks_of_an_email_do_not_matter(email, before, after):
    plain = normalise("em", email.lower())
    assert normalise("em", before + email + after).value == plain.value
    assert plain.value in (sha256(email.lower()), None)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    born=st.dates(date(1900, 1, 1), date.today() - timedelta(days=1)),
    form=st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%d%m%Y"]),
)
def test_a_birth_date_is_right_or_left_out(born, form):
    assert normalise("db", born.strftime(form)).form in (born.strftime("%Y%m%d"), None)
    assert form not in ("%Y%m%d", "%Y-%m-%d") or normalise("db", born.strftime(form)).form


def test_what_is_sent_is_usable_for_the_audit(tmp_path):
    """Nothing that is called sound here is called faulty there."""
    values = [(key, answer.value) for key, sent, _, known in FORMS + DIGESTS if (answer := normalise(key, sent, **known)).value]
    con = open_log([{key: value} for key, value in values], tmp_path)
    states = ", ".join(f"CAST({key}_state AS VARCHAR) AS {key}" for key in KEYS)
    rows = con.execute(f'SELECT {states} FROM events ORDER BY "row"').df()
    found = {(key, value): rows[key][row] for row, (key, value) in enumerate(values)}
    # The cookies above are older than a click may be.
    assert {pair: state for pair, state in found.items() if state not in (*USABLE, "expired")} == {}


def test_placeholders_are_those_of_the_audit(tmp_path):
    texts = "null NULL undefined none nan n/a na nil unknown (not set) not set - -- false test email 0 000 +00 {{email}} xxx test@test.com"
    texts = [
        *texts.split(" "),
        "not set",
        "(not set)",
        "[object Object]",
        "{{customer.email}}",
        "nana",
        "tester",
        "01",
        "x",
        "{{Email1}}",
        "+",
        "a-",
    ]
    con = events.connect(tmp_path)
    for text in texts:
        assert con.execute("SELECT is_placeholder(?)", [text]).fetchone()[0] == is_placeholder(text), (
            text
        )


# One event ---------------------------------------------------------------------------------------------------------------

SOUND = {
    "event_name": "Purchase",
    "event_time": MOMENT,
    "event_id": "order-1042",
    "action_source": "website",
    "event_source_url": "https://shop.example.com/tak?order=1042",
    "user_data": {
        "em": [HASH],
        "external_id": "customer-1042",
        "lead_id": 1234567890123456,
        "fbp": f"fb.1.{MOMENT - 60}000.1116446470",
        "client_ip_address": "87.49.146.12",
        "client_user_agent": AGENT,
        "subscription_id": "kept",
    },
    "custom_data": {"value": 249.0, "currency": "DKK", "contents": [{"id": "SKU-7"}]},
    "data_processing_options": [],
}


def changed(**parts):
    """The sound event with parts of it replaced; dictionaries are merged."""
    return SOUND | {
        name: SOUND[name] | part if isinstance(part, dict) else part for name, part in parts.items()
    }


def test_a_sound_event_stays_as_it_is():
    assert correct_event(SOUND) == (SOUND, [])


def test_user_data_is_normalised_and_hashed():
    event = changed(
        user_data={
            "em": ["Jane@Example.com ", HASH, None, "n/a"],
            "ph": "20 12 34 56",
            "fn": "",
            "country": "Denmark",
            "ct": [],
            "zp": 8000,
        }
    )
    before = json.dumps(event)
    user = correct_event(event, region="DK")[0]["user_data"]
    assert user["em"] == [HASH]
    assert user["ph"] == sha256("4520123456")
    assert (user["country"], user["zp"]) == (sha256("dk"), sha256("8000"))
    assert "fn" not in user and "ct" not in user
    assert user["lead_id"] == 1234567890123456
    assert user["subscription_id"] == "kept"
    assert json.dumps(event) == before


def test_changes_name_field_action_and_reason_without_the_value():
    event = changed(
        user_data={"em": "Jane@Example.com", "ph": "20123456", "st": "California", "country": sha256("us")}
    )
    corrected, changes = correct_event(event)
    assert corrected["user_data"]["st"] == sha256("ca")
    assert Change("user_data.em", "rewritten", "trimmed and lower-cased, then hashed") in changes
    assert (
        Change("user_data.ph", "left out", "country code missing: name the country with --region: left out")
        in changes
    )
    assert not any(word in f"{change}" for change in changes for word in ("Jane", "20123456", "California"))


def test_keys_that_take_one_value_get_one():
    corrected, changes = correct_event(
        changed(
            user_data={"client_ip_address": ["10.0.0.7", "87.49.146.12"], "fbp": [SOUND["user_data"]["fbp"]]}
        )
    )
    assert corrected["user_data"]["client_ip_address"] == "87.49.146.12"
    assert corrected["user_data"]["fbp"] == SOUND["user_data"]["fbp"]
    assert {change.field for change in changes} == {"user_data.client_ip_address", "user_data.fbp"}


def test_misnamed_keys_move_where_there_is_room():
    corrected, _ = correct_event(
        changed(user_data={"email": "joe@example.com", "firstName": "Mary", "fbclid": CLICK})
    )
    user = corrected["user_data"]
    assert user["em"] == [HASH] and user["email"] == "joe@example.com"
    assert user["fn"] == sha256("mary") and "firstName" not in user
    assert user["fbc"] == f"fb.1.{MOMENT}000.{CLICK}"


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (MOMENT * 1000, MOMENT), (str(MOMENT), MOMENT), (MOMENT + 0.5, MOMENT), (MOMENT * 1_000_000, MOMENT), (1_760_000, MOMENT),
        ("2025-10-09T08:53:20Z", MOMENT), ("2025-10-09T10:53:20+02:00", MOMENT), ("2025-10-09 08:53:20", MOMENT),
    ],
)  # fmt: skip
def test_event_time_in_seconds(sent, seconds):
    corrected, changes = correct_event(changed(event_time=sent))
    assert corrected["event_time"] == seconds and type(corrected["event_time"]) is int
    assert [(change.field, change.action) for change in changes] == [("event_time", "rewritten")]


@pytest.mark.parametrize(
    "sent", ["2025-10-09", "yesterday", "", 12, -1, True, [], "0001-01-01T00:00:00+23:59", "9" * 400]
)
def test_event_time_that_cannot_be_read_is_reported(sent):
    corrected, changes = correct_event(changed(event_time=sent))
    assert corrected["event_time"] is sent
    assert [(change.field, change.action) for change in changes] == [("event_time", "reported")]


@pytest.mark.parametrize(
    ("sent", "name"),
    [("purchase", "Purchase"), ("add_to_cart", "AddToCart"), ("Newsletter", "Newsletter"), ("Lead", "Lead")],
)
def test_event_name(sent, name):
    corrected, changes = correct_event(changed(event_name=sent))
    assert corrected["event_name"] == name
    assert bool(changes) == (sent != name)


def test_money_and_event_id():
    corrected, changes = correct_event(
        changed(event_id="undefined", custom_data={"value": "1.299,00", "currency": " dkk"})
    )
    assert "event_id" not in corrected
    assert corrected["custom_data"]["value"] == 1299.0 and corrected["custom_data"]["currency"] == "DKK"
    assert [change.field for change in changes] == ["event_id", "custom_data.currency", "custom_data.value"]
    corrected, changes = correct_event(changed(custom_data={"value": "1.299", "currency": "kr"}))
    assert (corrected["custom_data"]["value"], corrected["custom_data"]["currency"]) == ("1.299", "kr")
    assert {change.action for change in changes} == {"reported"}
    assert "value" not in correct_event(changed(custom_data={"value": "NaN"}))[0]["custom_data"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("249", 249), ("12.50", 12.5), ("12,50", 12.5), ("12,5", 12.5), ("1.299,00", 1299.0), ("1,299.00", 1299.0), ("1.299.000", 1299000),
        ("1 299,00", 1299.0), ("1'299.00", 1299.0), ("1299.000", 1299.0), ("0,500", 0.5), ("$12.50", 12.5), ("12.50 USD", 12.5),
        ("249,-", 249),
        ("249,00 kr.", 249.0), ("-5", -5), ("0", 0), ("1.299", None), ("1,299", None), ("12 50", None), ("1,2,3", None), ("1e3", None),
        ("12.50 or 13", None), ("free", None), ("", None), ("1.299.00", None), ("9" * 60, None),
    ],
)  # fmt: skip
def test_number_in_a_text(text, number):
    found = number_in(text)
    assert found == number and type(found) is type(number)


def test_addresses_and_programs_are_reported_not_removed():
    event = changed(
        event_source_url="https://shop.example.com/?mail=jane%40example.com",
        user_data={"client_user_agent": "axios/1.7.2"},
        custom_data={"note": ["call", {"to": "jane@example.com"}]},
    )
    corrected, changes = correct_event(event)
    assert corrected == event
    assert {(change.field, change.action) for change in changes} == {
        ("event_source_url", "reported"), ("custom_data", "reported"), ("user_data.client_user_agent", "reported"),
    }  # fmt: skip


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(
    user=st.dictionaries(st.sampled_from([*KEYS, "email", "zip", "note"]), _JSON),
    rest=st.dictionaries(st.sampled_from([*SOUND, "value"]), _JSON),
)
def test_any_event_is_corrected_once(user, rest):
    event = {"user_data": user, "custom_data": rest} | rest
    corrected, _ = correct_event(event, region="DK")
    again, changes = correct_event(corrected, region="DK")
    assert [change for change in changes if change.action != "reported"] == []
    assert repr(again) == repr(corrected)
