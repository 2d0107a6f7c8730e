"""Parquet files and data frames: typed columns, turned into the text that tables are read from."""

import json
from dataclasses import replace
from typing import Any

import duckdb

from emq_audit.read import delimited, probe, sql, table, text
from emq_audit.read.refusal import Refusal
from emq_audit.read.task import Outcome, Task
from emq_audit.read.unpack import MAX_RATIO, RATIO_FROM

MAX_ROWS = 100_000_000
MAX_UNPACKED = 16 * 1024**3
"""Rows, and bytes of text, in one Parquet file."""
_TOO_MUCH = "it unpacks to an unreasonable size and was not read"
_FIRST = 500


def parquet(task: Task, words: str = "Parquet") -> Outcome:
    """What to hand on for a Parquet file. Raises Refusal for a damaged one and for one without event names."""
    relation = f"read_parquet({sql.text(task.path)}, binary_as_string=true)"
    try:
        if (
            probe.rows(f"SELECT sum(num_rows) FROM parquet_file_metadata({sql.text(task.path)})")[0][0] or 0
        ) > MAX_ROWS:
            raise Refusal(_TOO_MUCH)
        types = {column: kind for column, kind, *_ in probe.rows(f"DESCRIBE SELECT * FROM {relation}")}
        if _is_nested(types):
            return _nested(task, relation, words)
        delimited.demand_events(tuple(types))
        names = tuple(f"c{place}" for place in range(len(types)))
        texts = [_as_text(sql.name(column), kind) for column, kind in types.items()]
        listed = ", ".join(f"{text} AS {column}" for text, column in zip(texts, names, strict=True))
        found = table.Table(f"(SELECT {listed} FROM {relation})", tuple(types), names)
        _weigh(found, task.path.stat().st_size)
        first = probe.rows(f"SELECT * FROM {found.relation}", _FIRST)
    except duckdb.Error:
        raise Refusal(f"the {words} is damaged or of an unknown kind") from None
    if not first:
        raise Refusal("it has columns but no rows")
    return table.outcome(task, words, found, first)


def _weigh(found: table.Table, packed: int) -> None:
    """Read the file to its end. A few bytes of it can stand for gigabytes: a value is stored once, however often it occurs."""
    lengths = " + ".join(f"coalesce(strlen({column}), 0)" for column in found.names)
    unpacked = probe.rows(f"SELECT sum({lengths}) FROM {found.relation}")[0][0] or 0
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
        raise Refusal(_TOO_MUCH)


def _is_nested(types: dict[str, str]) -> bool:
    """Are these columns the parts of an event or a request body, rather than fields side by side?"""
    return any("(" in types.get(name, "") for name in ("user_data", "data"))


def _nested(task: Task, relation: str, words: str) -> Outcome:
    """Events or bodies kept as nested columns: written out as JSON and read like any other, but for their types, which are the table's."""
    spool = task.new()
    with probe.connect(spool.parent) as con:
        con.execute(f"COPY (SELECT * FROM {relation}) TO {sql.text(spool)} (FORMAT json)")
    found, sources = text.outcome(replace(task, path=spool))
    retyped = [
        replace(source, sql=f"SELECT * REPLACE (false AS as_sent) FROM ({source.sql})") for source in sources
    ]
    return replace(found, format=words), retyped


def _as_text(column: str, kind: str) -> str:
    """SQL: the text that stands for a value; whole numbers lose the fraction that a float column gives them."""
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = floor({column}) AND abs({column}) < 1e17"
        return f"CASE WHEN {whole} THEN {column}::HUGEINT::VARCHAR ELSE {column}::VARCHAR END"
    if "STRUCT" in kind or "[]" in kind or kind.startswith("MAP"):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def frame(task: Task, data: Any) -> Outcome:
    """What to hand on for a pandas DataFrame; rows count from 1."""
    if not len(data.columns) or not len(data):
        raise Refusal("the DataFrame is empty")
    spool = task.new()
    plain = data.set_axis([str(column) for column in data.columns], axis=1).reset_index(drop=True)
    # DuckDB guesses one type for a column of Python objects, and drops what does not fit.
    objects = {column: plain[column].map(_scalar) for column in plain.select_dtypes(object)}
    try:
        with probe.connect(spool.parent) as con:
            con.register("given", plain.assign(**objects))
            con.execute(f"COPY (SELECT * FROM given) TO {sql.text(spool)} (FORMAT parquet)")
    except duckdb.Error:
        raise Refusal("the DataFrame holds columns that cannot be read; keep those of the events") from None
    return parquet(replace(task, path=spool), "DataFrame")


def _scalar(value: Any) -> Any:
    """A cell of a column of mixed types, as text or JSON."""
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str)
    return None if value is None or value != value else str(value)
