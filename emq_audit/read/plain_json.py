"""The plain JSON shapes: events or request bodies, one a line, in an array or in one document. DuckDB reads them; no Python a row."""

from collections.abc import Mapping
from pathlib import Path

from emq_audit.read import sql
from emq_audit.read.consent import Keys

NO_CONSENT = Keys()


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
    file: int,
    path: Path,
    layout: str,
    side: str,
    extra: Mapping[str, str],
    *,
    numbered: bool = False,
    consent: Keys = NO_CONSENT,
) -> str:
    """Events as they were sent. `extra` maps sender, pixel_id, received_at or side to the key that holds it; `consent` are the keys with
    signals of consent."""
    types = {
        **sql.EVENT_TYPES,
        **consent.types(),
        **dict.fromkeys(extra.values(), "JSON"),
        **({"_row": "BIGINT"} if numbered else {}),
    }
    return sql.select(
        file,
        relation(path, layout, types),
        row="_row" if numbered else "NULL",
        side=side,
        values={field: sql.name(key) for field, key in extra.items() if field != "side"},
        consent=consent.leaf() if consent else None,
    )


def body_types(consent: Keys, around: Keys) -> dict[str, str]:
    """Columns of a request body; `consent` are the keys with signals in its events, `around` those beside them."""
    event = ", ".join(f"{sql.name(column)} {kind}" for column, kind in (sql.EVENT_TYPES | consent.types()).items())
    return {"data": f"STRUCT({event})[]", "partner_agent": "JSON", "test_event_code": "JSON"} | around.types()


def bodies(
    file: int,
    path: Path,
    layout: str,
    side: str,
    cap: int = sql.LINE_CAP,
    *,
    consent: Keys = NO_CONSENT,
    around: Keys = NO_CONSENT,
) -> str:
    """Request bodies {"data": [...]}, one a line (rows are lines) or one in all (rows are events, counted).

    An empty body keeps one row without an event, so that it is counted. What stands `around` the events counts for each of them.
    """
    types = body_types(consent, around)
    bodies = f"(SELECT row_number() OVER () AS line, * FROM {relation(path, layout, types, cap)})"
    beside = {key: f"around_{place}" for place, key in enumerate(around.top)}
    unnested = (
        f"(SELECT line, partner_agent, test_event_code AS code, {''.join(f'{sql.name(k)} AS {c}, ' for k, c in beside.items())}"
        f"unnest(data) AS event "
        f"FROM (SELECT * REPLACE (CASE WHEN len(data) > 0 THEN data ELSE [NULL] END AS data) FROM {bodies}))"
    )
    values = {column: f"event.{column}" for column in sql.EVENT_TYPES}
    values |= {"test_event_code": "coalesce(event.test_event_code, code)", "sender": "partner_agent"}
    row = "line" if layout == "newline_delimited" else "row_number() OVER ()"
    leaf = consent.leaf("event.", beside) if consent or around else None
    return sql.select(file, unnested, row=row, side=side, values=values, consent=leaf)
