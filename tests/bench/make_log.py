"""Write a big, sound-looking server log for timing: NDJSON, one Conversions API event per line.

    python -m tests.bench.make_log FILE [EVENTS]

About 570 bytes an event, as real logs are. One event in fifty carries one of the faults below, so that every road of the audit is
walked and the log has a few hundred patterns.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

NAMES = ["PageView"] * 50 + ["ViewContent"] * 25 + ["AddToCart"] * 12 + ["InitiateCheckout"] * 8 + ["Purchase"] * 5
START = 1_794_000_000
AGENTS = [
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
    for major in range(120, 156)
] + [
    f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    f"Version/{major}.{minor} Mobile/15E148 Safari/604.1"
    for major in (17, 18, 26)
    for minor in range(6)
]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# One value put into an event: place, key, value. A value of None takes the key away.
FAULTS = [
    *(("user_data", key, [value]) for key in ("em", "ph", "fn", "ct", "external_id") for value in (
        "", digest(""), digest("null"), digest("a").upper(), hashlib.md5(b"a").hexdigest(), hashlib.sha1(b"a").hexdigest(), "undefined")),
    *(("user_data", "em", value) for value in ("jane@example.com", [" Jane@Example.com "], [digest("a") + ".AQQCAQMC"], [], ["x",
    digest("b")])),
    *(("user_data", key, digest(text)) for key, text in (("country", "DK"), ("ge", "Male"), ("st", "CA"), ("db", "02/16/1997"))),
    *(("user_data", "client_ip_address", value) for value in (
        None, "10.0.0.1", "192.168.1.20", "127.0.0.1", "203.0.113.9", "::ffff:87.49.146.12", "2a00:1450:4001:81b::200e", "fe80::1",
        "87.49.146.12, 10.0.0.1", "87.49.146.12.AQQAAQMC", "unknown", "shop-01")),
    *(("user_data", "client_user_agent", value) for value in (
        None, "", "curl/8.5.0", "axios/1.7.2", "Stripe/1.0 (+https://stripe.com/docs/webhooks)", "Mozilla",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83 [FBAN/FBIOS]")),
    *(("user_data", key, value) for key in ("fbp", "fbc") for value in (
        None, "fb.1.1793990000.1116446470", "fb.1.1999999999999.1116446470", "fb.1.1700000000000.IwY2xjawABCDEFGH",
            "fb.1.1793990000000.1116446470.AQ",
        "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNw", "undefined", digest("fbp"))),
    *(("user_data", key, "1234567890123456") for key in ("lead_id", "fb_login_id", "email")),
    *(("event", "event_name", value) for value in (None, "purchase", "page_view", "Add To Cart", "Newsletter")),
    *(("event", "event_time", value) for value in (1_794_000_000_000, "2026-11-07T12:00:00+01:00", "soon", 1_780_000_000, 1_899_000_000)),
    *(("event", "event_id", value) for value in (None, "", "undefined", "order-1", "order-2")),
    *(("event", "action_source", value) for value in (None, "Website", "app", "physical_store")),
    *(("event", "event_source_url", value) for value in (
        None, "shop.example.com", "http://localhost:3000/", "https://shop.example.com/?email=jane@example.com",
            "https://shop.example.com/?fbclid=IwY2xjawABC")),
    ("event", "test_event_code", "TEST123"),
    *(("custom_data", "value", value) for value in (None, "12,50", 0, -5, "249.00")),
    *(("custom_data", "currency", value) for value in (None, "kr", "dkk")),
    ("custom_data", "contents", "[object Object]"), ("custom_data", "note", "jane@example.com"),
]  # fmt: skip


def line(number: int, dice: random.Random) -> str:
    """One event as JSON text; built by hand, because json.dumps a million times takes longer than the audit."""
    person = dice.randrange(1, 200_000)
    name = NAMES[dice.randrange(100)]
    time = START + number * 500_000 // 1_000_000
    known = name in ("InitiateCheckout", "Purchase") or person % 5 == 0
    fault = dice.randrange(50) == 0
    ip = f"87.{person % 200 + 20}.{person % 251}.{person % 241}"
    agent, fbp = AGENTS[person % len(AGENTS)], f"fb.1.{(time - person % 90_000) * 1000}.{person * 7919}"
    user = f'"client_ip_address":"{ip}","client_user_agent":"{agent}","fbp":"{fbp}"'
    if person % 4 == 0:
        user += f',"fbc":"fb.1.{(time - 3600) * 1000}.IwY2xjaw{digest(str(person))[:56]}_aem_{person}"'
    if known:
        mail, phone = digest(f"p{person}@example.com"), digest(f"4520{person:06d}")
        user += f',"em":["{mail}"],"ph":["{phone}"],"external_id":["{digest(str(person))}"],"country":["{COUNTRY}"]'
    custom = f'"currency":"DKK","value":{person % 900 + 1}.5'
    if name == "Purchase":
        item = f'{{"id":"SKU-{person % 400}","quantity":1,"item_price":{person % 900}.5}}'
        custom += f',"order_id":"{number}","contents":[{item}],"content_type":"product"'
    text = (
        f'{{"event_name":"{name}","event_time":{time},"event_id":"{name[:2]}-{number}","action_source":"website",'
        f'"event_source_url":"https://shop.example.com/p/{person % 400}?step={number % 7}",'
        f'"user_data":{{{user}}},"custom_data":{{{custom}}}}}\n'
    )
    return spoilt(text, dice) if fault else text


def spoilt(text: str, dice: random.Random) -> str:
    """The event with one of the faults."""
    event = json.loads(text)
    place, key, value = FAULTS[dice.randrange(len(FAULTS))]
    part = event if place == "event" else event[place]
    part[key] = value
    if value is None:
        del part[key]
    return json.dumps(event, separators=(",", ":")) + "\n"


COUNTRY = digest("dk")


def write_log(path: Path, events: int = 1_000_000) -> None:
    """Write `events` lines to `path`; the same number always gives the same file."""
    dice = random.Random(20261123)
    with path.open("w") as log:
        for start in range(0, events, 10_000):
            log.write("".join(line(number, dice) for number in range(start, min(start + 10_000, events))))


if __name__ == "__main__":
    write_log(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
