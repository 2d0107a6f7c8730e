"""Tables: columns found by their headings, read by DuckDB. CSV, sheets of workbooks, Parquet files and data frames."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emq_audit.match_keys import KEYS
from emq_audit.read import consent, headings, sql
from emq_audit.read.sides import names_sides, side_of, side_sql
from emq_audit.read.source import EVENT_LEAVES, MISNAMED_KEYS, ReadFile, Source
from emq_audit.read.task import Outcome, Task

_USER_KEYS = (*KEYS, *MISNAMED_KEYS)
_CUSTOM = ("value", "currency", "order_id", "content_ids", "contents", "content_type", "num_items")
_NOTHING = r"(?i)\s*(null|nan|none|nil|-|n/a|#n/a|\(not set\)|\(null\)|undefined|<na>|nat)?\s*"
_TOTALS = r"(?i)\s*(grand )?(totals?|sum|summe|gesamt|i alt|totaal|totale?|somme)\s*:?\s*"
_PYTHON_LIST = r"""\[\s*'[^'"\\]*'(\s*,\s*'[^'"\\]*')*\s*\]"""


@dataclass(frozen=True)
class Table:
    """A relation of text columns `names` under `headings`. `row`: SQL of the row number, or NULL where rows count from `first_row`.

    `extra` is a column behind the last heading that should be empty. `delimiter` separates the cells of the file.
    """

    relation: str
    headings: tuple[str, ...]
    names: tuple[str, ...]
    row: str = "NULL"
    first_row: int = 1
    extra: str | None = None
    delimiter: str = ","


def outcome(task: Task, words: str, table: Table, first: list[tuple[object, ...]]) -> Outcome:
    """What to hand on for a table; `first` are its first rows, by the places of `headings`."""
    places = headings.columns(table.headings)
    side, side_from, told = _side(table, places, first, task.said)
    refused = _refused(table, places)
    relation = f"(SELECT *, {refused} AS refused{_whole_user(table, places)} FROM {table.relation})"
    values = _values(table, places)
    leaf = _consent(table, places)
    query = sql.select(task.file, relation, row=table.row, side=told, as_sent="false", values=values, consent=leaf)
    reasons = f'SELECT row_number() OVER () AS ordinal, {table.row} AS "row", {refused} AS reason FROM {table.relation}'
    return ReadFile(task.name, words, side, side_from, table=reasons), [
        Source(task.file, query, table.first_row, leaf is not None)
    ]


def _consent(table: Table, places: dict[str, list[int]]) -> str | None:
    """SQL of the leaf with the signals of consent; None where no column holds one."""
    found = consent.columns(table.headings, (place for taken in places.values() for place in taken))
    return consent.packed({signal: [cell(table.names[place]) for place in held] for signal, held in found.items()}) if found else None


def _side(
    table: Table, places: dict[str, list[int]], first: list[tuple[object, ...]], said: str | None
) -> tuple[str, str, str]:
    """Side of the file, how it is known, and the SQL that gives it for each row."""
    if said:
        return said, "you said so", sql.text(said)
    for place in places.get("side", ()):
        if names_sides([row[place] for row in first if place < len(row)]):
            sides = {side for row in first if place < len(row) and (side := side_of(row[place]))}
            side = sides.pop() if len(sides) == 1 else "unknown"
            return side, f"the column {' '.join(table.headings[place].split())}", side_sql(table.names[place])
    filled = {
        field
        for field, found in places.items()
        if any(_filled(row, place) for place in found for row in first)
    }
    side, side_from = headings.evidence(table.headings, filled)
    return side, side_from, sql.text(side)


def _filled(row: tuple[object, ...], place: int) -> bool:
    return place < len(row) and row[place] is not None and bool(str(row[place]).strip())


def _refused(table: Table, places: dict[str, list[int]]) -> str:
    """SQL: why a row is none of the table's events, or NULL."""
    cells = ", ".join(table.names)
    cases = [f"WHEN trim(concat({cells})) = '' THEN 'the row is empty'"]
    if table.extra:
        cases.append(f"WHEN trim({table.extra}) <> '' THEN 'the row has more cells than there are headings'")
    swallowed = f"\\n[^\\n]*({re.escape(table.delimiter)}[^\\n]*){{{len(table.names) - 1}}}"
    cases.append(
        f"WHEN contains(concat({cells}), chr(10)) AND regexp_matches(concat({cells}), {sql.text(swallowed)}) "
        f"THEN 'a quotation mark is opened and closed only in a row below, which it swallowed'"
    )
    if found := places.get("event_name"):
        column, heading = table.names[found[0]], table.headings[found[0]]
        others = [
            table.names[place]
            for field in ("event_time", "event_id", *KEYS)
            for place in places.get(field, ())
        ]
        blank = f"AND trim(concat({', '.join(others)})) = ''" if others else ""
        cases.append(f"WHEN trim({column}) = {sql.text(heading)} THEN 'the headings again'")
        cases.append(f"WHEN regexp_full_match({column}, {sql.text(_TOTALS)}) {blank} THEN 'a row of totals'")
    return f"CASE {' '.join(cases)} END"


def cell(column: str) -> str:
    """SQL: a cell as JSON. A list or object written as JSON stays one, other text is text, what stands for nothing is NULL."""
    return (
        f"CASE WHEN {is_nothing(column)} THEN NULL "
        f"WHEN NOT regexp_matches({column}, '^\\s*[\\[{{]') THEN to_json({column}) "
        f"WHEN json_valid({column}) THEN {column}::JSON "
        f"WHEN regexp_full_match({column}, {sql.text(_PYTHON_LIST)}) THEN replace({column}, '''', '\"')::JSON "
        f"ELSE to_json({column}) END"
    )


def is_nothing(column: str) -> str:
    """SQL: does a cell stand for nothing? Long ones are not looked at twice."""
    return (
        f"({column} IS NULL OR (strlen({column}) < 12 AND regexp_full_match({column}, {sql.text(_NOTHING)})))"
    )


def _several(cells: Sequence[str]) -> str:
    """SQL: the only value among `cells`, or all of them as a list."""
    if not cells:
        return "NULL::JSON"
    if len(cells) == 1:
        return cells[0]
    some = f"list_filter([{', '.join(cells)}], lambda value: value IS NOT NULL)"
    return f"CASE len({some}) WHEN 0 THEN NULL WHEN 1 THEN ({some})[1] ELSE to_json({some}) END"


def _values(table: Table, places: dict[str, list[int]]) -> dict[str, str]:
    """SQL of every column of the source. A refused row keeps nothing that would make it an event."""

    def found(field: str) -> str:
        return _several([cell(table.names[place]) for place in places.get(field, ())])

    listed = {field: found(field) for field in (*EVENT_LEAVES, "sender", "pixel_id", "received_at")}
    listed["user_data"] = _user_data(table, places)
    for field in ("event_name", "event_time", "event_id", "user_data"):
        listed[field] = f"CASE WHEN refused IS NULL THEN {listed[field]} END"
    custom = [f"{sql.text(key)}, {found(key)}" for key in _CUSTOM if key in places]
    packed = f"json_object({', '.join(custom)})" if custom else "NULL::JSON"
    if whole := places.get("custom_data"):
        given = _object(table.names[whole[0]])
        packed = f"json_merge_patch({given}, {packed})" if custom else given
    return listed | {"custom_data": packed}


def _object(column: str) -> str:
    """SQL: the JSON object in a cell, else an empty one."""
    return f"CASE WHEN regexp_matches({column}, '^\\s*\\{{') AND json_valid({column}) THEN {column}::JSON ELSE '{{}}'::JSON END"


def _whole_user(table: Table, places: dict[str, list[int]]) -> str:
    """SQL: one more column with the keys of a cell that holds all of user_data as JSON, taken apart once for all of them."""
    if not (whole := places.get("user_data")):
        return ""
    paths = ", ".join(sql.text(f"$.{key}") for key in _USER_KEYS)
    return f", json_extract({_object(table.names[whole[0]])}, [{paths}]) AS whole_user"


def _user_data(table: Table, places: dict[str, list[int]]) -> str:
    """SQL of the match keys, from columns of their own and from one that holds all of them; NULL without any."""
    whole = "user_data" in places
    packed = []
    for number, key in enumerate(_USER_KEYS, 1):
        cells = [cell(table.names[place]) for place in places.get(key, ())] if key in KEYS else []
        value = f"coalesce({_several(cells)}, whole_user[{number}])" if whole else _several(cells)
        packed.append(f"{sql.name(key)} := {value}")
    some = [table.names[place] for key in (*KEYS, "user_data") for place in places.get(key, ())]
    blank = " AND ".join(is_nothing(column) for column in some)
    return f"CASE WHEN NOT ({blank or 'true'}) THEN struct_pack({', '.join(packed)}) END"
