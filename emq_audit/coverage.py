"""Coverage: for every event name, side and match key the share of events whose key is usable, faulty or missing."""

import pandas as pd

from emq_audit.event_names import importance
from emq_audit.match_keys import KEYS, status
from emq_audit.report import KeyCoverage


def coverage(patterns: pd.DataFrame) -> tuple[KeyCoverage, ...]:
    """One entry per event name, side and key, the most valuable event first; `patterns` as patterns.load gives them."""
    if patterns.empty:
        return ()
    counts = pd.concat(
        patterns.groupby(["event_name", "side", key], observed=True)["events"].sum().rename_axis(["event_name", "side", "state"])
        .reset_index().assign(key=key)
        for key in KEYS
    )  # fmt: skip
    entries = [_entry(*group, rows) for group, rows in counts.groupby(["event_name", "side", "key"])]
    order = {key: place for place, key in enumerate(KEYS)}
    return tuple(
        sorted(
            entries,
            key=lambda entry: (importance(entry.event_name), entry.event_name, entry.side, order[entry.key]),
        )
    )


def _entry(event_name: str, side: str, key: str, rows: pd.DataFrame) -> KeyCoverage:
    states = {
        str(state): int(number) for state, number in zip(rows["state"], rows["events"], strict=True) if number
    }
    total = sum(states.values())
    shares = dict.fromkeys(("usable", "faulty", "missing"), 0)
    for state, number in states.items():
        shares[status(state)] += number
    return KeyCoverage(
        event_name,
        side,
        key,
        **{name: number / total for name, number in shares.items()},
        events=total,
        states=states,
    )
