"""Both sides over time: the browser's events above the line, the server's below it, and the stretches in which one fell silent."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from emq_audit.app.charts import HOVER, blank
from emq_audit.app.palette import Palette
from emq_audit.report.words import count, counted
from emq_audit.timeline import Gap, step

HEIGHT = 240
LEFT = 38


def chart(timeline: pd.DataFrame, gaps: Sequence[Gap], colour: Palette) -> go.Figure:
    """`timeline` as emq_audit.timeline.hours gives it."""
    figure = blank(colour, HEIGHT, left=LEFT, right=2, top=22, bottom=28)
    width = step(timeline)
    most = max(int(timeline["browser"].max()), int(timeline["server"].max()), 1) * 1.08
    _axes(figure, timeline, most, colour)
    for gap in gaps:
        side = (0, most) if gap.side == "browser" else (-most, 0)
        figure.add_shape(type="rect", x0=gap.start, x1=gap.end, y0=side[0], y1=side[1], fillcolor=colour.close_tint,
                         line={"width": 0}, opacity=0.8, layer="below")  # fmt: skip
    for side, sign, ink in (("browser", 1, colour.none), ("server", -1, colour.muted)):
        figure.add_bar(
            x=timeline["hour"] + width / 2, y=[sign * events for events in timeline[side]],
            marker={"color": ink, "line": {"width": 0}}, width=width.total_seconds() * 1000 * 0.86,
            hovertext=[_hover(row, width) for row in timeline.itertuples()], hovertemplate=HOVER,
        )  # fmt: skip
    figure.add_shape(
        type="line", xref="paper", x0=0, x1=1, y0=0, y1=0, line={"color": colour.faint, "width": 1}
    )
    for word, y in (("Browser", 1), ("Server", 0)):
        figure.add_annotation(xref="paper", x=0, y=y, yref="paper", xanchor="left", yanchor="bottom", showarrow=False, yshift=3,
                              xshift=2, text=word, bgcolor=colour.page, font={"size": 12, "color": colour.muted})  # fmt: skip
    return figure


def _axes(figure: go.Figure, timeline: pd.DataFrame, most: float, colour: Palette) -> None:
    """Both sides on one scale: numbers count up from the line in the middle, upwards and downwards."""
    ink = {"size": 12, "color": colour.muted}
    tick = _round_tick(most)
    values = [n * tick for n in range(-int(most // tick), int(most // tick) + 1)]
    figure.update_yaxes(
        visible=True, range=[-most, most], tickvals=values, ticktext=[count(abs(v)) for v in values], tickfont=ink, ticks="",
        showgrid=True, gridcolor=colour.grid,
    )  # fmt: skip
    times, width = timeline["hour"], step(timeline)
    figure.update_xaxes(
        visible=True, type="date", range=[times.iloc[0] - width / 2, times.iloc[-1] + 1.5 * width], showgrid=False, ticks="",
        tickfont=ink, tickformat=_ticks(timeline), nticks=7, tickangle=0,
    )  # fmt: skip


def _round_tick(most: float) -> int:
    """1, 2 or 5 times a power of ten, two steps of which fit below `most`."""
    power = 10 ** max(0, len(str(int(most / 2))) - 1)
    return next((n * power for n in (5, 2, 1) if 2 * n * power <= most), 1)


def _ticks(timeline: pd.DataFrame) -> str:
    span = timeline["hour"].iloc[-1] - timeline["hour"].iloc[0]
    return "%H:%M" if span < pd.Timedelta(days=2) else "%-d %b" if span < pd.Timedelta(days=300) else "%b %Y"


def unit(timeline: pd.DataFrame) -> str:
    """What one bar is: an hour, a day, 7 days."""
    size = step(timeline)
    if size < pd.Timedelta(days=1):
        return "an hour"
    return "a day" if size == pd.Timedelta(days=1) else f"{size.days} days"


def _hover(row: tuple, width: pd.Timedelta) -> str:
    hour = f", {row.hour:%H}:00–{row.hour + width:%H}:00" if width < pd.Timedelta(days=1) else ""
    when = f"{row.hour.day} {row.hour:%b}{hour}"
    return f"<b>{when} UTC</b><br>{count(row.browser)} browser<br>{count(row.server)} server"


def alt(timeline: pd.DataFrame, gaps: Sequence[Gap]) -> str:
    browser, server = int(timeline["browser"].sum()), int(timeline["server"].sum())
    told = f"Events, one bar {unit(timeline)}: {count(browser)} browser, {count(server)} server."
    return f"{told} {_gaps(len(gaps))}."


def _gaps(gaps: int) -> str:
    return counted(gaps, "gap") if gaps else "No gap"
