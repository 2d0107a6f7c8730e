"""The plain JSON shapes: events or request bodies, one a line, in an array or in one document. DuckDB reads them; no Python a row."""

from collections.abc import Mapping
from pathlib import Path

from emq_audit.read import sql

EVENT_STRUCT = "STRUCT(" + ", ".join(f"{column} {kind}" for column, kind in sql.EVENT_TYPES.items()) + ")"
BODY_TYPES = {"data": EVENT_STRUCT + "[]", "partner_agent": "JSON", "test_event_code": "JSON"}


def relation(path: Path, layout: str, types: dict[str, str], cap: int = sql.LINE_CAP) -> str:
    """read_json over a file; `layout` is newline_delimited, array or unstructured."""
    # Only lines can be skipped when they are broken; it gives them as rows without any value.
    forgiving = ", ignore_errors=true" if layout == "newline_delimited" else ""
    return (
        f"read_json({sql.text(path)}, format='{layout}', maximum_object_size={cap}, columns={sql.columns(types)}{forgiving},"
        " compression='none')"
    )


def numbered(path: Path, spool: Path) -> Path:
    """A copy without blank lines in which every object says on which line it stood; DuckDB counts only lines that hold something."""
    with path.open("rb") as log, spool.open("wb") as copy:
        for number, line in enumerate(log, 1):
            bare = line.strip(b" \t\r\n")
            if bare[:1] == b"{":
                rest = bare[1:].lstrip(b" \t")
                copy.write(b'{"_row":%d%s%s\n' % (number, b"" if rest[:1] == b"}" else b",", rest))
            elif bare:
                copy.write(b"0\n")
    return spool


def events(
    file: int, path: Path, layout: str, side: str, extra: Mapping[str, str], *, numbered: bool = False
) -> str:
    """Events as they were sent. `extra` maps sender, pixel_id, received_at or side to the key that holds it."""
    types = {
        **sql.EVENT_TYPES,
        **dict.fromkeys(extra.values(), "JSON"),
        **({"_row": "BIGINT"} if numbered else {}),
    }
    return sql.select(
        file,
        relation(path, layout, types),
        row="_row" if numbered else "NULL",
        side=side,
        values={field: sql.name(key) for field, key in extra.items() if field != "side"},
    )


def bodies(file: int, path: Path, layout: str, side: str, cap: int = sql.LINE_CAP) -> str:
    """Request bodies {"data": [...]}, one a line (rows are lines) or one in all (rows are events, counted).

    An empty body keeps one row without an event, so that it is counted.
    """
    bodies = f"(SELECT row_number() OVER () AS line, * FROM {relation(path, layout, BODY_TYPES, cap)})"
    unnested = (
        f"(SELECT line, partner_agent, test_event_code AS code, unnest(data) AS event "
        f"FROM (SELECT * REPLACE (CASE WHEN len(data) > 0 THEN data ELSE [NULL] END AS data) FROM {bodies}))"
    )
    values = {column: f"event.{column}" for column in sql.EVENT_TYPES}
    values |= {"test_event_code": "coalesce(event.test_event_code, code)", "sender": "partner_agent"}
    row = "line" if layout == "newline_delimited" else "row_number() OVER ()"
    return sql.select(file, unnested, row=row, side=side, values=values)
