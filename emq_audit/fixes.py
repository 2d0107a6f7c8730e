"""Fixes: what to do first, what it brings, who does it.

A fix gathers the findings that one remedy settles, or takes an opportunity to send more of what is known. Gains of several fixes overlap
and must not be added (emq_audit.gains); `possible` scores all repairs together, `path` one fix after the other.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from emq_audit import gains
from emq_audit.check import Answer, Severity, Status
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.match_keys import BY_KEY, STATES
from emq_audit.opportunities import OPPORTUNITIES, Opportunity
from emq_audit.remedies import REMEDIES, REMEDY_OF, Remedy
from emq_audit.report import Fix, PathStep, Snippet
from emq_audit.score import score
from emq_audit.weights import EVENT_WEIGHTS

METHODS = {
    "shopify": "Shopify",
    "gtm-server": "Server-side GTM",
    "partner": "Partner platform",
    "direct-api": "Direct API",
}
"""The four ways to run the Conversions API, and the words for them."""

SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
THINGS = {thing.id: thing for thing in (*REMEDIES, *OPPORTUNITIES)}
"""Everything that may be done, by the id of its fix."""


def possible(patterns: pd.DataFrame) -> pd.DataFrame:
    """Scores as if every repair were done: what score.score returns."""
    return score(patterns, gains.together(gains.masks(remedy, patterns) for remedy in REMEDIES))


def fixes(answers: list[Answer], patterns: pd.DataFrame, weights: Mapping[str, float] = EVENT_WEIGHTS) -> tuple[Fix, ...]:
    """The fixes this log calls for, as `ranked`: `answers` of all checks, `patterns` of the scored events."""
    today = score(patterns)
    found = [fix for remedy in REMEDIES if (fix := _fix(remedy, answers, patterns, today))]
    found += [fix for thing in OPPORTUNITIES if (fix := _opportunity(thing, patterns, today))]
    return ranked(found, weights)


def ranked(found: Iterable[Fix], weights: Mapping[str, float] = EVENT_WEIGHTS) -> tuple[Fix, ...]:
    """The best first: by points x events x weight of the event for every hour of effort; then those without points, by the severity of
    what they settle; last what nobody sends yet. Events that are not in `weights` weigh 1."""

    def rank(fix: Fix) -> tuple:
        worth = sum(points * weights.get(name, 1) for name, points in fix.worth.items())
        severity = min((SEVERITY_RANK[CHECKS_BY_ID[check].severity] for check in fix.checks), default=len(SEVERITY_RANK))
        return fix.kind == "collect", not fix.gain, -worth / fix.hours, severity, -fix.events

    return tuple(sorted(found, key=rank))


def path(found: tuple[Fix, ...], patterns: pd.DataFrame) -> tuple[PathStep, ...]:
    """The scores after the first fix, after the first two, and so on, as ranked, what nobody sends yet last. A repair that brings points
    only beside another one (IP address and user agent count together) has its step; what changes no key has none."""
    ordered = sorted(found, key=lambda fix: fix.kind == "collect")
    steps = [(fix.fix, masks) for fix in ordered if (masks := gains.masks(THINGS[fix.fix], patterns))]
    return tuple(PathStep(fix, scores) for fix, scores in gains.path(patterns, steps))


def _fix(remedy: Remedy, answers: list[Answer], patterns: pd.DataFrame, today: pd.DataFrame) -> Fix | None:
    """None where the log does not call for it."""
    failed = [
        answer
        for answer in answers
        if REMEDY_OF.get(answer.check.id) == remedy.id and answer.status is Status.FAILED
    ]
    repaired = gains.masks(remedy, patterns)
    if not failed and not repaired:
        return None
    gain = gains.gain(patterns, repaired, today) if repaired else gains.Gain({}, {}, {})
    at_fault, in_scope = _extent(failed, patterns, repaired)
    return Fix(
        fix=remedy.id,
        title=remedy.title,
        why=f"{_seen(failed, patterns, repaired)} {remedy.because}",
        checks=tuple(answer.check.id for answer in failed),
        gain=gain.points,
        scores=gain.scores,
        events=at_fault,
        in_scope=in_scope,
        effort=remedy.effort,
        owner=remedy.owner,
        kind="repair" if gain.points else "other",
        worth=gain.worth,
        hours=remedy.hours,
        **_instructions(remedy.id),
    )


def _opportunity(thing: Opportunity, patterns: pd.DataFrame, today: pd.DataFrame) -> Fix | None:
    """None where it brings no points: nothing is wrong, so there would be nothing to say."""
    found = gains.masks(thing, patterns)
    gain = gains.gain(patterns, found, today) if found else None
    if gain is None or not gain.points:
        return None
    events, in_scope = _extent([], patterns, found)
    lacking = [f"{BY_KEY[key].label}: {_events(int(patterns['events'].to_numpy()[mask].sum()))}" for key, mask in found.items()]
    left = len(lacking) - 4
    more = [f"and {left} more key{'' if left == 1 else 's'}"] if left > 0 else []
    verb = "could carry it" if thing.kind == "collect" else "could have it"
    return Fix(
        fix=thing.id,
        title=thing.title,
        why=f"{'; '.join((*lacking[:4], *more))} {verb}. {thing.because}",
        checks=(),
        gain=gain.points,
        scores=gain.scores,
        events=events,
        in_scope=in_scope,
        effort=thing.effort,
        owner=thing.owner,
        kind=thing.kind,
        worth=gain.worth,
        hours=thing.hours,
        **_instructions(thing.id),
    )


def _instructions(identity: str) -> dict[str, dict]:
    return {
        "steps": {method: steps(method, identity) for method in METHODS},
        "snippets": {method: found for method in METHODS if (found := snippet(method, identity))},
    }


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
    also = {language: code.strip("\n") for language, code in entry.get("also", {}).items()}
    return Snippet(entry.get("language", ""), entry.get("code", "").strip("\n"), entry.get("note", ""), also)
