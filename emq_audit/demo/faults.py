"""What is wrong in the demo logs: literal tables, one entry a fault, and the few lines that plant it."""

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from emq_audit.demo.logs import Row, sha256

CACHED_ID = "7b0d4e52-91c6-4f3a-8e27-c15d6a90f2b8"
DANISH_POINTS = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Plant:
    """A change to `rate` (share, 0-1) of those events of one name on one side that `among` admits."""

    id: str
    side: str
    event_name: str
    rate: float
    how: str
    change: Callable[[Row, Random], None]
    among: Callable[[Row], bool] = lambda row: True


def plant(rows: list[Row], plants: tuple[Plant, ...], dice: Random, *, mark: bool = True) -> None:
    """Change exactly round(rate × admitted events) rows for each plant.

    With `mark` a row is changed by one plant only, so that a row with a fault is sound otherwise.
    """
    for item in plants:
        admitted = [row for row in rows if row.kind == (item.side, item.event_name) and item.among(row)]
        for row in dice.sample(
            [row for row in admitted if not row.planted], round(item.rate * len(admitted))
        ):
            item.change(row, dice)
            if mark:
                row.planted = item.id


def set_user(key: str, value: Callable[[Row], object]) -> Callable[[Row, Random], None]:
    return lambda row, dice: row.user.update({key: value(row)})


def set_custom(key: str, value: Callable[[Row], object]) -> Callable[[Row, Random], None]:
    return lambda row, dice: row.custom.update({key: value(row)})


def set_event(key: str, value: Callable[[Row], object]) -> Callable[[Row, Random], None]:
    return lambda row, dice: row.sent.update({key: value(row)})


def phone_as_typed(row: Row) -> list[str]:
    digits = row.event.visit.person.phone[2:]
    return ["+45 " + " ".join(digits[place : place + 2] for place in range(0, 8, 2))]


def url_with_email(row: Row) -> str:
    """Half as a form sends it (%40), half as a newsletter tool pastes it (@)."""
    email = row.event.visit.person.email
    return f"{row.event.url}?email={email if int(row.event.time) % 2 else email.replace('@', '%40')}"


def email_md5(row: Row) -> list[str]:
    return [hashlib.md5(row.event.visit.person.email.encode(), usedforsecurity=False).hexdigest()]


def unchanged(row: Row, dice: Random) -> None:
    """The row is only marked: what happens to it happens when the log is written."""


def private_ip(row: Row, dice: Random) -> None:
    row.user["client_ip_address"] = f"10.0.0.{dice.randrange(2, 250)}"


def without_currency(row: Row, dice: Random) -> None:
    del row.custom["currency"]


def without_id(row: Row, dice: Random) -> None:
    del row.sent["event_id"]


def danish_number(row: Row) -> str:
    return f"{row.event.value:,.2f}".translate(DANISH_POINTS)


def fbc_in_seconds(row: Row) -> str:
    fb, level, milliseconds, fbclid = row.user["fbc"].split(".")
    return ".".join((fb, level, milliseconds[:10], fbclid))


def broken_fbp(row: Row) -> str:
    """Half lost their random number, half are the cookie of Google Analytics."""
    parts = row.user["fbp"].split(".")
    return ".".join(parts[:3]) if int(row.event.time) % 2 else f"GA1.1.{parts[3][:9]}.{parts[2][:10]}"


def http_library(row: Row) -> str:
    node_fetch = "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"
    return "axios/1.12.2" if int(row.event.time) % 3 else node_fetch


def is_paired(row: Row) -> bool:
    return row.partner is not None


def is_guest(row: Row) -> bool:
    return not row.event.visit.person.member


def is_woman(row: Row) -> bool:
    return "ge" in row.user and row.event.visit.person.woman


def has(key: str) -> Callable[[Row], bool]:
    return lambda row: bool(row.user.get(key))


def lacks(key: str) -> Callable[[Row], bool]:
    return lambda row: not row.user.get(key)


# Each id is the check that must find the fault. Rows are taken in this order; the pickiest come first.
# fmt: off
FAULTS = (
    Plant("gender-wrong-form", "server", "Purchase", 0.50,
          "women with an account: the hash of 'female'; Meta wants f",
          set_user("ge", lambda row: [sha256("female")]), is_woman),
    Plant("email-uppercase-hash", "server", "Purchase", 0.10,
          "guests' orders from the ERP: the hash in capital letters",
          set_user("em", lambda row: [row.user["em"][0].upper()]), is_guest),
    Plant("phone-not-hashed", "server", "Purchase", 0.45,
          "the phone as typed: '+45 20 12 34 56'", set_user("ph", phone_as_typed)),
    Plant("user-agent-http-library", "server", "Purchase", 0.15,
          "sent when the payment webhook calls: axios or node-fetch",
          set_user("client_user_agent", http_library)),
    Plant("country-wrong-form", "server", "Purchase", 0.08,
          "the hash of 'denmark'; Meta wants dk", set_user("country", lambda row: [sha256("denmark")])),
    Plant("purchase-without-currency", "server", "Purchase", 0.06,
          "value sent, currency not", without_currency),
    Plant("email-md5", "server", "InitiateCheckout", 0.25,
          "guests who typed their e-mail: MD5, as the newsletter tool hashes it",
          set_user("em", email_md5), lambda row: is_guest(row) and has("em")(row)),
    Plant("email-junk-hash", "server", "InitiateCheckout", 0.45,
          "guests who typed no e-mail yet: the hash of an empty text",
          set_user("em", lambda row: [sha256("")]), lacks("em")),
    Plant("event-id-missing", "server", "InitiateCheckout", 0.18,
          "no event_id", without_id, is_paired),
    Plant("country-wrong-form", "server", "InitiateCheckout", 0.08,
          "the hash of 'DK' in capitals; Meta wants dk", set_user("country", lambda row: [sha256("DK")])),
    Plant("value-not-a-number", "server", "InitiateCheckout", 0.08,
          "the price as the shop shows it: '1.299,00'", set_custom("value", danish_number)),
    Plant("email-junk-hash", "server", "AddToCart", 0.16,
          "nobody logged in: the hash of 'undefined'",
          set_user("em", lambda row: [sha256("undefined")]), lacks("em")),
    Plant("ip-private", "server", "AddToCart", 0.60,
          "the load balancer's address, 10.0.0.x", private_ip),
    Plant("fbc-time-in-seconds", "server", "ViewContent", 0.12,
          "fbc built on the server with seconds, not milliseconds",
          set_user("fbc", fbc_in_seconds), has("fbc")),
    Plant("fbp-malformed", "server", "ViewContent", 0.04,
          "fbp without its number, or Google's cookie in its place", set_user("fbp", broken_fbp)),
    Plant("event-time-milliseconds", "server", "ViewContent", 0.01,
          "event_time in milliseconds", set_event("event_time", lambda row: int(row.arrived * 1000))),
    Plant("test-event-code", "server", "PageView", 0.005,
          "test_event_code left inside the event", set_event("test_event_code", lambda row: "TEST48213")),
    Plant("event-name-misspelt", "browser", "Purchase", 0.07,
          "'purchase' for 'Purchase'", set_event("event_name", lambda row: "purchase"), is_paired),
    Plant("event-name-ga4", "browser", "AddToCart", 0.05,
          "'add_to_cart', the name Google Analytics uses",
          set_event("event_name", lambda row: "add_to_cart"), is_paired),
    Plant("event-id-reused", "browser", "AddToCart", 0.12,
          "a cached page gives everyone one event_id",
          set_event("event_id", lambda row: CACHED_ID), is_paired),
    Plant("currency-unknown", "browser", "AddToCart", 0.07,
          "'kr.' for DKK", set_custom("currency", lambda row: "kr.")),
    Plant("email-in-url", "browser", "Lead", 0.20,
          "the address typed into the form stands in the page's URL",
          set_event("event_source_url", url_with_email)),
)

# No check of single events finds these: they show in deduplication and in the count of unreadable rows.
MISHAPS = (
    Plant("near-miss-prefix", "browser", "Purchase", 0.14,
          "'#10482' where the server sends '10482'",
          set_event("event_id", lambda row: f"#{row.event.id}"), is_paired),
    Plant("repeated", "server", "ViewContent", 0.012,
          "sent again by the retry queue, unchanged", unchanged, is_paired),
    Plant("cut-off", "server", "PageView", 0.004,
          "the line ends half-way", unchanged, is_paired),
)

# Not faults but lost chances: keys the shop has and does not send. A row may have a gap and a fault.
GAPS = (
    Plant("fbc", "server", "Purchase", 1.00,
          "lost on the way back from the payment page", lambda row, dice: row.user.pop("fbc"), has("fbc")),
    Plant("fbp", "server", "Purchase", 0.30,
          "lost on the way back from the payment page", lambda row, dice: row.user.pop("fbp")),
    Plant("em", "browser", "Lead", 1.00,
          "typed by the visitor, never handed to the pixel", set_user("em", lambda row: "")),
    Plant("fbp", "browser", "Lead", 0.60,
          "the sign-up window is another company's frame: no fbp, no fbc, no customer id",
          lambda row, dice: row.user.update(fbp="", fbc="", external_id="")),
)
# fmt: on


def plant_all(rows: list[Row], dice: Random) -> list[Row]:
    """The rows with everything planted, repeats added."""
    plant(rows, GAPS, dice, mark=False)
    plant(rows, MISHAPS + FAULTS, dice)
    return rows + [again(row, dice) for row in rows if row.planted == "repeated"]


def again(row: Row, dice: Random) -> Row:
    """The same request once more, half a minute to ten minutes later."""
    return replace(row, sent=copy.deepcopy(row.sent), arrived=row.arrived + dice.uniform(30, 600))
