"""What tells an event from other JSON objects, and a server's event from others."""

from collections.abc import Mapping
from typing import Any


def is_event(value: Mapping[str, Any]) -> bool:
    """Does this object have the shape of a Conversions API event?"""
    if look_alike(value):
        return False
    has_user = isinstance(value.get("user_data"), (dict, str))
    if "event_name" in value:
        return has_user or any(
            key in value
            for key in ("event_time", "event_id", "action_source", "custom_data", "event_source_url")
        )
    return has_user and any(key in value for key in ("event_time", "event_id", "action_source"))


def look_alike(value: Mapping[str, Any]) -> bool:
    """An event of Google Analytics: the same words, another shape, and no customer information."""
    return "event_params" in value or "x-ga-protocol_version" in value or "x-ga-measurement_id" in value


def is_from_server(event: Mapping[str, Any]) -> bool:
    """Does the event carry what only a server sends: an action_source, or the visitor's address or user agent?"""
    user = event.get("user_data")
    return bool(event.get("action_source")) or (
        isinstance(user, dict) and bool(user.keys() & {"client_user_agent", "client_ip_address"})
    )
