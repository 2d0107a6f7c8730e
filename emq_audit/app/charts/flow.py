"""What happens to the events of one name: received on two sides, paired or not, counted."""

import plotly.graph_objects as go

from emq_audit.app.charts import blank
from emq_audit.app.palette import Palette
from emq_audit.report import DedupEntry
from emq_audit.report.words import count

HEIGHT = 250
NODE = 0.012  # width of a block, of 1
MIDDLE, END = 0.45, 0.985
GAP = 0.14  # empty height between blocks, of the events received

Block = tuple[float, float]


def chart(entry: DedupEntry, colour: Palette) -> go.Figure:
    """Blocks and ribbons share one scale: their height is a number of events. A pair is one event."""
    figure = blank(colour, HEIGHT, left=2, right=2, top=24, bottom=8)
    gap = GAP * (entry.browser + entry.server)
    browser, server = _stack((entry.browser, entry.server), gap * 1.5)
    alone_b, pairs, alone_s = _stack((entry.browser_only, entry.pairs, entry.server_only), gap)
    (counted,) = _stack((counted_once(entry),), 0)
    tall = max(block[1] for block in (server, alone_s, counted))
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[tall, 0])
    _ribbons(figure, entry, colour, (browser, server, alone_b, pairs, alone_s, counted))
    for x, block, ink in (
        (0, browser, colour.muted), (0, server, colour.muted), (MIDDLE, alone_b, colour.none),
        (MIDDLE, pairs, colour.good), (MIDDLE, alone_s, colour.none), (END, counted, colour.text),
    ):  # fmt: skip
        _rectangle(figure, x, block, ink)
    _words(figure, entry, colour, (browser, server, alone_b, pairs, alone_s, counted))
    return figure


def counted_once(entry: DedupEntry) -> int:
    """How many actions are left when each pair is one."""
    return entry.browser_only + entry.pairs + entry.server_only


def _stack(sizes: tuple[int, ...], gap: float) -> list[Block]:
    blocks, top = [], 0.0
    for size in sizes:
        blocks.append((top, top + size))
        top += size + gap
    return blocks


def _rectangle(figure: go.Figure, x: float, block: Block, ink: str) -> None:
    if block[1] > block[0]:
        figure.add_shape(
            type="rect", x0=x, x1=x + NODE, y0=block[0], y1=block[1], fillcolor=ink, line={"width": 0}
        )


def _ribbon(figure: go.Figure, x0: float, x1: float, left: Block, right: Block, ink: str) -> None:
    if left[1] <= left[0] or right[1] <= right[0]:
        return
    bend = (x0 + x1) / 2
    path = (
        f"M {x0},{left[0]} C {bend},{left[0]} {bend},{right[0]} {x1},{right[0]} L {x1},{right[1]} "
        f"C {bend},{right[1]} {bend},{left[1]} {x0},{left[1]} Z"
    )
    figure.add_shape(type="path", path=path, fillcolor=ink, line={"width": 0}, opacity=0.75, layer="below")


def _ribbons(figure: go.Figure, entry: DedupEntry, colour: Palette, blocks: tuple[Block, ...]) -> None:
    browser, server, alone_b, pairs, alone_s, counted = blocks
    cut_b = browser[0] + entry.browser_only
    cut_s = server[1] - entry.server_only
    start, end = NODE, MIDDLE
    _ribbon(figure, start, end, (browser[0], cut_b), alone_b, colour.border)
    _ribbon(figure, start, end, (cut_b, browser[1]), pairs, colour.good_tint)
    _ribbon(figure, start, end, (server[0], cut_s), pairs, colour.good_tint)
    _ribbon(figure, start, end, (cut_s, server[1]), alone_s, colour.border)
    start, end = MIDDLE + NODE, END
    first = counted[0] + entry.browser_only
    second = first + entry.pairs
    _ribbon(figure, start, end, alone_b, (counted[0], first), colour.border)
    _ribbon(figure, start, end, pairs, (first, second), colour.good_tint)
    _ribbon(figure, start, end, alone_s, (second, counted[1]), colour.border)


def _words(figure: go.Figure, entry: DedupEntry, colour: Palette, blocks: tuple[Block, ...]) -> None:
    browser, server, alone_b, pairs, alone_s, counted = blocks
    for x, word, anchor in ((0, "Received", "left"), (MIDDLE, "Paired", "left"), (1, "Counted", "right")):
        figure.add_annotation(x=x, y=1, yref="paper", yanchor="bottom", yshift=4, xanchor=anchor, showarrow=False,
                              text=word, font={"size": 12, "color": colour.muted})  # fmt: skip
    inside = (
        (NODE, browser, entry.browser, "browser"), (NODE, server, entry.server, "server"),
        (MIDDLE + NODE, alone_b, entry.browser_only, "browser only"), (MIDDLE + NODE, pairs, entry.pairs, "pairs"),
        (MIDDLE + NODE, alone_s, entry.server_only, "server only"),
    )  # fmt: skip
    for x, block, events, word in inside:
        if events:
            figure.add_annotation(x=x, y=sum(block) / 2, xanchor="left", xshift=6, showarrow=False,
                                  text=f"<b>{count(events)}</b> {word}")  # fmt: skip
    figure.add_annotation(x=END, y=sum(counted) / 2, xanchor="right", xshift=-6, showarrow=False, align="right",
                          text=f"<b>{count(counted_once(entry))}</b><br>once each")  # fmt: skip


def alt(entry: DedupEntry) -> str:
    return (
        f"{count(entry.browser)} browser and {count(entry.server)} server events: {count(entry.pairs)} pairs, "
        f"{count(entry.browser_only)} browser only, {count(entry.server_only)} server only."
    )
