"""The drawings inside table cells ("lanes"), as lists of marks.

A drawing holds marks only, never text: names and figures stand in the table, where they wrap, can be copied
and are read aloud. Positions run from 0 (left) to 1 (right) and are stretched to the cell; heights, radii and
offsets are pixels from its middle, so dots stay round. Each face writes the marks in its own format and gives
the classes their colours.
"""

import math
from dataclasses import dataclass

ALREADY_THERE = 0.05  # EMQ points: below this, today and possible are one dot
OWN_WIDTH = 0.012  # share of the lane that the mark of Meta's own score takes


@dataclass(frozen=True)
class Box:
    """A rectangle from `x`, `width` wide, `height` high, `round` the radius of its corners."""

    x: float
    width: float
    height: float
    look: str
    round: float = 0


@dataclass(frozen=True)
class Level:
    """A line along the lane, `above` the middle (negative: below)."""

    x: float
    width: float
    look: str
    above: float = 0


@dataclass(frozen=True)
class Upright:
    """A line across the lane; `half` is full, upper or lower."""

    x: float
    look: str
    half: str = "full"


@dataclass(frozen=True)
class Dot:
    x: float
    radius: float
    look: str


Mark = Box | Level | Upright | Dot
Lane = tuple[Mark, ...]


@dataclass(frozen=True)
class Axis:
    """A scale of EMQ points with its labelled positions; `target` is drawn through every lane.

    `room` is the share of the lane that half of the target's label takes.
    """

    start: float
    end: float
    ticks: tuple[float, ...]
    target: float
    room: float = 0.1

    def at(self, points: float) -> float:
        return min(1.0, max(0.0, (points - self.start) / (self.end - self.start)))

    def uprights(self) -> Lane:
        grid = tuple(Upright(self.at(tick), "grid") for tick in self.ticks if tick != self.target)
        return (*grid, Upright(self.at(self.target), "target"))

    def labels(self) -> tuple[tuple[float, str, bool], ...]:
        """(position, words, is the target); ticks that the target's label would cover are left out."""
        near = self.room * (self.end - self.start)
        ticks = [(self.at(tick), f"{tick:g}", False) for tick in self.ticks if abs(tick - self.target) > near]
        return (*ticks, (self.at(self.target), f"target {self.target:.1f}", True))


def score_axis(target: float) -> Axis:
    return Axis(0, 10, (0, 2, 4, 6, 8, 10), target)


def gain_axis(today: float, end: float, target: float) -> Axis:
    """A scale around today's and the best estimate, at least 3 points wide: floating bars may be cut."""
    low = max(0, math.floor(min(today, target) - 0.6))
    high = min(10, max(math.ceil(max(end, target) + 0.2), low + 3))
    low = min(low, high - 3)
    return Axis(low, high, tuple(range(low, high + 1)), target, room=0.17)


def score_lane(axis: Axis, emq: float, low: float | None, high: float | None, possible: float | None) -> Lane:
    """Range as a band, today as a dot, possible as a ring joined to it."""
    today = axis.at(emq)
    marks: list[Mark] = [*axis.uprights()]
    if low is not None and high is not None:
        marks.append(Box(axis.at(low), axis.at(high) - axis.at(low), 14, "band", 7))
    if possible is not None and possible - emq > ALREADY_THERE:
        marks += [Level(today, axis.at(possible) - today, "link"), Dot(axis.at(possible), 6, "ring")]
    elif possible is not None:
        marks.append(Dot(today, 9, "halo"))
    return (*marks, Dot(today, 6, "dot"))


def compared_lane(
    axis: Axis, meta: float | None, emq: float | None, low: float | None, high: float | None, moved: float | None
) -> Lane:
    """The estimate with its range, Meta's own score as an upright mark, and the calibrated estimate as a ring joined to the plain one."""
    marks: list[Mark] = [*axis.uprights()]
    if low is not None and high is not None:
        marks.append(Box(axis.at(low), axis.at(high) - axis.at(low), 14, "band", 7))
    if emq is not None and moved is not None and abs(moved - emq) > ALREADY_THERE:
        left, right = sorted((axis.at(emq), axis.at(moved)))
        marks += [Level(left, right - left, "link"), Dot(axis.at(moved), 6, "ring")]
    if emq is not None:
        marks.append(Dot(axis.at(emq), 6, "dot"))
    if meta is not None:
        at = min(axis.at(meta), 1 - OWN_WIDTH / 2)
        marks.append(Box(max(0.0, at - OWN_WIDTH / 2), OWN_WIDTH, 26, "own", 1))
    return tuple(marks)


def today_lane(axis: Axis, today: float) -> Lane:
    return (*axis.uprights(), Upright(axis.at(today), "join", "lower"), Dot(axis.at(today), 6, "dot"))


def gain_lane(axis: Axis, today: float, after: float | None) -> Lane:
    """What one fix alone brings: a bar from today to after, or only the thread from today."""
    start = axis.at(today)
    thread = Upright(start, "join")
    if after is None or after <= today:
        return (*axis.uprights(), thread)
    return (*axis.uprights(), thread, Box(start, axis.at(after) - start, 12, "bar"))


def together_lane(axis: Axis, today: float, possible: float) -> Lane:
    start = axis.at(today)
    link = Level(start, axis.at(possible) - start, "link")
    return (*axis.uprights(), Upright(start, "join", "upper"), link, Dot(axis.at(possible), 6, "ring"))


def coverage_bar(usable: float, faulty: float) -> Lane:
    """Solid for usable, hatched for faulty; what is left of the outline is missing. Shares 0-1."""
    marks = []
    if usable > 0:
        marks.append(Box(0, usable, 13, "solid"))
    if faulty > 0:
        marks.append(Box(usable, faulty, 13, "hatch"))
    return tuple(marks)


def pairing_bar(browser_only: int, pairs: int, server_only: int, twice: int = 0) -> Lane:
    """The whole width is every event, each pair once; the lines span what each side sent (browser above). Of the events of either
    side alone, `twice` belong together and count twice: they lie next to the pairs."""
    whole = browser_only + pairs + server_only
    if not whole:
        return ()
    twice = min(twice, browser_only, server_only)
    parts = (
        (browser_only - twice, "browser-only"), (twice, "hatch"), (pairs, "solid"), (twice, "hatch"),
        (server_only - twice, "server-only"),
    )  # fmt: skip
    marks: list[Mark] = []
    start = 0
    for events, look in parts:
        if events:
            marks.append(Box(start / whole, events / whole, 14, look))
        start += events
    if browser_only + pairs:
        marks.append(Level(0, (browser_only + pairs) / whole, "span", 12))
    if pairs + server_only:
        marks.append(Level(browser_only / whole, (pairs + server_only) / whole, "span", -12))
    return tuple(marks)


def share_bar(share: float) -> Lane:
    """A share (0-1) of something that is no fault by itself; never too small to see."""
    filled = (Box(0, max(0.004, min(1.0, share)), 6, "slate"),) if share > 0 else ()
    return (Box(0, 1, 6, "track"), *filled)
