"""Fixes: what to do first, what it brings, who does it.

A fix gathers the findings that one remedy settles. Its gain is exact within the estimate: the patterns are scored again as if the fix
were done. Gains of several fixes overlap and must not be added; `possible` scores all repairs together.
"""

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from emq_audit.check import Answer, Severity, Status
from emq_audit.match_keys import BY_KEY, STATES
from emq_audit.remedies import REMEDIES, REMEDY_OF, Remedy
from emq_audit.report import Fix, Snippet
from emq_audit.score import score

METHODS = {
    "shopify": "Shopify",
    "gtm-server": "Server-side GTM",
    "partner": "Partner platform",
    "direct-api": "Direct API",
}
"""The four ways to run the Conversions API, and the words for them."""

# What one event of a kind is worth beside a page view, for ranking only.
EVENT_WEIGHTS = {"Purchase": 20, "Subscribe": 20, "StartTrial": 15, "Lead": 10, "CompleteRegistration": 8, "InitiateCheckout": 4,
                 "AddPaymentInfo": 4, "AddToCart": 2}  # fmt: skip
SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
SMALLEST_GAIN = 0.005
"""EMQ points below which a gain rounds to nothing."""


def repair_masks(patterns: pd.DataFrame, repairs: dict[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """For each key a boolean per pattern: is it in a state that the repair cures?"""
    return {key: patterns[key].isin(states).to_numpy() for key, states in repairs.items()}


def possible(patterns: pd.DataFrame) -> pd.DataFrame:
    """Scores as if every repair were done: what score.score returns."""
    together: dict[str, np.ndarray] = {}
    for remedy in REMEDIES:
        for key, mask in repair_masks(patterns, remedy.repairs).items():
            together[key] = together.get(key, False) | mask
    return score(patterns, together)


def fixes(answers: list[Answer], patterns: pd.DataFrame) -> tuple[Fix, ...]:
    """The fixes this log calls for, best first: those with points by gain, events and effort, then the others by severity.

    `answers` of all checks, `patterns` of the scored events.
    """
    today = score(patterns)
    found = [fix for remedy in REMEDIES if (fix := _fix(remedy, answers, patterns, today))]
    severity = {answer.check.id: SEVERITY_RANK[answer.check.severity] for answer in answers}
    volume = today.groupby("event_name")["events"].sum()

    def rank(fix: Fix) -> tuple:
        worth = sum(
            gain * volume.get(name, 0) * EVENT_WEIGHTS.get(name, 1) for name, gain in fix.gain.items()
        )
        hours = next(remedy.hours for remedy in REMEDIES if remedy.id == fix.fix)
        return (
            not fix.gain,
            -worth / hours**0.5,
            min((severity[check] for check in fix.checks), default=9),
            -fix.events,
        )

    return tuple(sorted(found, key=rank))


def _fix(remedy: Remedy, answers: list[Answer], patterns: pd.DataFrame, today: pd.DataFrame) -> Fix | None:
    failed = [
        answer
        for answer in answers
        if REMEDY_OF.get(answer.check.id) == remedy.id and answer.status is Status.FAILED
    ]
    masks = repair_masks(patterns, remedy.repairs)
    repaired = {key: mask for key, mask in masks.items() if mask.any()}
    if not failed and not repaired:
        return None
    gain, scores = _gain(patterns, repaired, today) if repaired else ({}, {})
    at_fault, in_scope = _extent(failed, patterns, repaired)
    return Fix(
        fix=remedy.id,
        title=remedy.title,
        why=f"{_seen(failed, patterns, repaired)} {remedy.because}",
        checks=tuple(answer.check.id for answer in failed),
        gain=gain,
        scores=scores,
        events=at_fault,
        in_scope=in_scope,
        effort=remedy.effort,
        owner=remedy.owner,
        kind="repair" if gain else "other",
        steps={method: steps(method, remedy.id) for method in METHODS},
        snippets={method: found for method in METHODS if (found := snippet(method, remedy.id))},
    )


def _gain(patterns: pd.DataFrame, repaired: dict[str, np.ndarray], today: pd.DataFrame):
    """Gain and scores by event name, each on the side where the fix brings most."""
    after = score(patterns, repaired)
    both = today.merge(after, on=["event_name", "side"], suffixes=("", "_after"))
    both["gain"] = both["emq_after"] - both["emq"]
    best = (
        both[both["gain"] >= SMALLEST_GAIN].sort_values("gain", ascending=False).drop_duplicates("event_name")
    )
    gain = {row.event_name: round(row.gain, 4) for row in best.itertuples()}
    return gain, {row.event_name: (round(row.emq, 4), round(row.emq_after, 4)) for row in best.itertuples()}


def _extent(failed: list[Answer], patterns: pd.DataFrame, repaired: dict[str, np.ndarray]) -> tuple[int, int]:
    """Events (or ids) at fault and in scope. Of several checks the widest counts: one event may fail them all."""
    if repaired:
        touched = np.logical_or.reduce(list(repaired.values()))
        names = patterns.loc[touched, ["event_name", "side"]].drop_duplicates()
        scope = patterns.merge(names, on=["event_name", "side"])["events"].sum()
        return int(patterns["events"].to_numpy()[touched].sum()), int(scope)
    widest = max(failed, key=lambda answer: sum(count.at_fault for count in answer.counts))
    scope = [count for count in widest.counts if count.at_fault]
    return sum(count.at_fault for count in scope), sum(count.in_scope for count in scope)


def _seen(failed: list[Answer], patterns: pd.DataFrame, repaired: dict[str, np.ndarray]) -> str:
    """What the log shows, in counts."""
    parts = []
    for key in repaired:
        counts = (
            patterns[repaired[key]].groupby(key, observed=True)["events"].sum().sort_values(ascending=False)
        )
        parts += [
            f"{BY_KEY[key].label}: {STATES[str(state)]} on {_events(number)}"
            for state, number in counts.items()
        ]
    if not parts:
        parts = [f"{answer.check.title}: {sum(count.at_fault for count in answer.counts):,} of "
                 f"{sum(count.in_scope for count in answer.counts if count.at_fault):,}" for answer in failed]  # fmt: skip
    return "; ".join(parts[:4]) + (f"; and {len(parts) - 4} more" if len(parts) > 4 else "") + "."


def _events(number: int) -> str:
    return f"{number:,} event{'' if number == 1 else 's'}"


@cache
def _playbook(method: str) -> dict[str, dict]:
    return tomllib.loads(
        files("emq_audit").joinpath("playbooks", f"{method}.toml").read_text(encoding="utf-8")
    )


def steps(method: str, fix: str) -> tuple[str, ...]:
    """What to do on one platform, in order. Raises KeyError for an unknown fix."""
    return tuple(_playbook(method)[fix]["steps"])


def snippet(method: str, fix: str) -> Snippet | None:
    """The code and the note that go with the steps, or None where there is neither."""
    entry = _playbook(method)[fix]
    if "code" not in entry and "note" not in entry:
        return None
    return Snippet(entry.get("language", ""), entry.get("code", "").strip("\n"), entry.get("note", ""))
