"""Consent to advertising, as far as the log tells it: events by state, the match keys they carry, and what two ways to respect it would do
to the scores.

What a log says is decoded in consent.sql, once an event, into the fact `consent_state`: granted, denied, not set (the log says that nothing
was asked or decided), unclear (signals contradict each other or cannot be read), not logged. For Meta the purposes ad_storage and
ad_user_data matter (https://support.google.com/analytics/answer/13802165): denied where either is. The Conversions API has no field for
consent; Meta asks that the server follows the same choice as the Pixel
(https://developers.facebook.com/documentation/ads-commerce/conversions-api/guides/end-to-end-implementation). Whether an event may be sent
is a question of law that no log answers: what stands here are counts. Limited Data Use (data_processing_options) is another matter.

Basic and advanced are Google's words (https://support.google.com/analytics/answer/13802165): in basic mode nothing is sent before the
visitor agrees, in advanced mode events of visitors who did not agree are sent without cookies.
"""

import duckdb
import pandas as pd

from emq_audit.event_names import importance
from emq_audit.match_keys import KEYS
from emq_audit.report import ConsentMode, ConsentShare
from emq_audit.report.order import side_rank
from emq_audit.score import score, usable

STATES = ("granted", "denied", "not set", "unclear", "not logged")
CONNECTION = ("client_ip_address", "client_user_agent")
"""Keys that every request shows to the server that answers it."""
IDENTIFYING = tuple(key for key in KEYS if key not in CONNECTION)
"""Keys that name a person or a browser: cookies, ids and contact data."""
SENT = ("usable", "raw")
"""States in which a key counts as sent: Meta can use it, or it lies open. What is a placeholder or broken tells of nobody."""


def consent(con: duckdb.DuckDBPyConnection) -> tuple[ConsentShare, ...]:
    """One entry per state that occurs, in the order of STATES; none where no event says anything about consent. Counts every event, those
    that the Pixel makes by itself included."""
    sent = ", ".join(f"coalesce(sum(events) FILTER ({key}_state IN {SENT}), 0)" for key in KEYS)
    any_sent = " OR ".join(f"{key}_state IN {SENT}" for key in IDENTIFYING)
    rows = con.execute(f"""
        SELECT CAST(consent_state AS VARCHAR), sum(events), coalesce(sum(events) FILTER ({any_sent}), 0), {sent}
        FROM patterns GROUP BY consent_state ORDER BY patterns.consent_state""").fetchall()
    if {row[0] for row in rows} <= {"not logged"}:
        return ()
    total = sum(int(row[1]) for row in rows)
    return tuple(
        ConsentShare(
            state, int(events), int(events) / total, int(named), {key: int(n) for key, n in zip(KEYS, counts, strict=True) if n}
        )
        for state, events, named, *counts in rows
    )


def modes(patterns: pd.DataFrame) -> tuple[ConsentMode, ...]:
    """One entry per event name and side with events under denied consent, the most valuable event first; `patterns` as patterns.scored
    gives them.

    `basic`: the score of the events that are left once those under denied consent are not sent, None where none is left. `advanced`: the
    score of all events, those under denied consent without IDENTIFYING keys. Both are exact within the estimate: the patterns are scored
    again.
    """
    denied = (patterns["consent_state"] == "denied").to_numpy()
    if not denied.any():
        return ()
    bare = patterns.assign(**{key: usable(patterns[key]) & ~denied for key in IDENTIFYING})
    today, advanced = score(patterns), _by_group(score(bare))
    basic = _by_group(score(patterns[~denied].reset_index(drop=True))) if not denied.all() else {}
    refused = patterns[denied].groupby(["event_name", "side"])["events"].sum()
    found = [
        ConsentMode(row.event_name, row.side, int(row.events), int(refused[row.event_name, row.side]), round(row.emq, 4),
                    basic.get((row.event_name, row.side)), advanced[row.event_name, row.side])
        for row in today.itertuples() if (row.event_name, row.side) in refused.index
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda entry: (importance(entry.event_name), entry.event_name, side_rank(entry.side))))


def _by_group(scored: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(row.event_name, row.side): round(row.emq, 4) for row in scored.itertuples()}
