"""The facts about one event beside its match keys, in plain Python: the twin of the other columns of `events`."""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
import pycountry

from emq_audit.event_names import AUTOMATIC, GA4, OTHER_DOCUMENTED, STANDARD
from emq_audit.read import MISNAMED_KEYS
from tests.bench.plain_states import Event, first_text, is_blank, is_placeholder, without_appendix

OTHER_SOURCES = frozenset("email app phone_call chat physical_store system_generated business_messaging other".split())

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII).fullmatch
_WEB = re.compile(r"(?i)https?://[^/\s]").match
_LOCAL = re.compile(r"(?i)https?://(?:localhost|127\.|10\.|192\.168\.|\[::1\]|[^/]*\.(?:local|test|localhost)(?:[:/]|$))").match
_EMAIL = re.compile(r"(?i)[a-z0-9][a-z0-9._+-]*(?:@|%40)[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}").search
_FBCLID = re.compile(r"fbclid=([^&#]+)").search
_CURRENCIES = frozenset(currency.alpha_3 for currency in pycountry.currencies)
_LETTERS = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in STANDARD}
_MISNAMED = frozenset(MISNAMED_KEYS)


def number_of(text: str | None) -> float | None:
    """The text as a number, or None; float() would take digits of any script."""
    try:
        return float(text) if text and text.isascii() else None
    except ValueError:
        return None


def moment(text: str | None) -> tuple[str, int | None]:
    """What an event_time is, and the moment it means in Unix seconds, whatever the unit it came in."""
    number = number_of(text)
    if number is not None:
        for state, low, seconds in (("seconds", 9e8, 1), ("milliseconds", 9e11, 1e-3), ("microseconds", 9e14, 1e-6), ("divided", 9e5, 1e3)):
            if low <= number <= low * 50 / 9:
                return state, math.floor(number * seconds if seconds >= 1 else number / (1 / seconds))
    if is_blank(text):
        return "missing", None
    if _ISO(text):
        try:
            date = datetime.fromisoformat(text)
        except ValueError:
            return "unreadable", None
        return "date", math.floor((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    return "unreadable", None


@lru_cache(maxsize=10_000)
def name_state(name: str | None) -> str:
    if name in STANDARD:
        return "standard"
    if is_blank(name):
        return "missing"
    if name in OTHER_DOCUMENTED:
        return "documented"
    if name in AUTOMATIC:
        return "automatic"
    if name in GA4:
        return "ga4"
    return "misspelt" if re.sub(r"[^a-z0-9]", "", name.lower()) in _LETTERS else "custom"


def id_state(leaf: Any, text: str | None) -> str:
    if leaf is None:
        return "missing"
    if is_blank(text):
        return "empty"
    return "placeholder" if is_placeholder(text) else "present"


def source_state(text: str | None) -> str:
    if text == "website" or text in OTHER_SOURCES:
        return text
    return "missing" if is_blank(text) else "unknown"


@lru_cache(maxsize=100_000)
def url_state(text: str | None) -> str:
    if is_blank(text):
        return "missing"
    if not _WEB(text):
        return "malformed"
    return "local" if _LOCAL(text) else "ok"


def value_state(text: str | None) -> str:
    number = number_of(text)
    if number is None or not math.isfinite(number):
        return "missing" if is_blank(text) else "not_a_number"
    return "number" if number > 0 else "zero" if number == 0 else "negative"


@lru_cache(maxsize=1_000)
def currency_state(code: str | None) -> str:
    if is_blank(code):
        return "missing"
    return "known" if code.strip().upper() in _CURRENCIES else "unknown"


def click_state(fbc: str | None, url: str | None) -> str | None:
    """How the click id in fbc compares with the one in the page address; None where one is absent."""
    if fbc is None or url is None or "fbclid=" not in url or not (found := _FBCLID(url)):
        return None
    parts = fbc.split(".", 4)
    sent, issued = parts[3] if len(parts) > 3 else "", without_appendix(found[1])
    if sent == issued:
        return "same"
    if sent.lower() == issued.lower():
        return "case"
    return "cut" if len(sent) >= 20 and issued.startswith(sent) else "other"


def shows_email(text: str | None) -> bool:
    return text is not None and ("@" in text or "%40" in text) and _EMAIL(text) is not None


def facts(event: Event, user: Event, custom: Event, side: str, texts: dict[str, str | None], time_state: str) -> list[Any]:
    """The facts of check.FACTS in their order, but for age_state, delay_state and both_sides, which need the whole log, and
    consent_state: these logs say nothing about consent.

    `texts`: event_id, action_source, event_source_url, value and currency as texts.
    """
    url, source, written = texts["event_source_url"], texts["action_source"], event.get("custom_data")
    return [
        True,
        name_state(texts["event_name"]),
        time_state,
        id_state(event.get("event_id"), texts["event_id"]),
        source_state(source),
        url_state(url),
        value_state(texts["value"]),
        currency_state(texts["currency"]),
        click_state(first_text(user.get("fbc")), url),
        not is_blank(first_text(event.get("test_event_code"))),
        shows_email(url) or shows_email(first_text(event.get("referrer_url"))),
        bool(written) and shows_email(orjson.dumps(written).decode()),
        not _MISNAMED.isdisjoint(user) and any(user.get(key) is not None for key in MISNAMED_KEYS),
        any("[object Object]" in orjson.dumps(custom[key]).decode() for key in ("contents", "content_ids") if key in custom),
        side != "offline" and source not in OTHER_SOURCES,
    ]
