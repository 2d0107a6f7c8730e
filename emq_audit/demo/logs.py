"""How each side tells of an event: as a call of the Conversions API and as a hit of the pixel, both sound."""

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

from emq_audit.demo.shop import Event

SERVER_FILE = "capi_server.ndjson"
BROWSER_FILE = "pixel_browser.csv"
PIXEL_ID = "111222333444555"
LOST_ON_SERVER = 0.06  # share of events the server never sends: requests that timed out

# Heading in the browser export, and the field below it.
HEADINGS = {
    "Received From": "received_from",
    "Pixel ID": "pixel_id",
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
    "Product IDs": "content_ids",
    "Content Type": "content_type",
}


@dataclass(eq=False)
class Row:
    """One event as one side logged it. `planted` names what was done to it; a row is touched once only."""

    side: str  # browser | server
    event: Event
    sent: dict  # server: the Conversions API event; browser: field → value
    arrived: float  # seconds; the order of the log
    partner: "Row | None" = None  # the same event on the other side
    planted: str | None = None

    @property
    def kind(self) -> tuple[str, str]:
        """Side and true event name, whatever name was sent."""
        return self.side, self.event.name

    @property
    def user(self) -> dict:
        """The match keys: nested on the server, beside the rest in the browser."""
        return self.sent["user_data"] if self.side == "server" else self.sent

    @property
    def custom(self) -> dict:
        return self.sent["custom_data"] if self.side == "server" else self.sent


def both_sides(events: list[Event], dice: Random) -> list[Row]:
    """Two logs out of one week: ad blockers cost the browser's event, time-outs the server's.

    A blocked pixel does not cost the cookies, which the shop sets from its own server.
    """
    rows = []
    for event in events:
        delay = dice.uniform(0.3, 20)
        browser = Row("browser", event, browser_event(event), event.time)
        server = Row("server", event, server_event(event, event.time + delay), event.time + delay)
        blocked = event.visit.person.blocks_pixel
        lost = event.name == "Lead" or dice.random() < LOST_ON_SERVER  # the server never sends sign-ups
        if not blocked and not lost:
            browser.partner, server.partner = server, browser
        rows += [row for row, absent in ((browser, blocked), (server, lost)) if not absent]
    return rows


def server_event(event: Event, time: float) -> dict:
    """One event of the Conversions API.

    https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
    """
    return {
        "event_name": event.name,
        "event_time": int(time),
        "event_id": event.id,
        "action_source": "website",
        "event_source_url": event.url,
        "user_data": match_keys(event),
        "custom_data": commerce(event),
    }


def match_keys(event: Event) -> dict:
    """What the server knows of the visitor: little while browsing, more once logged in or at the checkout."""
    person, ordered = event.visit.person, event.name == "Purchase"
    at_checkout = event.name in ("InitiateCheckout", "Purchase")
    keys: dict = {}
    if person.member or ordered or event.typed_email:
        keys |= {"em": [sha256(person.email)]}
    if ordered or (at_checkout and person.member):
        keys |= {"ph": [sha256(person.phone)]}
    if at_checkout:
        keys |= {"country": [sha256("dk")]}
    if at_checkout and person.member:
        keys |= {
            "fn": [sha256(letters(person.first_name))],
            "ln": [sha256(letters(person.last_name))],
            "ct": [sha256(letters(person.city))],
            "zp": [sha256(person.postcode)],
        }
    if person.member:
        keys |= {
            "external_id": [sha256(person.customer)],
            "ge": [sha256("f" if person.woman else "m")],
            "db": [sha256(person.born)],
        }
    keys |= {"client_ip_address": person.ip, "client_user_agent": person.user_agent, "fbp": person.fbp}
    return keys | ({"fbc": event.visit.fbc} if event.visit.fbc else {})


def commerce(event: Event) -> dict:
    """custom_data: empty for pages and sign-ups."""
    if not event.cart:
        return {}
    contents = [
        {"id": product.id, "quantity": quantity, "item_price": product.price}
        for product, quantity in event.cart
    ]
    data: dict = {
        "value": event.value,
        "currency": "DKK",
        "content_type": "product",
        "content_ids": [product.id for product, _ in event.cart],
        "contents": contents,
    }
    if event.name in ("InitiateCheckout", "Purchase"):
        data["num_items"] = sum(quantity for _, quantity in event.cart)
    return data | ({"order_id": event.order} if event.order else {})


def browser_event(event: Event) -> dict:
    """One pixel hit. The pixel knows the e-mail of who is logged in, or types it into the newsletter form."""
    person, bought = event.visit.person, commerce(event)
    return {
        "received_from": "browser",
        "pixel_id": PIXEL_ID,
        "event_name": event.name,
        "event_time": int(event.time),
        "event_id": event.id,
        "event_source_url": event.url,
        "em": sha256(person.email) if person.member or event.name == "Lead" else "",
        "external_id": sha256(person.customer) if person.member else "",
        "fbp": person.fbp,
        "fbc": event.visit.fbc or "",
        "value": f"{bought['value']:.2f}" if bought else "",
        "currency": bought.get("currency", ""),
        "order_id": bought.get("order_id", ""),
        "content_ids": json.dumps(bought["content_ids"]) if bought else "",
        "content_type": bought.get("content_type", ""),
    }


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def letters(name: str) -> str:
    """Names and towns as Meta wants them: lower case, no spaces or punctuation, Danish letters kept."""
    return "".join(letter for letter in name.lower() if letter.isalpha())


def write(rows: list[Row], folder: Path) -> None:
    """Both files, each in the order of arrival. A row planted as "cut-off" ends in the middle of its line."""
    rows = sorted(rows, key=lambda row: row.arrived)
    with (folder / SERVER_FILE).open("w", encoding="utf-8", newline="\n") as log:
        for row in rows:
            if row.side == "server":
                line = json.dumps(row.sent, ensure_ascii=False, separators=(",", ":"))
                log.write((line[: len(line) * 3 // 5] if row.planted == "cut-off" else line) + "\n")
    with (folder / BROWSER_FILE).open("w", encoding="utf-8", newline="") as table:
        sheet = csv.writer(table, lineterminator="\n")
        sheet.writerow(HEADINGS)
        for row in rows:
            if row.side == "browser":
                sheet.writerow(row.sent[field] for field in HEADINGS.values())
