"""Which event comes first, and which of its scores speaks for it: the same in every section and face."""

from collections.abc import Iterable

from emq_audit.event_names import importance
from emq_audit.report import EventScore, Report

SIDE_ORDER = ("server", "browser", "unknown", "offline")  # Meta's own score is about what the server sends


def side_rank(side: str) -> int:
    return SIDE_ORDER.index(side) if side in SIDE_ORDER else len(SIDE_ORDER)


def leading(report: Report) -> tuple[EventScore, ...]:
    """One score an event name, from the first side that has one, in `event_order`."""
    best: dict[str, EventScore] = {}
    for score in report.scores:
        known = best.get(score.event_name)
        if score.emq is not None and (known is None or side_rank(score.side) < side_rank(known.side)):
            best[score.event_name] = score
    order = event_order(report)
    return tuple(sorted(best.values(), key=lambda score: order[score.event_name]))


def main_event(report: Report) -> str | None:
    """The event that the verdict is about: the most valuable one with a score, else the most frequent one."""
    scored = [score for score in report.scores if score.emq is not None]
    if not scored:
        return None
    volume = _volume(scored)
    return min(volume, key=lambda name: (importance(name), -volume[name], name))


def event_order(report: Report) -> dict[str, int]:
    """The place of each event name: main event, then by importance, then by volume."""
    volume = _volume(report.scores)
    for coverage in report.coverage:
        volume.setdefault(coverage.event_name, coverage.events)
    for entry in report.dedup:
        volume.setdefault(entry.event_name, entry.browser + entry.server)
    for finding in report.findings:
        if finding.event_name is not None:
            volume.setdefault(finding.event_name, finding.in_scope)
    main = main_event(report)
    names = sorted(volume, key=lambda name: (name != main, importance(name), -volume[name], name))
    return {name: place for place, name in enumerate(names)}


def _volume(scores: Iterable[EventScore]) -> dict[str, int]:
    volume: dict[str, int] = {}
    for score in scores:
        volume[score.event_name] = max(volume.get(score.event_name, 0), score.events)
    return volume
