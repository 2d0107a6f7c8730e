"""Why events found no partner: one thin bar a reason, its title above it; what is expected is grey."""

from collections.abc import Sequence

import plotly.graph_objects as go

from emq_audit.app.charts import CLEAR, HOVER, blank, name
from emq_audit.app.palette import Palette
from emq_audit.app.words import plain
from emq_audit.report.pairing import Miss
from emq_audit.report.words import count

ROW = 46
BAR = 9  # height of a bar in pixels
WIDE = 0.6  # share of the width the longest bar takes: its number follows
TITLE = 60  # characters


def chart(misses: Sequence[Miss], picked: int, colour: Palette) -> go.Figure:
    """`picked` is the place of the reason whose events are shown. A click on a row gives its place as customdata."""
    figure = blank(colour, max(len(misses), 1) * ROW + 6, left=2, right=2, top=2, bottom=4)
    most = max((miss.events for miss in misses), default=1)
    figure.update_xaxes(range=[0, most / WIDE])
    figure.update_yaxes(range=[max(len(misses), 1) - 0.5, -0.5])
    full = {"marker": {"opacity": 1}}
    figure.add_bar(
        orientation="h", x=[max(miss.events, most * 0.012) for miss in misses], y=[place + 0.2 for place in range(len(misses))],
        width=BAR / ROW, hoverinfo="skip", selected=full, unselected=full,
        marker={"color": [colour.none if miss.expected else colour.close for miss in misses], "line": {"width": 0}},
    )  # fmt: skip
    for place, miss in enumerate(misses):
        _words(figure, place, miss, colour, chosen=place == picked)
    figure.add_bar(
        orientation="h", x=[most / WIDE] * len(misses), y=list(range(len(misses))), width=0.96, marker={"color": CLEAR},
        customdata=list(range(len(misses))), selected=full, unselected=full, hovertext=[_hover(miss) for miss in misses],
        hovertemplate=HOVER,
    )  # fmt: skip
    return figure


def _words(figure: go.Figure, place: int, miss: Miss, colour: Palette, *, chosen: bool) -> None:
    title = name(plain(miss.title), TITLE)
    figure.add_annotation(
        x=0, y=place - 0.18, xanchor="left", xshift=-2, showarrow=False, text=f"<b>{title}</b>" if chosen else title,
        font={"color": colour.accent if chosen else colour.text, "size": 13},
    )  # fmt: skip
    told = f'<b>{count(miss.events)}</b> <span style="color:{colour.muted}">{after(miss)}</span>'
    figure.add_annotation(x=miss.events, y=place + 0.2, xanchor="left", xshift=8, showarrow=False, text=told)


def after(miss: Miss) -> str:
    """What follows the number: whose events they are, and whether that is no fault."""
    side = "" if miss.browser and miss.server else "browser" if miss.browser else "server"
    return ", ".join(word for word in (side, "expected" if miss.expected else "") if word)


def _hover(miss: Miss) -> str:
    sides = [f"{count(n)} {side}" for side, n in (("browser", miss.browser), ("server", miss.server)) if n]
    return f"<b>{name(plain(miss.title), TITLE)}</b><br>{', '.join(sides)}<br>{miss.effect.lower()}"


def alt(misses: Sequence[Miss]) -> str:
    return "Events without a partner by reason: " + "; ".join(
        f"{plain(miss.title)} {count(miss.events)}" for miss in misses
    )
