"""The repaired log: events of the Conversions API, one a line, in the order they were read.

JSON that held plain events is taken as it stands, so that fields this audit does not know are kept; events of tables, recordings and
other wrappings are written from the fields that were read.
"""

import re
from collections.abc import Callable, Iterable
from typing import TextIO

import duckdb

from emq_audit.match_keys import KEYS
from emq_audit.read import EVENT_LEAVES, MISNAMED_KEYS, ReadFile, Source, sql
from emq_audit.repair.values import ranges

_PLAIN = ("NDJSON events", "JSON array of events", "JSON events", "CAPI request bodies", "CAPI request body")
"""Formats of files that hold events as they were sent."""
_READ = re.compile(r"read_json\('((?:[^']|'')*)', format='(\w+)', maximum_object_size=(\d+), columns=\{'(\w+)'")
SIDE_NAMES = ("source", "received_from", "connection_method", "browser_server")
"""Names under which the reader looks for the side of an event."""
_CHUNK = 5_000


def write(
    con: duckdb.DuckDBPyConnection,
    sources: list[Source],
    files: list[ReadFile],
    out: TextIO,
    *,
    side_name: str | None,
    told: Callable[[float], None] = lambda share: None,
) -> int:
    """Write the events of `event_rows`, repaired as the table `fixed` says, and return how many. `side_name`: the key, in front of the
    others, under which each line says its side; None for lines that tell it already."""
    written = 0
    total = con.execute("SELECT count(*) FROM event_rows WHERE NOT no_event").fetchone()[0]
    for source, first, last in ranges(con, sources):
        whole = _whole(source, files[source.file])
        # A body may be so broken that its events are counted otherwise than they were read; then they are written as read.
        if whole and "unnest" in whole and con.execute(f"SELECT count(*) FROM ({whole})").fetchone()[0] != last - first + 1:
            whole = None
        rows = con.cursor().execute(_lines(source, whole, first, last, side_name))
        while chunk := rows.fetchmany(_CHUNK):
            out.write("\n".join([line for (line,) in chunk]) + "\n")
            written += len(chunk)
            told(written / total)
    if written != total:
        raise RuntimeError(f"{written} of {total} events were written")
    return written


def side_name_for(con: duckdb.DuckDBPyConnection, sources: list[Source], files: list[ReadFile]) -> str:
    """A key for the side that no event of the log has."""
    whole = [text for source in sources if (text := _whole(source, files[source.file]))]
    for name in SIDE_NAMES[:-1]:
        asked = (f"SELECT 1 FROM ({text}) WHERE json_exists(CAST(text AS JSON), '$.{name}') LIMIT 1" for text in whole)
        if not any(con.execute(query).fetchone() for query in asked):
            return name
    return SIDE_NAMES[-1]


def keeps_all_fields(files: Iterable[ReadFile]) -> bool:
    """Do all of these files hold events as they were sent?"""
    return all(file.format in _PLAIN for file in files)


def _lines(source: Source, whole: str | None, first: int, last: int, side_name: str | None) -> str:
    """SQL: the lines of the rows from place `first` to `last`, which are those of the source; `whole` gives them as they were sent."""
    text = "text" if whole else _canonical(source.consent)
    no_object = "bare AND json_type(text, '$.user_data') <> 'OBJECT'"
    patch = f"coalesce(patch, CASE WHEN {no_object} THEN '{{\"user_data\":null}}' END)" if whole else "patch"
    # A document may be written over several lines.
    one_line = "CASE WHEN contains(text, chr(10)) OR contains(text, chr(13)) THEN CAST(json(text) AS VARCHAR) ELSE text END"
    patched = "CAST(json_merge_patch(CAST(text AS JSON), CAST(patch AS JSON)) AS VARCHAR)"
    line = f"CASE WHEN patch IS NULL THEN {one_line} ELSE {patched} END"
    if side_name:
        marked = f"""'{{"{side_name}":"' || known_side || '",' || ltrim(line)[2:]"""
        line = f"CASE WHEN known_side = 'unknown' THEN line ELSE {marked} END FROM (SELECT {line} AS line, known_side"
    return f"""
        SELECT {line} FROM (
            SELECT {text} AS text, {patch} AS patch, known_side FROM ({whole or source.sql}) POSITIONAL JOIN (
                SELECT side AS known_side, no_event AS none, patch, bare, event_time AS seconds
                FROM event_rows LEFT JOIN fixed ON event_rows.rowid = place
                WHERE event_rows.rowid BETWEEN {first} AND {last} ORDER BY event_rows.rowid)
            WHERE NOT none){")" if side_name else ""}"""


# As sent -----------------------------------------------------------------------------------------------------------------------


def _whole(source: Source, file: ReadFile) -> str | None:
    """SQL: the events of the source as they were sent (`text`), in its order; None where they are not to be had.

    The source's own SQL says which file it reads and how; here the same file is read as text.
    """
    match = _READ.search(source.sql)
    if file.format not in _PLAIN or match is None:
        return None
    path, layout, cap, first_column = match.groups()
    forgiving = ", ignore_errors=true" if layout == "newline_delimited" else ""
    objects = f"read_json_objects('{path}', format='{layout}', maximum_object_size={cap}, compression='none'{forgiving})"
    if first_column == "data":
        return _in_bodies(objects)
    if '(_row)::BIGINT' in source.sql:
        return f"SELECT regexp_replace(CAST(json AS VARCHAR), '^\\{{\"_row\":[0-9]+,?', '{{') AS text FROM {objects}"
    return f"SELECT CAST(json AS VARCHAR) AS text FROM {objects}"


def _in_bodies(objects: str) -> str:
    """SQL: the events in request bodies. The test code of a body counts for each event in it."""
    events = "json_extract(json, '$.data[*]')"
    return f"""
        SELECT CASE WHEN json_type(code) = 'VARCHAR' AND NOT json_exists(event, '$.test_event_code')
                    THEN '{{"test_event_code":' || CAST(code AS VARCHAR) || ',' || CAST(event AS VARCHAR)[2:]
                    ELSE CAST(event AS VARCHAR) END AS text
        FROM (SELECT unnest(CASE WHEN len({events}) > 0 THEN {events} ELSE [NULL] END) AS event,
                     json_extract(json, '$.test_event_code') AS code FROM {objects})"""


# As read -----------------------------------------------------------------------------------------------------------------------


def _canonical(consent: bool = False) -> str:
    """SQL: an event from the fields that were read. What tables give as text is written in the type that Meta wants."""
    typed = {
        "event_time": "CAST(seconds AS VARCHAR)",
        "opt_out": "CAST(TRY_CAST(opt_out ->> '$' AS BOOLEAN) AS VARCHAR)",
        "data_processing_options": "CASE WHEN json_type(data_processing_options) <> 'ARRAY' "
        "THEN '[' || CAST(data_processing_options AS VARCHAR) || ']' END",
    }
    leaves = {leaf: f"CAST({leaf} AS VARCHAR)" for leaf in EVENT_LEAVES}
    leaves |= {leaf: f"CASE WHEN as_sent THEN {leaves[leaf]} ELSE coalesce({text}, {leaves[leaf]}) END" for leaf, text in typed.items()}
    parts = [_member(name, value) for name, value in leaves.items()]
    parts[0] = f"coalesce({parts[0]}, '\"event_name\":null')"
    user = ", ".join(_member(key, f"CAST(user_data.{sql.name(key)} AS VARCHAR)") for key in (*KEYS, *MISNAMED_KEYS))
    parts.append(f"'\"user_data\":{{' || concat_ws(',', {user}) || '}}'")
    parts.append(_member("custom_data", _custom_data()))
    parts += [_member(name, f"CAST({name} AS VARCHAR)") for name in ("pixel_id", "received_at", "sender")]
    if consent:
        # What was said about consent goes back among the event's own fields, where the reader finds it again.
        parts.append("nullif(CAST(consent AS VARCHAR)[2:-2], '')")
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _custom_data() -> str:
    """SQL: custom_data as text."""
    plain = "json_merge_patch('{}'::JSON, custom_data)"
    for name, kind in (("value", "DOUBLE"), ("num_items", "BIGINT")):
        number = f"TRY_CAST(custom_data ->> '$.{name}' AS {kind})"
        member = f"CASE WHEN isfinite({number}::DOUBLE) THEN json_object('{name}', {number}) ELSE '{{}}'::JSON END"
        plain = f"json_merge_patch({plain}, {member})"
    return f"CASE WHEN as_sent OR json_type(custom_data) <> 'OBJECT' THEN CAST(custom_data AS VARCHAR) ELSE CAST({plain} AS VARCHAR) END"


def _member(name: str, value: str) -> str:
    """SQL: a member of an object, NULL where the value is."""
    return f"'\"{name}\":' || {value}"
