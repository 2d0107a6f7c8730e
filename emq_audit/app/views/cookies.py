"""The Cookies section of the Coverage page: how old fbp and fbc are by browser, and what to do where they are deleted early."""

from markupsafe import Markup

from emq_audit.app import parts
from emq_audit.app.parts import Column
from emq_audit.report import Report
from emq_audit.report.sections.cookies import section

COLUMNS = (
    Column("Browser"),
    Column("Events", numbers=True),
    Column("fbp, median", numbers=True),
    Column("fbp, oldest", numbers=True),
    Column("fbc, median", numbers=True),
    Column("fbc, oldest", numbers=True),
)


def show(report: Report) -> None:
    """Nothing where no browser has enough events with a cookie."""
    found = section(report)
    if found is None:
        return
    title = "".join(piece.text for piece in found.title)
    rows = []
    for row in found.rows:
        ages = [words for median, oldest, cut in row.ages for words in (median, _oldest(oldest, cut))]
        rows.append((parts.two_lines(row.browser, row.system), row.events, *ages))
    table = parts.table(COLUMNS, rows, caption="Age of cookies by browser", plain=True)
    parts.show(parts.section("Cookies and browsers", f"{title}."), table)
    if found.told:
        parts.show(parts.steps(found.told))
    parts.show(parts.note(found.note))


def _oldest(words: str, cut: bool) -> str | Markup:
    return Markup('<span class="emq-faulty">{} {}</span>').format(parts.glyph("close"), words) if cut else words
