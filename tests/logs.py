"""Small logs for tests of whole audits: server and browser events as they come, written as NDJSON."""

import json
from pathlib import Path

from tests.sound import different, nested


def write_log(path: Path, *differences: dict) -> Path:
    """One line for each difference from a sound event; `_side` becomes the column `source` that a log would have."""
    lines = []
    for difference in differences:
        event = nested(different(difference))
        event["source"] = event.pop("_side")
        lines.append(json.dumps(event) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def pair(event_id: str, **both: object) -> tuple[dict, dict]:
    """A browser and a server event with one id."""
    return {"_side": "browser", "event_id": event_id, **both}, {
        "_side": "server",
        "event_id": event_id,
        **both,
    }
