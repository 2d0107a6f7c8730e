"""What each fix alone brings to one event, and what all of them bring together."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import plotly.graph_objects as go

from emq_audit.app.charts import blank, name
from emq_audit.app.palette import Palette
from emq_audit.report.words import gain, points

ROW = 52
BAR = 10  # height of a bar in pixels
TITLE = 58  # characters of a fix's title that fit on a narrow screen


@dataclass(frozen=True)
class Step:
    """One row: what is done, and the score it leads to from today's."""

    title: str
    after: float


def span(today: float, best: float, target: float) -> tuple[int, int]:
    """The stretch of the scale that is shown: whole points, at least three of them, the target inside."""
    low = max(0, int(min(today, target) - 0.6))
    return low, max(low + 3, min(10, ceil(max(best, target) + 0.2)))


def chart(today: float, steps: Sequence[Step], together: float, target: float, colour: Palette) -> go.Figure:
    """Scores in points of 10. A row's title stands above its bar; bars float from today's score, so the scale may start
    above zero."""
    rows = [Step("Today", today), *steps, Step("All of them", together)]
    last = len(rows) - 1
    figure = blank(colour, len(rows) * ROW + 52, left=2, right=70, top=22, bottom=30)
    figure.update_xaxes(visible=True, range=span(today, together, target), dtick=1, showgrid=True, gridcolor=colour.grid,
                        ticks="", tickfont={"size": 12, "color": colour.muted})  # fmt: skip
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5])
    for place in range(len(rows)):
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=place + 0.48, y1=place + 0.48, layer="below",
                         line={"color": colour.grid, "width": 1})  # fmt: skip
        # Only beside the bars: a line through the titles would strike them out.
        for x, dash, ink in ((target, "4px,4px", colour.muted), (today, "1px,3px", colour.faint)):
            figure.add_shape(type="line", x0=x, x1=x, y0=place + 0.02, y1=place + 0.38, layer="below",
                             line={"color": ink, "width": 1.5, "dash": dash})  # fmt: skip
    figure.add_annotation(x=target, y=1, yref="paper", yanchor="bottom", yshift=2, showarrow=False,
                          text=f"target {points(target)}", font={"size": 12})  # fmt: skip
    figure.add_bar(
        orientation="h", base=[today] * last, x=[row.after - today for row in rows[1:]],
        y=[place + 0.2 for place in range(1, last + 1)], width=BAR / ROW, hoverinfo="skip",
        marker={"color": [colour.accent] * last, "opacity": [0.45] * (last - 1) + [1], "line": {"width": 0}},
    )  # fmt: skip
    figure.add_scatter(
        x=[today], y=[0.2], mode="markers", hoverinfo="skip", marker={"size": 13, "color": colour.muted}
    )
    for place, row in enumerate(rows):
        _words(figure, place, row, today, colour, strong=place in (0, last))
    return figure


def _words(figure: go.Figure, place: int, row: Step, today: float, colour: Palette, *, strong: bool) -> None:
    title = name(row.title, TITLE)
    figure.add_annotation(xref="paper", x=0, xanchor="left", y=place - 0.16, showarrow=False, bgcolor=colour.page, borderpad=1,
                          text=f"<b>{title}</b>" if strong else title)  # fmt: skip
    brought = f' <span style="color:{colour.accent}">{gain(row.after - today)}</span>' if place else ""
    figure.add_annotation(x=max(row.after, today), y=place + 0.2, xanchor="left", xshift=10, showarrow=False,
                          bgcolor=colour.page, borderpad=1, text=f"<b>{points(row.after)}</b>{brought}")  # fmt: skip


def alt(today: float, steps: Sequence[Step], together: float) -> str:
    each = "; ".join(f"{name(step.title, TITLE)} {points(step.after)}" for step in steps)
    return f"Today {points(today)}. After one fix alone: {each}. After all of them {points(together)}."
