"""Consent: what the log says about it, which match keys are sent under a refusal, and what two ways to respect one would do."""

from dataclasses import dataclass

from emq_audit.consent import IDENTIFYING
from emq_audit.report import ConsentShare, Report
from emq_audit.report.words import (
    HEADS,
    SIDE_EVENTS,
    Piece,
    Sentence,
    capital,
    count,
    counted,
    log,
    not_listed,
    percent,
    points,
    sentence,
)

MODES_SHOWN = 12
STATE_WORDS = {
    "granted": ("Granted", "Consent to advertising was given."),
    "denied": ("Denied", "Storage for ads (ad_storage) or the use of user data for ads (ad_user_data) was refused."),
    "not set": ("Not set", "The log says that nothing was asked or decided."),
    "unclear": ("Unclear", "The signals contradict each other or cannot be read."),
    "not logged": ("Not logged", "These events say nothing about consent to advertising."),
}
"""By state: its name, and what it means."""
MEANING = (
    "Read from Google's consent codes (gcs, gcd) and from fields such as consent or ad_storage; what the letters mean is known from "
    "observation. The counts say what was sent, not whether it was allowed. Limited Data Use (data_processing_options) is another "
    "matter."
)
MODE_NOTE = (
    "Nothing sent: events under denied consent are held back, as in Google's basic mode. Sent bare: they go out without cookies, ids and "
    "contact data, as in its advanced mode. Both are estimates for this log with everything else as it is."
)


@dataclass(frozen=True)
class StateRow:
    """`keys`: which match keys that name a person or browser these events carry, the most frequent first."""

    state: str
    meaning: str
    events: str
    share: str
    keys: str
    fault: bool


@dataclass(frozen=True)
class ModeRow:
    name: Piece
    side: str
    denied: str
    today: str
    basic: str
    advanced: str


@dataclass(frozen=True)
class Consent:
    title: Sentence
    states: tuple[StateRow, ...]
    modes: tuple[ModeRow, ...]
    more: str
    meaning: str
    mode_note: str


def section(report: Report) -> Consent | None:
    """None where the log says nothing about consent."""
    if not report.consent:
        return None
    rows = tuple(_state(entry) for entry in report.consent)
    return Consent(headline(report), rows, mode_rows(report), not_listed(len(report.consent_modes), MODES_SHOWN), MEANING, MODE_NOTE)


def headline(report: Report) -> Sentence:
    """The finding in one sentence: keys under a refusal, else the share of refusals."""
    denied = next((entry for entry in report.consent if entry.state == "denied"), None)
    if denied is None:
        return sentence("No event in this log came under denied consent")
    if not denied.with_keys:
        return sentence("{share} of events came under denied consent, none of them with match keys", share=capital(percent(denied.share)))
    return sentence(
        "{some} of {all} under denied consent carry match keys",
        some=count(denied.with_keys),
        all=counted(denied.events, "event"),
    )


def sent_without(entry: ConsentShare) -> list[tuple[str, int]]:
    """Identifying keys and how many events of the entry carry them, the most frequent first."""
    return sorted(((key, entry.keys_sent[key]) for key in IDENTIFYING if entry.keys_sent.get(key)), key=lambda item: -item[1])


def keys_words(entry: ConsentShare, limit: int = 6) -> str:
    """`Email 120, Browser id 90`; a dash where no such key is sent."""
    sent = sent_without(entry)
    more = f" and {len(sent) - limit} more" if len(sent) > limit else ""
    return ", ".join(f"{HEADS[key]} {count(events)}" for key, events in sent[:limit]) + more or "–"


def _state(entry: ConsentShare) -> StateRow:
    name, meaning = STATE_WORDS[entry.state]
    fault = entry.state == "denied" and entry.with_keys > 0
    return StateRow(name, meaning, count(entry.events), percent(entry.share), keys_words(entry), fault)


def mode_rows(report: Report, limit: int = MODES_SHOWN) -> tuple[ModeRow, ...]:
    """The estimates by event name and side: today, with nothing sent under denied consent, and with bare events."""
    return tuple(
        ModeRow(
            log(entry.event_name, 40),
            SIDE_EVENTS.get(entry.side, "events"),
            f"{count(entry.denied)} of {count(entry.events)}",
            points(entry.today),
            "–" if entry.basic is None else points(entry.basic),
            points(entry.advanced),
        )
        for entry in report.consent_modes[:limit]
    )
