"""The path of one event: its score after the first fix, after the first two, and so on, one row a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import plotly.graph_objects as go

from emq_audit.app.charts import blank, name
from emq_audit.app.palette import Palette
from emq_audit.report.words import gained, points

ROW = 52
BAR = 10  # height of a bar in pixels
TITLE = 58  # characters of a fix's title that fit on a narrow screen


@dataclass(frozen=True)
class Step:
    """One row: what is done, the score before it and after; `at_most` where nobody sends the keys yet."""

    title: str
    before: float
    after: float
    at_most: bool = False


def span(today: float, best: float, target: float) -> tuple[int, int]:
    """The stretch of the scale that is shown: whole points, at least three of them, the target inside."""
    low = max(0, int(min(today, target) - 0.6))
    return low, max(low + 3, min(10, ceil(max(best, target) + 0.2)))


def chart(today: float, steps: Sequence[Step], target: float, colour: Palette) -> go.Figure:
    """Scores in points of 10. A row's title stands above its bar; each bar floats from where the one before ended, so the
    scale may start above zero."""
    rows = [Step("Today", today, today), *steps]
    last = len(rows) - 1
    figure = blank(colour, len(rows) * ROW + 52, left=2, right=86, top=22, bottom=30)
    figure.update_xaxes(visible=True, range=span(today, max(row.after for row in rows), target), dtick=1, showgrid=True,
                        gridcolor=colour.grid, ticks="", tickfont={"size": 12, "color": colour.muted})  # fmt: skip
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])
    for place, row in enumerate(rows):
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=place + 0.48, y1=place + 0.48, layer="below",
                         line={"color": colour.grid, "width": 1})  # fmt: skip
        # Only beside the bars: a line through the titles would strike them out.
        for x, dash, ink in ((target, "4px,4px", colour.muted), (row.before, "1px,3px", colour.faint)):
            figure.add_shape(type="line", x0=x, x1=x, y0=place + 0.02, y1=place + 0.38, layer="below",
                             line={"color": ink, "width": 1.5, "dash": dash})  # fmt: skip
    figure.add_annotation(x=target, y=1, yref="paper", yanchor="bottom", yshift=2, showarrow=False,
                          text=f"target {points(target)}", font={"size": 12})  # fmt: skip
    figure.add_bar(
        orientation="h", base=[row.before for row in steps], x=[row.after - row.before for row in steps],
        y=[place + 0.2 for place in range(1, last + 1)], width=BAR / ROW, hoverinfo="skip",
        marker={"color": [colour.accent_tint if row.at_most else colour.accent for row in steps],
                "line": {"width": [1.5 if row.at_most else 0 for row in steps], "color": colour.accent}},
    )  # fmt: skip
    figure.add_scatter(
        x=[today], y=[0.2], mode="markers", hoverinfo="skip", marker={"size": 13, "color": colour.muted}
    )
    for place, row in enumerate(rows):
        _words(figure, place, row, colour)
    return figure


def _words(figure: go.Figure, place: int, row: Step, colour: Palette) -> None:
    title = name(row.title, TITLE)
    figure.add_annotation(xref="paper", x=0, xanchor="left", y=place - 0.16, showarrow=False, bgcolor=colour.page, borderpad=1,
                          text=title if place else f"<b>{title}</b>")  # fmt: skip
    brought = f' <span style="color:{colour.accent}">{_brought(row)}</span>' if place else ""
    figure.add_annotation(x=row.after, y=place + 0.2, xanchor="left", xshift=10, showarrow=False,
                          bgcolor=colour.page, borderpad=1, text=f"<b>{points(row.after)}</b>{brought}")  # fmt: skip


def _brought(row: Step) -> str:
    return gained(row.before, row.after) + (" at most" if row.at_most else "")


def alt(today: float, steps: Sequence[Step]) -> str:
    each = "; ".join(f"{name(step.title, TITLE)} {points(step.after)}, {_brought(step)}" for step in steps)
    return f"Today {points(today)}. One after the other: {each}."
