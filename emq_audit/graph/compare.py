"""Meta's own numbers beside the audit's, event by event, and the estimate moved to what Meta says of this site.

Meta's score is about what the server sends, over the last 48 hours (https://www.facebook.com/business/help/765081237991954), its event
coverage about seven days; a log may cover another time. Only the server's events, or events of unknown side, are set beside it.
"""

from collections.abc import Iterable
from math import sqrt
from statistics import median

from emq_audit.event_names import importance
from emq_audit.graph import diagnostics
from emq_audit.graph.fixes import expected, ranked
from emq_audit.graph.quality import EventQuality, Quality
from emq_audit.mask import printable
from emq_audit.match_keys import BY_KEY, KEYS
from emq_audit.report import (
    Calibrated,
    Calibration,
    Comparison,
    DedupeBeside,
    DedupEntry,
    Diagnostic,
    DiagnosticBeside,
    EventBeside,
    EventScore,
    KeyBeside,
    KeyCoverage,
    Report,
)

SIDES = ("server", "unknown")

SAME = 0.05
"""Shares that differ by less count as the same: Meta and the log look at different days."""

BELIEF = 1.0
"""How many scores the estimate itself is worth when a shift is judged: one real score moves it by half of the difference, four by four
fifths. The published scores (calibration/points.csv) show no site that lies off as a whole, only scatter within sites, so a single
difference says more about its event than about the site."""

SCATTER = 0.32
"""EMQ points by which scores of one site scatter around the estimate (standard deviation within sites, each site left out of the fit);
`tests/test_graph_compare.py` takes it from calibration/points.csv again."""


def compare(report: Report, quality: Quality) -> Comparison:
    """Meta's answer beside a finished audit."""
    scores = _scores(report)
    names = {*(event.event_name for event in quality.events), *scores}
    events = [_event(name, report, scores.get(name), quality.event(name)) for name in names]
    events.sort(
        key=lambda event: (event.meta is None, importance(event.event_name), -event.events, event.event_name)
    )
    return Comparison(
        events=tuple(events),
        calibration=calibrated(report, quality),
        fixes=ranked(report, quality, SIDES),
        expected=expected(report, quality, SIDES),
        notes=(*quality.notes, *_notes(report, quality, scores)),
        dataset=quality.dataset,
        fetched=quality.fetched,
    )


def _scores(report: Report) -> dict[str, EventScore]:
    """One score an event name: the server's, or that of events whose side is not known."""
    found: dict[str, EventScore] = {}
    for side in SIDES:
        for score in report.scores:
            if score.side == side:
                found.setdefault(score.event_name, score)
    return found


def _event(name: str, report: Report, score: EventScore | None, meta: EventQuality | None) -> EventBeside:
    meta = meta or EventQuality(name)
    side = score.side if score else None
    entry = next((entry for entry in report.dedup if entry.event_name == name), None)
    cells = {cell.key: cell for cell in report.coverage if cell.event_name == name and cell.side == side}
    return EventBeside(
        event_name=name,
        side=side,
        events=score.events if score else 0,
        estimate=score.emq if score else None,
        low=score.low if score else None,
        high=score.high if score else None,
        meta=meta.emq,
        keys=tuple(_keys(cells, meta)),
        coverage=entry.event_coverage if entry and entry.browser and entry.server else None,
        coverage_meta=meta.coverage,
        coverage_goal=meta.coverage_goal,
        dedupe=tuple(_dedupe(entry, meta)),
        diagnostics=tuple(_diagnostic(one, name, report) for one in meta.diagnostics),
    )


def _keys(cells: dict[str, KeyCoverage], meta: EventQuality) -> Iterable[KeyBeside]:
    said = {key.key: key for key in meta.keys if key.key}
    for key in KEYS:
        cell, theirs = cells.get(key), said.get(key)
        usable = cell.usable if cell else None
        sent = cell.usable + cell.faulty if cell else None
        coverage = theirs.coverage if theirs else None
        if not sent and coverage is None and (theirs is None or theirs.uplift is None):
            continue
        yield KeyBeside(
            key,
            usable,
            sent,
            coverage,
            theirs.uplift if theirs else None,
            _difference(key, usable, sent, coverage),
        )


def _difference(key: str, usable: float | None, sent: float | None, meta: float | None) -> str:
    if meta is None or usable is None or sent is None or abs(meta - usable) <= SAME:
        return ""
    label = BY_KEY[key].label
    if meta > usable and abs(meta - sent) <= SAME:
        return f"{label}: Meta counts values that this audit finds faulty."
    if meta > sent:
        return f"{label}: Meta receives more than the log shows; another sender, or other days."
    if meta > usable:
        return f"{label}: Meta counts some of the values that this audit finds faulty."
    return f"{label}: Meta counts less than the log shows; lost on the way, or other days."


def _dedupe(entry: DedupEntry | None, meta: EventQuality) -> Iterable[DedupeBeside]:
    ours, theirs = entry.by_key if entry else {}, {key.key: key for key in meta.dedupe}
    for key in theirs:
        here, there = ours.get(key), theirs[key]
        yield DedupeBeside(
            key=key,
            browser=here.browser if here else None,
            browser_meta=there.browser,
            server=here.server if here else None,
            server_meta=there.server,
            covered=here.browser_covered if here else None,
            covered_meta=there.browser_covered,
        )


def _diagnostic(diagnostic: Diagnostic, name: str, report: Report) -> DiagnosticBeside:
    match = diagnostics.known(diagnostic.name)
    if match is None:
        return DiagnosticBeside(diagnostic, "unknown", ())
    found = [
        finding
        for finding in report.findings
        if finding.check in match.checks
        and finding.event_name in (name, None)
        and finding.side in (*SIDES, None)
    ]
    failed = sorted(
        (one for one in found if one.status == "failed" and one.at_fault), key=lambda one: -one.at_fault
    )
    if failed:
        checks = tuple(dict.fromkeys(one.check for one in failed))
        return DiagnosticBeside(
            diagnostic, "found", checks, failed[0].at_fault, failed[0].in_scope, match.note
        )
    asked = any(one.status == "passed" for one in found)
    return DiagnosticBeside(diagnostic, "not found" if asked else "not asked", match.checks, note=match.note)


def _notes(report: Report, quality: Quality, scores: dict[str, EventScore]) -> Iterable[str]:
    known = {event.event_name for event in quality.events}
    if known and not known & set(scores):
        yield "No event name of Meta's answer is among the server's events of the log: is it the log of this dataset?"
    if not quality.events:
        yield "Meta's answer holds no web event: it gives scores for events of the last days only."
    if (
        quality.fetched
        and report.input.last
        and (days := (quality.fetched - report.input.last) // 86_400) >= 3
    ):
        yield f"The log ends {days:,} days before Meta was asked, and Meta looks at the last days only: they need not agree."
    few = [score for name, score in scores.items() if name in known and score.events < 30]
    if few:
        names = ", ".join(f"{printable(score.event_name)} ({score.events})" for score in few[:4])
        yield f"Few events in the log, so their estimate depends on chance: {names}."


def calibrated(report: Report, quality: Quality) -> Calibration:
    """The estimates moved to the site by Meta's real scores: by how much, from how many, and in words."""
    scores = {name: score for name, score in _scores(report).items() if score.emq is not None}
    real = {event.event_name: event.emq for event in quality.events if event.emq is not None}
    found = [real[name] - score.emq for name, score in scores.items() if name in real]
    difference = median(found) if found else None
    shift = _shift(difference, len(found))
    events = tuple(_moved(score, real.get(name), shift) for name, score in scores.items())
    return Calibration(
        points=len(found),
        difference=None if difference is None else round(difference, 4),
        least=round(min(found), 4) if found else None,
        most=round(max(found), 4) if found else None,
        shift=shift,
        events=tuple(sorted(events, key=lambda event: (importance(event.event_name), event.event_name))),
        text=_told(found, difference, shift, others=any(not event.meta for event in events)),
    )


def _shift(difference: float | None, points: int) -> float:
    """What of the difference is applied: nothing while chance explains it, and else the part that so many scores are worth."""
    if difference is None or abs(difference) <= SCATTER / sqrt(points):
        return 0.0
    return round(difference * points / (points + BELIEF), 4)


def _moved(score: EventScore, real: float | None, shift: float) -> Calibrated:
    if real is not None:
        return Calibrated(
            score.event_name, score.side, score.emq, real, real, real, round(real - score.emq, 4), meta=True
        )
    moved = [min(10.0, max(0.0, value + shift)) for value in (score.emq, score.low, score.high)]
    return Calibrated(score.event_name, score.side, score.emq, *moved, shift, meta=False)


def _told(found: list[float], difference: float | None, shift: float, others: bool) -> str:
    if difference is None:
        return "Meta gives no score for an event of this log, so the estimates stay as they are."
    events = "event name" if len(found) == 1 else "event names"
    span = f", from {min(found):+.1f} to {max(found):+.1f}" if len(found) > 1 else ""
    where = (
        f"{abs(difference):.1f} points {'above' if difference > 0 else 'below'} the estimate"
        if abs(difference) >= 0.05
        else "on the estimate"
    )
    text = f"Meta's own score lies {where} ({len(found)} {events}{span})."
    if not others:
        return f"{text} Every scored event of the log has a real score; no estimate is left to move."
    if not shift:
        usual = f"Scores of one site scatter by about {SCATTER:.1f} points anyway"
        return f"{text} {usual}, so the estimates of the other events stay as they are."
    part = len(found) / (len(found) + BELIEF)
    says = "one score says" if len(found) == 1 else f"{len(found)} scores say"
    return (
        f"{text} The estimates of the other events, estimates still, are moved by {shift:+.1f}: {part:.0%} of the difference, since {says} "
        "something about the site and something about chance."
    )
