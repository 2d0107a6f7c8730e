"""What one JSON record looks like, so that plain ones can be left to DuckDB and odd ones searched."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from emq_audit.fields import plain_name
from emq_audit.read.flat import ABOUT, field_of_key, is_flat
from emq_audit.read.found import Found
from emq_audit.read.json_text import Unreadable, of_line
from emq_audit.read.marks import is_event, is_from_server, look_alike
from emq_audit.read.search import events_in
from emq_audit.read.sides import names_sides

_IDENTIFYING = ("event_name", "event_time", "event_id", "user_data")
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = re.compile(f"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}")
_TOO_SHORT = {"a", "from", "agent"}
"""Aliases that a column may have and a JSON key should not: they mean too many things."""


class _Twice(ValueError):
    """A key stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def of_text(line: str) -> tuple[str, Any]:
    """Shape and value of a line: as `of_value`, or `broken`. What DuckDB refuses and Python can read is `odd`."""
    try:
        value = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return _broken(line)
    if "\\u" in line and _LONE_SURROGATE.search(line):
        return ("odd", value) if _holds_event(value) else ("broken", None)
    return of_value(value), value


def _broken(line: str) -> tuple[str, Any]:
    try:
        value = of_line(line)
    except Unreadable:
        return "broken", None
    return ("odd", value) if _holds_event(value) else ("broken", None)


def _holds_event(value: Any) -> bool:
    return any(isinstance(entry, Found) for entry in events_in(value))


def of_value(value: Any) -> str:
    """`event` or `body`: DuckDB reads it just as Python would. `odd`: holds an event somewhere, or looks like one and is none. `none`."""
    if isinstance(value, dict):
        if _is_plain_event(value):
            return "event"
        if _is_plain_body(value):
            return "body"
        if any(value.get(key) is not None for key in _IDENTIFYING):
            return "odd"
    return "odd" if _holds_event(value) else "none"


def _is_plain_event(value: dict[str, Any]) -> bool:
    if (
        look_alike(value)
        or not (is_event(value) or ("event_name" in value and not _nested(value)))
        or is_flat(value)
    ):
        return False
    return isinstance(value.get("user_data"), (dict, type(None))) and isinstance(
        value.get("custom_data"), (dict, list, type(None))
    )


def _nested(value: dict[str, Any]) -> bool:
    return any(
        isinstance(entry, (dict, list)) or (isinstance(entry, str) and entry[:1] in "{[" and entry)
        for entry in value.values()
    )


def _is_plain_body(value: dict[str, Any]) -> bool:
    data = value.get("data")
    return (
        isinstance(data, list)
        and bool(data)
        and all(isinstance(entry, dict) and _is_plain_event(entry) for entry in data)
    )


def about(events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The keys of these events, beside Meta's own, that say something about the row: field → key."""
    values: dict[str, list[Any]] = {}
    for event in events:
        for key, value in event.items():
            if not isinstance(value, (dict, list)) and value is not None:
                values.setdefault(key, []).append(value)
    found: dict[str, str] = {}
    for key, entries in values.items():
        field = field_of_key(key)
        if field not in ABOUT or plain_name(key) in _TOO_SHORT or field in found:
            continue
        if field != "side" or names_sides(entries):
            found[field] = key
    return found


def server_share(events: list[Mapping[str, Any]]) -> float:
    """Share of events that carry what only a server sends: an action_source, or the visitor's address or user agent."""
    return sum(map(is_from_server, events)) / len(events) if events else 0.0
