"""Amounts as people and programs write them: 1234.5, 1,234.50, 1.234,50 kr, 1 234,50 and 1'234.50."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from emq_audit.read import sql

_BLANKS = " \t\r\n\u00a0\u202f\u2009\u2007'\u2019"
_CODE = r"(?:^|[^A-Za-z])([A-Z]{3})(?:[^A-Za-z]|$)"


def digits(cell: str) -> str:
    """SQL: the number in a cell with its points and commas, or NULL. Up to eight other signs may stand before or behind it."""
    bare = f"translate({cell}, {sql.text(_BLANKS)}, '')"
    led = f"regexp_replace({bare}, '^(-?)([.,][0-9]+)$', '\\10\\2')"
    number = f"regexp_extract({led}, '^[^0-9]{{0,8}}?(-?[0-9](?:[0-9.,]*[0-9])?)[^0-9]{{0,8}}$', 1)"
    return f"nullif({number}, '')"


def currency(cell: str) -> str:
    """SQL: the currency that stands with an amount. Signs that several countries share, such as $ and kr, tell none."""
    return f"CASE WHEN contains({cell}, '€') THEN 'EUR' ELSE nullif(regexp_extract({cell}, '{_CODE}', 1), '') END"


def code(cell: str) -> str:
    """SQL: the three letters of a currency, or NULL where a cell holds something else."""
    return (
        f"CASE WHEN {cell} = '€' OR upper({cell}) = 'EURO' THEN 'EUR'"
        f" WHEN regexp_full_match({cell}, '[A-Za-z]{{3}}') THEN upper({cell}) END"
    )


@dataclass(frozen=True)
class Style:
    """How the file groups digits: does a point, does a comma mean thousands in 1.234 and 1,234, which alone tell nothing?"""

    points_group: bool
    commas_group: bool


# One separator with three digits behind it, which may be thousands or decimals.
_EITHER = "'-?[1-9][0-9]{0,2}[.,][0-9]{3}'"


def style(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> Style:
    """What the other amounts in `columns` (as `digits` gives them) say about those that can be read in two ways."""
    if not columns:
        return Style(False, True)
    cells = " UNION ALL ".join(f"SELECT {column} AS d FROM {table}" for column in columns)
    row = con.execute(f"""
        WITH seen AS (SELECT d, strlen(d) - strlen(replace(d, '.', '')) AS points, strlen(d) - strlen(replace(d, ',', '')) AS commas,
                             strpos(reverse(d), ',') AS comma, strpos(reverse(d), '.') AS point,
                             regexp_full_match(d, {_EITHER}) AS either
                      FROM (SELECT DISTINCT d FROM ({cells}) WHERE d IS NOT NULL))
        SELECT coalesce(bool_or((points = 0 AND commas = 1 AND NOT either) OR (points > 0 AND commas = 1 AND comma < point)
                                OR (points > 1 AND commas = 0)), false) AS decimal_comma,
               coalesce(bool_or((commas = 0 AND points = 1 AND NOT either) OR (commas > 0 AND points = 1 AND point < comma)
                                OR (commas > 1 AND points = 0)), false) AS decimal_point,
               coalesce(bool_or(points + commas = 0 AND abs(TRY_CAST(d AS DOUBLE)) BETWEEN 1 AND 999), false) AS small,
               coalesce(bool_or(points + commas = 0 AND abs(TRY_CAST(d AS DOUBLE)) >= 1000), false) AS large
        FROM seen""").fetchone()
    comma, point, small, large = row or (False, False, False, False)
    return Style(
        points_group=(comma and not point) or (not comma and not point and small and not large),
        commas_group=not comma or point,
    )


def number(cell: str, style: Style) -> str:
    """SQL: `digits` as a DOUBLE."""
    no_points, no_commas = f"replace({cell}, '.', '')", f"replace({cell}, ',', '')"
    comma_last = f"strpos(reverse({cell}), ',') < strpos(reverse({cell}), '.')"
    text = f"""CASE
        WHEN contains({cell}, '.') AND contains({cell}, ',')
            THEN CASE WHEN {comma_last} THEN replace({no_points}, ',', '.') ELSE {no_commas} END
        WHEN {cell} LIKE '%.%.%' THEN {no_points}
        WHEN {cell} LIKE '%,%,%' THEN {no_commas}
        WHEN regexp_full_match({cell}, {_EITHER}) AND contains({cell}, '.') THEN {no_points if style.points_group else cell}
        WHEN regexp_full_match({cell}, {_EITHER}) THEN {no_commas if style.commas_group else f"replace({cell}, ',', '.')"}
        ELSE replace({cell}, ',', '.') END"""
    return f"TRY_CAST({text} AS DOUBLE)"
