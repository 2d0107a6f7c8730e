"""The coarser relations of a log: `patterns`, `reused`, `ids`, `pairs`, `people`, `addresses` (described in relations.sql), those of
Meta's deduplication (replay.py) and of what it leaves alone (misses.py)."""

from importlib.resources import files

import duckdb

from emq_audit import conversions, doubles, misses, recoverable, replay, user_agents
from emq_audit.check import EXAMPLES, FACTS, STATE_COLUMNS


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the relations from `events`, which must be complete: states are not looked at again."""
    replay.build(con)
    user_agents.build(con)
    conversions.build(con)
    recoverable.build(con)
    text = files("emq_audit").joinpath("relations.sql").read_text(encoding="utf-8")
    con.execute(text.format(columns=", ".join((*FACTS, *STATE_COLUMNS)), examples=EXAMPLES))
    misses.build(con)
    doubles.build(con)
