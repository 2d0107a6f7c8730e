"""SQL shared by the readers: names and texts quoted, the columns of a source in their order."""

from emq_audit.read.source import EVENT_LEAVES, USER_DATA

LINE_CAP = 16 * 1024 * 1024
"""Longest line or record in bytes; what is longer is no log line."""


def text(value: object) -> str:
    """A string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def name(column: str) -> str:
    """A quoted identifier."""
    return '"' + column.replace('"', '""') + '"'


def columns(types: dict[str, str]) -> str:
    """The `columns` argument of read_json or read_csv."""
    return "{" + ", ".join(f"{text(column)}: {text(kind)}" for column, kind in types.items()) + "}"


EVENT_TYPES = {**dict.fromkeys(EVENT_LEAVES, "JSON"), "user_data": USER_DATA, "custom_data": "JSON"}
"""Type by column of one event in JSON."""


def select(
    file: int,
    relation: str,
    *,
    row: str = "NULL",
    side: str = "'unknown'",
    as_sent: str = "true",
    values: dict[str, str] | None = None,
    consent: str | None = None,
) -> str:
    """The SELECT of a source. `values` gives the expression of each column that `relation` does not carry under its own name, `consent`
    that of the leaf with the signals of consent, if there are any."""
    given = {"sender": "NULL::JSON", "pixel_id": "NULL::JSON", "received_at": "NULL::JSON"}
    given |= {column: column for column in EVENT_TYPES} | (values or {}) | ({"consent": consent} if consent else {})
    listed = ", ".join(f"{expression} AS {column}" for column, expression in given.items())
    return (
        f'SELECT {file}::SMALLINT AS file, ({row})::BIGINT AS "row", {side} AS side, {as_sent} AS as_sent, {listed} '
        f"FROM {relation}"
    )
