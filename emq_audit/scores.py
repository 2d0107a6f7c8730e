"""The scores of a report: the estimate by event name and side, what repairs could make of it, and why some events have none."""

from collections.abc import Mapping

import pandas as pd

from emq_audit.event_names import importance
from emq_audit.fixes import possible
from emq_audit.report import EventScore
from emq_audit.score import TARGET, score

NO_SCORE = "Meta scores website events only; these are {what} events."
_WHAT = {
    "app": "app", "physical_store": "store", "phone_call": "phone call", "email": "email", "chat": "chat", "other": "other",
    "system_generated": "CRM or system", "business_messaging": "messaging",
}  # fmt: skip


def scores(
    patterns: pd.DataFrame, website: pd.DataFrame, repaired: Mapping[tuple[str, str], float]
) -> tuple[EventScore, ...]:
    """One entry per event name and side, the most valuable event first. `website` are the patterns that Meta would score, `repaired` the
    estimates by event name and side as after `emq-audit fix`."""
    today, after = score(website), possible(website)
    # A repair may see more than the states do: the address in "Jane <jane@example.com>".
    best = {(row.event_name, row.side): max(row.emq, repaired[row.event_name, row.side]) for row in after.itertuples()}
    found = [
        EventScore(row.event_name, row.side, int(row.events), round(row.emq, 4), round(row.low, 4), round(row.high, 4), TARGET,
                   round(best[row.event_name, row.side], 4), emq_repaired=round(repaired[row.event_name, row.side], 4))
        for row in today.itertuples()
    ]  # fmt: skip
    seen = {(entry.event_name, entry.side) for entry in found}
    rest = patterns[~patterns["scored"].fillna(False)]
    for (event_name, side), rows in rest.groupby(["event_name", "side"]):
        if (event_name, side) not in seen:
            reason = NO_SCORE.format(what="offline" if side == "offline" else _kind(rows))
            found.append(
                EventScore(
                    event_name, side, int(rows["events"].sum()), None, None, None, TARGET, None, reason
                )
            )
    return tuple(
        sorted(
            found,
            key=lambda entry: (entry.emq is None, importance(entry.event_name), entry.event_name, entry.side),
        )
    )


def _kind(rows: pd.DataFrame) -> str:
    kinds = sorted({_WHAT.get(str(state), "other") for state in rows["source_state"]})
    return " and ".join(kinds)
