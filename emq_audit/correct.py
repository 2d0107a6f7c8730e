"""Correcting: a whole server event written the way Meta asks for it, and what was changed to get there.

What can be repaired without a guess is rewritten, what cannot be sent is left out, and what has to be repaired where the event is made
is reported. Rules: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pycountry

from emq_audit.event_names import standard_for
from emq_audit.fields import field_for
from emq_audit.match_keys import BY_KEY, KEYS, Hashing
from emq_audit.normalise import as_text, is_placeholder, normalise, sha256
from emq_audit.read.source import MISNAMED_KEYS
from emq_audit.right_forms import BLANKS, About
from emq_audit.suspects import user_agent_state


@dataclass(frozen=True)
class Change:
    """One difference between an event and its corrected copy. `field` is a path such as user_data.em; `action` is `rewritten`,
    `left out`, or `reported`: seen, but left for the place where the event is made. `reason` never holds the value."""

    field: str
    action: str
    reason: str


def correct_event(event: dict[str, Any], *, region: str | None = None) -> tuple[dict[str, Any], list[Change]]:
    """A server event as parsed JSON, corrected, with what was changed; the event that was given stays as it is.

    `region`: ISO country of phone numbers without country code. What this module does not know is kept, and shared with the original.
    """
    corrected = event | {
        part: dict(event[part]) for part in ("user_data", "custom_data") if isinstance(event.get(part), dict)
    }
    changes = [
        *_correct_name(corrected),
        *_correct_time(corrected),
        *_correct_id(corrected),
        *_correct_user_data(corrected, region),
        *_correct_money(corrected),
        *_report_emails(corrected),
    ]
    return corrected, changes


def _correct_name(event: dict[str, Any]) -> Iterable[Change]:
    name = event.get("event_name")
    if isinstance(name, str) and (standard := standard_for(name)) and standard != name:
        event["event_name"] = standard
        yield Change("event_name", "rewritten", f"written as the standard event {standard}")


# What an event_time was given in, by its size as a number, and its seconds. The thresholds of time_state in vocabulary.sql.
_UNITS = (
    (9e8, 5e9, 1, "a whole number of seconds"),
    (9e11, 5e12, 1000, "milliseconds turned into seconds"),
    (9e14, 5e15, 1_000_000, "microseconds turned into seconds"),
    (9e5, 5e6, 0.001, "divided by 1,000 once too often: multiplied back, exact to a thousand seconds"),
)


def _correct_time(event: dict[str, Any]) -> Iterable[Change]:
    sent = event.get("event_time")
    if sent is None:
        return
    seconds, reason = _seconds(sent)
    if seconds is None:
        yield Change("event_time", "reported", reason)
    elif type(sent) is not int or sent != seconds:
        event["event_time"] = seconds
        yield Change("event_time", "rewritten", reason)


def _seconds(sent: object) -> tuple[int | None, str]:
    """Unix seconds of an event_time, and how they were had; a time without a zone is taken as UTC, as the audit does."""
    text = (as_text(sent) or "").strip(BLANKS)
    if re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", text):
        number = float(text)
        unit = next(
            ((divisor, words) for least, most, divisor, words in _UNITS if least <= number <= most), None
        )
        return (int(number / unit[0]), unit[1]) if unit else (None, "not a time in Unix seconds")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, "not a time in Unix seconds"
    if len(text) <= len("2026-11-15"):
        return None, "a date without a time of day"
    reason = "date and time turned into Unix seconds" + ("" if moment.tzinfo else ", read as UTC")
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return (
        (seconds, reason) if _UNITS[0][0] <= seconds <= _UNITS[0][1] else (None, "not a time in Unix seconds")
    )


def _correct_id(event: dict[str, Any]) -> Iterable[Change]:
    identity = event.get("event_id")
    text = as_text(identity)
    if "event_id" in event and (text is None or not text.strip(BLANKS) or is_placeholder(text.strip(BLANKS))):
        del event["event_id"]
        yield Change(
            "event_id",
            "left out",
            "empty or placeholder text, shared by events that are not the same: left out",
        )


def _correct_user_data(event: dict[str, Any], region: str | None) -> Iterable[Change]:
    user = event.get("user_data")
    if not isinstance(user, dict):
        return
    about = About(region, country_of(user), _seconds(event.get("event_time"))[0])
    for key in [key for key in KEYS if key in user]:
        kept, reason = to_send(key, user[key], about)
        if kept is None:
            del user[key]
            yield Change(f"user_data.{key}", "left out", reason)
        elif reason:
            user[key] = kept
            yield Change(f"user_data.{key}", "rewritten", reason)
    yield from move_misnamed(user, about)
    agent = user.get("client_user_agent")
    if isinstance(agent, str) and user_agent_state(agent) != "usable":
        yield Change(
            "user_data.client_user_agent", "reported", "not a browser: pass on the user agent of the visitor"
        )


def move_misnamed(user: dict[str, Any], about: About) -> Iterable[Change]:
    """Values under names that Meta ignores, moved to Meta's where that is free and the value can be sent."""
    for name in [name for name in MISNAMED_KEYS if name in user]:
        key = "fbc" if name == "fbclid" else field_for(name)
        if key not in KEYS or key in user:
            continue
        kept, reason = to_send(key, user[name], about)
        if kept is not None:
            del user[name]
            user[key] = kept
            told = f"moved from {name}, a name that Meta ignores"
            yield Change(f"user_data.{key}", "rewritten", f"{told}; {reason}" if reason else told)


def to_send(key: str, sent: object, about: About) -> tuple[Any, str]:
    """What to send for a key that came as a text, a number or a list; None for nothing. No reason where nothing changes."""
    values = sent if isinstance(sent, list) else [sent]
    answers = [
        normalise(key, value, region=about.region, country=about.country, event_time=about.time)
        for value in values
    ]
    kept = list(dict.fromkeys(answer.value for answer in answers if answer.value is not None))
    reasons = dict.fromkeys(answer.reason for answer in answers if answer.changed)
    if not kept:
        return None, "; ".join(reasons) or "empty: left out"
    takes_lists = BY_KEY[key].hashing is not Hashing.NEVER
    if isinstance(sent, list) and not takes_lists:
        reasons["one value instead of a list"] = None
    elif len(kept) + len([answer for answer in answers if answer.value is None]) < len(values):
        reasons["repeated values left out"] = None
    if None in values:
        reasons["empty: left out"] = None
    return kept if isinstance(sent, list) and takes_lists else kept[0], "; ".join(reasons)


@lru_cache(maxsize=1)
def _country_hashes() -> dict[str, str]:
    return {sha256(code): code for country in pycountry.countries for code in [country.alpha_2.lower()]}


def country_of(user: dict[str, Any]) -> str | None:
    """The country of the event's own `country`, hashed or not, as alpha-2 in small letters."""
    sent = user.get("country")
    answer = normalise("country", sent[0] if isinstance(sent, list) and sent else sent).value
    return _country_hashes().get(answer[:64]) if answer else None


def _correct_money(event: dict[str, Any]) -> Iterable[Change]:
    custom = event.get("custom_data")
    if not isinstance(custom, dict):
        return
    for name in ("value", "currency"):
        if name in custom and (
            custom[name] is None or (isinstance(custom[name], str) and _absent(custom[name]))
        ):
            del custom[name]
            yield Change(f"custom_data.{name}", "left out", "empty or placeholder text: left out")
    currency, value = custom.get("currency"), custom.get("value")
    if (
        isinstance(currency, str)
        and (code := currency.strip(BLANKS).upper()) != currency
        and pycountry.currencies.get(alpha_3=code)
    ):
        custom["currency"] = code
        yield Change("custom_data.currency", "rewritten", "three capital letters (ISO 4217)")
    elif isinstance(currency, str) and not pycountry.currencies.get(alpha_3=currency):
        yield Change("custom_data.currency", "reported", "not a currency code of ISO 4217")
    if isinstance(value, str):
        number = number_in(value)
        if number is None:
            yield Change("custom_data.value", "reported", "cannot be read as one number")
        else:
            custom["value"] = number
            yield Change("custom_data.value", "rewritten", "text turned into a number")


def _absent(text: str) -> bool:
    bare = text.strip(BLANKS)
    return not bare or (is_placeholder(bare) and not bare.strip("+").isdigit())


_MONEY = re.compile(
    r"(?:[A-Za-z]{2,3}\.?|[€$£¥₹])?\s*([+-]?[0-9][0-9.,'’\s]*?)(?:[.,]-)?\s*(?:[A-Za-z]{2,3}\.?|[€$£¥₹])?"
)


def number_in(text: str) -> int | float | None:
    """The number that a text writes, or None where two readings are possible.

    A dot or comma is a decimal point before one, two, or four and more digits (12,50 is 12.5), and where both occur the last one is.
    Before exactly three digits it may be either (1.299), unless what stands before it cannot be a group of thousands (0,500, 1299.000)
    or it occurs more than once (1.299.000). Blanks and apostrophes only ever part thousands.
    """
    match = _MONEY.fullmatch(text.strip(BLANKS)) if len(text) <= 50 else None
    if not match:
        return None
    digits = re.sub(r"(?<=[0-9])[\s'’](?=[0-9]{3}(?![0-9]))", "", match[1])
    sign, digits = (digits[0], digits[1:]) if digits[0] in "+-" else ("", digits)
    if re.fullmatch(r"[0-9]+", digits):
        plain = digits
    elif re.fullmatch(r"[0-9]+[.,]([0-9]{1,2}|[0-9]{4,})|0[.,][0-9]+|[0-9]{4,}[.,][0-9]{3}", digits):
        plain = digits.replace(",", ".")
    elif re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3}){2,}|[1-9][0-9]{0,2}(\.[0-9]{3}){2,}", digits):
        plain = re.sub(r"[.,]", "", digits)
    elif re.fullmatch(r"[1-9][0-9]{0,2}((,[0-9]{3})+\.|(\.[0-9]{3})+,)[0-9]+", digits):
        whole, fraction = re.split(r"[.,](?=[0-9]+$)", digits)
        plain = re.sub(r"[.,]", "", whole) + "." + fraction
    else:
        return None
    return float(sign + plain) if "." in plain else int(sign + plain)


# An address in clear or percent-encoded text, as shows_email in vocabulary.sql finds it.
_SHOWN_EMAIL = re.compile(
    r"(?i)[a-z0-9][a-z0-9._+-]{0,63}(@|%40)[a-z0-9][a-z0-9-]{0,62}(\.[a-z0-9-]{1,63}){0,9}\.[a-z]{2,}"
)


def _report_emails(event: dict[str, Any]) -> Iterable[Change]:
    """Addresses where none may stand. They are not cut out: what is left might be another page, and the page keeps sending them."""
    for name in ("event_source_url", "referrer_url", "custom_data"):
        if _shows_email(event.get(name)):
            yield Change(
                name, "reported", "holds a readable e-mail address: take it out where the event is made"
            )


def _shows_email(sent: object) -> bool:
    waiting = [sent]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and _SHOWN_EMAIL.search(part):
            return True
        waiting.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
    return False
