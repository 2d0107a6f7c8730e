"""Match quality by event name: the estimate with its range, the target, and what is possible."""

from collections.abc import Sequence

import plotly.graph_objects as go

from emq_audit.app.charts import HOVER, blank, name
from emq_audit.app.palette import Palette
from emq_audit.app.words import between
from emq_audit.report import EventScore
from emq_audit.report.summary import standing
from emq_audit.report.words import count, points

ROW = 60
LEFT = 136
# Below this gain the diamond of what is possible would sit on the dot.
WORTH_SHOWING = 0.25

TONES = {"above": "good", "close": "close", "below": "poor"}


def tone(score: EventScore) -> str:
    """good, close or poor: decided by the range, not by the point, so 5.7 with 5.2–6.2 is close to the target."""
    return TONES[standing(score)]


def has_gain(score: EventScore) -> bool:
    return (
        score.possible is not None and score.emq is not None and score.possible - score.emq >= WORTH_SHOWING
    )


def alt(scores: Sequence[EventScore]) -> str:
    """The chart in words."""
    lines = (
        f"{name(s.event_name)} {points(s.emq)}, likely {between(s.low, s.high)}"
        + (f", possible {points(s.possible)}" if has_gain(s) else "")
        for s in scores
    )
    return "Estimated match quality of 10, target 6.0. " + "; ".join(lines) + "."


def chart(scores: Sequence[EventScore], colour: Palette) -> go.Figure:
    """`scores` have an `emq` each; one row an event, in the order given, on an axis from 0 to 10."""
    rows = len(scores)
    figure = blank(colour, rows * ROW + 62, left=LEFT, right=14, top=30, bottom=32)
    figure.update_xaxes(
        visible=True, range=[0, 10], tickvals=[0, 2, 4, 6, 8, 10], showgrid=True, gridcolor=colour.grid,
        tickfont={"size": 12, "color": colour.muted}, showline=False, ticks="",
    )  # fmt: skip
    figure.update_yaxes(visible=True, range=[rows - 0.5, -0.5], showticklabels=False, tickvals=list(range(rows)),
                        showgrid=True, gridcolor=colour.grid)  # fmt: skip
    target = scores[0].target if scores else 6.0
    figure.add_shape(type="line", x0=target, x1=target, y0=0, y1=1, yref="paper", layer="between",
                     line={"color": colour.muted, "width": 1.5, "dash": "4px,4px"})  # fmt: skip
    figure.add_annotation(x=target, y=1, yref="paper", yanchor="bottom", yshift=3, showarrow=False,
                          text=f"target {points(target)}", font={"size": 12})  # fmt: skip
    for row, score in enumerate(scores):
        _row(figure, row, score, colour)
    return figure


def _row(figure: go.Figure, row: int, score: EventScore, colour: Palette) -> None:
    state = tone(score)
    mark, tint = getattr(colour, state), getattr(colour, f"{state}_tint")
    figure.add_shape(type="rect", x0=score.low, x1=score.high, y0=row - 0.08, y1=row + 0.08, fillcolor=tint,
                     line={"width": 0}, layer="between")  # fmt: skip
    if has_gain(score):
        _possible(figure, row, score, colour)
    figure.add_scatter(
        x=[score.emq], y=[row], mode="markers", marker={"size": 13, "color": mark, "line": {"width": 0}},
        hovertext=[_hover(score)], hovertemplate=HOVER, cliponaxis=False,
    )  # fmt: skip
    plate = {"showarrow": False, "bgcolor": colour.page, "borderpad": 1}
    figure.add_annotation(
        x=score.emq, y=row, yshift=19, text=f"<b>{points(score.emq)}</b>", font={"size": 15}, **plate
    )
    figure.add_annotation(x=(score.low + score.high) / 2, y=row, yshift=-17, text=between(score.low, score.high),
                          font={"size": 11.5, "color": colour.muted}, **plate)  # fmt: skip
    left = {"xref": "paper", "x": 0, "xanchor": "left", "xshift": -LEFT, "align": "left", "showarrow": False}
    figure.add_annotation(y=row, yshift=9, text=f"<b>{name(score.event_name)}</b>", **left)
    figure.add_annotation(y=row, yshift=-9, text=f"{count(score.events)} {_side(score)}",
                          font={"size": 12, "color": colour.muted}, **left)  # fmt: skip


def _side(score: EventScore) -> str:
    return f"{score.side} events" if score.side in ("browser", "server") else "events"


def _possible(figure: go.Figure, row: int, score: EventScore, colour: Palette) -> None:
    start = min(score.high, score.possible)
    figure.add_scatter(x=[start, score.possible], y=[row, row], mode="lines", hoverinfo="skip",
                       line={"color": colour.accent, "width": 2, "dash": "2px,4px"})  # fmt: skip
    figure.add_scatter(
        x=[score.possible], y=[row], mode="markers+text", text=[f"&nbsp;&nbsp;<b>{points(score.possible)}</b>"],
        textposition="middle right", textfont={"color": colour.accent, "size": 13}, cliponaxis=False,
        marker={"symbol": "diamond", "size": 13, "color": colour.page, "line": {"color": colour.accent, "width": 2}},
        hovertext=[_hover(score)], hovertemplate=HOVER,
    )  # fmt: skip


def _hover(score: EventScore) -> str:
    lines = [
        f"<b>{name(score.event_name, 40)}</b>",
        f"estimate {points(score.emq)}, likely {between(score.low, score.high)}",
        f"{count(score.events)} {_side(score)}",
    ]
    if has_gain(score):
        lines.insert(2, f"possible after the repairs {points(score.possible)}")
    return "<br>".join(lines)
