"""Deduplication: which browser and server events Meta counts as one, why others count twice, and what either side would miss."""

from markupsafe import Markup

from emq_audit.app import answers, page, parts
from emq_audit.app.views.deduplication import closer, counts, orders, whole
from emq_audit.report import Report
from emq_audit.report.pairing import OTHER
from emq_audit.report.summary import main_entry
from emq_audit.report.words import counted


def show() -> None:
    """From the finding to the details: figures, the table of events, one event looked at closely, then the whole log."""
    report = page.report()
    entry = main_entry(report)
    parts.show(
        parts.heading("Deduplication", *answers.deduplication(report)),
        counts.strip(report, entry) if entry else nothing_to_pair(report),
    )
    if report.dedup:
        counts.table(report)
    orders.show(report)
    if answers.pairable(report):
        closer.show(report)
    whole.sides(report)
    whole.doubles(report)
    whole.shared(report)


def nothing_to_pair(report: Report) -> Markup:
    """Why, and what to do about it."""
    sides = answers.known_sides(report)
    if len(sides) == 2:
        return parts.calm(
            "No event comes from both sides",
            "The browser and the server send different event names, so none of them can be counted twice.",
        )
    if not sides and report.setup.kind == "offline":
        return parts.calm("Nothing to pair", "Store, phone and other offline events have no browser partner.")
    if not sides:
        return parts.calm(
            "The side of these events is not known",
            "Choose the side on the start page, one log at a time, or drop logs that say where their events come from.",
        )
    other = OTHER[sides[0]]
    if unknown := answers.unknown_events(report):
        return parts.calm(
            f"No event is known to come from the {other}",
            f"{counted(unknown, 'event does', 'events do')} not say which side they come from. Add a column or field side "
            f"with browser or server to them, and drop the logs again.",
        )
    log = {"server": "a Conversions API log", "browser": "a log of Pixel events"}[other]
    return parts.calm(
        f"No {other} events in this log",
        f"Only {sides[0]} events were found, so there is nothing to pair. Drop {log} together with this one to check for "
        "double counting.",
    )
