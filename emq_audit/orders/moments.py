"""Moments as order exports write them, in Unix seconds. A time without a zone is taken for UTC here and set right in `counting`."""

import duckdb

DAY = 86_400

DATED = r"^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b"
_TIMES = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "")
_NAMED = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d. %B %Y", "%d. %b %Y", "%a, %d %b %Y")


def order_of_parts(con: duckdb.DuckDBPyConnection, table: str, column: str) -> str | None:
    """How dates such as 05/11/2026 begin in a column: `day`, `month`, or None where nothing tells."""
    row = con.execute(f"""
        SELECT max(TRY_CAST(regexp_extract({column}, '^\\d+') AS INTEGER)) > 12,
               max(TRY_CAST(regexp_extract({column}, '^\\d+\\D(\\d+)', 1) AS INTEGER)) > 12,
               bool_or(regexp_matches({column}, '(?i)[ap]\\.?m\\.?$')), bool_and(regexp_matches({column}, '^\\d+\\.'))
        FROM {table} WHERE regexp_matches({column}, '{DATED}')""").fetchone()
    day, month, twelve_hours, points = row or (None, None, None, None)
    if day is None or (day and month):
        return None
    if day or month:
        return "day" if day else "month"
    return "day" if points else "month" if twelve_hours else None


def unix(cell: str, begins: str | None) -> str:
    """SQL: a cell as Unix seconds, or NULL. `begins` is the answer of `order_of_parts`."""
    zoned = f"regexp_replace(regexp_replace({cell}, '(?i)\\s*(utc|gmt)$', 'Z'), '\\s*([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2')"
    cases = [
        f"WHEN regexp_full_match({cell}, '\\d{{10}}') THEN TRY_CAST({cell} AS DOUBLE)",
        f"WHEN regexp_full_match({cell}, '\\d{{13}}') THEN TRY_CAST({cell} AS DOUBLE) / 1000",
        # Days since 1899-12-30, as workbooks count them.
        f"WHEN regexp_full_match({cell}, '[345]\\d{{4}}(\\.\\d+)?') THEN round((TRY_CAST({cell} AS DOUBLE) - 25569) * {DAY})",
        f"WHEN regexp_matches({cell}, '{DATED}') THEN {_dated(cell, begins)}",
        f"WHEN {has_zone(cell)} THEN epoch(TRY_CAST({zoned} AS TIMESTAMPTZ))",
        f"WHEN regexp_matches({cell}, '^\\d{{4}}') THEN epoch(TRY_CAST({cell} AS TIMESTAMP))",
        f"ELSE epoch(try_strptime({cell}, {_formats(_NAMED)}))",
    ]
    return f"TRY_CAST(floor(CASE {' '.join(cases)} END) AS BIGINT)"


def _dated(cell: str, begins: str | None) -> str:
    """SQL: dates of numbers whose year stands last. The separators are made alike first."""
    if begins is None:
        return "NULL"
    alike = (
        f"regexp_replace(regexp_replace({cell}, '^(\\d+)\\D(\\d+)\\D(\\d+)[,T ]*', '\\1/\\2/\\3 '), ' $', '')"
    )
    start = "%d/%m" if begins == "day" else "%m/%d"
    short = f"regexp_matches({cell}, '^\\d+\\D\\d+\\D\\d\\d(\\D|$)')"
    return (
        f"CASE WHEN {short} THEN epoch(try_strptime({alike}, {_formats((f'{start}/%y',))}))"
        f" ELSE epoch(try_strptime({alike}, {_formats((f'{start}/%Y',))})) END"
    )


def _formats(dates: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{date}{time}'" for date in dates for time in _TIMES) + "]"


def has_zone(cell: str) -> str:
    """SQL: does a cell say its time zone?"""
    return (
        f"(regexp_matches({cell}, '(?i):\\d\\d(\\.\\d+)?\\s*(z|utc|gmt|[+-]\\d\\d(:?\\d\\d)?)$')"
        f" OR regexp_full_match({cell}, '\\d{{10}}|\\d{{13}}'))"
    )


def is_a_day(cell: str) -> str:
    """SQL: does a cell name a day without a time?"""
    return f"(NOT contains({cell}, ':') AND NOT regexp_full_match({cell}, '\\d{{10}}|\\d{{13}}|\\d{{5}}\\.\\d+'))"
