"""Report: the one document that every face (terminal, JSON, HTML, app) reads and none adds to.

Its JSON form is a contract, `emq-audit/1`. Shares lie between 0 and 1, times are Unix seconds, and every value from a log is
masked before it gets here.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "emq-audit/1"


@dataclass(frozen=True)
class FileRead:
    """One input file: `rows` = `events` + `rejected`. A row is what could be one event: a line, a table row, an entry of a body."""

    path: str
    format: str
    rows: int
    events: int
    rejected: int
    side: str = "unknown"
    side_from: str = ""


@dataclass(frozen=True)
class Rejection:
    """One row that is no event, and why. `row` counts from 1 and is the line in line-based files."""

    file: str
    row: int
    reason: str


@dataclass(frozen=True)
class Input:
    """What was read. `rejections` holds the first thousand; `rejected` counts all. `first`, `last`, `as_of` in Unix seconds."""

    files: tuple[FileRead, ...]
    events: int
    rejected: int
    rejections: tuple[Rejection, ...]
    first: int | None
    last: int | None
    as_of: int | None


@dataclass(frozen=True)
class Method:
    """How events reach Meta, as far as the log shows: `pixel`, `gtm-server`, `shopify`, `partner`, `direct-api`, `offline`."""

    method: str
    sender: str | None
    events: int


@dataclass(frozen=True)
class Setup:
    """`kind` is pixel+capi, pixel, capi, offline or unknown."""

    kind: str
    methods: tuple[Method, ...]
    pixels: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventScore:
    """The estimate for one event name on one side, in EMQ points 0-10; `emq` is None where no score exists, with the `reason`.

    `possible` is the estimate after every fix that repairs what is already sent.
    """

    event_name: str
    side: str
    events: int
    emq: float | None
    low: float | None
    high: float | None
    target: float
    possible: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class KeyCoverage:
    """Shares of `events` whose key is usable, faulty or missing; `states` counts events by state, faults by their name."""

    event_name: str
    side: str
    key: str
    usable: float
    faulty: float
    missing: float
    events: int
    states: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DedupEntry:
    """Deduplication of one event name; see `emq_audit.dedup` for the meaning of each count. `event_coverage` is a share or None."""

    event_name: str
    browser: int
    server: int
    browser_with_id: int
    server_with_id: int
    pairs: int
    browser_only: int
    server_only: int
    event_coverage: float | None
    reused_ids: int
    collisions: int
    outside_window: int


@dataclass(frozen=True)
class SharedId:
    """One event id that occurs more than once on a side; `people` counts different values of the best personal key."""

    event_name: str
    side: str
    event_id: str
    events: int
    people: int
    seconds: int
    collision: bool


@dataclass(frozen=True)
class Example:
    """One row at fault, masked."""

    file: str
    row: int
    event_id: str | None
    value: str | None


@dataclass(frozen=True)
class Finding:
    """The answer to one check for one event name and side (both None: the whole log). `share` = at_fault / in_scope, or None."""

    check: str
    severity: str
    status: str
    event_name: str | None
    side: str | None
    in_scope: int
    at_fault: int
    share: float | None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Snippet:
    """Code for a developer (`language` in small letters) and a `note` about whose hands it is in; either may be empty."""

    language: str
    code: str
    note: str


@dataclass(frozen=True)
class Fix:
    """One thing to do. `gain` in EMQ points by event name, as if only this fix were done; `events` it touches.

    `why` is what the log shows, with counts. `effort` and `owner` are words; `steps` maps a method to its instructions,
    `snippets` to the code that goes with them, if there is any.
    `kind` is repair, or other (no points, still needed). `scores` gives today's estimate and the one after, by event name.
    """

    fix: str
    title: str
    why: str
    checks: tuple[str, ...]
    gain: dict[str, float]
    scores: dict[str, tuple[float, float]]
    events: int
    in_scope: int
    effort: str
    owner: str
    kind: str
    steps: dict[str, tuple[str, ...]]
    snippets: dict[str, Snippet] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """One audit. `notes` are sentences about what this log cannot tell."""

    version: str
    input: Input
    setup: Setup
    scores: tuple[EventScore, ...]
    coverage: tuple[KeyCoverage, ...]
    dedup: tuple[DedupEntry, ...]
    shared_ids: tuple[SharedId, ...]
    findings: tuple[Finding, ...]
    fixes: tuple[Fix, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The contract: plain dictionaries, lists, numbers and text."""
        document = asdict(self)
        read = document["input"]
        read["from"], read["to"] = read.pop("first"), read.pop("last")
        return {"schema": SCHEMA, **document}
