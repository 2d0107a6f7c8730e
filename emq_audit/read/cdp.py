"""Track calls of a customer data platform (Segment, RudderStack, Jitsu): what it knows before its Meta destination sends it.

Such calls carry contact data as people typed it. The platform hashes it later, so nothing here says how it reaches Meta.
"""

from collections.abc import Mapping
from typing import Any

from emq_audit.read.consent import signals
from emq_audit.read.found import Found

# Ecommerce names of the platforms' shared vocabulary, as their Meta destinations translate them:
# https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-facebook-conversions-api
_EVENT_NAMES = {
    "order completed": "Purchase", "product viewed": "ViewContent", "product list viewed": "ViewContent", "product added": "AddToCart",
    "product added to wishlist": "AddToWishlist", "checkout started": "InitiateCheckout", "payment info entered": "AddPaymentInfo",
    "products searched": "Search", "signed up": "CompleteRegistration",
}  # fmt: skip

# Where each match key stands in a person's traits; a path of several keys goes inwards.
_TRAITS = {
    "em": ("email",), "ph": ("phone",), "fn": ("firstName", "first_name", "firstname"), "ln": ("lastName", "last_name", "lastname"),
    "ge": ("gender",), "db": ("birthday", "date_of_birth"), "ct": ("address.city", "city"), "st": ("address.state", "state"),
    "zp": ("address.postalCode", "address.zip", "address.postal_code", "zip"), "country": ("address.country", "country"),
}  # fmt: skip


def is_track(value: Mapping[str, Any]) -> bool:
    """Is this a call of such a platform that stands for an event?"""
    kind = value.get("type")
    known = any(
        key in value
        for key in ("messageId", "message_id", "anonymousId", "anonymous_id", "userId", "originalTimestamp")
    )
    return known and ((kind == "track" and "event" in value) or kind in ("page", "screen"))


def event_of(call: Mapping[str, Any]) -> Found:
    """The event that the platform would send for this call."""
    context, properties = _dict(call, "context"), _dict(call, "properties")
    name = str(call.get("event") or "")
    event: dict[str, Any] = {
        "event_name": "PageView"
        if call.get("type") in ("page", "screen")
        else _EVENT_NAMES.get(name.strip().lower(), name),
        "event_time": _first(call.get("timestamp"), call.get("originalTimestamp"), call.get("sentAt")),
        "event_id": _first(properties.get("event_id"), call.get("messageId"), call.get("message_id")),
        "event_source_url": _first(_dict(context, "page").get("url"), properties.get("url")),
        "referrer_url": _first(_dict(context, "page").get("referrer"), properties.get("referrer")),
        "action_source": properties.get("action_source"),
        "user_data": _user(call, context, properties),
        "custom_data": {
            "value": _first(properties.get("revenue"), properties.get("value"), properties.get("total")),
            "currency": properties.get("currency"),
            "order_id": properties.get("order_id"),
        },
    }
    for part in ("user_data", "custom_data"):
        event[part] = {key: value for key, value in event[part].items() if value not in (None, "")}
    kept = {key: value for key, value in event.items() if value is not None}
    return Found(kept, False, None, "cdp", received_at=call.get("receivedAt"), consent=signals(call) or None)


def _user(
    call: Mapping[str, Any], context: Mapping[str, Any], properties: Mapping[str, Any]
) -> dict[str, Any]:
    traits = [_dict(call, "traits"), _dict(context, "traits"), properties]
    places = [
        context,
        properties,
        _dict(context, "clientIds"),
        _dict(_dict(context, "integrations"), "Facebook Conversions API"),
    ]
    return {
        **{
            key: _first(*(_at(trait, path) for trait in traits for path in paths))
            for key, paths in _TRAITS.items()
        },
        **{key: _first(*(place.get(key) for place in places)) for key in ("fbp", "fbc")},
        "external_id": _first(
            call.get("userId"),
            call.get("anonymousId"),
            call.get("anonymous_id"),
            *(t.get("id") for t in traits[:2]),
        ),
        "client_ip_address": _first(context.get("ip"), call.get("request_ip")),
        "client_user_agent": context.get("userAgent"),
    }


def _dict(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _at(value: Mapping[str, Any], path: str) -> Any:
    *outer, last = path.split(".")
    for key in outer:
        value = _dict(value, key)
    return value.get(last)


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)
