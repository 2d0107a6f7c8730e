"""Meta's own score beside the estimate, by event name: the range, the estimate, the calibrated estimate and Meta's mark."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from emq_audit.app.charts import HOVER, blank, name
from emq_audit.app.palette import Palette
from emq_audit.app.words import between
from emq_audit.report import EventBeside
from emq_audit.report.words import points

ROW = 56
LEFT = 136


def alt(events: Sequence[EventBeside], moved: Mapping[str, float]) -> str:
    """The chart in words. `moved`: calibrated estimates by event name."""
    return "Score of 10 by event. " + "; ".join(f"{name(event.event_name)}: {', '.join(_told(event, moved))}" for event in events) + "."


def _told(event: EventBeside, moved: Mapping[str, float]) -> list[str]:
    told = ["Meta gives none" if event.meta is None else f"Meta {points(event.meta)}"]
    told.append("no estimate" if event.estimate is None else f"estimate {points(event.estimate)}, likely {between(event.low, event.high)}")
    if event.event_name in moved:
        told.append(f"calibrated {points(moved[event.event_name])}")
    return told


def chart(events: Sequence[EventBeside], moved: Mapping[str, float], target: float, colour: Palette) -> go.Figure:
    """One row an event, in the order given, on an axis from 0 to 10."""
    rows = len(events)
    figure = blank(colour, rows * ROW + 62, left=LEFT, right=14, top=30, bottom=32)
    figure.update_xaxes(
        visible=True, range=[0, 10], tickvals=[0, 2, 4, 6, 8, 10], showgrid=True, gridcolor=colour.grid,
        tickfont={"size": 12, "color": colour.muted}, showline=False, ticks="",
    )  # fmt: skip
    figure.update_yaxes(visible=True, range=[rows - 0.5, -0.5], showticklabels=False, tickvals=list(range(rows)),
                        showgrid=True, gridcolor=colour.grid)  # fmt: skip
    figure.add_shape(type="line", x0=target, x1=target, y0=0, y1=1, yref="paper", layer="between",
                     line={"color": colour.muted, "width": 1.5, "dash": "4px,4px"})  # fmt: skip
    figure.add_annotation(x=target, y=1, yref="paper", yanchor="bottom", yshift=3, showarrow=False,
                          text=f"target {points(target)}", font={"size": 12})  # fmt: skip
    for row, event in enumerate(events):
        _row(figure, row, event, moved, colour)
    return figure


def _row(figure: go.Figure, row: int, event: EventBeside, moved: Mapping[str, float], colour: Palette) -> None:
    hover = {"hovertext": [f"<b>{name(event.event_name, 40)}</b><br>" + "<br>".join(_told(event, moved))], "hovertemplate": HOVER}
    plate = {"showarrow": False, "bgcolor": colour.page, "borderpad": 1, "y": row}
    if event.estimate is not None:
        figure.add_shape(type="rect", x0=event.low, x1=event.high, y0=row - 0.09, y1=row + 0.09, fillcolor=colour.none,
                         opacity=0.45, line={"width": 0}, layer="between")  # fmt: skip
        marker = {"size": 12, "color": colour.muted}
        figure.add_scatter(x=[event.estimate], y=[row], mode="markers", marker=marker, cliponaxis=False, **hover)
        if event.meta is None:
            value = moved.get(event.event_name, event.estimate)
            figure.add_annotation(x=value, yshift=19, text=f"<b>{points(value)}</b>", font={"size": 14}, **plate)
        told = f"{points(event.estimate)}, likely {between(event.low, event.high)}"
        middle = (event.low + event.high) / 2
        figure.add_annotation(x=middle, yshift=-17, text=told, font={"size": 11.5, "color": colour.muted}, **plate)
    if event.event_name in moved:
        marker = {"symbol": "diamond", "size": 12, "color": colour.page, "line": {"color": colour.accent, "width": 2}}
        figure.add_scatter(x=[moved[event.event_name]], y=[row], mode="markers", marker=marker, cliponaxis=False, **hover)
    if event.meta is not None:
        marker = {"symbol": "line-ns", "size": 24, "line": {"color": colour.text, "width": 4}}
        figure.add_scatter(x=[event.meta], y=[row], mode="markers", marker=marker, cliponaxis=False, **hover)
        figure.add_annotation(x=event.meta, yshift=23, text=f"<b>{points(event.meta)}</b>", font={"size": 14}, **plate)
    left = {"xref": "paper", "x": 0, "xanchor": "left", "xshift": -LEFT, "align": "left", "showarrow": False}
    figure.add_annotation(y=row, yshift=9, text=f"<b>{name(event.event_name)}</b>", **left)
    figure.add_annotation(y=row, yshift=-9, text="server events" if event.events else "no server events in this log",
                          font={"size": 12, "color": colour.muted}, **left)  # fmt: skip
