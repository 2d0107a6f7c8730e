"""The Cookies section of the Coverage page: how old fbp and fbc are by browser, and what to do where they are deleted early."""

from markupsafe import Markup

from emq_audit.app import parts
from emq_audit.app.parts import Column
from emq_audit.report import Report
from emq_audit.report.sections.cookies import section

COLUMNS = (
    Column("Browser"),
    Column("Events", numbers=True),
    Column("fbp, median age", numbers=True),
    Column("fbc, median age", numbers=True),
)


def show(report: Report) -> None:
    """Nothing where no browser has enough events with a cookie."""
    found = section(report)
    if found is None:
        return
    title = "".join(piece.text for piece in found.title)
    rows = [
        (
            parts.two_lines(row.browser, row.system),
            row.events,
            *(parts.two_lines(median, _oldest(oldest, cut)) for median, oldest, cut in row.ages),
        )
        for row in found.rows
    ]
    table = parts.table(COLUMNS, rows, caption="Age of cookies by browser", plain=True)
    parts.show(parts.section("Cookies and browsers", " ".join((f"{title}.", *found.told))), table)
    if found.remedies:
        parts.show(parts.note(f"What helps. {' '.join(found.remedies)}"))
    parts.show(parts.note(found.note))


def _oldest(words: str, cut: bool) -> str | Markup:
    if words == "–":
        return ""
    told = f"oldest {words}"
    return Markup('<span class="emq-faulty">{} {}</span>').format(parts.glyph("close"), told) if cut else told
