"""Patterns: the log as a small table, from which scores, coverage and what-ifs are exact.

A score depends only on which keys are usable, so events that agree in name, side, source and every key's state need to be counted,
not kept.
"""

import duckdb
import pandas as pd

from emq_audit.check import STATE_COLUMNS
from emq_audit.match_keys import KEYS


def load(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row per combination of event_name, side, scored, consent_state and key states: those columns, the keys under their own names,
    `events`, and the keys that could be had from elsewhere (`forward`, `attach`: bits of emq_audit.recoverable.BIT)."""
    columns = ", ".join(f"{column} AS {key}" for key, column in zip(KEYS, STATE_COLUMNS, strict=True))
    table = con.execute(f"""
        SELECT coalesce(event_name, '') AS event_name, CAST(side AS VARCHAR) AS side, scored, source_state, {columns}, forward, attach,
               CAST(consent_state AS VARCHAR) AS consent_state, CAST(sum(events) AS BIGINT) AS events
        FROM patterns WHERE name_state <> 'automatic'
        GROUP BY ALL ORDER BY ALL""").df()
    return table.astype({key: "category" for key in KEYS})


def scored(patterns: pd.DataFrame) -> pd.DataFrame:
    """Only website events: Meta gives no other a score."""
    return patterns[patterns["scored"].fillna(False)].reset_index(drop=True)
