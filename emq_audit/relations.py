"""The coarser relations of a log: `patterns`, `id_counts`, `ids`, `pairs`, `people`, `addresses` (described in relations.sql)."""

from importlib.resources import files

import duckdb

from emq_audit.check import FACTS, STATE_COLUMNS


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the relations from `events`, which must be complete: states are not looked at again."""
    text = files("emq_audit").joinpath("relations.sql").read_text(encoding="utf-8")
    con.execute(text.format(columns=", ".join((*FACTS, *STATE_COLUMNS))))
