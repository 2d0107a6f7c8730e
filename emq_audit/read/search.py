"""Events inside whatever a log wraps around them: request bodies, log lines, JSON inside texts, forms, batches, SDK objects."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from emq_audit.read import cdp, consent, pixel
from emq_audit.read.flat import flat_event, is_flat
from emq_audit.read.found import Found, Missed
from emq_audit.read.json_text import Unreadable, loads
from emq_audit.read.marks import is_event, is_from_server
from emq_audit.read.sides import side_of

MAX_TEXTS = 3
"""JSON inside a text inside a text inside a text."""
MAX_NESTING = 12

# The other half of a log line, never the event itself.
_NOT_SEARCHED = re.compile(r"(?i)response|response_?body|response_?headers|headers|cookies|stack|error")
_PIXEL_IN_URL = re.compile(r"(?:^|/)(\d{8,20})/events")
_BODY_MARKS = ("event_name", "eventName", "facebook.com/tr")
_BODIES = ("data", "batch", "RequestBody", "request_body", "requestBody")
_WRAPPERS = (*_BODIES, "request", "payload", "jsonPayload", "body", "events")
"""Keys that hold what was sent; what else stands beside them may only repeat it."""
_TIME_KEYS = ("timestamp", "@timestamp", "receiveTimestamp", "received_at", "time", "ts", "date", "datetime")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)|\d{10}(\.\d+)?|\d{13}|\d{16}")

# Fields of Meta's SDK objects, as JSON.stringify or a debugger writes them, that are called otherwise than what they send.
_SDK_KEYS = {
    "emails": "em", "email": "em", "phones": "ph", "phone": "ph", "genders": "ge", "gender": "ge", "dates_of_birth": "db",
    "date_of_birth": "db", "last_names": "ln", "last_name": "ln", "first_names": "fn", "first_name": "fn", "cities": "ct", "city": "ct",
    "states": "st", "state": "st", "zips": "zp", "zip": "zp", "countries": "country", "country_codes": "country",
    "country_code": "country", "external_ids": "external_id",
}  # fmt: skip


@dataclass(frozen=True)
class Around:
    """What the wrapping says about the events inside."""

    sender: Any = None
    test_event_code: Any = None
    pixel_id: Any = None
    received_at: Any = None
    in_body: bool = False
    side: str | None = None
    consent: dict[str, Any] | None = None


def events_in(value: Any) -> Iterator[Found | Missed]:
    """Every event in `value`, and the entries of a list of events that are none. Nothing at all where there is no event."""
    yield from _search(value, Around(), MAX_TEXTS, MAX_NESTING)


def events_in_row(row: dict[str, Any]) -> Iterator[Found | Missed]:
    """Every event in the cells of a table's row, which itself is none."""
    around = _around(row, Around())
    for key in sorted(row, key=_rank):
        if isinstance(row[key], str) and not _NOT_SEARCHED.fullmatch(key):
            found = list(_search(row[key], around, MAX_TEXTS, MAX_NESTING))
            if any(isinstance(entry, Found) for entry in found):
                yield from found
                return


def _search(value: Any, around: Around, texts: int, nesting: int) -> Iterator[Found | Missed]:
    if nesting == 0:
        return
    if isinstance(value, dict):
        yield from _in_object(value, around, texts, nesting)
    elif isinstance(value, list):
        yield from _in_list(value, around, texts, nesting)
    elif isinstance(value, str) and texts and len(value) > 10:
        yield from _in_text(value, around, texts, nesting)


def _in_object(value: dict[str, Any], around: Around, texts: int, nesting: int) -> Iterator[Found | Missed]:
    if any(key in value for key in ("_event_name", "_user_data")):
        yield Found(_from_sdk(value), as_sent=False, side=None, shape="sdk")
        return
    if is_event(value):
        yield _as_found(value, around)
        return
    if "event_name" in value and is_flat(value) and (flat := flat_event(value)):
        yield _within(flat, around)
        return
    if pixel.is_parameters(value):
        yield _within(pixel.event_of(value), around)
        return
    if cdp.is_track(value):
        yield _within(cdp.event_of(value), around)
        return
    inner = _around(value, around)
    kept: list[Found | Missed] = []
    for key in sorted(value, key=_rank):
        if _NOT_SEARCHED.fullmatch(str(key)):
            continue
        about = replace(inner, in_body=inner.in_body or key in _BODIES, side=side_of(key) or inner.side)
        found = list(_search(value[key], about, texts, nesting - 1))
        if any(isinstance(entry, Found) for entry in found):
            kept += [entry for entry in found if entry not in kept] if kept else found
            if key in _WRAPPERS:
                break
    yield from kept


def _rank(key: str) -> bool:
    """Bodies first."""
    return key not in _WRAPPERS


def _in_list(value: list[Any], around: Around, texts: int, nesting: int) -> Iterator[Found | Missed]:
    found: list[Found | Missed] = []
    for entry in value:
        inside = list(_search(entry, around, texts, nesting - 1))
        found += inside or [Missed(why_none(entry))]
    if any(isinstance(entry, Found) for entry in found):
        yield from found


def _in_text(value: str, around: Around, texts: int, nesting: int) -> Iterator[Found | Missed]:
    start = value[:200].lstrip()
    if pixel.is_address(start):
        yield from pixel.events_of_address(value.strip())
    elif not any(mark in value for mark in _BODY_MARKS):
        return
    elif re.match(r"[\[{\"]", start):
        try:
            yield from _search(loads(value), around, texts - 1, nesting - 1)
        except (Unreadable, json.JSONDecodeError):
            return
    elif form := form_fields(start, value):
        yield from _search(form, around, texts, nesting - 1)
    elif "{" in value:
        try:
            yield from _search(loads(value[value.index("{") :]), around, texts - 1, nesting - 1)
        except (Unreadable, json.JSONDecodeError):
            return


def form_fields(start: str, value: str) -> dict[str, str] | None:
    """The fields of a form-encoded body `data=...&partner_agent=...`, or None."""
    if not re.search(r"(^|&)(data|batch)=", start) and "&data=" not in value:
        return None
    try:
        return {key: texts[0] for key, texts in parse_qs(value, max_num_fields=1000).items()}
    except ValueError:
        return None


def _as_found(value: dict[str, Any], around: Around) -> Found:
    if is_flat(value) and (flat := flat_event(value)):
        return _within(flat, around)
    event, as_sent = value, True
    for key in ("user_data", "custom_data"):
        if isinstance(event.get(key), str):
            with suppress(Unreadable, json.JSONDecodeError):
                event, as_sent = event | {key: loads(event[key])}, False
    if around.test_event_code and not event.get("test_event_code"):
        event = event | {"test_event_code": around.test_event_code}
    side = around.side or ("server" if around.in_body or is_from_server(event) else None)
    return Found(
        event,
        as_sent,
        side,
        "body" if around.in_body else "event",
        around.sender,
        around.pixel_id,
        around.received_at,
        around.consent,
    )


def _within(found: Found, around: Around) -> Found:
    """What was found, with what is said around it about consent."""
    return replace(found, consent=around.consent | (found.consent or {})) if around.consent else found


def _from_sdk(value: dict[str, Any]) -> dict[str, Any]:
    """An event out of an object of Meta's SDK, whose fields begin with an underscore."""
    event = {key.lstrip("_"): entry for key, entry in value.items()}
    if isinstance(user := event.get("user_data"), dict):
        bare = {key.removeprefix("_"): entry for key, entry in user.items()}
        event["user_data"] = {
            _SDK_KEYS.get(key, key): entry for key, entry in bare.items() if entry is not None
        }
    if isinstance(custom := event.get("custom_data"), dict):
        event["custom_data"] = {
            key.removeprefix("_"): entry for key, entry in custom.items() if entry is not None
        }
    return {key: entry for key, entry in event.items() if entry is not None}


def _around(value: dict[str, Any], around: Around) -> Around:
    """What this object adds to what is known about the events inside it."""
    addresses = [entry for entry in value.values() if isinstance(entry, str) and "/events" in entry[:300]]
    pixels = [match[1] for address in addresses if (match := _PIXEL_IN_URL.search(address[:300]))]
    times = [value[key] for key in _TIME_KEYS if _ZONED.fullmatch(str(value.get(key, ""))[:40])]
    return replace(
        around,
        sender=value.get("partner_agent") or around.sender,
        test_event_code=value.get("test_event_code") or around.test_event_code,
        pixel_id=next(iter(pixels), around.pixel_id),
        received_at=next(iter(times), around.received_at),
        consent=(around.consent or {}) | consent.signals(value) or None,
    )


def why_none(value: Any) -> str:
    """Why a record without an event has none, as far as it shows."""
    if not isinstance(value, (dict, list)):
        return "a single value, not an event"
    if isinstance(value, list):
        return "an empty list" if not value else "a list without an event"
    keys = set(value)
    if value.get("data") in ([], "[]"):
        return "a request without an event"
    if (
        keys & {"events_received", "fbtrace_id", "ResponseBody", "ResponseStatusCode", "response_body"}
        or value.get("Type") == "Response"
    ):
        return "a response, not an event"
    if "event_params" in keys:
        return "a row of Google Analytics, which holds no customer information"
    if any(str(key).startswith("x-ga-") for key in keys):
        return "event data of server-side Tag Manager, before its Facebook tag"
    if not keys:
        return "an empty object"
    return "no event in it"
