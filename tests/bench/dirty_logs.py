"""Dirty events for tests/test_oracle.py: sound ones with a few values replaced by what logs have been seen to hold, and by worse.

Whole numbers stay below 2**64: what is longer orjson gives as a rounded float, and the text of it is another.
"""

import base64
import hashlib
from typing import Any

from hypothesis import strategies as st

from tests.bench.plain_states import HASHED

NOW = 1_760_000_000
DAY = 86_400


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def one_of(*values: Any) -> st.SearchStrategy:
    return st.sampled_from(values)


# fmt: off

JANE = digest("jane@example.com")
SHA1 = hashlib.sha1(b"x").hexdigest()
MD5 = hashlib.md5(b"x").hexdigest()
APPENDICES = ("", ".AQ", ".BQ", ".AQECAQMB", ".AQQCAQMC", ".AQECAQM", ".ABC", ".x", "..", ".AQ.AQ")
PLACEHOLDERS = (
    "null", "undefined", "None", "NaN", "N/A", "(not set)", "not set", "[object Object]", "--", "false", "test@test.com", "0000", "+00",
    "{{customer.email}}", "xxx", "Anonymous", "unknown", "nil", "null\n", "\tundefined", "\u00a0none",
    "{{ page.customer.email_address }}",
    "0" * 32, "x" * 32, "-" * 21,
)
BLANK = ("", " ", "   ", "\t", "\r\n", " \n ", "\u00a0", "\u3000 ", "\t" * 25, [], [""], [None], None)
NASTY = (
    "\x00", "a\x00b", "😀", "é", "正", "a" * 3000, "<script>", "'; DROP TABLE events; --", "\\", '"', "\u202e", "%00", "-", ".",
    True, False,
    0, 1, -1, 12.5, 1e300, 2**64 - 1, {}, {"a": 1}, {"id": "x"}, [["x"]], [1, 2], [{"a": 1}],
)
words = one_of(*PLACEHOLDERS, *BLANK, *NASTY)
short = st.text(st.sampled_from("aZ09 .@+-_/:#%{}\t\n\x00éß😀"), max_size=8)

# Contact, person, place ----------------------------------------------------------------------------------------------------------

SMALL = ("m", "M", "Male", "dk", "DK", "Denmark", "ca", "California", "CA", "19970216", "02/16/1997", "1997-02-16")
hashes = st.one_of(
    one_of(JANE, *map(digest, ("", "null", "test@test.com", "0", *SMALL))),
    one_of(MD5, SHA1, *(hashlib.new(name, b"x").hexdigest() for name in ("sha224", "sha384", "sha512"))),
    one_of(JANE[:-1], JANE + "0", JANE[:-1] + "g", base64.b64encode(bytes.fromhex(JANE)).decode()),
)
spellings = one_of(
    str, str.upper, str.title, lambda text: f" {text}", lambda text: f"{text}\n", lambda text: text[:5].upper() + text[5:]
)
digests = st.builds(lambda text, spell, end: spell(text) + end, hashes, spellings, st.sampled_from(APPENDICES))
RAW = {
    "em": one_of(
        "jane@example.com", " Jane@Example.com ", "jane@example.com\n", "\u00a0jane@example.com", "jane@example", "jane.example.com",
        "a b@c.dk", "ü@ü.dk", "@x.dk"),
    "ph": one_of("+4520123456", "004520123456", "20 12 34 56", "(650) 555-1212", "16505551212", "12", "1" * 18, "call me", 4520123456),
    "ge": one_of("f", "M", " female ", "female\n", "kvinde", "männlich", "женский", "x", "1", "mm"),
    "db": one_of("19970216", "16/2/1997", "x", "1 2 3", 19970216),
    "ct": one_of("Aarhus C", "Zürich", "北京", "8000", "-"),
    "st": one_of("CA", "Midtjylland", "12"),
    "zp": one_of("8000", 8000, "K1A 0A6", "-1", " 8000"),
    "country": one_of("dk", "Danmark", "4", "D", "45", "U.S.", "Österreich", "Россия", "日本"),
}


def lists_of(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, min_size=1, max_size=3)


def values_of(key: str) -> st.SearchStrategy:
    return st.one_of(digests, digests, words, short, RAW.get(key, short), lists_of(st.one_of(digests, short)))


# Ids ----------------------------------------------------------------------------------------------------------------------------

CLICK = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"
cookie_times = one_of(
    NOW * 1000, (NOW - 91 * DAY) * 1000, (NOW - 89 * DAY) * 1000, (NOW + 601) * 1000, (NOW + 599) * 1000, NOW, NOW * 10, 0, "abc", 10**14,
    10**25,
)
cookies = st.one_of(
    st.builds(
        lambda index, time, text, end: f"fb.{index}.{time}.{text}{end}", one_of(0, 1, 2, 10, 100, "x"), cookie_times,
        one_of("1098115397", CLICK, "IwY2xjawABC_aem_x", "", "a b", "x" * 500), st.sampled_from(APPENDICES)),
    one_of(
        "fb.1", "fb..1.2", "FB.1.1760000000000.1", CLICK, "PAABBBCCCDDDEEEFFFGGG", JANE, MD5, " fb.1.1760000000000.1",
        "fb.1.1760000000000.1\u00a0", "fb.1.1760000000.1", "fb.1.1760000000000.1.2.3"),
    words, short,
)
numbers = st.one_of(one_of("1234567890123456", 1234567890123456, "12", 7, 1.5, "x1", JANE, " 12", 10**19), words, short)

# Device -------------------------------------------------------------------------------------------------------------------------

ipv4 = st.one_of(st.ip_addresses(v=4).map(str), one_of(*"""
    127.0.0.1 10.1.2.3
    172.15.0.1 172.16.0.1 172.32.0.1 192.168.0.1 169.254.1.1 100.63.1.1 100.64.0.1 100.128.0.1 0.0.0.0 192.0.2.1 192.0.1.1
    198.51.100.1 203.0.113.9 198.18.0.1 224.0.0.1 239.1.1.1 255.255.255.255 8.8.8.8""".split()))
ipv6 = st.one_of(
    st.builds(
        lambda address, spell: spell(address), st.ip_addresses(v=6),
        one_of(str, lambda address: address.exploded, lambda address: str(address).upper())),
    one_of(*"""
        ::1 :: fe80::1 fc00::1 fd12:3456::1 2001:db8::5 2001:0DB8::5 ff02::1 100::1 3fff::1 2a00:1450::1 0::1 ::0001 0:0:0:0:0:0:0:0
        0:0:0:0:0:ffff:8.8.8.8 ::ffff:0808:0808 64:ff9b::1.2.3.4 fe80::1%eth0 0100::1 3fff:1000::1""".split()),
)
addresses = st.one_of(
    st.builds(lambda text, end: text + end, st.one_of(ipv4, ipv6), one_of("", ".AQ", ".AQQAAQMC", ".ABC", " ", "/24")),
    ipv4.map(lambda text: f"::ffff:{text}"),
    st.builds(lambda one, two, gap: f"{one}{gap}{two}", ipv4, st.one_of(ipv4, ipv6), one_of(",", ", ", "; ", " ")),
    lists_of(st.one_of(ipv4, ipv6)),
    one_of(
        "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4:80", "[::1]", "8.8.8.8\n", "\t10.0.0.1", "\u00a08.8.8.8", "fe80", "localhost",
        JANE, MD5),
    words, short,
)
BROWSER = "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"
agents = st.one_of(
    one_of(
        BROWSER, f"{BROWSER} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", BROWSER.replace("Chrome", "HeadlessChrome"),
        BROWSER.replace("Android 6.0.1", "Ændroid"), f"{BROWSER} [FBAN/FBIOS;FBAV/490.0]",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/604.1",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Opera/9.80 (Windows NT 6.1)", "Mozilla", "browser",
        "python-requests/2.32", "axios/1.7.2", "curl/8.5.0", "GuzzleHttp/7", "node", "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Shopify-Captain-Hook", JANE, MD5),
    words, short,
)

# The event ----------------------------------------------------------------------------------------------------------------------

PAGE = "https://shop.example.com/tak"
times = st.one_of(
    st.builds(lambda shift, factor: int((NOW + shift) * factor), st.integers(-70 * DAY, DAY), one_of(1, 1, 1, 1000, 10**6, 1e-3)),
    one_of(
        NOW + 0.75, str(NOW), f"{NOW}.5", f" {NOW} ", NOW * 10, 9e8, 5e9, 9e11, 5e12, 9e14, 5e15, 9e5, 5e6, 5_000_001, 899_999,
            "1e9", "inf",
        "-inf", "nan"),
    one_of(
        "2025-10-09", "2025-10-09T08:53:20", "2025-10-09 08:53:20", "2025-10-09T08:53:20Z", "2025-10-09T08:53:20.5Z",
        "2025-10-09T10:53:20+02:00", "2025-10-09T08:53:20.123456-0500", "1969-12-31T23:59:59Z", "2025-13-01", "2025-02-30",
        "9 October 2025",
        "yesterday"),
    words, short,
)
names = one_of(
    "Purchase", "purchase", "Add To Cart", "add_to_cart", "page_view", "PageView", "Lead", "LeadSubmitted", "Microdata",
    "fb_mobile_purchase",
    "Purchase ", "Purchase\n", "ＰａｇｅＶｉｅｗ", "Køb")
pages = one_of(
    f"{PAGE}?fbclid={CLICK}", f"{PAGE}?fbclid={CLICK.lower()}", f"{PAGE}?fbclid={CLICK}0123",
    f"{PAGE}?a=1&fbclid=IwY2xjawABC_aem_x.AQQCAQMC#top",
    f"{PAGE}?fbclid=", f"{PAGE}?fbclid=&a=1", f"{PAGE}?email=jane@example.com", f"{PAGE}?e=jane%40example.co.uk", "https://user@host/",
    "https://instagram.com/@name", "shop.example.com/tak", "HTTP://SHOP.example.com", "http://localhost:3000/", "https://10.0.0.1/",
    "https://my.shop.test/x", "https://my.shop.local", "https://shop.example.com/local/.test/", "https://tester.com/",
    "http://[::1]/", "https://",
    "android-app://com.example")
EVENT = {
    "event_name": st.one_of(names, words, short),
    "event_time": times,
    "received_at": times,
    "event_id": st.one_of(one_of("order-1042", "a" * 40, 1042), words, short),
    "action_source": st.one_of(one_of("website", "Website", "app", "physical_store", "system_generated", "other", "web"), words, short),
    "event_source_url": st.one_of(pages, words, short),
    "referrer_url": st.one_of(one_of("https://google.com/", f"{PAGE}?m=a.b%40c.dk"), words),
    "test_event_code": words,
    "opt_out": words,
}
USER = {
    **{key: values_of(key) for key in (*HASHED, "external_id")},
    "fbp": cookies, "fbc": cookies, "client_ip_address": addresses, "client_user_agent": agents, "lead_id": numbers,
    "fb_login_id": numbers,
    **dict.fromkeys(("email", "phone", "ip", "fbclid"), words),
}
amounts = one_of(
    0, "0.00", 249, 249.5, "249.50", " 12 ", "12,50", "1.000,00", "DKK 12", -5, "-5", "1e3", "inf", "nan", "0x10", "5.", ".5")
CUSTOM = {
    "value": st.one_of(amounts, words, short),
    "currency": st.one_of(one_of("DKK", "dkk", " eur ", "KR", "XXX", "kr.", "EURO", 208, "\u00a0usd"), words, short),
    "order_id": st.one_of(one_of("1042", 1042, "jane@example.com"), words),
    "contents": st.one_of(one_of([{"id": "SKU-7", "quantity": 1}], "[object Object]", ["[object Object]"]), words),
    "content_ids": st.one_of(one_of(["SKU-7"], "[object Object],[object Object]"), words),
    "note": one_of("write to jane@example.com", "@jane", "50 % off", "a@b", {"deep": ["x@y.dk"]}),
}

# fmt: on


def built(side: str, changes: list[tuple[str, str, Any]]) -> dict[str, Any]:
    """A plain event with the changes applied, each of them (place, key, value)."""
    parts: dict[str, dict[str, Any]] = {
        "event": {"event_name": "Purchase", "event_time": NOW, "event_id": "order-1", "action_source": "website",
        "event_source_url": PAGE},
        "user": {"em": [JANE], "client_ip_address": "87.49.146.12", "fbp": f"fb.1.{NOW - DAY}000.1"},
        "custom": {"value": 249.5, "currency": "DKK"},
    }
    for place, key, value in changes:
        parts[place][key] = value
    return {**parts["event"], "source": side, "user_data": parts["user"], "custom_data": parts["custom"]}


changes = st.one_of([
    st.tuples(st.just(place), st.just(key), values)
    for place, fields in (("event", EVENT), ("user", USER), ("custom", CUSTOM))
    for key, values in fields.items()
])  # fmt: skip
dirty_events = st.builds(built, one_of("server", "browser", "offline", "unknown"), st.lists(changes, min_size=1, max_size=4))
dirty_logs = st.lists(dirty_events, min_size=100, max_size=200)


# Ids that come back, on both sides, with other people, orders and moments; emails and addresses that many share ------------------


def sent_again(
    side: str, name: str, number: int, shift: int, em: str, external_id: str | None, last: int, browser: int, order: str | None
) -> dict[str, Any]:
    """Every third id is one person's, every sixth a Lead's of the browser; the ids differ in how many pages they are sent from."""
    page = f"{PAGE}/{browser % (1 + number % 4)}"
    if number % 3 == 0:
        em, external_id, browser = "a", None, 1
    if number % 6 == 0:
        side, name, order = "browser", "Lead", None
    user = {"em": digest(em), "external_id": external_id, "client_ip_address": f"8.8.8.{last}", "fbp": f"fb.1.{NOW - DAY}000.{browser}"}
    return {
        "source": side, "event_name": name, "event_id": f"order-{number}", "event_time": NOW + shift, "action_source": "website",
        "event_source_url": page,
        "user_data": {key: value for key, value in user.items() if value is not None}, "custom_data": {"order_id": order, "value": last},
    }  # fmt: skip


sent = st.builds(
    sent_again, one_of("browser", "server"), one_of("Purchase", "Lead"), st.integers(1, 30), one_of(0, 60, DAY, 2 * DAY,
        2 * DAY + 1, 5 * DAY),
    one_of("a", "b", "c"), one_of(None, "1", "2"), one_of(1, 1, 1, 2), st.integers(1, 200), one_of(None, "1", "2"),
)  # fmt: skip
sent_logs = st.lists(sent, min_size=150, max_size=200)
