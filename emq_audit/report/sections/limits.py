"""What looks like a fault and is none, what this log cannot tell, and how the numbers were made."""

from collections.abc import Callable
from dataclasses import dataclass

from emq_audit.report import DedupEntry, KeyCoverage, Report
from emq_audit.report.order import event_order, leading
from emq_audit.report.summary import both_sides
from emq_audit.report.words import (
    Sentence,
    capital,
    count,
    day,
    joined,
    listed,
    log,
    percent,
    plural,
    sentence,
)
from emq_audit.score import RANGE_COVERAGE

# Events that happen before a visitor has said who they are.
EARLY_EVENTS = ("PageView", "ViewContent", "Search", "ViewCategory")
MOSTLY_MISSING = 0.98  # share of events from which a key counts as not sent


@dataclass(frozen=True)
class Expected:
    """`items` pair what is seen with why it is no fault."""

    title: Sentence
    items: tuple[tuple[Sentence, Sentence], ...]


@dataclass(frozen=True)
class Unknown:
    title: Sentence
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """`paragraphs` pair a lead-in with what follows, `glossary` a word with its meaning; `made` is last."""

    title: Sentence
    paragraphs: tuple[tuple[str, str], ...]
    glossary: tuple[tuple[str, str], ...]
    made: str


def expected(report: Report) -> Expected | None:
    """Only what this log shows: an explanation without its case would be noise."""
    seen = (
        _click_ids(report),
        _server_only(report),
        _early_events(report),
        _from_connection(report),
        _not_scored(report),
    )
    items = tuple(item for item in seen if item)
    return (
        Expected(
            sentence(
                "These look like gaps and are none" if len(items) > 1 else "This looks like a gap and is none"
            ),
            items,
        )
        if items
        else None
    )


def unknown(report: Report) -> Unknown | None:
    return Unknown(sentence("This log cannot answer everything"), report.notes) if report.notes else None


def range_words() -> str:
    """`Range, right in about 8 of 10 cases`, from the model's measured figure."""
    return f"Range, right in about {round(10 * RANGE_COVERAGE)} of 10 cases"


def method(report: Report) -> Method:
    scored = any(score.emq is not None for score in report.scores)
    estimate = (
        "Meta does not publish how it computes Event Match Quality. The scores here come from a model fitted "
        "to publicly reported scores; on sites it had not seen, its range held the real score in "
        f"{percent(RANGE_COVERAGE)} of cases. Meta’s own score is in Events Manager, under Data sources, "
        "your dataset, Event Match Quality. Where the two differ, Meta’s is right."
    )
    as_of = day(report.input.as_of)
    judged = f" Ages are judged as of {as_of}, times in UTC." if as_of else ""
    return Method(
        title=sentence("How these numbers were made, and how far to trust them"),
        paragraphs=(*((("An estimate.", estimate), POSSIBLE) if scored else ()), COUNTING),
        glossary=GLOSSARY,
        made=f"Made with emq-audit {report.version}.{judged}",
    )


def _click_ids(report: Report) -> tuple[Sentence, Sentence] | None:
    entry = _of_first(report, "fbc", lambda e: e.usable > 0 and e.missing > 0.5)
    if entry is None:
        return None
    seen = sentence(
        "{share} of {event} events have no click id",
        share=capital(percent(entry.missing)),
        event=log(entry.event_name, 40),
    )
    return seen, sentence("Only visits that begin with a click on a Meta ad have one.")


def _server_only(report: Report) -> tuple[Sentence, Sentence] | None:
    """Server events that nothing in the log could have paired: what looks like one of the browser's is told as a fault."""
    order = event_order(report)
    entries = [entry for entry in report.dedup if both_sides(entry) and _alone(entry)]
    if not entries:
        return None
    entry = min(entries, key=lambda entry: order[entry.event_name])
    events = _alone(entry)
    come = plural(events, "event came", "events came")
    seen = sentence(
        "{events} {event} {come} from the server only",
        events=count(events),
        event=log(entry.event_name, 40),
        come=come,
    )
    return seen, sentence(
        "Visitors who block scripts or leave before the page loads. This is what the Conversions API is for."
    )


def _alone(entry: DedupEntry) -> int:
    return sum(
        miss.events for miss in entry.unpaired if miss.side == "server" and miss.reason == "no-counterpart"
    )


def _early_events(report: Report) -> tuple[Sentence, Sentence] | None:
    without = {e.event_name for e in report.coverage if e.key == "em" and e.missing >= MOSTLY_MISSING}
    with_some = {e.event_name for e in report.coverage if e.key == "em" and e.missing < MOSTLY_MISSING}
    names = [name for name in EARLY_EVENTS if name in without - with_some]
    if not names:
        return None
    seen = f"{listed(names)} {plural(len(names), 'carries', 'carry')} no email"
    return sentence("{seen}", seen=seen), sentence("Visitors are not known before they sign in.")


def _from_connection(report: Report) -> tuple[Sentence, Sentence] | None:
    if not any(entry.states.get("implicit") for entry in report.coverage if entry.key == "client_ip_address"):
        return None
    seen = sentence("Browser events list no IP address and no user agent")
    return seen, sentence("The browser’s own connection shows both to Meta; they count as usable.")


def _not_scored(report: Report) -> tuple[Sentence, Sentence] | None:
    names = sorted(
        {score.event_name for score in report.scores if score.side == "offline" and score.emq is None}
    )
    if not names:
        return None
    have = plural(len(names), "has", "have")
    events = joined([(log(name, 40),) for name in names[:3]], ", ")
    if len(names) > 3:
        events = (*events, *sentence(f" and {len(names) - 3} more"))
    return sentence("{events} sent offline {have} no score", events=events, have=have), sentence(
        "Meta scores website events only."
    )


def _of_first(report: Report, key: str, fits: Callable[[KeyCoverage], bool]) -> KeyCoverage | None:
    """The coverage of `key` on the first event in order that fits, on the side whose score leads."""
    for score in leading(report):
        for entry in report.coverage:
            if (entry.event_name, entry.side, entry.key) == (score.event_name, score.side, key) and fits(
                entry
            ):
                return entry
    return None


POSSIBLE = (
    "Possible",
    "is the estimate for the same events once everything already sent is repaired, and as uncertain as "
    "today’s. Gains count each fix as if only that one were done: they overlap and do not add up. Points do "
    "not measure sales.",
)
COUNTING = (
    "Counting.",
    "A key is usable if Meta can match by it, faulty if it is sent in a form that cannot be matched, and "
    "missing otherwise. A browser and a server event are one if event name and event id agree and both "
    "arrived within 48 hours. Values from the log are masked.",
)
GLOSSARY = (
    ("Event Match Quality", "Meta’s score from 0 to 10 for how well an event can be linked to a person."),
    ("Match key", "One piece of customer data sent with an event, such as email or IP address."),
    ("Pixel", "Meta’s script in the visitor’s browser."),
    ("Conversions API (CAPI)", "The same events sent from your server."),
    ("Event id", "A label that lets Meta see that a browser and a server event are the same."),
    ("Deduplication", "Counting such a pair once."),
    ("Event coverage", "The share of browser events that the server sent as well."),
    ("fbp, browser id", "Cookie that marks one browser."),
    ("fbc, click id", "Cookie that remembers a click on a Meta ad."),
    ("Hash (SHA-256)", "A one-way fingerprint. Only the same text gives the same fingerprint."),
    ("Points", "Steps on the 0 to 10 scale."),
)
