"""What a log says beside its events about the visitor's consent: found in JSON objects, and as SQL where DuckDB reads the log.

Every road yields the leaf `consent` of a source: a JSON object from signal (fields.CONSENT_SIGNALS) to what was logged, NULL without any.
What it means is judged later (consent.sql). Match keys are not searched: user_data holds none of this.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emq_audit.fields import CONSENT_SIGNALS, signal_for
from emq_audit.read import sql

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_INSIDE = ("custom_data", "customData", "properties", "context", "event_data", "eventData", "event_model", "eventModel")
"""Objects beside or inside an event that hold such signals, the nearest first."""


@lru_cache(maxsize=4096)
def signal_of_key(key: str) -> str | None:
    """The signal that a key of a JSON object holds."""
    return signal_for(key) if _PLAIN_KEY.fullmatch(key) else None


def signals(value: Mapping[str, Any]) -> dict[str, Any]:
    """The signals in an object and in the parts of it that hold such: signal -> what was logged. What the object itself says wins."""
    found = _own(value)
    for part in _INSIDE:
        if isinstance(inner := value.get(part), dict):
            found = _own(inner) | found
    return found


def _own(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in value.items():
        if entry is not None and isinstance(key, str) and (signal := signal_of_key(key)):
            found.setdefault(signal, entry)
    return found


@dataclass(frozen=True)
class Keys:
    """The keys of events, and of their custom_data, that hold signals; in a plain log DuckDB reads just these."""

    top: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.top or self.custom)

    def types(self) -> dict[str, str]:
        """Columns to be read beside those of an event: name -> type."""
        return dict.fromkeys(self.top, "JSON")

    def leaf(self, event: str = "", also: Mapping[str, str] | None = None) -> str:
        """SQL of the leaf. `event` is what stands before the columns of an event ("event."), `also` maps keys to columns that count
        where the event itself says nothing."""
        found: dict[str, list[str]] = {}
        for key in self.top:
            found.setdefault(str(signal_of_key(key)), []).append(event + sql.name(key))
        for key in self.custom:
            path = sql.text(f'$."{key}"')
            inner = f"json_extract({event}custom_data, {path})"
            found.setdefault(str(signal_of_key(key)), []).append(inner)
        for key, column in (also or {}).items():
            found.setdefault(str(signal_of_key(key)), []).append(column)
        return packed(found)


def packed(found: Mapping[str, Sequence[str]]) -> str:
    """SQL: a JSON object of the signals, each the first value among its expressions; NULL where all are."""
    values = {signal: f"coalesce({', '.join(found[signal])})" for signal in CONSENT_SIGNALS if signal in found}
    members = ", ".join(f"{sql.text(signal)}, {value}" for signal, value in values.items())
    return f"CASE WHEN coalesce({', '.join(values.values())}) IS NOT NULL THEN json_object({members}) END" if values else "NULL::JSON"


def keys(events: Iterable[Mapping[str, Any]]) -> Keys:
    """The keys with signals among these events. One look at names only: most logs have none, and then nothing more is read."""
    seen: set[str] = set()
    inside: set[str] = set()
    for event in events:
        seen.update(event)
        if isinstance(custom := event.get("custom_data"), dict):
            inside.update(custom)
    return Keys(_holding(seen), _holding(inside))


def _holding(names: Iterable[str]) -> tuple[str, ...]:
    """Those that hold signals, the plainest first; of names that differ only in case, which DuckDB cannot tell apart, the first."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name != name.lower(), len(name), name)):
        if signal_of_key(name):
            found.setdefault(name.lower(), name)
    return tuple(found.values())


def columns(headings: Sequence[str], taken: Iterable[int]) -> dict[str, list[int]]:
    """Places of a table's columns by signal, without those that hold a field (`taken`)."""
    others = set(taken)
    found: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        if place not in others and len(heading) <= 100 and (signal := signal_for(heading)):
            found.setdefault(signal, []).append(place)
    return found
