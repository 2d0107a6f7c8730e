"""The Consent section of the Coverage page: what the log says about consent, and what following a refusal would do to the scores."""

from markupsafe import Markup

from emq_audit.app import parts
from emq_audit.app.parts import Column
from emq_audit.app.words import shown
from emq_audit.report import Report
from emq_audit.report.sections.consent import MODES_SHOWN, mode_rows, section


def show(report: Report) -> None:
    """Nothing where the log says nothing about consent."""
    found = section(report)
    if found is None:
        return
    title = Markup("").join(piece.text for piece in found.title)
    states = [
        (
            row.state,
            row.events,
            row.share,
            Markup('<span class="emq-faulty">{} {}</span>').format(parts.glyph("close"), row.keys) if row.fault else row.keys,
            row.meaning,
        )
        for row in found.states
    ]
    columns = (
        Column("Consent"),
        Column("Events", numbers=True),
        Column("Share", numbers=True),
        Column("Match keys they carry"),
        Column("What it means"),
    )
    parts.show(parts.section("Consent", f"{title}."), parts.table(columns, states, caption="Events by consent", plain=True))
    parts.show(parts.note(found.meaning))
    if found.modes:
        _modes(report, found.mode_note)


def _modes(report: Report, note: str) -> None:
    rows = [
        (parts.two_lines(shown(entry.event_name, 30), row.side), row.denied, row.today, row.basic, row.advanced)
        for entry, row in zip(report.consent_modes[:MODES_SHOWN], mode_rows(report), strict=True)
    ]
    columns = (
        Column("Event"),
        Column("Denied", numbers=True),
        Column("Today", numbers=True),
        Column("Nothing sent", numbers=True),
        Column("Sent bare", numbers=True),
    )
    parts.show(
        parts.section("If denied consent were followed", note, small=True),
        parts.table(columns, rows, caption="Estimates if denied consent were followed"),
    )
