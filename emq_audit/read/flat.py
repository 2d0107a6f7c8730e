"""Events whose fields have other names or stand side by side, as warehouses and loggers write them."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from emq_audit.fields import field_for
from emq_audit.match_keys import KEYS
from emq_audit.read.consent import signals
from emq_audit.read.found import Found
from emq_audit.read.marks import is_from_server, look_alike
from emq_audit.read.sides import side_of

ABOUT = ("side", "pixel_id", "sender", "received_at")
_CUSTOM = {"value", "currency", "order_id", "content_ids", "contents", "content_type", "num_items"}


@lru_cache(maxsize=4096)
def field_of_key(key: str) -> str | None:
    """The field that a key of a JSON object holds; camelCase is read as snake_case."""
    return field_for(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)) or field_for(key)


def is_flat(event: Mapping[str, Any]) -> bool:
    """Do match keys stand beside the event's name instead of inside user_data?"""
    return not isinstance(event.get("user_data"), dict) and any(field_of_key(key) in KEYS for key in event)


def flat_event(value: Any) -> Found | None:
    """The event in such an object; None where it does not look like one."""
    if not isinstance(value, dict) or look_alike(value):
        return None
    event: dict[str, Any] = {}
    user: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for key, entry in _leaves(value):
        field = field_of_key(key)
        if field is None or entry is None:
            continue
        group = user if field in KEYS else told if field in ABOUT else custom if field in _CUSTOM else event
        group.setdefault(field, entry)
    if "event_name" not in event or not ({"event_time", "event_id"} & event.keys() or user):
        return None
    event |= {"user_data": user} if user else {}
    event |= {"custom_data": custom} if custom else {}
    side = side_of(told.get("side")) or ("server" if is_from_server(event) else None)
    return Found(
        event, False, side, "flat", told.get("sender"), told.get("pixel_id"), told.get("received_at"), signals(value) or None
    )


def _leaves(value: Mapping[str, Any], prefix: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """Keys and values of an object and of the objects in it, the outer ones first."""
    inner = []
    for key, entry in value.items():
        if isinstance(entry, dict) and depth:
            inner.append((f"{prefix}{key}.", entry))
        else:
            yield f"{prefix}{key}", entry
    for name, entry in inner:
        yield from _leaves(entry, name, depth - 1)
