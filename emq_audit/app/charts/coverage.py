"""The grid of match keys and event names: each cell a box, usable filled from the left, faulty hatched from the right."""

from collections.abc import Sequence

import plotly.graph_objects as go

from emq_audit.app.charts import CLEAR, HOVER, blank, name
from emq_audit.app.palette import Palette
from emq_audit.app.words import in_cell
from emq_audit.match_keys import BY_KEY, MATCH_KEYS
from emq_audit.report import KeyCoverage
from emq_audit.report.words import count, percent

ROW = 31
GROUP_GAP = 12
HEAD = 42
BOX = 25  # height of a cell in pixels
CELL = 128  # width of a column in pixels, and the least it may shrink to
NARROW = 96
EDGE = 0.012  # so that the outline of the first and last box is whole
WIDE = 0.92  # share of the column its box takes
# From here on the hatch is wide enough to carry its number inside.
INSIDE = 0.38
PLATE = 0.19  # half the width of the plate behind that number

ONE_LINE = 11  # characters of an event name that fit above a column

Pick = tuple[str, str]


def row_tops() -> list[int]:
    """The top of each match key's row in pixels below the head, with a gap between groups."""
    tops, top = [], 0
    for place, key in enumerate(MATCH_KEYS):
        if place and key.group != MATCH_KEYS[place - 1].group:
            top += GROUP_GAP
        tops.append(top)
        top += ROW
    return tops


def height() -> int:
    return HEAD + row_tops()[-1] + ROW


def chart(
    cells: Sequence[KeyCoverage], events: Sequence[str], colour: Palette, pick: Pick | None = None
) -> go.Figure:
    """`cells` of one side, one per event name and key; `events` gives the columns; `pick` (event, key) is outlined."""
    figure = blank(colour, height(), top=HEAD)
    figure.update_xaxes(range=[-EDGE, max(len(events), 1) - (1 - WIDE) + EDGE])
    figure.update_yaxes(range=[height() - HEAD, 0])
    column = {event: place for place, event in enumerate(events)}
    middle = {key.key: top + ROW / 2 for key, top in zip(MATCH_KEYS, row_tops(), strict=True)}
    drawn = [(column[cell.event_name], middle[cell.key], cell) for cell in cells if cell.event_name in column]
    for event, place in column.items():
        figure.add_annotation(x=place, y=0, xanchor="left", yanchor="bottom", yshift=5, xshift=1, showarrow=False,
                              text=f"<b>{_two_lines(event)}</b>", align="left", font={"size": 12.5})  # fmt: skip
    _fills(figure, drawn, colour)
    _numbers(figure, drawn, colour)
    _boxes(figure, drawn, colour, pick)
    return figure


def _two_lines(event: str) -> str:
    """A long event name broken at the inner capital or underscore nearest its middle: Initiate / Checkout."""
    breaks = [
        place for place in range(3, len(event) - 2) if event[place].isupper() or event[place - 1] in "_ -"
    ]
    if len(event) <= ONE_LINE or not breaks:
        return name(event, ONE_LINE + 1)
    middle = min(breaks, key=lambda place: abs(place - len(event) / 2))
    return f"{name(event[:middle], ONE_LINE + 1)}<br>{name(event[middle:], ONE_LINE + 1)}"


def _bars(figure: go.Figure, bars: Sequence[tuple[float, float, float]], **marker: object) -> None:
    """Bars of (start, middle, length) in one trace. Nothing fades when a point of another trace is clicked."""
    full = {"marker": {"opacity": 1}}
    figure.add_bar(
        orientation="h", base=[b[0] for b in bars], y=[b[1] for b in bars], x=[b[2] for b in bars], width=BOX,
        hoverinfo="skip", selected=full, unselected=full, marker=marker,
    )  # fmt: skip


def _fills(figure: go.Figure, drawn: Sequence[tuple[int, float, KeyCoverage]], colour: Palette) -> None:
    _bars(
        figure,
        [(at, y, cell.usable * WIDE) for at, y, cell in drawn],
        color=colour.good_tint,
        line={"width": 0},
    )
    hatch = {"shape": "/", "fgcolor": colour.hatch, "bgcolor": colour.close_tint, "size": 6, "solidity": 0.22}
    _bars(
        figure,
        [(at + (1 - cell.faulty) * WIDE, y, cell.faulty * WIDE) for at, y, cell in drawn if cell.faulty],
        color=colour.close_tint, pattern=hatch, line={"width": 0},
    )  # fmt: skip
    _bars(
        figure,
        [(_inside(at, cell) - PLATE, y, 2 * PLATE) for at, y, cell in drawn if cell.faulty > INSIDE],
        color=colour.close_tint, line={"width": 0},
    )  # fmt: skip


def _inside(at: int, cell: KeyCoverage) -> float:
    """The middle of a wide hatch."""
    return at + (1 - cell.faulty / 2) * WIDE


def _numbers(figure: go.Figure, drawn: Sequence[tuple[int, float, KeyCoverage]], colour: Palette) -> None:
    def write(texts: Sequence[tuple[float, float, str]], position: str, ink: str, size: float = 13) -> None:
        full = {"textfont": {"color": ink}}
        figure.add_scatter(
            x=[t[0] for t in texts], y=[t[1] for t in texts], text=[t[2] for t in texts], mode="text", hoverinfo="skip",
            textposition=position, textfont={"color": ink, "size": size}, selected=full, unselected=full,
        )  # fmt: skip

    sent = [(at, y, cell) for at, y, cell in drawn if cell.usable or cell.faulty]
    write(
        [(at + 0.02, y, f"<b>{in_cell(cell.usable)}</b>") for at, y, cell in sent],
        "middle right",
        colour.text,
    )
    absent = [(at + 0.02, y, "–") for at, y, cell in drawn if not (cell.usable or cell.faulty)]
    write(absent, "middle right", colour.muted)
    faulty = [(at, y, cell, f"▲ {in_cell(cell.faulty)}") for at, y, cell in sent if cell.faulty]
    beside = [
        (at + (1 - c.faulty) * WIDE - 0.015, y, text) for at, y, c, text in faulty if c.faulty <= INSIDE
    ]
    write(beside, "middle left", colour.close_text, 12)
    write(
        [(_inside(at, c), y, text) for at, y, c, text in faulty if c.faulty > INSIDE],
        "middle center",
        colour.close_text,
        12,
    )


def _boxes(
    figure: go.Figure, drawn: Sequence[tuple[int, float, KeyCoverage]], colour: Palette, pick: Pick | None
) -> None:
    """The outlines, on top: what the pointer meets. A click tells the column and the key."""
    full = {"marker": {"opacity": 1}}
    figure.add_bar(
        orientation="h", base=[at for at, _, _ in drawn], y=[y for _, y, _ in drawn], x=[WIDE] * len(drawn), width=BOX,
        customdata=[[at, cell.key] for at, _, cell in drawn], hovertext=[_hover(cell) for _, _, cell in drawn],
        hovertemplate=HOVER, selected=full, unselected=full,
        marker={"color": CLEAR, "line": {"color": colour.border, "width": 1}},
    )  # fmt: skip
    if pick:
        chosen = [(at, y, WIDE) for at, y, cell in drawn if (cell.event_name, cell.key) == pick]
        _bars(figure, chosen, color=CLEAR, line={"color": colour.accent, "width": 2})


def _hover(cell: KeyCoverage) -> str:
    of = f"of {count(cell.events)} events"
    return "<br>".join((
        f"<b>{BY_KEY[cell.key].label}, {name(cell.event_name, 40)}</b>",
        f"usable {percent(cell.usable)} {of}",
        f"faulty {percent(cell.faulty)}",
        f"missing {percent(cell.missing)}",
    ))  # fmt: skip


def alt(cells: Sequence[KeyCoverage]) -> str:
    """The finding of the grid in words: the three cells with most faulty values."""
    worst = sorted((cell for cell in cells if cell.faulty), key=lambda cell: -cell.faulty)[:3]
    if not worst:
        return "Share of events with each match key. No value is faulty."
    told = "; ".join(f"{BY_KEY[c.key].label} on {name(c.event_name)} {percent(c.faulty)}" for c in worst)
    return f"Share of events with each match key. Most faulty values: {told}."
