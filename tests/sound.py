"""One sound event of each side, and logs of events that are told by their differences from it.

A difference names the fields of a Conversions API event without their nesting; None takes a field away. `_side` (browser, server,
offline, unknown) chooses the sound event it starts from, `_as_sent` is False for rows of an exported table, and `received_at` (when the
event arrived, Unix seconds), `pixel_id`, `sender` and `consent` (as emq_audit.read.consent hands it on) are what the log says about it.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from emq_audit import events, relations
from emq_audit.checks.examples import CLICK, DAY, EMAIL, MINUTE, MOMENT, PHONE, fbc, fbp, sha256
from emq_audit.match_keys import KEYS
from emq_audit.read import EVENT_LEAVES, MISNAMED_KEYS, USER_DATA, Source

SENT = MOMENT + MINUTE
"""The moment ages are counted from in tests, Unix seconds."""

SERVER = {
    "_side": "server",
    "event_name": "Purchase",
    "event_time": MOMENT,
    "event_id": "order-1042",
    "action_source": "website",
    "event_source_url": f"https://shop.example.com/tak?order=1042&fbclid={CLICK}",
    "referrer_url": "https://shop.example.com/kurv",
    "em": [EMAIL],
    "ph": [PHONE],
    "fn": sha256("mette"),
    "ln": sha256("holm"),
    "ge": sha256("f"),
    "ct": sha256("aarhus"),
    "zp": sha256("8000"),
    "country": sha256("dk"),
    "external_id": ["customer-1042"],
    "fbp": fbp(MOMENT - 3 * DAY),
    "fbc": fbc(MOMENT - 2 * DAY),
    "client_ip_address": "87.49.146.12",
    "client_user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "value": 249.0,
    "currency": "DKK",
    "order_id": "1042",
    "contents": [{"id": "SKU-7", "quantity": 1, "item_price": 249.0}],
    "content_type": "product",
}
BROWSER = {
    key: value
    for key, value in SERVER.items()
    if key
    not in {
        "action_source",
        "referrer_url",
        "client_ip_address",
        "client_user_agent",
        "ph",
        "fn",
        "ln",
        "ge",
        "ct",
        "zp",
        "country",
    }
} | {"_side": "browser"}
SOUND = (SERVER, BROWSER)

_CONTROL = ("_side", "_as_sent", "received_at", "pixel_id", "sender", "consent")


def different(difference: dict) -> dict:
    """A sound event with the difference applied."""
    base = BROWSER if difference.get("_side") == "browser" else SERVER
    return {key: value for key, value in (base | difference).items() if value is not None}


def nested(event: dict) -> dict:
    """The event as the Conversions API nests it, with what the log knows about it beside."""
    parts: dict = {key: event[key] for key in _CONTROL if key in event}
    for key, value in event.items():
        if key in EVENT_LEAVES:
            parts[key] = value
        elif key not in _CONTROL:
            parts.setdefault("user_data" if key in (*KEYS, *MISNAMED_KEYS) else "custom_data", {})[key] = (
                value
            )
    return parts


def open_log(
    differences: Iterable[dict], folder: Path, *, as_of: int | None = SENT
) -> duckdb.DuckDBPyConnection:
    """The events and relations of a log with one event for each difference, in rows 1, 2, 3 …"""
    path = folder / "log.ndjson"
    with path.open("w", encoding="utf-8") as log:
        for row, difference in enumerate(differences, 1):
            log.write(json.dumps({"_row": row} | nested(different(difference))) + "\n")
    con = events.connect(folder)
    events.build(con, [Source(0, _select(path), consent=True)], as_of=as_of)
    relations.build(con)
    return con


def _select(path: Path) -> str:
    leaves = {leaf: "JSON" for leaf in (*EVENT_LEAVES, "custom_data", "received_at", "pixel_id", "sender", "consent")}
    types = leaves | {"user_data": USER_DATA, "_row": "BIGINT", "_side": "VARCHAR", "_as_sent": "BOOLEAN"}
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
    return f"""
        SELECT 0::SMALLINT AS file, _row AS "row", _side AS side, coalesce(_as_sent, true) AS as_sent, sender, pixel_id,
               received_at, {", ".join(EVENT_LEAVES)}, user_data, custom_data, consent
        FROM read_json('{path}', format='newline_delimited', columns={{{columns}}})"""
