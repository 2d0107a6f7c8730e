"""Report: the one document that every face (terminal, JSON, HTML, app) reads and none adds to.

Its JSON form is a contract, `emq-audit/1`. Shares lie between 0 and 1, times are Unix seconds, and every value from a log is
masked before it gets here.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from emq_audit.report.beside import (  # noqa: F401 - part of the contract
    Calibrated,
    Calibration,
    Comparison,
    DedupeBeside,
    Diagnostic,
    DiagnosticBeside,
    EventBeside,
    Expected,
    FixBeside,
    KeyBeside,
)
from emq_audit.report.deduplication import (  # noqa: F401 - part of the contract
    DedupEntry,
    Disagreement,
    Double,
    KeyUse,
    Lacking,
    OneSided,
    Orders,
    SharedId,
    Unpaired,
)
from emq_audit.report.plan import Payback, Plan

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
    """`kind` is pixel+capi, pixel, capi, offline or unknown.

    `browser_only_share`, `server_only_share`: of all actions under event names that both sides sent, the share that only this side
    reported; reports of one action that only their ids keep apart are of both. None where no name came from both. `same_days`: the
    share of browser and server events from days (UTC) on which both sides sent some; None unless both did.
    """

    kind: str
    methods: tuple[Method, ...]
    pixels: tuple[str, ...] = ()
    browser_only_share: float | None = None
    server_only_share: float | None = None
    same_days: float | None = None


@dataclass(frozen=True)
class EventScore:
    """The estimate for one event name on one side, in EMQ points 0-10; `emq` is None where no score exists, with the `reason`.

    `possible` is the estimate once the senders are mended, so that every value that is sent is sent right. `emq_repaired` is the estimate
    of the log as `emq-audit fix` writes it: it cannot know the address behind an MD5, for example.
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
    emq_repaired: float | None = None


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
    """Code for a developer (`language` in small letters) and a `note` about whose hands it is in; either may be empty.

    `also` is the same code in other languages, by language.
    """

    language: str
    code: str
    note: str
    also: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fix:
    """One thing to do. `gain` in EMQ points by event name, as if only this fix were done; `events` it touches.

    `why` is what the log shows, with counts. `effort` and `owner` are words; `steps` maps a method to its instructions,
    `snippets` to the code that goes with them, if there is any.
    `kind` is repair (of what is sent), forward (from the action's other report), attach (from the visitor's other events), collect (what
    nobody sends yet; the gain is the most it could bring), or other (no points, still needed). `scores` gives today's estimate and the one
    after, by event name. `hours` (a rough effort) and `worth` (points x events, by event name) are what the order was made from.
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
    hours: float
    worth: dict[str, float]
    snippets: dict[str, Snippet] = field(default_factory=dict)


@dataclass(frozen=True)
class CookieAge:
    """How old the cookie `key` (fbp or fbc) is at the event, in days, over `events` of one browser and operating system: the median, and
    the age that one event in twenty exceeds (`oldest_days`). `cut_to_days`: the age (1 or 7) at which this browser seems to delete it
    though others keep it; a heuristic of emq_audit.cookies."""

    browser: str
    os: str
    key: str
    events: int
    median_age_days: float
    oldest_days: float
    cut_to_days: int | None = None


@dataclass(frozen=True)
class WhatIf:
    """The estimate of one event name and side if the shares of `asked` (key -> share, 0-1) held, beside `today`."""

    event_name: str
    side: str
    asked: dict[str, float]
    today: float
    emq: float
    low: float
    high: float


@dataclass(frozen=True)
class ConsentShare:
    """Events by what the log says about consent to advertising (emq_audit.consent.STATES); `share` of all events, `keys_sent` counts those
    that carry a match key in a form that is usable or readable, `with_keys` those with any that names a person or a browser."""

    state: str
    events: int
    share: float
    with_keys: int = 0
    keys_sent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ConsentMode:
    """One event name and side, `denied` of whose `events` came under denied consent: the estimate today, with those not sent (`basic`, None
    where nothing is left), and with those sent without cookies, ids and contact data (`advanced`)."""

    event_name: str
    side: str
    events: int
    denied: int
    today: float
    basic: float | None
    advanced: float


@dataclass(frozen=True)
class PathStep:
    """The estimates by event name once this fix and all before it in the list are done."""

    fix: str
    scores: dict[str, float]


@dataclass(frozen=True)
class Report:
    """One audit. `notes` are sentences about what this log cannot tell; `meta` is Meta's own answer beside it, where one was given.
    `ios_share`: of the events that name a browser, the share (0-1) from iPhone or iPad; None where no event names one."""

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
    one_sided: tuple[OneSided, ...] = ()
    doubles: tuple[Double, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    orders: Orders | None = None
    path: tuple[PathStep, ...] = ()
    what_if: tuple[WhatIf, ...] = ()
    cookies: tuple[CookieAge, ...] = ()
    ios_share: float | None = None
    consent: tuple[ConsentShare, ...] = ()
    consent_modes: tuple[ConsentMode, ...] = ()
    plan: Plan | None = None
    payback: Payback | None = None
    meta: Comparison | None = None

    def as_dict(self) -> dict[str, Any]:
        """The contract: plain dictionaries, lists, numbers and text."""
        document = asdict(self)
        read = document["input"]
        read["from"], read["to"] = read.pop("first"), read.pop("last")
        return {"schema": SCHEMA, **document}
