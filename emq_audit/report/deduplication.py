"""The records of a Report about deduplication: what Meta counts, why events stay alone, what is counted twice, and the shop's orders."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class KeyUse:
    """How one deduplication key is used, in the words of Meta's Dataset Quality API; all shares 0-1, None where a side sent nothing.

    `browser`, `server`: events that carry it in usable form. `overlap`: of the side with fewer events, those for which the other side
    sent the same value within 48 hours. `browser_covered`: the same share of browser events.
    """

    browser: float | None
    server: float | None
    overlap: float | None
    browser_covered: float | None


@dataclass(frozen=True)
class Unpaired:
    """Events of one side that have no partner, by reason (emq_audit.misses.REASONS). `detail` is what stands before or after the id."""

    side: str
    reason: str
    events: int
    detail: str | None = None


@dataclass(frozen=True)
class DedupEntry:
    """Deduplication of one event name; see `emq_audit.dedup` for the meaning of each count. `event_coverage` is a share or None.

    `received` = `counted` + `deduplicated`; `dropped` says by what: pair (the other side's report), repeat (more of the same), fallback
    (no id, recognised by fbp or external_id). `kept` counts the counted events by side. `counted_twice`: actions that both sides
    reported and that still count twice, as far as the log shows. `lags` counts pairs by server time minus browser time, one number
    for each of emq_audit.dedup.LAGS. `timed_by`: received_at, event_time or both.
    """

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
    received: int = 0
    deduplicated: int = 0
    counted: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    by_key: dict[str, KeyUse] = field(default_factory=dict)
    unpaired: tuple[Unpaired, ...] = ()
    counted_twice: int = 0
    lags: tuple[int, ...] = ()
    timed_by: str = "event_time"


@dataclass(frozen=True)
class SharedId:
    """One event id that occurs more than once on a side; `people` counts different values of the best personal key.

    `orders`, `amounts` and `pages` count different order ids, values and page addresses; `lost` is how many of the events Meta drops as
    repeats though they look like conversions of their own. `cause` is the likely one, in words; a heuristic.
    """

    event_name: str
    side: str
    event_id: str
    events: int
    people: int
    seconds: int
    collision: bool
    orders: int = 0
    amounts: int = 0
    pages: int = 0
    lost: int = 0
    cause: str = ""


@dataclass(frozen=True)
class OneSided:
    """What the other side would have missed: of the `of` events of `side` with this `value`, `events` have no partner.

    `by` is browser, os or day (of the events' time, UTC, as 2026-11-15).
    """

    side: str
    by: str
    value: str
    events: int
    of: int


@dataclass(frozen=True)
class Double:
    """Conversions of one event name that count again for one reason (emq_audit.doubles.KINDS): how many, and their value by currency."""

    event_name: str
    kind: str
    conversions: int
    value: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Disagreement:
    """Pairs whose two events both carry `field` (value, currency, em, contents) and do not agree: `differ` of `compared`."""

    event_name: str
    field: str
    compared: int
    differ: int


@dataclass(frozen=True)
class Lacking:
    """Of `pairs`, in how many the counted event lacks a usable `key` that the dropped one carries."""

    event_name: str
    key: str
    pairs: int
    events: int


@dataclass(frozen=True)
class Orders:
    """The shop's orders against the Purchases that Meta counts.

    `orders` true orders (paid, not cancelled, no tests), `counted_once` of them exactly once, `missing` not at all, `duplicated` more
    than once; `extra` counted Purchases whose order the file does not know, `unpaid_sent` orders that were sent though not true;
    `value_differs`, `currency_differs` true orders whose counted Purchase says another value or currency.
    """

    orders: int
    counted_once: int
    missing: int
    extra: int
    duplicated: int
    unpaid_sent: int
    value_differs: int
    currency_differs: int
    matched_by: str = "order_id"
    notes: tuple[str, ...] = ()
