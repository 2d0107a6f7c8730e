"""The first screen: the verdict in one sentence, and three facts."""

from collections import Counter
from dataclasses import dataclass

from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.report import DedupEntry, EventScore, Fix, Report, path
from emq_audit.report.order import leading, main_event
from emq_audit.report.outcomes import Outcome, with_status
from emq_audit.report.pairing import counted_twice, most_counted_twice
from emq_audit.report.words import (
    Piece,
    Sentence,
    count,
    counted,
    figure,
    log,
    number,
    percent,
    plural,
    points,
    sentence,
    side_events,
)

TITLE_LIMIT = 40  # characters of a log name in a title
LONG_NAME = 16  # characters from which a name is not repeated


@dataclass(frozen=True)
class Fact:
    figure: str
    words: Sentence


def standing(score: EventScore) -> str:
    """`below`, `close` or `above`: where the whole range lies against the target."""
    low = score.emq if score.low is None else score.low
    high = score.emq if score.high is None else score.high
    return "below" if high < score.target else "above" if low >= score.target else "close"


def name(event_name: str) -> Piece:
    return log(event_name, TITLE_LIMIT)


def again(event_name: str) -> Piece:
    """The main event after its first mention."""
    return name(event_name) if len(event_name) <= LONG_NAME else Piece("the main event")


def lifting(report: Report, score: EventScore) -> tuple[Fix, ...]:
    """Fixes that repair what this event already sends."""
    return tuple(fix for fix in report.fixes if fix.kind == "repair" and path.lifts(fix, score))


def lifted(report: Report, score: EventScore) -> tuple[int, float]:
    """How many fixes raise this estimate, and to what, without keys that nobody sends yet."""
    way = path.of_event(report, score)
    if points(way.known) != points(way.today):
        return sum(not step.at_most for step in way.steps), way.known
    return len(lifting(report, score)), score.emq if score.possible is None else score.possible


def verdict(report: Report) -> Sentence:
    main = main_event(report)
    if main is None:
        return _no_score(report)
    score = next(score for score in leading(report) if score.event_name == main)
    where = {
        "below": "below the target of {target}",
        "close": "too close to the target of {target} to be safe",
        "above": "clear of the target of {target}",
    }[standing(score)]
    fixes, end = lifted(report, score)
    if fixes and points(end) != points(score.emq):
        where += "; {fixes} can lift it to about {possible}"
    return sentence(
        "{event} stands at about {today}, " + where + ".",
        event=name(main),
        today=figure(f"{points(score.emq)} of 10"),
        target=points(score.target),
        fixes=f"{number(fixes)} {plural(fixes, 'fix', 'fixes')}",
        possible=figure(points(end)),
    )


def _no_score(report: Report) -> Sentence:
    if not report.input.events:
        return sentence("No event could be read from these logs.")
    reasons = {score.reason for score in report.scores if score.reason}
    if len(reasons) == 1:
        return sentence("No event in this log can be scored: {reason}.", reason=reasons.pop().rstrip("."))
    return sentence("No event in this log can be scored.")


def facts(report: Report, found: tuple[Outcome, ...]) -> tuple[Fact, ...]:
    """About the scores, about deduplication, about the checks."""
    return _score_fact(report), _pairing_fact(report), _check_fact(found)


def _score_fact(report: Report) -> Fact:
    scores = leading(report)
    if not scores:
        names = len({score.event_name for score in report.scores})
        return Fact(
            f"0 of {names}" if names else "0",
            sentence(f"event {plural(names or 2, 'name')} could be scored."),
        )
    target = points(scores[0].target)
    if len(scores) == 1 and scores[0].low is not None and scores[0].high is not None:
        words = sentence(
            "is the range of the estimate for {event}; the target is {target}.",
            event=again(scores[0].event_name),
            target=target,
        )
        return Fact(f"{points(scores[0].low)}–{points(scores[0].high)}", words)
    tally = Counter(standing(score) for score in scores)
    if tally["above"] == len(scores):
        return Fact(
            f"{len(scores)} of {len(scores)}",
            sentence(
                "scored {events} above the target of {target}.", events=_are(len(scores)), target=target
            ),
        )
    rest = [
        f"{number(tally[kind])} {plural(tally[kind], 'is', 'are')} {words}"
        for kind, words in (("close", "too close to call"), ("above", "above"))
        if tally[kind]
    ]
    below = f"scored {_are(len(scores))} below {target}"
    return Fact(
        f"{tally['below']} of {len(scores)}",
        sentence("{words}.", words="; ".join([below, ", ".join(rest)] if rest else [below])),
    )


def _are(scored: int) -> str:
    return plural(scored, "event is", "events are")


def both_sides(entry: DedupEntry) -> bool:
    return entry.browser > 0 and entry.server > 0


def main_entry(report: Report) -> DedupEntry | None:
    """The deduplication of the main event, or of the most frequent one that came from both sides."""
    main = main_event(report)
    entries = [entry for entry in report.dedup if both_sides(entry) and entry.event_coverage is not None]
    return min(
        entries, key=lambda e: (e.event_name != main, -e.browser - e.server, e.event_name), default=None
    )


def _pairing_fact(report: Report) -> Fact:
    entry = main_entry(report)
    if twice := most_counted_twice(report, entry):
        events = plural(twice.counted_twice, "event is", "events are")
        words = sentence(
            "{event} {events} {cause}.",
            event=name(twice.event_name),
            events=events,
            cause=counted_twice(twice),
        )
        return Fact(count(twice.counted_twice), words)
    if entry is not None:
        words = sentence(
            "of {event} browser events also came from the server; Meta’s goal is {goal}.",
            event=name(entry.event_name),
            goal=percent(COVERAGE_GOAL),
        )
        return Fact(percent(entry.event_coverage), words)
    sides = {score.side for score in report.scores}
    if len(sides) == 1 and sides <= {"browser", "server"}:
        only = side_events(sides.pop())
        return Fact(
            "1 of 2",
            sentence("sides is in these logs: {only} alone, so deduplication cannot be judged.", only=only),
        )
    files = len(report.input.files)
    return Fact(
        count(report.input.events),
        sentence(
            "{events} read from {files}.",
            events=plural(report.input.events, "event"),
            files=counted(files, "file"),
        ),
    )


def _check_fact(found: tuple[Outcome, ...]) -> Fact:
    failed, passed = with_status(found, "failed"), with_status(found, "passed")
    judged = len(failed) + len(passed)
    if not judged:
        return Fact("0", sentence("checks apply to this log."))
    critical = sum(outcome.severity == "critical" for outcome in failed)
    words = f"{plural(judged, 'check')} that {plural(judged, 'applies', 'apply')} to this log found a fault"
    if critical:
        words += f"; {number(critical)} of them {plural(critical, 'is', 'are')} critical"
    return Fact(f"{len(failed)} of {judged}", sentence("{words}.", words=words))
