"""The finding at the head of each page, and the few choices of what to show, all read from a Report.

Nothing here computes a score or a share: it picks, compares and words what the Report holds. The verdict on the whole log
is `emq_audit.report.summary.verdict`, the same as in the HTML report.
"""

from collections import Counter
from collections.abc import Sequence

from emq_audit.app.words import plain, shown, sign_up
from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.match_keys import BY_KEY, KEYS, STATES, status
from emq_audit.report import DedupEntry, EventScore, Fix, KeyCoverage, Report, path
from emq_audit.report.order import event_order, leading, main_event, side_rank
from emq_audit.report.pairing import faults, most_counted_twice, reached, twice_sentence
from emq_audit.report.summary import both_sides, main_entry, standing, verdict
from emq_audit.report.words import (
    CARRIED,
    count,
    counted,
    listed,
    log,
    number,
    of,
    percent,
    period,
    plural,
    points,
    side_events,
)

WORTH_NAMING = 0.05
"""Share of events from which a faulty key of the main event leads the coverage page, 0-1."""
RULE = "Meta counts a browser and a server event once when event name and event id are equal and both arrive within 48 hours."
LOST = 0.05
"""Difference of shares from which a key counts as lost between browser and server, 0-1."""


def events_in_order(report: Report) -> list[str]:
    """All event names, the most valuable first."""
    return sorted(event_order(report), key=event_order(report).__getitem__)


def sides(report: Report) -> list[str]:
    """The sides that sent something, server first."""
    return sorted({cell.side for cell in report.coverage}, key=side_rank)


# Overview


def overview(report: Report) -> tuple[str, str]:
    """Verdict and scope."""
    scores = leading(report)
    told = _below(scores) if len(scores) > 1 else ""
    return "".join(piece.text for piece in verdict(report)), told + scope(report)


def _below(scores: Sequence[EventScore]) -> str:
    below = [f"{shown(s.event_name, 30)} at {points(s.emq)}" for s in scores if standing(s) == "below"]
    if not below:
        near = sum(standing(score) == "close" for score in scores)
        return f"No event is clearly below target; {number(near)} too close to call. " if near else "No event is below target. "
    more = [f"{count(len(below) - 3)} more"] if len(below) > 3 else []
    return f"Below target: {listed(below[:3] + more)}. "


def scope(report: Report) -> str:
    when = period(report.input.first, report.input.last)
    return f"Estimated from {counted(report.input.events, 'event')}{', ' + when if when else ''}."


def unscored(report: Report) -> list[EventScore]:
    """Event names without a score on any side, one entry each, with the reason."""
    scored = {score.event_name for score in leading(report)}
    left = {score.event_name: score for score in report.scores if score.event_name not in scored}
    return sorted(left.values(), key=lambda score: event_order(report)[score.event_name])


def worst_cell(report: Report, cells: tuple[KeyCoverage, ...] | list[KeyCoverage]) -> KeyCoverage | None:
    """The key with most faulty values on the main event, or else anywhere."""
    faulty = [cell for cell in cells if cell.faulty > 0]
    main = [cell for cell in faulty if cell.event_name == main_event(report) and cell.faulty >= WORTH_NAMING]
    return max(main or faulty, key=lambda cell: (cell.faulty, cell.events), default=None)


def top_fixes(report: Report) -> list[Fix]:
    """The three fixes to begin with: the first that bring points, or the first at all."""
    raising = [fix for fix in report.fixes if any(value > 0 for value in fix.gain.values())]
    return (raising or list(report.fixes))[:3]


# Coverage


def coverage(report: Report, side: str) -> str:
    cells = [cell for cell in report.coverage if cell.side == side]
    worst = worst_cell(report, cells)
    if worst is None:
        sent = {cell.key for cell in cells if cell.usable > 0}
        return f"Every value on the {side} side can be used; {count(len(sent))} of {len(KEYS)} match keys are sent."
    name, key = shown(worst.event_name, 30), CARRIED[worst.key]
    reason, number = fault_counts(worst)[0]
    why = f"{STATES[reason]} in {count(number)}"
    if worst.usable == 0 and worst.faulty >= 0.5:
        return f"No {name} event carries {key} that Meta can use: {why}."
    return f"{percent(worst.faulty)} of {name} events carry {key} that Meta cannot use: {why}."


def fault_counts(cell: KeyCoverage) -> list[tuple[str, int]]:
    """(state, events) of what is there but faulty, most frequent first."""
    return Counter({state: n for state, n in cell.states.items() if status(state) == "faulty"}).most_common()


def lost(report: Report) -> list[tuple[KeyCoverage, KeyCoverage]]:
    """(browser cell, server cell) of keys that the same event carries clearly less often from the server, widest gap first."""
    found = {(cell.event_name, cell.key, cell.side): cell for cell in report.coverage}
    pairs = [
        (cell, found[cell.event_name, cell.key, "server"])
        for cell in report.coverage
        if cell.side == "browser" and (cell.event_name, cell.key, "server") in found
    ]
    gaps = [pair for pair in pairs if pair[0].usable - pair[1].usable >= LOST]
    return sorted(gaps, key=lambda pair: pair[1].usable - pair[0].usable)


def cell_words(cell: KeyCoverage) -> str:
    """Email on Purchase, server events."""
    return f"{BY_KEY[cell.key].label} on {shown(cell.event_name, 40)}, {side_events(cell.side)}"


# Deduplication


def deduplication(report: Report) -> tuple[str, str]:
    """Verdict and rule: what pairs, and what counts twice or is shared."""
    entry = main_entry(report)
    twice = most_counted_twice(report, entry)
    if entry is None:
        return _one_sided(report) + (f" {_twice(twice, None)}" if twice else ""), RULE
    name, share = shown(entry.event_name, 30), percent(entry.event_coverage or 0)
    if twice:
        return f"{share} of {name} browser events pair. {_twice(twice, entry)}", RULE
    against = f"{'above' if reached(entry) else 'below'} Meta’s goal of {percent(COVERAGE_GOAL)}"
    people = sum(other.collisions for other in report.dedup)
    more = (
        f" {sign_up(people)} event {plural(people, 'id is', 'ids are')} shared by different people."
        if people
        else ""
    )
    return f"{share} of {name} browser events pair, {against}.{more}", RULE


def _twice(entry: DedupEntry, main: DedupEntry | None) -> str:
    told = twice_sentence(entry, None if entry is main else log(entry.event_name, 30))
    return plain(told) + "."


def missed(report: Report) -> str:
    """What either side would have missed of the main event, as far as nothing in the log could be its partner."""
    entry = main_entry(report)
    if entry is None:
        return "Events without a partner on the other side."
    alone = Counter({miss.side: miss.events for miss in entry.unpaired if miss.reason == "no-counterpart"})
    name = shown(entry.event_name, 30)
    return (
        f"Of {name}, the Pixel alone would have missed {of(alone['server'], entry.server)} server events, the Conversions API "
        f"alone {of(alone['browser'], entry.browser)} browser events: those for which the other side reported nothing that fits. "
        "Below: all events without a partner, of the event names that both sides send."
    )


def _one_sided(report: Report) -> str:
    if not report.dedup:
        return "There are no events here that could be paired."
    sides = known_sides(report)
    if len(sides) > 1:
        return "Browser and server send different events: there is nothing to pair."
    if not sides:
        return "The log does not say which side its events come from."
    if unknown_events(report):
        return f"Only {side_events(sides[0])} are known as such in this log: there is nothing to pair."
    return f"Only {side_events(sides[0])} in this log: there is nothing to pair."


def known_sides(report: Report) -> list[str]:
    """browser, server: those that sent something that could be paired."""
    return [side for side in ("browser", "server") if any(getattr(entry, side) for entry in report.dedup)]


def unknown_events(report: Report) -> int:
    """Events of files that do not say which side they come from."""
    return sum(file.events for file in report.input.files if file.side == "unknown")


def paired_events(report: Report) -> list[DedupEntry]:
    order = event_order(report)
    return sorted(report.dedup, key=lambda entry: order[entry.event_name])


def pairable(report: Report) -> list[DedupEntry]:
    """Entries worth a closer look in a log of both sides: sent by both, or by one for a reason that can be changed."""
    if len(known_sides(report)) < 2:
        return []
    return [entry for entry in paired_events(report) if both_sides(entry) or faults(entry)]


# Fixes


def fixes(report: Report) -> tuple[str, str]:
    """Verdict and scope: where the fixes take the main event, what is known already apart from what nobody sends yet."""
    if not report.fixes:
        return "Nothing that is sent needs repair.", "To go higher, send more match keys: see Coverage."
    note = "Each step counts on those before it. Gains are estimates, in points of 10."
    score = next((score for score in leading(report) if score.event_name == main_event(report)), None)
    way = path.of_event(report, score) if score else None
    if way is None or points(way.end) == points(way.today):
        needed = plural(len(report.fixes), "fix is", "fixes are")
        where = f"none raises {shown(score.event_name, 30)}" if score and raised(report) else "none raises a score"
        return f"{sign_up(len(report.fixes))} {needed} needed; {where}.", note
    name = shown(score.event_name, 30)
    if points(way.known) == points(way.today):
        return f"{name} could go from about {points(way.today)} to {points(way.end)} at most, with what nobody sends yet.", note
    known = [step for step in way.steps if not step.at_most]
    told = (
        f"{sign_up(len(known))} {plural(len(known), 'fix takes', 'fixes take')} {name} "
        f"from about {points(way.today)} to about {points(way.known)}"
    )
    if score.possible is not None and points(score.possible) != points(way.today) and score.possible < way.known - path.SHOWN:
        told += f"; repairs alone, to about {points(score.possible)}"
    return f"{told}.", note


def raised(report: Report) -> list[EventScore]:
    """The leading scores that some step of the path raises."""
    return [score for score in leading(report) if path.of_event(report, score).steps]
