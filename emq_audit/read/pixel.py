"""Requests of the browser's Pixel to facebook.com/tr: addresses, form bodies and recorded sessions (HAR).

Meta does not document these parameters; what they mean was inferred from captures by many people. Cookies and authorisation headers are
never looked at.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from emq_audit.match_keys import KEYS
from emq_audit.read.consent import signals
from emq_audit.read.found import Found, Missed

_ADDRESS = re.compile(
    r"(?i)(https?:)?//[^/?#\s]*(facebook\.(com|net)(:\d+)?/tr(/[^?#\s]*)?(\?|#|\s|$)|[^?#\s]*/tr/?\?[^#\s]*\bev=)"
)
_KEY = re.compile(r"(ud|udff|cd)\[([^\]]+)\]")
_USER_KEYS = {
    "zip": "zp",
    "state": "st",
    "city": "ct",
    "email": "em",
    "phone": "ph",
    "dob": "db",
    "gender": "ge",
    "uid": "external_id",
}
_MAX_FIELDS = 2000


def is_address(text: str) -> bool:
    """Does the text begin with the address of a Pixel request?"""
    return bool(_ADDRESS.match(text))


def find_address(line: str) -> str | None:
    """The address of a Pixel request anywhere in a line of text, or None."""
    found = _ADDRESS.search(line) if "/tr" in line else None
    return re.split(r"[\s\"'<>]", line[found.start() :], maxsplit=1)[0] if found else None


def is_parameters(value: Mapping[str, Any]) -> bool:
    """Are these the parameters of a Pixel request, already taken apart?"""
    return "ev" in value and "id" in value and any(key in value for key in ("dl", "eid", "ts", "fbp"))


def events_of_address(address: str) -> Iterator[Found | Missed]:
    """The event in the address of a Pixel request."""
    parameters = _parameters(address.split()[0])
    yield (
        event_of(parameters)
        if parameters.get("ev")
        else Missed("a request to the Pixel without an event name")
    )


def _parameters(address: str) -> dict[str, str]:
    try:
        return dict(
            reversed(parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
        )
    except ValueError:
        return {}


def event_of(parameters: Mapping[str, Any], user_agent: str | None = None, at: float | None = None) -> Found:
    """The event in the parameters of a request. `at`: when the browser made it, in Unix seconds, for a request that does not say."""
    user: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in parameters.items():
        if match := _KEY.fullmatch(name):
            group, key = match.groups()
            if group == "cd":
                custom[key] = _plain(value)
            elif group == "ud" or key not in user:
                user[_USER_KEYS.get(key, key)] = value
    for group, values in (("ud", user), ("cd", custom)):
        if isinstance(nested := parameters.get(group), dict):
            values.update(nested)
    user |= {key: parameters[key] for key in ("fbp", "fbc") if parameters.get(key)}
    if user_agent:
        user["client_user_agent"] = user_agent
    names = {"event_name": "ev", "event_id": "eid", "event_source_url": "dl", "referrer_url": "rl"}
    event = {
        field: parameters[name] for field, name in names.items() if parameters.get(name) not in (None, "")
    }
    event |= {"event_time": when} if (when := _seconds(parameters.get("ts"), at)) is not None else {}
    event |= {"data_processing_options": [parameters["dpo"]]} if parameters.get("dpo") else {}
    event |= {"user_data": {key: value for key, value in user.items() if key in KEYS}} if user else {}
    event |= {"custom_data": custom} if custom else {}
    return Found(event, False, "browser", "pixel", parameters.get("a"), parameters.get("id"), at, signals(parameters) or None)


def _seconds(milliseconds: Any, at: float | None) -> int | str | None:
    """`ts` counts milliseconds since 1970; the requests of an image tag lack it."""
    text = str(milliseconds or "").strip()
    if re.fullmatch(r"\d{12,14}", text):
        return int(text) // 1000
    return text or (int(at) if at is not None else None)


def _plain(value: Any) -> Any:
    """Lists and objects travel as JSON in one parameter."""
    if isinstance(value, str) and value[:1] in "[{" and len(value) > 1:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


# Recorded sessions ------------------------------------------------------------------------------------------------------------


def is_session(value: Any) -> bool:
    """Is this document a HAR file?"""
    return (
        isinstance(value, dict)
        and isinstance(value.get("log"), dict)
        and isinstance(value["log"].get("entries"), list)
    )


def is_recorded(value: Any) -> bool:
    """Is this one entry of a HAR file?"""
    return (
        isinstance(value, dict)
        and isinstance(value.get("request"), dict)
        and isinstance(value["request"].get("url"), str)
    )


def events_of_entry(entry: dict[str, Any]) -> Iterator[Found | Missed]:
    """The event that a recorded request sent to the Pixel; nothing for requests to others."""
    request = entry["request"]
    if not is_address(request["url"]):
        return
    parameters = _parameters(request["url"]) | _posted(request.get("postData"))
    if "BLOCKED" in str(entry.get("_error") or _of(entry, "response").get("_error") or "").upper():
        yield Missed("a Pixel request that was blocked before it left the browser")
    elif not parameters.get("ev"):
        yield Missed(
            "a Pixel request whose body was not recorded"
            if request.get("method") == "POST"
            else "a Pixel request without event"
        )
    else:
        yield event_of(parameters, _header(request, "user-agent"), _moment(entry.get("startedDateTime")))


def _of(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _header(request: dict[str, Any], name: str) -> str | None:
    headers = request.get("headers")
    for header in headers if isinstance(headers, list) else ():
        if isinstance(header, dict) and str(header.get("name")).lower() == name:
            return str(header.get("value") or "") or None
    return None


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _posted(data: Any) -> dict[str, str]:
    """The fields of a request body: a form, a multipart form, or fields that the recorder took apart."""
    if not isinstance(data, dict):
        return {}
    text = str(data.get("text") or "")
    if data.get("encoding") == "base64":
        try:
            text = base64.b64decode(text).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return {}
    kind = str(data.get("mimeType") or "")
    if text and "multipart" in kind:
        return _multipart(text, kind)
    if text:
        return _parameters("?" + text.strip())
    fields = data.get("params")
    return {
        str(field.get("name")): str(field.get("value") or "")
        for field in (fields if isinstance(fields, list) else ())
        if isinstance(field, dict)
    }


def _multipart(text: str, kind: str) -> dict[str, str]:
    """The fields of a multipart form."""
    found = re.search(r'boundary="?([^";]+)', kind)
    boundary = "--" + found[1].strip() if found else text.split("\n", 1)[0].strip()
    fields = {}
    for piece in text.split(boundary)[1:_MAX_FIELDS] if boundary else ():
        head, _, body = piece.replace("\r\n", "\n").lstrip("\n").partition("\n\n")
        if name := re.search(r'name="([^"]*)"', head):
            fields[name[1]] = body.removesuffix("\n")
    return fields
