"""What the other side would have missed, day by day: two lines of shares."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from emq_audit.app.charts import HOVER, blank
from emq_audit.app.palette import Palette
from emq_audit.report import OneSided
from emq_audit.report.words import count, percent

HEIGHT = 220
LOOKS = {"browser": ("dot", "circle-open"), "server": ("solid", "circle")}
NAMES = {
    "browser": "browser events without a partner",
    "server": "server events without a partner",
}


def chart(rows: Sequence[OneSided], colour: Palette) -> go.Figure:
    """`rows` are those by day, of one or both sides."""
    figure = blank(colour, HEIGHT, left=40, right=8, top=10, bottom=26)
    top = max((row.events / row.of for row in rows if row.of), default=1)
    figure.update_yaxes(visible=True, range=[0, min(1.04, top * 1.15 + 0.02)], showgrid=True, gridcolor=colour.grid, tickformat=".0%",
                        nticks=5, ticks="", tickfont={"size": 12, "color": colour.muted})  # fmt: skip
    figure.update_xaxes(visible=True, type="date", ticks="", tickformat="%-d %b", nticks=8, tickfont={"size": 12, "color": colour.muted},
                        showgrid=False)  # fmt: skip
    for side, ink in (("browser", colour.muted), ("server", colour.text)):
        days = sorted((row for row in rows if row.side == side and row.of), key=lambda row: row.value)
        dash, mark = LOOKS[side]
        figure.add_scatter(
            x=[pd.Timestamp(row.value) for row in days], y=[row.events / row.of for row in days], mode="lines+markers",
            line={"color": ink, "width": 2, "dash": dash}, marker={"size": 7, "color": ink, "symbol": mark},
            hovertext=[_hover(row) for row in days], hovertemplate=HOVER,
        )  # fmt: skip
    return figure


def _hover(row: OneSided) -> str:
    day = pd.Timestamp(row.value)
    share = percent(row.events / row.of)
    return (
        f"<b>{day.day} {day:%B}</b><br>{share} of {NAMES[row.side]}<br>{count(row.events)} of {count(row.of)}"
    )


def alt(rows: Sequence[OneSided]) -> str:
    told = []
    for side in ("browser", "server"):
        shares = [row.events / row.of for row in rows if row.side == side and row.of]
        if shares:
            told.append(f"{percent(min(shares))} to {percent(max(shares))} of {NAMES[side]}")
    return "By day: " + "; ".join(told) + "."
