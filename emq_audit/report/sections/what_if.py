"""What-if: the estimates for the shares of events that were asked for with --what-if."""

from dataclasses import dataclass

from emq_audit.match_keys import BY_KEY
from emq_audit.report import Report
from emq_audit.report.words import SIDE_EVENTS, Piece, Sentence, log, not_listed, percent, points, sentence

ROWS_SHOWN = 12


@dataclass(frozen=True)
class WhatIfRow:
    name: Piece
    side: str
    today: str
    what_if: str
    span: str


@dataclass(frozen=True)
class WhatIfs:
    title: Sentence
    rows: tuple[WhatIfRow, ...]
    more: str


def section(report: Report) -> WhatIfs | None:
    """None where nothing was asked."""
    if not report.what_if:
        return None
    rows = tuple(
        WhatIfRow(
            log(row.event_name, 40),
            SIDE_EVENTS.get(row.side, "events"),
            points(row.today),
            points(row.emq),
            f"{points(row.low)}–{points(row.high)}",
        )
        for row in report.what_if[:ROWS_SHOWN]
    )
    return WhatIfs(sentence("{title}", title=title(report)), rows, not_listed(len(report.what_if), ROWS_SHOWN, "row"))


def title(report: Report) -> str:
    """`What if 95% of events carried Email and 40% Click id (fbc)`."""
    asked = [f"{percent(share)} {BY_KEY[key].label}" for key, share in report.what_if[0].asked.items()]
    first, *others = asked
    share, _, key = first.partition(" ")
    listed = ", ".join((f"{share} of events carried {key}", *others))
    return f"What if {listed}"
