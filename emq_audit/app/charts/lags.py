"""How far apart the two reports of a pair arrive: a histogram over uneven bins, with the limit of 48 hours."""

import plotly.graph_objects as go

from emq_audit.app.charts import HOVER, blank
from emq_audit.app.palette import Palette
from emq_audit.dedup import LAGS
from emq_audit.report import DedupEntry
from emq_audit.report.words import count, counted, percent

HEIGHT = 262
ONE_LINE = 6  # characters that fit below a bar
LIMIT = len(LAGS) - 1.5  # between the last two bins


def chart(entry: DedupEntry, colour: Palette) -> go.Figure:
    """One bar for each of LAGS; the last, too far apart to pair, is hatched."""
    figure = blank(colour, HEIGHT, left=2, right=2, top=30, bottom=40)
    places, total = list(range(len(entry.lags))), max(sum(entry.lags), 1)
    late = {"shape": "/", "fgcolor": colour.hatch, "bgcolor": colour.close_tint, "size": 6, "solidity": 0.25}
    figure.update_xaxes(range=[-0.5, len(LAGS) - 0.5])
    figure.update_yaxes(range=[0, max(entry.lags, default=1) * 1.12 or 1])
    for bars, marker in (
        (places[:-1], {"color": colour.good, "line": {"width": 0}}),
        (places[-1:], {"color": colour.close_tint, "pattern": late, "line": {"width": 0}}),
    ):
        figure.add_bar(
            x=bars, y=[entry.lags[place] for place in bars], width=0.84, marker=marker,
            hovertext=[_hover(place, entry.lags[place], total) for place in bars], hovertemplate=HOVER,
        )  # fmt: skip
    for place in places:
        figure.add_annotation(
            x=place, y=entry.lags[place], yanchor="bottom", showarrow=False, text=count(entry.lags[place]),
            font={"size": 12, "color": colour.text if entry.lags[place] else colour.muted},
        )  # fmt: skip
        figure.add_annotation(x=place, y=0, yanchor="top", yshift=-6, showarrow=False, text=_two_lines(LAGS[place][0]),
                              font={"size": 11.5, "color": colour.muted})  # fmt: skip
    figure.add_shape(type="line", x0=LIMIT, x1=LIMIT, y0=0, y1=0.94, yref="paper",
                     line={"color": colour.muted, "width": 1.5, "dash": "4px,4px"})  # fmt: skip
    figure.add_annotation(
        x=LIMIT, y=0.94, yref="paper", yanchor="bottom", showarrow=False, text="limit 48 h", font={"size": 12}
    )
    return figure


def _two_lines(name: str) -> str:
    """`30 s–<br>5 min`: a bin's name, in two short lines if it is long."""
    if len(name) <= ONE_LINE:
        return name
    return (
        name.replace("–", "–<br>", 1) if name.count(" ") > 1 and "–" in name else name.replace(" ", "<br>", 1)
    )


def _hover(place: int, pairs: int, total: int) -> str:
    name = LAGS[place][0]
    words = name if place == 0 else f"server {name} after browser"
    late = "<br>too far apart: counted twice" if place == len(LAGS) - 1 else ""
    return f"<b>{words}</b><br>{counted(pairs, 'pair')}, {percent(pairs / total)}{late}"


def alt(entry: DedupEntry) -> str:
    bins = "; ".join(
        f"{name} {count(pairs)}" for (name, *_), pairs in zip(LAGS, entry.lags, strict=False) if pairs
    )
    return f"Pairs by server time minus browser time: {bins}."
