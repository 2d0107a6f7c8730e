"""What happens to the events of one name: received on two sides, paired or not, counted once or again."""

from dataclasses import dataclass

import plotly.graph_objects as go

from emq_audit.app.charts import blank
from emq_audit.app.palette import Palette
from emq_audit.report import DedupEntry
from emq_audit.report.words import count

HEIGHT = 262
NODE = 0.012  # width of a block, of 1
MIDDLE, END = 0.45, 0.985
GAP = 0.14  # empty height between blocks, of the events received
LABEL = 0.2  # room for two lines of text below a block, of the events received
THIN = 0.012  # of the events received: a block with a number is never thinner

Block = tuple[float, float]


@dataclass(frozen=True)
class Blocks:
    """Where each block begins and ends, in events from the top."""

    browser: Block
    server: Block
    alone_b: Block
    pairs: Block
    alone_s: Block
    once: Block
    again: Block


def chart(entry: DedupEntry, colour: Palette) -> go.Figure:
    """Blocks and ribbons share one scale: their height is a number of events. A pair is one event.

    What Meta drops beside the second report of each pair leaves no mark: the ribbons grow thinner towards the right.
    """
    figure = blank(colour, HEIGHT, left=2, right=2, top=24, bottom=10)
    blocks = _blocks(entry)
    below = LABEL * (entry.browser + entry.server) if entry.counted_twice else 0
    tall = max(blocks.server[1], blocks.alone_s[1], blocks.once[1], blocks.again[1] + below)
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[tall, 0])
    _ribbons(figure, entry, colour, blocks)
    for x, block, ink in (
        (0, blocks.browser, colour.muted), (0, blocks.server, colour.muted), (MIDDLE, blocks.alone_b, colour.none),
        (MIDDLE, blocks.pairs, colour.good), (MIDDLE, blocks.alone_s, colour.none), (END, blocks.once, colour.text),
        (END, blocks.again, colour.close),
    ):  # fmt: skip
        _rectangle(figure, x, block, ink)
    _words(figure, entry, colour, blocks)
    return figure


def counted_once(entry: DedupEntry) -> int:
    """Counted events without those that tell of an action a second time."""
    return entry.counted - entry.counted_twice


def _blocks(entry: DedupEntry) -> Blocks:
    received = entry.browser + entry.server
    gap, least = GAP * received, THIN * received
    browser, server = _stack((entry.browser, entry.server), gap * 1.5, least)
    alone_b, pairs, alone_s = _stack((entry.browser_only, entry.pairs, entry.server_only), gap, least)
    once, again = _stack((counted_once(entry), entry.counted_twice), gap * 0.7, least)
    return Blocks(browser, server, alone_b, pairs, alone_s, once, again)


def _stack(sizes: tuple[int, ...], gap: float, least: float) -> list[Block]:
    blocks, top = [], 0.0
    for size in sizes:
        height = max(size, least) if size else 0
        blocks.append((top, top + height))
        top += height + gap if size else 0
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


def _ribbons(figure: go.Figure, entry: DedupEntry, colour: Palette, blocks: Blocks) -> None:
    browser, server, alone_b, pairs, alone_s = (
        blocks.browser,
        blocks.server,
        blocks.alone_b,
        blocks.pairs,
        blocks.alone_s,
    )
    cut_b = browser[0] + (browser[1] - browser[0]) * entry.browser_only / max(entry.browser, 1)
    cut_s = server[1] - (server[1] - server[0]) * entry.server_only / max(entry.server, 1)
    start, end = NODE, MIDDLE
    _ribbon(figure, start, end, (browser[0], cut_b), alone_b, colour.border)
    _ribbon(figure, start, end, (cut_b, browser[1]), pairs, colour.good_tint)
    _ribbon(figure, start, end, (server[0], cut_s), pairs, colour.good_tint)
    _ribbon(figure, start, end, (cut_s, server[1]), alone_s, colour.border)
    start, end = MIDDLE + NODE, END
    first, second = _cuts(entry, blocks.once)
    again = blocks.again[1] - blocks.again[0]
    # The second report of an action is drawn among the server's, or where the server has none, among the browser's.
    single = max(alone_s[0], alone_s[1] - again) if alone_s[1] > alone_s[0] else alone_s[1]
    _ribbon(figure, start, end, alone_b, (blocks.once[0], first), colour.border)
    _ribbon(figure, start, end, pairs, (first, second), colour.good_tint)
    _ribbon(figure, start, end, (alone_s[0], single), (second, blocks.once[1]), colour.border)
    _ribbon(figure, start, end, (single, alone_s[1]), blocks.again, colour.close_tint)


def _cuts(entry: DedupEntry, once: Block) -> tuple[float, float]:
    """Where the block of counted events passes from the browser's own to pairs, and on to the server's own. The Report does not say
    how many repeats were dropped from which, so single events share what the pairs leave."""
    height, counted = once[1] - once[0], max(counted_once(entry), 1)
    pairs = min(entry.pairs, counted)
    server = max(0, entry.server_only - entry.counted_twice - entry.dropped.get("fallback", 0))
    alone = entry.browser_only + server
    if not alone:
        return once[0], once[1]
    first = (counted - pairs) * entry.browser_only / alone
    return once[0] + height * first / counted, once[0] + height * (first + pairs) / counted


def _words(figure: go.Figure, entry: DedupEntry, colour: Palette, blocks: Blocks) -> None:
    for x, word, anchor in ((0, "Received", "left"), (MIDDLE, "Paired", "left"), (1, "Counted", "right")):
        figure.add_annotation(x=x, y=1, yref="paper", yanchor="bottom", yshift=4, xanchor=anchor, showarrow=False,
                              text=word, font={"size": 12, "color": colour.muted})  # fmt: skip
    inside = (
        (NODE, blocks.browser, entry.browser, "browser"), (NODE, blocks.server, entry.server, "server"),
        (MIDDLE + NODE, blocks.alone_b, entry.browser_only, "browser only"), (MIDDLE + NODE, blocks.pairs, entry.pairs, "pairs"),
        (MIDDLE + NODE, blocks.alone_s, entry.server_only, "server only"),
    )  # fmt: skip
    for x, block, events, word in inside:
        if events:
            figure.add_annotation(x=x, y=sum(block) / 2, xanchor="left", xshift=6, showarrow=False,
                                  text=f"<b>{count(events)}</b> {word}")  # fmt: skip
    right = {"x": END, "xanchor": "right", "xshift": -6, "showarrow": False, "align": "right"}
    if once := counted_once(entry):
        figure.add_annotation(y=sum(blocks.once) / 2, text=f"<b>{count(once)}</b><br>counted once", **right)
    if entry.counted_twice:
        figure.add_annotation(y=blocks.again[1], yanchor="top", yshift=-2, font={"color": colour.close_text},
                              text=f"<b>{count(entry.counted_twice)}</b><br>counted again", **right)  # fmt: skip


def alt(entry: DedupEntry) -> str:
    again = f"; {count(entry.counted_twice)} of them a second time" if entry.counted_twice else ""
    return (
        f"{count(entry.browser)} browser and {count(entry.server)} server events: {count(entry.pairs)} pairs, "
        f"{count(entry.browser_only)} browser only, {count(entry.server_only)} server only. "
        f"Meta counts {count(entry.counted)}{again}."
    )
