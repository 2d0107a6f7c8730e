"""Score: how well could Meta match these events, from 0 to 10? An estimate; Meta publishes no formula.

Which keys of an event are usable decides its points. Evidence combines as independent chances to miss:

    Z      = network + browser + contact + person + other
    points = ceiling * (1 - exp(-Z))          averaged over the events of one event name and side

    network   IP address and user agent, together
    browser   the best of fbp, fbc and external_id: two of them say no more than the better one
    contact   em + ph + click: a click id (fbc) tied to a person; in full beside both, a fifth beside one,
              and in full once a third of the group's events carry it
    person    name and place are one group: any one of them brings half of what the group can bring
    other     keys nobody has published a score for; small assumed values

What Meta says: https://www.facebook.com/business/help/765081237991954. Where the strengths come from, how far
they can be trusted and what was tried: calibration/README.md. Fitted and assumed strengths are in
calibration/strengths.json; the shape of the curve is in the constants below. There are no other numbers.
"""

import json
import math
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

TARGET = 6.0
"""EMQ points to reach; Meta's own target."""

SCORED_KEYS = (
    "em", "ph",
    "fn", "ln", "ge", "db",
    "ct", "st", "zp", "country",
    "external_id", "lead_id", "fb_login_id", "fbp", "fbc",
    "client_ip_address", "client_user_agent",
)  # fmt: skip
USABLE_STATES = ("usable", "implicit")

BROWSER_KEYS = ("fbp", "fbc", "external_id")
PERSON_PARTS = (("fn",), ("ln",), ("ct", "zp"), ("country", "st"))
ASSUMED_KEYS = ("db", "ge", "lead_id", "fb_login_id")
FULL_CLICK_SHARE = 1 / 3
"""Share of a group's events with fbc from which the click id counts in full."""
CLICK_BESIDE_ONE = 0.2
"""Part of the click id's strength that counts beside only one of em and ph."""
ANY_PERSON_KEY = 0.5
"""Part of the person group's strength that any one of its keys brings; the parts above share the rest."""

_STRENGTHS_FILE = files("emq_audit") / "calibration" / "strengths.json"
_FITTED: dict[str, Any] = json.loads(_STRENGTHS_FILE.read_text("utf-8"))
STRENGTHS: dict[str, float] = {**_FITTED["strengths"], **_FITTED["assumed"]}
RANGE_COVERAGE: float = _FITTED["range"]["coverage"]
"""Share (0-1) of observed scores that the range holds, for sites unseen; measured, and from the lower end."""

Strengths = Mapping[str, float]
Shares = Mapping[str, np.ndarray]
"""For each scored key the share (0-1) of events where it is usable, one element a row. A flag is 0 or 1."""


def usable(states: pd.Series) -> np.ndarray:
    """Where can Meta use the key? Booleans from states (text, categories, or booleans already)."""
    if pd.api.types.is_bool_dtype(states):
        return states.to_numpy(dtype=bool)
    return among(states, USABLE_STATES)


def among(states: pd.Series, wanted: Collection[str]) -> np.ndarray:
    """Where is the state one of those wanted? Asked hundreds of times an audit, so of categories each is looked at once."""
    if isinstance(states.dtype, pd.CategoricalDtype):
        counts = np.array([*(state in wanted for state in states.cat.categories), False])
        return counts[states.cat.codes.to_numpy()]  # code -1, no value, reads the appended False
    return states.isin(list(wanted)).to_numpy(dtype=bool)


def points(patterns: pd.DataFrame, also_usable: Mapping[str, Any] | None = None) -> np.ndarray:
    """EMQ points (0-10) of each pattern: what its events would score alone, but for the group's share of fbc.

    `patterns` has one row per combination seen: `event_name`, `side`, `events` (how many) and a column of
    states per match key. A key without a column is missing; other columns are ignored. `also_usable` maps
    keys to True or to a boolean per pattern: count them as usable there besides, to see what a repair brings.
    Raises KeyError if it names something that is not scored.
    """
    flags, group, events = _flags(patterns, also_usable), _groups(patterns)[0], _events(patterns)
    return estimate(flags, _mean(flags["fbc"], group, events)[group])


def score(patterns: pd.DataFrame, also_usable: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """The estimate: `event_name, side, events, emq, low, high`, one row per event name and side with events.

    Takes what `points` takes. The range from `low` to `high` is right in RANGE_COVERAGE of cases.
    """
    return _scored(_flags(patterns, also_usable), _events(patterns), *_groups(patterns))


def what_if(patterns: pd.DataFrame, shares: Mapping[str, float]) -> pd.DataFrame:
    """The estimate if each key named were usable on that share (0-1) of every group's events; columns as of `score`.

    Where more events are to carry a key, it comes to those that lack it, all equally likely; where fewer, it goes from those that have it.
    Keys not named stay as they are. Raises KeyError for a key that is not scored, ValueError for a share outside 0-1.
    """
    flags, events = _flags(patterns, None), _events(patterns)
    group, labels = _groups(patterns)
    for key, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{key}={share}")
        flag, today = flags[key], _mean(flags[key], group, events)[group]
        with np.errstate(divide="ignore", invalid="ignore"):
            more, fewer = flag + (1 - flag) * (share - today) / (1 - today), flag * share / today
        flags[key] = np.where(share > today, more, np.where(share < today, fewer, flag))
    return _scored(flags, events, group, labels)


def _scored(flags: dict[str, np.ndarray], events: np.ndarray, group: np.ndarray, labels: pd.DataFrame) -> pd.DataFrame:
    coverage = {key: _mean(flag, group, events) for key, flag in flags.items()}
    emq = _mean(estimate(flags, coverage["fbc"][group]), group, events)
    margin = _margin(coverage, coverage["fbc"])
    scored = labels.assign(
        events=np.bincount(group, events, len(labels)).astype(np.int64),
        emq=emq,
        low=np.clip(emq - margin, 0, 10),
        high=np.clip(emq + margin, 0, 10),
    )
    return scored[scored["events"] > 0].reset_index(drop=True)


def score_coverage(coverage: Mapping[str, float]) -> tuple[float, float, float]:
    """The estimate (emq, low, high) where only the share (0-1) of events carrying each key is known.

    Keys not named are missing, other names are ignored, and keys are taken to be independent of each other.
    """
    shares = {key: np.array([_share(coverage.get(key))]) for key in SCORED_KEYS}
    emq = float(estimate(shares, shares["fbc"])[0])
    margin = float(_margin(shares, shares["fbc"])[0])
    return emq, max(0.0, emq - margin), min(10.0, emq + margin)


def estimate(shares: Shares, fbc_share: np.ndarray, strengths: Strengths = STRENGTHS) -> np.ndarray:
    """EMQ points (0-10) per row: the expectation over events whose keys are independent; exact for flags.

    `fbc_share` is the share of the row's whole group that carries fbc.
    """
    other: Any = 1.0
    for key in ASSUMED_KEYS:
        other = other * _missed(shares[key], strengths[key])
    network = _missed(shares["client_ip_address"] * shares["client_user_agent"], strengths["network"])
    browser, person = _browser(shares, strengths), _person(shares, strengths)
    contact = _contact(shares, fbc_share, strengths)
    return strengths["ceiling"] * (1 - network * browser * contact * person * other)


def _missed(share: Any, strength: float) -> Any:
    """Expectation of exp(-strength * present)."""
    return 1 + share * math.expm1(-strength)


def _browser(shares: Shares, strengths: Strengths) -> Any:
    missed, left = 0.0, 1.0
    for key in sorted(BROWSER_KEYS, key=strengths.__getitem__, reverse=True):
        missed = missed + left * shares[key] * math.exp(-strengths[key])
        left = left * (1 - shares[key])
    return missed + left


def _contact(shares: Shares, fbc_share: np.ndarray, strengths: Strengths) -> Any:
    em, ph = shares["em"], shares["ph"]
    missed_em, missed_ph = math.exp(-strengths["em"]), math.exp(-strengths["ph"])
    missed_click = np.exp(-strengths["click"] * np.minimum(1, fbc_share / FULL_CLICK_SHARE))
    one = (em * (1 - ph) * missed_em + ph * (1 - em) * missed_ph) * missed_click**CLICK_BESIDE_ONE
    return (1 - em) * (1 - ph) + one + em * ph * missed_em * missed_ph * missed_click


def _person(shares: Shares, strengths: Strengths) -> Any:
    none, parts = 1.0, 1.0
    each = strengths["person"] * (1 - ANY_PERSON_KEY) / len(PERSON_PARTS)
    for part in PERSON_PARTS:
        absent = math.prod(1 - shares[key] for key in part)
        none, parts = none * absent, parts * _missed(1 - absent, each)
    return none + math.exp(-strengths["person"] * ANY_PERSON_KEY) * (parts - none)


def _margin(shares: Shares, fbc_share: np.ndarray) -> np.ndarray:
    """Half the width of the range, in EMQ points, per row.

    Wider where the fit moves as one site is left out, and where no observed score has a similar mix of keys.
    """
    measured = _FITTED["range"]
    folds = [estimate(shares, fbc_share, {**STRENGTHS, **fold}) for fold in _FITTED["left_one_out"].values()]
    unlike_any = gap(shares, fbc_share, np.array(measured["seen"]), STRENGTHS)
    return measured["least"] + measured["widening"] * (np.ptp(folds, axis=0) + unlike_any)


def gap(shares: Shares, fbc_share: np.ndarray, seen: np.ndarray, strengths: Strengths) -> np.ndarray:
    """EMQ points that may lie between each row and the most similar mix of keys in `seen` (of `position`)."""
    here = position(shares, fbc_share, strengths)
    nearest = np.abs(here[:, None, :] - seen[None, :, :]).sum(axis=2).min(axis=1)
    return (strengths["ceiling"] - estimate(shares, fbc_share, strengths)) * -np.expm1(-nearest)


def position(shares: Shares, fbc_share: np.ndarray, strengths: Strengths) -> np.ndarray:
    """What each kind of evidence adds to Z, per row: network, browser, em, ph, click, person, assumed."""
    em, ph = shares["em"], shares["ph"]
    pairs = CLICK_BESIDE_ONE * (em + ph) + (1 - 2 * CLICK_BESIDE_ONE) * em * ph
    network = shares["client_ip_address"] * shares["client_user_agent"]
    return np.column_stack(
        (
            strengths["network"] * network,
            -np.log(_browser(shares, strengths)),
            strengths["em"] * em,
            strengths["ph"] * ph,
            strengths["click"] * np.minimum(1, fbc_share / FULL_CLICK_SHARE) * pairs,
            -np.log(_person(shares, strengths)),
            sum(strengths[key] * shares[key] for key in ASSUMED_KEYS),
        )
    )


def _flags(patterns: pd.DataFrame, also_usable: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    if unknown := set(also_usable or ()) - set(SCORED_KEYS):
        raise KeyError(f"not scored: {', '.join(sorted(unknown))}")
    flags = {}
    for key in SCORED_KEYS:
        flag = usable(patterns[key]) if key in patterns else np.zeros(len(patterns), dtype=bool)
        if also_usable and key in also_usable:
            flag = flag | np.asarray(also_usable[key], dtype=bool)
        flags[key] = flag.astype(float)
    return flags


def _events(patterns: pd.DataFrame) -> np.ndarray:
    return patterns["events"].to_numpy(dtype=float)


def _groups(patterns: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """The number of each row's group, and event_name and side of each group."""
    grouped = patterns.groupby(["event_name", "side"], sort=True, dropna=False, observed=True)
    group = grouped.ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    return group, patterns[["event_name", "side"]].iloc[first].reset_index(drop=True)


def _mean(values: np.ndarray, group: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Mean over the events of each group; 0 for a group without events."""
    total = np.bincount(group, events)
    return np.divide(np.bincount(group, values * events), total, out=np.zeros(len(total)), where=total > 0)


def _share(value: float | None) -> float:
    return 0.0 if value is None or np.isnan(value) else float(np.clip(value, 0, 1))
