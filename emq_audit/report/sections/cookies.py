"""Cookies: how old fbp and fbc are at the event, by browser, and what to do where a browser deletes them early."""

from dataclasses import dataclass

from emq_audit.report import CookieAge, Report
from emq_audit.report.words import Sentence, count, percent, sentence

BROWSERS_SHOWN = 10
UNNAMED = "Not in the log"
COLUMNS = ("fbp", "fbc")
NOTE = (
    "Age: the event's time less the time written in the cookie. Oldest: one event in twenty carries an older one. That a browser deletes "
    "cookies early is inferred from its oldest beside those of other browsers; a heuristic."
)
SERVER_SET = (
    "Let your server set _fbp and _fbc in its own responses (server-side GTM, Stape and most shop back ends can), from the same network as "
    "the site: Safari keeps those longer than cookies that a script sets, and deletes them as early if they come from elsewhere."
)
ADVANCED = "Turn on advanced matching, and send email or phone from the server where they are known: they match without any cookie."


@dataclass(frozen=True)
class CookieRow:
    """One browser: for fbp and fbc the median and the oldest age in words (a dash where nothing is known), and whether it is cut."""

    browser: str
    system: str
    events: str
    ages: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Cookies:
    """`told`: sentences about what the log shows beside the ages; `remedies`: what to do about it."""

    title: Sentence
    rows: tuple[CookieRow, ...]
    told: tuple[str, ...]
    remedies: tuple[str, ...]
    note: str


def section(report: Report) -> Cookies | None:
    """None where no browser has enough events with a cookie."""
    named = [entry for entry in report.cookies if entry.browser != UNNAMED]
    if not named:
        return None
    by_key = {(entry.browser, entry.os, entry.key): entry for entry in named}
    browsers = dict.fromkeys((entry.browser, entry.os) for entry in named)
    rows = tuple(_row(browser, system, by_key) for browser, system in browsers)
    return Cookies(headline(report), rows[:BROWSERS_SHOWN], told(report), remedies(report), NOTE)


def cut(report: Report) -> list[CookieAge]:
    """The cookies that a browser seems to delete early, the most frequent first."""
    return sorted((entry for entry in report.cookies if entry.cut_to_days), key=lambda entry: -entry.events)


def headline(report: Report) -> Sentence:
    if not (early := cut(report)):
        return sentence("No browser seems to delete fbp or fbc early")
    days = "a day" if early[0].cut_to_days == 1 else f"{early[0].cut_to_days} days"
    return sentence("{browser} seems to delete {key} after {days}", browser=early[0].browser, key=early[0].key, days=days)


def told(report: Report) -> tuple[str, ...]:
    """The share of iPhones and the share of the server alone."""
    found = []
    if report.ios_share:
        found.append(f"{percent(report.ios_share)} of the events that name a browser come from iPhone or iPad.")
    if alone := report.setup.server_only_share:
        found.append(f"{percent(alone)} of the actions were reported by the server alone.")
    return tuple(found)


def remedies(report: Report) -> tuple[str, ...]:
    """What to do where cookies are deleted early, or where much comes from browsers and visitors that leave none."""
    return ((SERVER_SET,) if cut(report) else ()) + ((ADVANCED,) if cut(report) or told(report) else ())


def age(days: float) -> str:
    """`5.8 days`, `3 hours`, `under an hour`."""
    if days < 1 / 24:
        return "under an hour"
    if days < 1:
        hours = int(days * 24)
        return "1 hour" if hours == 1 else f"{hours} hours"
    return f"{days:.1f} days"


def _row(browser: str, system: str, by_key: dict[tuple[str, str, str], CookieAge]) -> CookieRow:
    entries = [by_key.get((browser, system, key)) for key in COLUMNS]
    ages = (
        (age(entry.median_age_days), age(entry.oldest_days), entry.cut_to_days is not None) if entry else ("–", "–", False)
        for entry in entries
    )
    return CookieRow(browser, system, count(max(entry.events for entry in entries if entry)), tuple(ages))
