"""Meta's own numbers: its scores, coverage, deduplication, diagnostics and expectations beside those of the audit.

The app's page says the same from the same rows. Names and words of Meta's answer are hostile like a log's and stand in `log` pieces.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.match_keys import BY_KEY
from emq_audit.report import (
    Comparison,
    Diagnostic,
    DiagnosticBeside,
    EventBeside,
    Expected,
    FixBeside,
    Report,
)
from emq_audit.report.drawings import Axis, Lane, compared_lane, score_axis
from emq_audit.report.sections.plan import FixView
from emq_audit.report.words import (
    ROWS_SHOWN,
    Piece,
    Sentence,
    count,
    day,
    gain,
    joined,
    log,
    not_listed,
    of,
    percent,
    points,
    sentence,
    side_events,
    with_code,
)

TABLES_SHOWN = 6  # events whose match keys are listed
DIAGNOSTICS_SHOWN = 20
FIXES_SHOWN = 10
EXPECTED_SHOWN = 10
NAMED = 3  # event names in one line
SAME_POINTS = 0.05  # EMQ points that no face shows

UPLIFT = (
    "Could add: how many more additional conversions similar advertisers saw who send the key in valid form (Meta’s median). "
    "What others saw, not a promise."
)
RANKED = (
    "Meta’s median of what similar advertisers saw, for the part of events that a fix reaches; not a promise. Fixes of which Meta expects "
    "nothing keep their order after these."
)
_AGAINST = {"in": ("●", "In the range"), "above": ("▲", "Above the range"), "below": ("▼", "Below the range"), "": ("", "")}


@dataclass(frozen=True)
class ScoreRow:
    """One event name. `against` says where Meta's score lies: in, above or below the range of the estimate, or nothing. `calibrated` is
    the estimate moved to the site, empty where Meta gives the score itself."""

    name: Piece
    events: str
    meta: str
    estimate: str
    range: str
    difference: str
    calibrated: str
    against: str
    sign: str
    status: str
    lane: Lane


@dataclass(frozen=True)
class KeyRow:
    key: str
    meta: str
    usable: str
    sent: str
    uplift: str


@dataclass(frozen=True)
class KeyTable:
    """Match keys of one event name; `words` say what the differences mean."""

    name: Piece
    rows: tuple[KeyRow, ...]
    uplift: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class PairRow:
    """Event coverage of one event name, or one deduplication key of it: (Meta's share, the log's) for browser, server, covered."""

    name: Piece
    what: Piece
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DiagnosticRow:
    """`found` where the audit finds the same; `checks` are the ids of the checks that ask it."""

    name: Piece
    title: Piece
    extent: str
    found: bool
    status: str
    checks: tuple[str, ...]
    lines: tuple[Sentence, ...]


@dataclass(frozen=True)
class FixRow:
    """A fix in the order of Meta's expectation; `number` and `anchor` are those of the plan."""

    rank: str
    number: str
    anchor: str
    title: Sentence
    expects: Sentence
    gains: Sentence


@dataclass(frozen=True)
class MetaNumbers:
    """`rows` with scores, `moved` where some estimate was calibrated; `more_...` say what is not listed."""

    title: Sentence
    asked: Sentence
    axis: Axis
    rows: tuple[ScoreRow, ...]
    more_rows: str
    moved: bool
    calibration: str
    tables: tuple[KeyTable, ...]
    more_tables: str
    pairs: tuple[PairRow, ...]
    diagnostics: tuple[DiagnosticRow, ...]
    more_diagnostics: int
    fixes: tuple[FixRow, ...]
    more_fixes: int
    expected: tuple[Sentence, ...]
    notes: tuple[str, ...]


def section(report: Report, fixes: Sequence[FixView] = ()) -> MetaNumbers | None:
    """`fixes` as the plan shows them, to point to; without them a fix has its number in the report."""
    beside = report.meta
    if beside is None:
        return None
    scored = [event for event in beside.events if event.meta is not None or event.estimate is not None]
    said = [event for event in beside.events if _has_keys(event)]
    found = [(event, one) for event in beside.events for one in event.diagnostics]
    ranked = [fix for fix in beside.fixes if fix.uplift]
    moved = moved_in(beside)
    axis = score_axis(next((score.target for score in report.scores), 6.0))
    return MetaNumbers(
        title=title(beside),
        asked=asked(beside),
        axis=axis,
        rows=tuple(_score(event, moved.get(event.event_name), axis) for event in scored[:ROWS_SHOWN]),
        more_rows=not_listed(len(scored)),
        moved=bool(moved),
        calibration=_ours(beside.calibration.text),
        tables=tuple(_keys(event) for event in said[:TABLES_SHOWN]),
        more_tables=not_listed(len(said), TABLES_SHOWN),
        pairs=tuple(row for event in beside.events for row in _pairs(event))[:ROWS_SHOWN],
        diagnostics=tuple(_diagnostic(event, one) for event, one in found[:DIAGNOSTICS_SHOWN]),
        more_diagnostics=max(0, len(found) - DIAGNOSTICS_SHOWN),
        fixes=tuple(_fix(fix, fixes) for fix in ranked[:FIXES_SHOWN]),
        more_fixes=max(0, len(ranked) - FIXES_SHOWN),
        expected=tuple(_expected(one) for one in beside.expected if one.fix is None)[:EXPECTED_SHOWN],
        notes=tuple(_ours(note) for note in beside.notes),
    )


def title(beside: Comparison) -> Sentence:
    """Where Meta's score of the most important event lies against the estimate."""
    both = next((event for event in beside.events if event.difference is not None), None)
    if both is not None:
        where = {"in": "within", "above": "above", "below": "below", "": "beside"}[_against(both)]
        return sentence(
            "Meta scores {event} {meta}, {where} the range of the estimate",
            event=log(both.event_name, 40), meta=Piece(points(both.meta), "figure"), where=where,
        )  # fmt: skip
    alone = next((event for event in beside.events if event.meta is not None), None)
    if alone is not None:
        return sentence(
            "Meta scores {event} {meta}; this log holds no server events of that name to estimate",
            event=log(alone.event_name, 40), meta=Piece(points(alone.meta), "figure"),
        )  # fmt: skip
    return sentence("Meta’s answer holds no score for the events of this log")


def asked(beside: Comparison) -> Sentence:
    """What the answer is about, and when it was given."""
    when = f", {day(beside.fetched)}" if beside.fetched is not None and day(beside.fetched) else ""
    dataset = sentence(" for dataset {id}", id=log(beside.dataset, 24)) if beside.dataset.strip() else ()
    return sentence(
        "From Meta’s Dataset Quality API{dataset}{when}. Meta looks at server events of the last days; this audit at those of the log.",
        dataset=dataset, when=when,
    )  # fmt: skip


def _ours(words: str) -> str:
    """A sentence of ours with the apostrophe of print."""
    return words.replace("Meta's", "Meta’s")


def moved_in(beside: Comparison) -> dict[str, float]:
    """The estimates that calibration moved, by event name."""
    return {
        event.event_name: event.emq for event in beside.calibration.events if not event.meta and abs(event.shift) >= SAME_POINTS
    }


def _against(event: EventBeside) -> str:
    if event.within is None:
        return ""
    return "in" if event.within else "above" if event.difference > 0 else "below"


def _score(event: EventBeside, moved: float | None, axis: Axis) -> ScoreRow:
    against = _against(event)
    sign, status = _AGAINST[against]
    known = event.low is not None and event.high is not None
    return ScoreRow(
        name=log(event.event_name),
        events=f"{count(event.events)} {side_events(event.side or '')}" if event.events else "no server events in this log",
        meta=_points(event.meta),
        estimate=_points(event.estimate),
        range=f"{points(event.low)}–{points(event.high)}" if known else "",
        difference=_signed(event.difference),
        calibrated="" if moved is None else points(moved),
        against=against,
        sign=sign,
        status=status,
        lane=compared_lane(axis, event.meta, event.estimate, event.low, event.high, moved),
    )


def _points(value: float | None) -> str:
    return "–" if value is None else points(value)


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{'+' if value > 0 else '−'}{abs(value):.1f}" if abs(value) >= SAME_POINTS else "0.0"


def _share(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _plus(share: float) -> str:
    """How much more: `+18%`, or `under 1%`."""
    return f"+{percent(share)}" if share >= 0.01 else percent(share)


def _has_keys(event: EventBeside) -> bool:
    return any(key.meta is not None or key.uplift is not None for key in event.keys)


def _keys(event: EventBeside) -> KeyTable:
    """Keys that Meta speaks of, and by name those that only the log shows."""
    said = [key for key in event.keys if key.meta is not None or key.uplift is not None]
    rows = (
        KeyRow(BY_KEY[key.key].label, _share(key.meta), _share(key.usable), _share(key.sent), _plus(key.uplift) if key.uplift else "")
        for key in said
    )
    others = [BY_KEY[key.key].label for key in event.keys if key not in said]
    more = (f"Sent here, and not in Meta’s answer: {', '.join(others)}.",) if others else ()
    words = tuple(_ours(key.words) for key in said if key.words)
    return KeyTable(log(event.event_name), tuple(rows), any(key.uplift for key in said), words + more)


def _pairs(event: EventBeside) -> Iterable[PairRow]:
    name, empty = log(event.event_name), ("", "")
    if event.coverage_meta is not None:
        goal = f" (goal {percent(event.coverage_goal)})" if event.coverage_goal is not None else ""
        covered = (_share(event.coverage_meta), _share(event.coverage))
        yield PairRow(name, Piece(f"Event coverage{goal}"), (empty, empty, covered))
    for key in event.dedupe:
        both = ((key.browser_meta, key.browser), (key.server_meta, key.server), (key.covered_meta, key.covered))
        yield PairRow(name, log(key.key, 30), tuple((_share(meta), _share(ours)) for meta, ours in both))


def _diagnostic(event: EventBeside, one: DiagnosticBeside) -> DiagnosticRow:
    words = {
        "found": f"Found here too: {of(one.at_fault, one.in_scope)} events",
        "not found": "Not found in this log",
        "not asked": "No event in this log to ask it of",
    }.get(one.status, "Not known to this tool")
    if one.status == "not asked" and not one.checks:
        words = "No check asks this of a log"
    lines: list[Sentence] = [(Piece(_ours(one.note)),)] if one.note else []
    if one.diagnostic.solution and one.status in ("unknown", "not found"):
        lines.append(sentence("Meta says: {words}", words=log(one.diagnostic.solution, 300)))
    return DiagnosticRow(
        name=log(event.event_name, 40),
        title=log(one.diagnostic.name, 160),
        extent=_extent(one.diagnostic),
        found=one.status == "found",
        status=words,
        checks=tuple(check for check in one.checks if check in CHECKS_BY_ID) if one.status == "found" else (),
        lines=tuple(lines),
    )


def _extent(one: Diagnostic) -> str:
    if one.affected is not None and one.total:
        return f"{of(one.affected, one.total)} events"
    return f"{percent(one.share)} of events" if one.share is not None else ""


def _fix(fix: FixBeside, views: Sequence[FixView]) -> FixRow:
    title = with_code(fix.title)
    view = next((view for view in views if view.title == title), None)
    expects = (
        sentence("{event} {share}", event=log(name, 30), share=_plus(share)) for name, share in list(fix.uplift.items())[:NAMED]
    )
    large = [(name, value) for name, value in fix.gain.items() if value >= SAME_POINTS][:NAMED]
    gains = (sentence("{event} {gain}", event=log(name, 30), gain=gain(value)) for name, value in large)
    return FixRow(
        rank=str(fix.rank),
        number=view.number if view else str(fix.rank_before),
        anchor=view.anchor if view else "",
        title=title,
        expects=joined(expects, ", "),
        gains=joined(gains, ", "),
    )


def _expected(one: Expected) -> Sentence:
    known = one.key in BY_KEY
    now = "" if one.usable is None else f"; usable on {percent(one.usable)} here" if known else f"; {percent(one.usable)} now"
    return sentence(
        "{event}: {key}, {share} additional conversions{now}",
        event=log(one.event_name, 40), key=BY_KEY[one.key].label if known else "event coverage", share=_plus(one.uplift), now=now,
    )  # fmt: skip
