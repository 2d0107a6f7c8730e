"""The report's fixes in the order of what Meta expects of them.

Meta says, by event name and match key, how many more additional conversions similar advertisers saw (median) who send the key in valid
form, and the same for reaching the goal of event coverage. It is what others saw, not a promise. A fix that makes a key usable on part
of the events only is given that part of it.
"""

from collections.abc import Iterable

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.event_names import importance
from emq_audit.fixes import EVENT_WEIGHTS
from emq_audit.graph.quality import EventQuality, Quality
from emq_audit.match_keys import KEYS
from emq_audit.opportunities import OPPORTUNITIES
from emq_audit.remedies import BY_ID
from emq_audit.report import Expected, Fix, FixBeside, KeyCoverage, Report

PAIRING_FIX = "same-event-id-on-both-sides"
_OPEN = {thing.id: thing for thing in OPPORTUNITIES}


def ranked(report: Report, quality: Quality, sides: tuple[str, ...]) -> tuple[FixBeside, ...]:
    """The fixes of the report: those Meta expects something of first, then the others in their order."""
    cells = _cells(report, sides)
    faults = _faults(report, sides)
    uplifts = [_uplift(fix, quality, cells, faults) for fix in report.fixes]
    volume = {cell.event_name: cell.events for cell in cells.values()}

    def worth(place: int) -> float:
        thing = BY_ID.get(report.fixes[place].fix) or _OPEN.get(report.fixes[place].fix)
        hours = thing.hours if thing else 1.0
        gains = uplifts[place].items()
        return (
            sum(share * volume.get(name, 0) * EVENT_WEIGHTS.get(name, 1) for name, share in gains)
            / hours**0.5
        )

    order = sorted(range(len(report.fixes)), key=lambda place: (-worth(place), place))
    return tuple(
        FixBeside(fix.fix, fix.title, fix.kind, rank, place + 1, uplifts[place], fix.gain)
        for rank, place in enumerate(order, 1)
        for fix in [report.fixes[place]]
    )


def expected(report: Report, quality: Quality, sides: tuple[str, ...]) -> tuple[Expected, ...]:
    """Everything Meta expects, most important event and largest uplift first."""
    cells, faults = _cells(report, sides), _faults(report, sides)
    found = []
    for event in quality.events:
        for key in event.keys:
            if key.uplift and key.key:
                cell = cells.get((event.event_name, key.key))
                fix = _fix_for(key.key, event, report.fixes, cells)
                found.append(
                    Expected(event.event_name, key.key, key.uplift, cell.usable if cell else None, fix)
                )
        if event.coverage_uplift:
            pairing = next((fix.fix for fix in report.fixes if _pairs_more(fix, event, faults)), None)
            found.append(
                Expected(event.event_name, "event_coverage", event.coverage_uplift, event.coverage, pairing)
            )
    return tuple(
        sorted(found, key=lambda one: (importance(one.event_name), one.event_name, -one.uplift, one.key))
    )


def _cells(report: Report, sides: tuple[str, ...]) -> dict[tuple[str, str], KeyCoverage]:
    found: dict[tuple[str, str], KeyCoverage] = {}
    for side in sides:
        for cell in report.coverage:
            if cell.side == side:
                found.setdefault((cell.event_name, cell.key), cell)
    return found


def keys_of(fix: Fix) -> tuple[str, ...]:
    """The match keys that a fix makes usable on the server's events, which are those that Meta judges."""
    if fix.fix in _OPEN:
        return _OPEN[fix.fix].keys if _OPEN[fix.fix].side != "browser" else ()
    if fix.fix in BY_ID and BY_ID[fix.fix].repairs:
        return tuple(BY_ID[fix.fix].repairs)
    shown = (CHECKS_BY_ID[check].shows for check in fix.checks if check in CHECKS_BY_ID)
    return tuple(dict.fromkeys(key for key in shown if key in KEYS))


def _reach(fix: Fix, key: str, cell: KeyCoverage | None) -> float:
    """Share of the event's events on which the fix makes the key usable: exact for repairs, the most it can be for others."""
    if cell is None or not cell.events:
        return 0.0
    repairs = BY_ID[fix.fix].repairs if fix.fix in BY_ID else {}
    if key in repairs:
        return sum(cell.states.get(state, 0) for state in repairs[key]) / cell.events
    if fix.fix not in _OPEN or cell.event_name not in fix.gain:
        return 0.0
    return min(cell.missing, fix.events / fix.in_scope if fix.in_scope else 0.0)


def _faults(report: Report, sides: tuple[str, ...]) -> set[tuple[str, str]]:
    """Checks that fail, each with the event name; a missing id on the browser's side keeps events from pairing as well."""
    return {
        (finding.check, finding.event_name)
        for finding in report.findings
        if finding.status == "failed"
        and finding.event_name is not None
        and finding.side in (*sides, "browser", None)
    }


def _pairs_more(fix: Fix, event: EventQuality, faults: set[tuple[str, str]]) -> bool:
    """Does the fix raise the event's coverage, and is there room to?"""
    below = event.coverage is None or event.coverage_goal is None or event.coverage < event.coverage_goal
    return (
        fix.fix == PAIRING_FIX and below and any((check, event.event_name) in faults for check in fix.checks)
    )


def _uplift(
    fix: Fix, quality: Quality, cells: dict[tuple[str, str], KeyCoverage], faults: set[tuple[str, str]]
) -> dict[str, float]:
    """By event name the largest uplift of what the fix does: Meta's figures overlap and must not be added."""
    found = {}
    for event in quality.events:
        parts = list(_parts(fix, event, cells))
        if event.coverage_uplift and _pairs_more(fix, event, faults):
            parts.append(event.coverage_uplift)
        if parts and max(parts) > 0.0005:
            found[event.event_name] = round(max(parts), 4)
    return found


def _parts(fix: Fix, event: EventQuality, cells: dict[tuple[str, str], KeyCoverage]) -> Iterable[float]:
    said = {key.key: key.uplift for key in event.keys if key.key and key.uplift}
    for key in keys_of(fix):
        if key in said:
            yield said[key] * _reach(fix, key, cells.get((event.event_name, key)))


def _fix_for(
    key: str, event: EventQuality, fixes: tuple[Fix, ...], cells: dict[tuple[str, str], KeyCoverage]
) -> str | None:
    cell = cells.get((event.event_name, key))
    return next((fix.fix for fix in fixes if key in keys_of(fix) and _reach(fix, key, cell) > 0), None)
