"""Fit: what strengths do observed scores give? `python -m emq_audit.calibration.fit` rewrites strengths.json.

Needs scipy, a development dependency. README.md beside this file says what the figures mean.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import least_squares, nnls

from emq_audit.score import ASSUMED_KEYS, SCORED_KEYS, Shares, Strengths, estimate, gap, position

HERE = Path(__file__).parent

# What is believed before any score is seen: every key closes a third of what is missing (1 - exp(-0.4)),
# a click id tied to a person more than two thirds, and 10 is not reached.
PRIOR = {
    "ceiling": 9.5,
    "network": 0.4,
    "fbp": 0.4,
    "fbc": 0.4,
    "external_id": 0.4,
    "em": 0.4,
    "ph": 0.4,
    "person": 0.4,
    "click": 1.2,
}
# No observed score carries these keys, so nothing can be fitted. Small, and in the order in which Meta ranks
# them: Facebook login id and birth date medium, lead id low, gender not named.
# https://www.facebook.com/business/help/765081237991954
ASSUMED = {"db": 0.06, "ge": 0.02, "lead_id": 0.04, "fb_login_id": 0.12}
PULL = 0.1
"""Weight of the prior: being off by a factor of e costs what a miss of 0.3 EMQ points costs."""
MISS_SCALE = 0.3
"""EMQ points beyond which a miss counts linearly, not squared, so one odd snapshot does not bend the fit."""
CEILING_AT_MOST = 9.9

RANGE_LEAST = 0.2
"""EMQ points: half the narrowest range. Scores are shown to one decimal, for the last 48 hours."""
RANGE_LEVEL = 0.95
"""Share of the telling rows, each with its site left out, that the range is made to hold."""
COMMON_SCORE = 6.1
"""Read wherever fbp, IP and user agent are all that counts: too easy to judge by. Other rows are telling."""
HALVINGS = 6

Predictor = Callable[[pd.DataFrame, pd.DataFrame], np.ndarray]
"""From rows with known scores, and rows to predict, to EMQ points of the latter."""


def load_points() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Observed scores, and rules of thumb: row per site and event; a share (0-1) per key, low, high, emq."""
    rows = pd.read_csv(HERE / "points.csv").rename(columns={"emq_low": "low", "emq_high": "high"})
    rows["emq"] = (rows["low"] + rows["high"]) / 2
    observed = rows["kind"] == "observed"
    return rows[observed].reset_index(drop=True), rows[~observed].reset_index(drop=True)


def shares(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """For each scored key its share per row."""
    return {key: rows[key].to_numpy(float) if key in rows else np.zeros(len(rows)) for key in SCORED_KEYS}


def independent(every: Shares, strengths: Strengths) -> np.ndarray:
    """Estimate per row when the keys of an event are independent of each other."""
    return estimate(every, every["fbc"], strengths)


def nested(every: Shares, strengths: Strengths) -> np.ndarray:
    """Estimate per row when the events with a rarer key are among those with a commoner one."""
    table = np.column_stack([every[key] for key in SCORED_KEYS])
    edge = np.zeros((len(table), 1))
    ends = np.sort(np.hstack([edge, table, edge + 1]), axis=1)
    widths, middles = np.diff(ends, axis=1), (ends[:, 1:] + ends[:, :-1]) / 2
    flags = {key: (middles < every[key][:, None]).astype(float).ravel() for key in SCORED_KEYS}
    fbc = np.repeat(every["fbc"], widths.shape[1])
    return (estimate(flags, fbc, strengths).reshape(widths.shape) * widths).sum(axis=1)


PLAIN_KEYS = ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "external_id", "fbp", "fbc")


def plain_noisy_or(every: Shares, strengths: Strengths) -> np.ndarray:
    """Baseline: every key on its own, IP address with user agent as one; no groups, no pairs."""
    missed = 1 + every["client_ip_address"] * every["client_user_agent"] * np.expm1(-strengths["network"])
    for key in PLAIN_KEYS:
        missed = missed * (1 + every[key] * np.expm1(-strengths[key]))
    return strengths["ceiling"] * (1 - missed)


def fit(
    rows: pd.DataFrame,
    predict: Callable[[Shares, Strengths], np.ndarray] = independent,
    prior: Strengths = PRIOR,
) -> dict[str, float]:
    """The strengths that miss the observed scores of `rows` least, pulled a little towards `prior`."""
    names, start = list(prior), np.log(list(prior.values()))
    every, observed = shares(rows), rows["emq"].to_numpy()
    # A site with 27 rows is not 27 sites: its rows weigh as much together as the root of their number.
    weight = rows.groupby("site")["emq"].transform("size").to_numpy() ** -0.25
    assumed = dict.fromkeys(ASSUMED_KEYS, 0.0)

    def misses(logs: np.ndarray) -> np.ndarray:
        miss = predict(every, {**dict(zip(names, np.exp(logs), strict=True)), **assumed}) - observed
        softened = MISS_SCALE * np.sqrt(2 * (np.sqrt(1 + (miss / MISS_SCALE) ** 2) - 1))
        return np.concatenate([np.copysign(softened, miss) * weight, math.sqrt(PULL) * (logs - start)])

    most = np.where(np.array(names) == "ceiling", math.log(CEILING_AT_MOST), math.log(5))
    found = least_squares(misses, start, bounds=(math.log(0.01), most), ftol=1e-5, xtol=1e-5)
    return dict(zip(names, np.exp(found.x).tolist(), strict=True)) | assumed


def left_out(rows: pd.DataFrame, predict_from: Predictor) -> np.ndarray:
    """EMQ points predicted per row, its site left out."""
    predicted = np.empty(len(rows))
    for site in rows["site"].unique():
        mine = (rows["site"] == site).to_numpy()
        predicted[mine] = predict_from(rows[~mine], rows[mine])
    return predicted


def additive(known: pd.DataFrame, asked: pd.DataFrame) -> np.ndarray:
    """Baseline: a fixed number of points per key, none negative, and a constant."""
    columns = [*PLAIN_KEYS, "client_ip_address", "client_user_agent"]
    weights, _ = nnls(known[columns].assign(constant=1).to_numpy(), known["emq"].to_numpy())
    return np.clip(asked[columns].assign(constant=1).to_numpy() @ weights, 0, 10)


def methods(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """`errors` by method, each row predicted with its site left out."""
    plain_prior = dict.fromkeys((*PLAIN_KEYS, "network"), 0.4) | {"ceiling": PRIOR["ceiling"]}
    predictors: dict[str, Predictor] = {
        "always the median": lambda known, asked: np.full(len(asked), known["emq"].median()),
        "additive weights": additive,
        "plain noisy-OR": lambda known, asked: plain_noisy_or(
            shares(asked), fit(known, plain_noisy_or, plain_prior)
        ),
        "this form, keys nested": lambda known, asked: nested(shares(asked), fit(known, nested)),
        "this form": lambda known, asked: independent(shares(asked), fit(known)),
    }
    predicted = {name: left_out(rows, predictor) for name, predictor in predictors.items()}
    return {name: errors((rows["emq"] - emq).abs(), rows) for name, emq in predicted.items()}


def errors(miss: pd.Series, rows: pd.DataFrame) -> dict[str, float]:
    """Mean of the misses in EMQ points: over all rows, the telling rows, and the sites' own means."""
    return {
        "by_row": miss.mean(),
        "telling_rows": miss[telling(rows)].mean(),
        "by_site": miss.groupby(rows["site"]).mean().mean(),
    }


def positions(rows: pd.DataFrame, strengths: Strengths) -> np.ndarray:
    """The distinct mixes of keys observed, as the range sees them."""
    every = shares(rows)
    return np.unique(position(every, every["fbc"], strengths).round(4), axis=0)


def judge(
    known: pd.DataFrame, asked: pd.DataFrame, strengths: Strengths, folds: Sequence[Strengths]
) -> pd.DataFrame:
    """How a fit to `known` does on the rows `asked`: `site, emq, miss, unsure`, in EMQ points.

    `miss` is its error. `unsure` is what it can know of that beforehand: how far it moves between `folds`,
    its fits with one site less, plus the gap to the most similar mix of keys it has seen.
    """
    every = shares(asked)
    moved = np.ptp([independent(every, fold) for fold in folds], axis=0)
    unlike_any = gap(every, every["fbc"], positions(known, strengths), strengths)
    miss = np.abs(independent(every, strengths) - asked["emq"])
    return asked[["site", "emq"]].assign(miss=miss, unsure=moved + unlike_any)


def fits_to(rows: pd.DataFrame) -> Callable[[frozenset[str]], dict[str, float]]:
    """`fit` to the rows of a set of sites; the same set is fitted once."""
    return cache(lambda sites: fit(rows[rows["site"].isin(sites)]))


def judge_left_out(rows: pd.DataFrame, fitted: Callable[[frozenset[str]], Strengths]) -> pd.DataFrame:
    """`judge` for every row, its site left out."""
    every, judged = frozenset(rows["site"]), []
    for site in rows["site"].unique():
        mine, known = rows["site"] == site, every - {site}
        folds = [fitted(known - {other}) for other in known]
        judged.append(judge(rows[~mine], rows[mine], fitted(known), folds))
    return pd.concat(judged)


def judge_halves(rows: pd.DataFrame, fitted: Callable[[frozenset[str]], Strengths]) -> pd.DataFrame:
    """`judge` for the rows of half of the sites by a fit, and a range, that saw only the other sites.

    HALVINGS random halvings, each used both ways: `half` is its number, `held` whether the range held the
    score. Harder than leaving one site out, and nearer to a site unlike these.
    """
    sites, random, judged = rows["site"].unique(), np.random.default_rng(0), []
    halves = [np.split(random.permutation(sites), [len(sites) // 2]) for _ in range(HALVINGS)]
    for number, known in enumerate(frozenset(half) for pair in halves for half in pair):
        mine = rows["site"].isin(known)
        half = judge(rows[mine], rows[~mine], fitted(known), [fitted(known - {site}) for site in known])
        margin = RANGE_LEAST + widening(judge_left_out(rows[mine], fitted)) * half["unsure"]
        judged.append(half.assign(half=number, held=half["miss"] <= margin))
    return pd.concat(judged, ignore_index=True)


def telling(rows: pd.DataFrame) -> pd.Series:
    return rows["emq"] != COMMON_SCORE


def widening(judged: pd.DataFrame) -> float:
    """How fast the range must widen with `unsure` to hold RANGE_LEVEL of the telling rows; 0 without any."""
    judged = judged[telling(judged)]
    needed = np.sort(np.maximum(0, judged["miss"] - RANGE_LEAST) / np.maximum(judged["unsure"], 1e-6))
    return float(needed[math.ceil(RANGE_LEVEL * len(needed)) - 1]) if len(needed) else 0.0


def refit() -> dict[str, Any]:
    """Everything strengths.json holds, unrounded."""
    observed, rules = load_points()
    fitted, sites = fits_to(observed), frozenset(observed["site"])
    strengths, halves = fitted(sites), judge_halves(observed, fitted)
    emq, of_rules = independent(shares(observed), strengths), independent(shares(rules), strengths)
    return {
        "strengths": fitted_only(strengths),
        "assumed": ASSUMED,
        "measured": {
            "rows": len(observed),
            "sites": len(sites),
            "mean_error_site_left_out": methods(observed),
            "mean_error_half_the_sites_unseen": errors(halves["miss"], halves),
            "mean_error_same_rows": np.abs(emq - observed["emq"]).mean(),
            "nested_minus_independent": (nested(shares(observed), strengths) - emq).mean(),
            "mean_distance_to_rules_of_thumb": np.abs(
                of_rules - of_rules.clip(rules["low"], rules["high"])
            ).mean(),
        },
        "range": {
            "least": RANGE_LEAST,
            "widening": widening(judge_left_out(observed, fitted)),
            "coverage": halves[telling(halves)].groupby("half")["held"].mean().quantile(0.1),
            "coverage_mean": halves["held"][telling(halves)].mean(),
            "coverage_all_rows": halves["held"].mean(),
            "seen": positions(observed, strengths).tolist(),
        },
        "left_one_out": {site: fitted_only(fitted(sites - {site})) for site in sorted(sites)},
    }


def fitted_only(strengths: Strengths) -> dict[str, float]:
    return {name: strengths[name] for name in PRIOR}


def rounded(value: Any) -> Any:
    """The same document with numbers to four decimals: more would be noise."""
    if isinstance(value, Mapping):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(inner) for inner in value]
    return round(float(value), 4) if isinstance(value, float) else value


def main() -> None:
    result = rounded(refit())
    (HERE / "strengths.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    measured, found = result["measured"], result["range"]
    print(f"{measured['rows']} observed scores of {measured['sites']} sites. Mean error in EMQ points:")
    print(f"{'each site left out in turn':30}{'by row':>10}{'not 6.1':>10}{'by site':>10}")
    unseen = {"this form, half unseen": measured["mean_error_half_the_sites_unseen"]}
    for name, row in (measured["mean_error_site_left_out"] | unseen).items():
        print(f"{name:30}" + "".join(f"{error:10.2f}" for error in row.values()))
    print(*(f"{name} {strength:.2f}" for name, strength in result["strengths"].items()), sep="  ")
    print("range:", *(f"{name} {figure:.2f}" for name, figure in found.items() if name != "seen"), sep="  ")


if __name__ == "__main__":
    main()
