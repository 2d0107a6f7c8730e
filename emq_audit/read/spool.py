"""One NDJSON file in the private folder for what Python had to find: known fields only, so that tokens and cookies are never stored."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emq_audit.match_keys import KEYS
from emq_audit.read import consent, sql
from emq_audit.read.found import SHAPES, Found, Missed
from emq_audit.read.plain_json import relation
from emq_audit.read.source import EVENT_LEAVES, MAX_REJECTIONS, MISNAMED_KEYS, ReadFile, Source
from emq_audit.read.task import Outcome, Task

_USER_KEYS = frozenset((*KEYS, *MISNAMED_KEYS))
_ABOUT = {
    "_row": "BIGINT",
    "_side": "VARCHAR",
    "_as_sent": "BOOLEAN",
    "_sender": "JSON",
    "_pixel_id": "JSON",
    "_received_at": "JSON",
}
_BATCH = 1000
SERVER_FROM = 0.1
"""Share of events with a server's marks from which a log without any other sign is a server's; the rest may lack them by mistake."""


class Spool:
    """Events written one a line; rejections counted, the first thousand kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = 0
        self.rejected = 0
        self.rejections: list[tuple[int, str]] = []
        self.sides: Counter[str | None] = Counter()
        self.shapes: Counter[str] = Counter()
        self.consent = False
        self._file = path.open("w", encoding="utf-8", errors="replace")
        self._lines: list[str] = []

    def take(self, row: int, found: Iterable[Found | Missed]) -> bool:
        """Write what was found at `row`; False where there was nothing."""
        some = False
        for entry in found:
            some = True
            if isinstance(entry, Missed):
                self.reject(row, entry.reason)
            else:
                self._event(row, entry)
        return some

    def reject(self, row: int, reason: str) -> None:
        self.rejected += 1
        if len(self.rejections) < MAX_REJECTIONS:
            self.rejections.append((row, reason))

    def _event(self, row: int, found: Found) -> None:
        about = {"_row": row, "_side": found.side, "_as_sent": found.as_sent}
        about |= {"_sender": found.sender, "_pixel_id": found.pixel_id, "_received_at": found.received_at}
        kept = {key: value for key, value in about.items() if value is not None} | _known(found.event)
        if signals := (found.consent or {}) | consent.signals(found.event):
            kept["consent"] = signals
            self.consent = True
        try:
            self._lines.append(json.dumps(kept, ensure_ascii=False, default=str))
        except (RecursionError, ValueError):
            self.reject(row, "nested too deeply")
            return
        self.events += 1
        self.sides[found.side] += 1
        self.shapes[found.shape] += 1
        if len(self._lines) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._file.write("".join(line + "\n" for line in self._lines))
        self._lines.clear()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def outcome(self, task: Task, words: str | None = None) -> Outcome:
        """What to hand on. `words` name the format where the shape of the events does not tell."""
        self.close()
        shape = self.shapes.most_common(1)[0][0] if self.shapes else "event"
        side, side_from = self._side(shape, task.said)
        read = ReadFile(
            task.name, words or SHAPES[shape][0], side, side_from, self.rejected, tuple(self.rejections)
        )
        source = Source(task.file, self._select(task.file, side, task.said), consent=self.consent)
        return read, [source] if self.events else []

    def _side(self, shape: str, said: str | None) -> tuple[str, str]:
        """Side of the file and how it is known."""
        if said:
            return said, "you said so"
        told = [side for side in self.sides if side]
        if len(told) > 1:
            return "unknown", f"it holds events of several sides: {', '.join(sorted(told))}"
        if told and self.sides[told[0]] >= SERVER_FROM * self.events:
            return told[0], SHAPES[shape][1]
        return "unknown", "nothing in the events tells it" if shape in ("event", "flat") else SHAPES[shape][1]

    def _select(self, file: int, side: str, said: str | None) -> str:
        values = {"sender": "_sender", "pixel_id": "_pixel_id", "received_at": "_received_at"}
        told = sql.text(said) if said else f"coalesce(_side, {sql.text(side)})"
        leaf = {"consent": "JSON"} if self.consent else {}
        events = relation(self.path, "newline_delimited", _ABOUT | sql.EVENT_TYPES | leaf)
        return sql.select(file, events, row="_row", side=told, as_sent="_as_sent", values=values, consent="consent" if leaf else None)


def _known(event: dict[str, Any]) -> dict[str, Any]:
    kept = {leaf: event[leaf] for leaf in EVENT_LEAVES if event.get(leaf) is not None}
    user = event.get("user_data")
    if isinstance(user, dict):
        kept["user_data"] = {key: value for key, value in user.items() if key in _USER_KEYS}
    if isinstance(event.get("custom_data"), dict):
        kept["custom_data"] = event["custom_data"]
    return kept
