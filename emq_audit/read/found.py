"""An event as a reader found it, and an entry in which it found none."""

from dataclasses import dataclass
from typing import Any

# Shapes in which events are found: words for the format of such a file, and how its side is known.
SHAPES = {
    "body": ("log lines with CAPI requests", "it holds requests to the Conversions API"),
    "event": ("log lines with events", "its events carry what only servers send"),
    "sdk": (
        "objects of Meta's SDK",
        "nothing tells whether these objects were sent; Meta's SDK hashes them later",
    ),
    "pixel": ("Pixel requests", "it holds requests of the Pixel"),
    "cdp": (
        "track calls of a customer data platform",
        "these calls are not yet what the platform sends to Meta",
    ),
    "flat": ("flat JSON events", "its events carry what only servers send"),
}


@dataclass(frozen=True)
class Found:
    """One event in the names of the Conversions API. `side` is what its shape proves, or None; `shape` is one of SHAPES.

    `as_sent`: the types are the sender's own, so that a number where a text belongs is a finding. `consent`: what stands around the
    event about the visitor's consent; what stands in it is read from there.
    """

    event: dict[str, Any]
    as_sent: bool
    side: str | None
    shape: str
    sender: Any = None
    pixel_id: Any = None
    received_at: Any = None
    consent: dict[str, Any] | None = None


@dataclass(frozen=True)
class Missed:
    """An entry that stands where events stand and is none."""

    reason: str
