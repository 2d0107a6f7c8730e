"""Which events of a log are sent as test events, and exactly what of them leaves this computer.

Only server events that Meta could accept go: corrected (emq_audit.correct), with hashed contact data and nothing under names that Meta
ignores. An event that shows an e-mail address where none may stand is left out, and so is one whose privacy flags or app data the log's
reader does not carry along.
"""

import json
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from emq_audit import events, read
from emq_audit.correct import Change, correct_event
from emq_audit.errors import AuditError
from emq_audit.event_names import importance
from emq_audit.mask import mask_email, mask_text, mask_value, printable
from emq_audit.match_keys import BY_KEY, KEYS, Hashing
from emq_audit.right_forms import SHA256

DAY = 86_400
OLDEST = {"physical_store": 62 * DAY}
"""Seconds after which Meta refuses an event; seven days for all but a shop's.
https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event"""

_FIELDS = ("event_name", "event_time", "event_id", "action_source", "event_source_url", "referrer_url", "opt_out",
           "data_processing_options", "user_data", "custom_data")  # fmt: skip
_ELSEWHERE = {
    "app": "an app event, which needs data of the device",
    "business_messaging": "a messaging event",
}
_CANDIDATES = 25
"""Newest events of each event name that are looked at."""


@dataclass(frozen=True)
class Outgoing:
    """One event as it will be sent. `payload` holds what leaves the computer: show `shown`, never this. `refreshed`: its time is set to
    now because Meta refuses old events. `changes` are those of the correction, `lacks` what Meta asks for and the event has not."""

    payload: dict[str, Any] = field(repr=False)
    refreshed: bool
    changes: tuple[Change, ...]
    lacks: tuple[str, ...]

    @property
    def event_name(self) -> str:
        return self.payload["event_name"]

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Every field that is sent, with its value masked."""
        return tuple(_shown(self.payload))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be repeated when Meta repeats them."""
        said = {value for name, value in self.payload.items() if name in _PLAIN}
        return tuple(text for text in _texts(self.payload) if len(text) >= 6 and text not in said)


@dataclass(frozen=True)
class Prepared:
    """The events to send, and for those that were looked at and stay, how many for which reason."""

    events: tuple[Outgoing, ...]
    left_out: dict[str, int]


def prepare(
    logs: Sequence[Any],
    *,
    side: str | None = None,
    region: str | None = None,
    most: int = 5,
    now: int | None = None,
) -> Prepared:
    """The newest server events of each event name, the most valuable names first, corrected and ready to be sent.

    `region`: country of phone numbers without country code. Nothing is sent here. Raises AuditError where no log can be read, and where
    no event can be sent.
    """
    now = int(time.time()) if now is None else now
    left_out: Counter[str] = Counter()
    by_name = _candidates(logs, side, left_out)
    ready: dict[str, Iterator[Outgoing]] = {}
    for name in sorted(by_name, key=lambda name: (importance(name), name)):
        ready[name] = _ready(by_name[name], region, now, left_out)
    chosen: list[Outgoing] = []
    for round_ in zip_longest(*ready.values()):
        chosen += [event for event in round_ if event is not None]
        if len(chosen) >= most:
            break
    if not chosen:
        reasons = (
            "; ".join(f"{count:,} {reason}" for reason, count in left_out.most_common(3))
            or "it holds no server event"
        )
        raise AuditError(
            f"No event of this log can be sent: {reasons}.", "Give a log of Conversions API events."
        )
    return Prepared(tuple(chosen[:most]), dict(left_out))


def _candidates(
    logs: Sequence[Any], side: str | None, left_out: Counter[str]
) -> dict[str, list[dict[str, Any]]]:
    """The newest events of each name, as JSON, from every kind of log that can be read."""
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    con = None
    try:
        reading = read.read(logs, folder, side=side)
        con = events.connect(folder, sum(path.stat().st_size for path in reading.paths if path.is_file()))
        found: dict[str, list[tuple[float, str]]] = {}
        for source in reading.sources:
            rows = con.execute(_newest(source.sql)).fetchall()
            for name, from_browser, newest in rows:
                if from_browser:
                    left_out["sent by the browser, and only server events go this way"] += len(newest)
                    continue
                found.setdefault(name, []).extend((entry["at"] or 0.0, entry["event"]) for entry in newest)
        return {
            name: [json.loads(text) for _, text in sorted(entries, key=lambda entry: -entry[0])[:_CANDIDATES]]
            for name, entries in found.items()
        }
    finally:
        if con is not None:
            con.close()
        shutil.rmtree(folder, ignore_errors=True)


def _newest(source: str) -> str:
    """One row an event name and kind of side: its newest events, as JSON of the sender's own types."""
    pairs = ", ".join(f'"{name}" := {name}' for name in _FIELDS)
    return f"""
        SELECT name, from_browser, max_by({{'at': "at", 'event': event}}, coalesce("at", 0), {_CANDIDATES}) FROM (
            SELECT first_text(event_name) AS name, lower(side) = 'browser' AS from_browser,
                   unix_seconds(first_text(event_time), TRY_CAST(first_text(event_time) AS DOUBLE)) AS "at",
                   CAST(to_json(struct_pack({pairs})) AS VARCHAR) AS event
            FROM ({source}))
        WHERE name IS NOT NULL GROUP BY ALL"""


def _ready(
    candidates: list[dict[str, Any]], region: str | None, now: int, left_out: Counter[str]
) -> Iterator[Outgoing]:
    for raw in candidates:
        event, reason = _built(_without_nulls(raw), region, now)
        if event is None:
            left_out[reason] += 1
        else:
            yield event


def _without_nulls(value: Any) -> Any:
    return (
        {name: _without_nulls(part) for name, part in value.items() if part is not None}
        if isinstance(value, dict)
        else value
    )


def _built(raw: dict[str, Any], region: str | None, now: int) -> tuple[Outgoing | None, str]:
    """The event to send, or None and why it stays."""
    event, changes = correct_event(raw, region=region)
    source = event.get("action_source")
    if not isinstance(source, str) or not source:
        return None, "without an action_source"
    if source in _ELSEWHERE:
        return None, _ELSEWHERE[source]
    if event.get("data_processing_options"):
        return None, "with Limited Data Use, whose country and state are not read from logs"
    given = event.get("user_data") or {}
    user = {key: value for key, value in given.items() if key in KEYS and _may_go(key, value)}
    if not user:
        return None, "without a match key that could be sent"
    payload = {name: event[name] for name in _FIELDS if name in event} | {"user_data": user}
    if any(mask_email(text) != text for text in _texts(payload)):
        return None, "showing a readable e-mail address where none may stand"
    changes += [
        Change(f"user_data.{key}", "left out", "not sent from here") for key in given if key not in user
    ]
    refreshed = _too_old(event, now)
    if refreshed:
        payload["event_time"] = now
    return Outgoing(payload, refreshed, tuple(changes), tuple(_lacks(payload))), ""


def _may_go(key: str, value: Any) -> bool:
    """A last look: whatever must be hashed is a SHA-256, and nothing else is an e-mail address, or it stays here."""
    values = value if isinstance(value, list) else [value]
    if BY_KEY[key].hashing is Hashing.REQUIRED:
        return bool(values) and all(isinstance(one, str) and SHA256.fullmatch(one) for one in values)
    plain = all(isinstance(one, str | int) and not isinstance(one, bool) for one in values)
    return plain and all(mask_email(str(one)) == str(one) for one in values)


def _too_old(event: dict[str, Any], now: int) -> bool:
    """Would Meta refuse the time? Also where it is missing or lies ahead."""
    moment = event.get("event_time")
    if not isinstance(moment, int) or isinstance(moment, bool) or moment > now + 60:
        return True
    return moment < now - OLDEST.get(event["action_source"], 7 * DAY) + 3600


def _lacks(event: dict[str, Any]) -> Iterator[str]:
    if not event.get("event_id"):
        yield "no event_id, so Meta cannot mark it as deduplicated"
    if event["action_source"] == "website":
        if "client_user_agent" not in event["user_data"]:
            yield "no client_user_agent, which Meta asks for on website events"
        if not event.get("event_source_url"):
            yield "no event_source_url, which Meta asks for on website events"


# Showing -----------------------------------------------------------------------------------------------------------------

_PLAIN = {
    "event_name",
    "action_source",
    "opt_out",
    "currency",
    "content_type",
    "num_items",
    "data_processing_options",
}


def _shown(part: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        entries = (
            value if isinstance(value, list) and any(isinstance(entry, dict) for entry in value) else None
        )
        if isinstance(value, dict) and value:
            yield from _shown(value, f"{before}{name}.")
        elif entries:
            yield from _shown({f"{name}[{place}]": entry for place, entry in enumerate(entries)}, before)
        else:
            yield printable(mask_email(before + name)), _masked(name, value)


def _masked(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_masked(name, entry) for entry in value) or "[]"
    if isinstance(value, bool | int | float) and name not in KEYS and not re.search("id$", name):
        return str(value)
    text = str(value)
    return printable(mask_email(text)) if name in _PLAIN else mask_value(name, text) or mask_text(text) or ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
