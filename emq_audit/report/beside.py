"""Meta's own numbers beside the audit's, as part of a Report; emq_audit.graph.compare fills it in from Meta's answer.

All shares lie between 0 and 1, all scores between 0 and 10. Names and words of Meta's answer are hostile like a log's: every face makes
them harmless.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """An issue that Meta found: `affected` of `total` events, `share` of them."""

    name: str
    description: str = ""
    solution: str = ""
    share: float | None = None
    affected: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class KeyBeside:
    """One match key of one event: shares of events that carry it. `usable` and `sent` are the audit's, `meta` is Meta's; None: unknown.
    `words` say what a difference means, empty where there is none."""

    key: str
    usable: float | None
    sent: float | None
    meta: float | None
    uplift: float | None
    words: str = ""


@dataclass(frozen=True)
class DedupeBeside:
    """One deduplication key: shares of browser and server events that carry it, and of browser events it ties to a server event."""

    key: str
    browser: float | None
    browser_meta: float | None
    server: float | None
    server_meta: float | None
    covered: float | None
    covered_meta: float | None


@dataclass(frozen=True)
class DiagnosticBeside:
    """A diagnostic of Meta's with what the audit found. `status`: found, not found, not asked, unknown. `checks` are those that ask the
    same; `at_fault` of `in_scope` events of the one with the most."""

    diagnostic: Diagnostic
    status: str
    checks: tuple[str, ...]
    at_fault: int = 0
    in_scope: int = 0
    note: str = ""


@dataclass(frozen=True)
class EventBeside:
    """One event name. `estimate`, `low`, `high` are the audit's, None where it has no score; `meta` is Meta's score.

    `coverage` is the share of browser events whose partner came from the server, as the log shows it and as Meta says.
    """

    event_name: str
    side: str | None
    events: int
    estimate: float | None
    low: float | None
    high: float | None
    meta: float | None
    keys: tuple[KeyBeside, ...]
    coverage: float | None
    coverage_meta: float | None
    coverage_goal: float | None
    dedupe: tuple[DedupeBeside, ...]
    diagnostics: tuple[DiagnosticBeside, ...]

    @property
    def difference(self) -> float | None:
        """Meta's score minus the estimate, in EMQ points."""
        return None if self.meta is None or self.estimate is None else round(self.meta - self.estimate, 4)

    @property
    def within(self) -> bool | None:
        """Does Meta's score lie in the range of the estimate?"""
        if self.meta is None or self.low is None or self.high is None:
            return None
        return self.low - 0.05 <= self.meta <= self.high + 0.05  # both are shown to one decimal


@dataclass(frozen=True)
class Calibrated:
    """The estimate of one event name, moved: `emq`, `low`, `high`. `shift` is by how much; where Meta gives a score, that is taken
    (`meta` is True, the range empty)."""

    event_name: str
    side: str
    estimate: float
    emq: float
    low: float
    high: float
    shift: float
    meta: bool


@dataclass(frozen=True)
class Calibration:
    """How the estimate was moved to the site. `difference` is the median of Meta's scores minus estimates over `points` event names,
    from `least` to `most`; `shift` the part of it that is applied. None and 0 without a real score."""

    points: int
    difference: float | None
    least: float | None
    most: float | None
    shift: float
    events: tuple[Calibrated, ...]
    text: str

    @property
    def shifts(self) -> dict[str, float]:
        """EMQ points added to the estimate, by event name."""
        return {event.event_name: event.shift for event in self.events}


@dataclass(frozen=True)
class FixBeside:
    """A fix of the report. `rank` by Meta's expectation, `rank_before` in the report, both from 1. `uplift` by event name: the share by
    which additional conversions may grow, after the part of events the fix reaches; empty where Meta says nothing about it."""

    fix: str
    title: str
    kind: str
    rank: int
    rank_before: int
    uplift: dict[str, float]
    gain: dict[str, float]


@dataclass(frozen=True)
class Expected:
    """What Meta expects of one key of one event name (`key` event_coverage for its coverage): `uplift` as Meta says it, the share of
    events that carry the key in usable form, and the fix of the report that brings it, if one does."""

    event_name: str
    key: str
    uplift: float
    usable: float | None
    fix: str | None


@dataclass(frozen=True)
class Comparison:
    """The audit and Meta's answer side by side: events that either knows, most important first.

    `fixes` are the report's, ranked by what Meta expects of them; `expected` is what Meta expects of each key, fix or none. `dataset` and
    `fetched` (Unix seconds) where the answer says them. `notes` say what may keep both from agreeing.
    """

    events: tuple[EventBeside, ...]
    calibration: Calibration
    fixes: tuple[FixBeside, ...]
    expected: tuple[Expected, ...]
    notes: tuple[str, ...] = ()
    dataset: str = ""
    fetched: int | None = None
