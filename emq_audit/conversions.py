"""Conversions: what Meta counts of the purchases (table `purchases`), and where the two reports of one action disagree (`compared`)."""

from importlib.resources import files

import duckdb

from emq_audit.match_keys import KEYS
from emq_audit.recoverable import usable_bits
from emq_audit.replay import FAVOURED, WINDOW_SQL
from emq_audit.report import Disagreement, Lacking

COMPARED = {"value": "value_differs", "currency": "currency_differs", "em": "email_differs", "contents": "contents_differ"}
"""What two reports of one action are compared by, and the column that says whether they differ."""


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of purchases.sql and compared.sql; needs those of replay.py."""
    folder = files("emq_audit")
    con.execute(folder.joinpath("purchases.sql").read_text(encoding="utf-8"))
    text = folder.joinpath("compared.sql").read_text(encoding="utf-8")
    con.execute(text.format(usable=usable_bits(), window=WINDOW_SQL, favoured=FAVOURED))


def disagreements(con: duckdb.DuckDBPyConnection) -> tuple[Disagreement, ...]:
    """One entry per event name and field of COMPARED that both reports of at least one pair carry."""
    columns = ", ".join(f"count({column}), count_if({column})" for column in COMPARED.values())
    rows = con.execute(f"SELECT coalesce(event_name, ''), {columns} FROM compared GROUP BY 1 ORDER BY 1").fetchall()
    return tuple(
        Disagreement(name, field, counts[2 * place], counts[2 * place + 1])
        for name, *counts in rows
        for place, field in enumerate(COMPARED)
        if counts[2 * place]
    )


def lacking(con: duckdb.DuckDBPyConnection) -> tuple[Lacking, ...]:
    """One entry per event name and match key that the dropped event of some pair carries and the counted one lacks."""
    columns = ", ".join(f"count_if(lacks & {1 << place} > 0)" for place in range(len(KEYS)))
    rows = con.execute(f"SELECT coalesce(event_name, ''), count(*), {columns} FROM compared GROUP BY 1 ORDER BY 1").fetchall()
    return tuple(
        Lacking(name, key, pairs, events)
        for name, pairs, *counts in rows
        for key, events in zip(KEYS, counts, strict=True)
        if events
    )
