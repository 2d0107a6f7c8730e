"""Gains: which keys of which events a thing to do would make usable, and what that does to the scores.

Every gain is exact within the estimate: the patterns are scored again as if the thing were done. Gains overlap and must not be added; what
several bring together is scored together (`path`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emq_audit.match_keys import ABSENT
from emq_audit.opportunities import Opportunity
from emq_audit.recoverable import BIT
from emq_audit.remedies import Remedy
from emq_audit.report.order import side_rank
from emq_audit.score import among, score

Masks = Mapping[str, np.ndarray]
"""For each key a boolean per pattern: would it be usable there?"""

SMALLEST_GAIN = 0.005
"""EMQ points below which a gain rounds to nothing."""
OTHER_SIDE = 0.25
"""How much a gain weighs in ranking if it is not on the side whose score stands for the event."""


def masks(thing: Remedy | Opportunity, patterns: pd.DataFrame) -> dict[str, np.ndarray]:
    """What doing it makes usable; keys of which nothing changes are left out."""
    if isinstance(thing, Remedy):
        found = {key: among(patterns[key], states) for key, states in thing.repairs.items()}
    elif thing.kind == "collect":
        found = _collected(thing, patterns)
    else:
        here = patterns["side"].eq(thing.side).to_numpy() if thing.side else np.ones(len(patterns), dtype=bool)
        known = patterns[thing.kind].to_numpy()
        found = {key: here & (known & BIT[key] > 0) for key in thing.keys}
    return {key: mask for key, mask in found.items() if mask.any()}


def _collected(thing: Opportunity, patterns: pd.DataFrame) -> dict[str, np.ndarray]:
    """Keys that neither side sends for an event name, as if every event of the name carried them."""
    here = patterns["side"].eq(thing.side) if thing.side else pd.Series(True, index=patterns.index)
    if thing.names:
        here &= patterns["event_name"].isin(thing.names)
    found = {}
    for key in thing.keys:
        sent = ~among(patterns[key], ABSENT)
        anywhere = sent & patterns["side"].eq(thing.side) if thing.side else sent
        nobody = ~patterns["event_name"].isin(patterns.loc[anywhere, "event_name"].unique())
        found[key] = (here & nobody).to_numpy()
    return found


def together(several: Iterable[Masks]) -> dict[str, np.ndarray]:
    """The masks of several things, all of them done."""
    union: dict[str, np.ndarray] = {}
    for one in several:
        for key, mask in one.items():
            union[key] = union[key] | mask if key in union else mask
    return union


@dataclass(frozen=True)
class Gain:
    """What one thing brings. `points` and `scores` (before, after) by event name, in EMQ points, on the side whose score stands for the
    event (the server's, where it sends any) or else on the other. `worth` is for ranking: points x events, by event name.
    """

    points: dict[str, float]
    scores: dict[str, tuple[float, float]]
    worth: dict[str, float]


def gain(patterns: pd.DataFrame, found: Masks, today: pd.DataFrame) -> Gain:
    """The gain of one thing alone."""
    both = today.merge(score(patterns, found), on=["event_name", "side"], suffixes=("", "_after"))
    both["gain"], both["rank"] = both["emq_after"] - both["emq"], both["side"].map(side_rank)
    both["leads"] = both["rank"] == both.groupby("event_name")["rank"].transform("min")
    best = both[both["gain"] >= SMALLEST_GAIN].sort_values("rank").drop_duplicates("event_name").sort_values("gain", ascending=False)
    return Gain(
        {row.event_name: round(row.gain, 4) for row in best.itertuples()},
        {row.event_name: (round(row.emq, 4), round(row.emq_after, 4)) for row in best.itertuples()},
        {row.event_name: round(row.gain * row.events * (1 if row.leads else OTHER_SIDE), 4) for row in best.itertuples()},
    )


def path(patterns: pd.DataFrame, steps: Iterable[tuple[str, Masks]]) -> list[tuple[str, dict[str, float]]]:
    """(id, scores by event name) after the first step, after the first two, and so on; on the server's side where there is one."""
    done: list[Masks] = []
    found = []
    for identity, mask in steps:
        done.append(mask)
        after = score(patterns, together(done)).sort_values("side", key=lambda sides: sides.map(side_rank)).drop_duplicates("event_name")
        found.append((identity, {row.event_name: round(row.emq, 4) for row in after.itertuples()}))
    return found
