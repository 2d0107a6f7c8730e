"""One row an order, whatever the rows of the file are: orders, line items, or the same order in two exports."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from emq_audit.errors import AuditError
from emq_audit.orders import amounts, moments, statuses
from emq_audit.orders.columns import places, shown
from emq_audit.orders.file import WHAT_TO_GIVE, Sheet, load, sheets
from emq_audit.read import probe, sql, table

_AMOUNTS = ("total", "other_total", "shipping", "tax")
_ASKED = ("payment_method", "tags", "source")
"""Roles of which only one thing is asked."""
_BLANKS = " \t\r\n\x0b\x0c\x85\u00a0\u2000\u2001\u2002\u2003\u2007\u2009\u200b\u202f\u3000\ufeff"
_LONGEST_ID = 200
_TOTALS = r"(?i)(grand )?(totals?|sum|summe|gesamt|i alt|totaal|totale?|somme)\s*:?"
# Sales channels without a website in front of the customer: the till, orders the shop types in, renewals.
_ELSEWHERE = r"^(pos|point of sale|shopify_draft_order|draft|admin|phone|telephone|subscription\w*|renewal)\b"


@dataclass(frozen=True)
class Listing:
    """What is known of a file beside its orders. `ids` are the headings of its id columns, in the order of `order_list.ids`; `days` tells
    how its dates are written: read, none, unclear (05/11 may be May or November).
    """

    name: str
    ids: tuple[str, ...]
    roles: frozenset[str]
    days: str
    odd: int


def read_orders(orders: Any) -> pd.DataFrame:
    """The orders in a file, one row each, in the order of their ids.

    `orders` is what can be given as a log: a path, a (name, bytes) pair, a DataFrame.

    Columns: order_id (text, as in the file), other_ids (list: the order's further ids), value (order total, None if the file has none),
    totals (list of the amounts a shop may send as value: the total, and without shipping, tax or both), currency (code or None), status
    (words of the file or None), true_order (paid, not cancelled, no test; see `statuses`), moment (Unix seconds; without a time zone in the
    file taken as UTC).

    Raises AuditError for a file that cannot be read, holds no orders, or has no column that is named like an order id.
    """
    with tempfile.TemporaryDirectory(prefix="emq-audit-") as place, probe.connect(Path(place)) as con:
        con.execute("SET TimeZone = 'UTC'")
        found = sheets(orders, Path(place))
        roles = places(found[0].names)
        if "id" not in roles:
            raise without_ids(found[0])
        list_orders(con, found, roles, Path(place))
        frame = con.execute(
            """SELECT order_id, list_filter(ids, lambda id: id IS NOT NULL AND id <> order_id) AS other_ids, value, totals, currency,
                      status, true_order, moment FROM order_list ORDER BY order_id"""
        ).df()
    return frame.astype({"moment": "Int64"})


def without_ids(sheet: Sheet) -> AuditError:
    """The error for a file in which no column holds order ids."""
    headed = shown(sheet.names)
    columns = f"Its columns are: {headed}." if headed else "Its first row holds no headings."
    return AuditError(
        f"No column of {sheet.name} holds order ids.",
        f"Name the column with the order ids order_id in the first row. {columns}",
    )


def list_orders(
    con: duckdb.DuckDBPyConnection, found: Sequence[Sheet], roles: dict[str, tuple[int, ...]], place: Path
) -> Listing:
    """Make the temporary table `order_list`, one row an order: n, ids (by id column), the columns of `read_orders` but other_ids, refunded,
    authorised, unknown (a status that is in no list), zoned (its moment has a time zone), a_day (and no time), elsewhere (no website).

    Raises AuditError where the file has no orders.
    """
    used = sorted({column for columns in roles.values() for column in columns})
    cells = ", ".join(f"c{column} VARCHAR" for column in used)
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_cells ({cells})")
    odd = sum(
        load(con, "order_cells", sheet, used, place / f"orders-{number}")
        for number, sheet in enumerate(found)
    )
    names = found[0].names
    columns = {role: tuple(f"{role}{number}" for number in range(len(had))) for role, had in roles.items()}
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_rows AS {_cells(roles)}")
    con.execute("DROP TABLE order_cells")
    con.execute(f"DELETE FROM order_rows WHERE {_no_order(columns['id'], [names[at] for at in roles['id']])}")
    begins = [moments.order_of_parts(con, "order_rows", column) for column in columns.get("date", ())]
    _meanings(con, columns.get("status", ()))
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_said AS {_said(con, columns, begins)}")
    con.execute("DROP TABLE order_rows")
    days = _days(con)
    _group(con, len(roles["id"]))
    con.execute("DROP TABLE order_said")
    if not con.execute("SELECT count(*) FROM order_list").fetchone()[0]:
        raise AuditError(f"There are no orders in {found[0].name} below its headings.", WHAT_TO_GIVE)
    headings = tuple(" ".join(names[at].split()) for at in roles["id"])
    return Listing(found[0].name, headings, frozenset(roles), days, odd)


def _cells(roles: dict[str, tuple[int, ...]]) -> str:
    """SQL: the cells that are kept, named by role and number; amounts as their digits; what says nothing is NULL.

    Blanks around a cell are taken off, and what spreadsheets put in front of text ('1042, ="1042"). Plain cells, nearly all, cost one look.
    """
    tidied, listed = [], []
    for role, places_of in roles.items():
        for number, place in enumerate(places_of):
            name, cell = f"{role}{number}", f"c{place}"
            if role in _AMOUNTS:
                listed.append(f"{amounts.digits(cell)} AS {name}")
            elif role in _ASKED:
                listed.append(f"{cell} AS {name}")
            else:
                tidied.append(f"{_tidy(cell)} AS {name}")
                listed.append(f"CASE WHEN NOT {table.is_nothing(name)} THEN nullif({name}, '') END AS {name}")
    if "total" in roles:
        listed.append(f"{amounts.currency('c' + str(roles['total'][0]))} AS currency_of_total")
    return f"SELECT {', '.join(listed)} FROM (SELECT *, {', '.join(tidied)} FROM order_cells)"


def _tidy(cell: str) -> str:
    """SQL: a cell without what stands around its text."""
    return (
        f"CASE WHEN regexp_full_match({cell}, '[!-&(-<>-~]([ -~]*[!-~])?') THEN {cell}"
        f" ELSE regexp_replace(trim({cell}, {sql.text(_BLANKS)}), '^=\"(.*)\"$|^''([0-9=+@-].*)$', '\\1\\2') END"
    )


def _no_order(ids: Sequence[str], names: Sequence[str]) -> str:
    """SQL: rows that are the headings again, or totals."""
    again = [f"{column} = {sql.text(name)}" for column, name in zip(ids, names, strict=True)]
    return _any([*again, *(f"regexp_full_match({column}, {sql.text(_TOTALS)})" for column in ids)])


def _key(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> str:
    """The id column that tells orders apart: the first that is not nearly empty beside the others."""
    listed = ", ".join(f"count(DISTINCT {column})" for column in ids)
    counts = con.execute(f"SELECT {listed} FROM order_rows").fetchone()
    return next(column for column, count in zip(ids, counts, strict=True) if 10 * count >= max(counts))


def _meanings(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
    """The temporary table `order_words`: each different status with what it means, a handful in most files."""
    cells = " UNION ALL ".join(f"SELECT {column} AS word FROM order_rows" for column in columns)
    distinct = f"SELECT DISTINCT word FROM ({cells}) WHERE word IS NOT NULL"
    words = [row[0] for row in con.execute(distinct).fetchall()] if columns else []
    found = [astuple(statuses.meaning(word)) for word in words]
    listed = [words, *([meaning[place] for meaning in found] for place in range(4))]
    con.execute(
        """CREATE OR REPLACE TEMP TABLE order_words AS
           SELECT unnest(CAST($1 AS VARCHAR[])) AS word, unnest(CAST($2 AS BOOLEAN[])) AS untrue, unnest(CAST($3 AS BOOLEAN[])) AS refunded,
                  unnest(CAST($4 AS BOOLEAN[])) AS authorised, unnest(CAST($5 AS BOOLEAN[])) AS unknown""",
        listed,
    )


def _said(
    con: duckdb.DuckDBPyConnection, columns: dict[str, tuple[str, ...]], begins: Sequence[str | None]
) -> str:
    """SQL: what each row says of its order. Only the first of an order need carry its total, status and date."""
    key = _key(con, columns["id"])
    amount = [column for role in _AMOUNTS for column in columns.get(role, ())]
    style = amounts.style(con, "order_rows", amount)
    numbers = [f"{amounts.number(column, style)} AS {column}_number" for column in amount]
    said, dates = columns.get("status", ()), columns.get("date", ())
    times = [f"{column}_at" for column in dates]
    timed = [
        f"{moments.unix(column, begin)} AS {time}"
        for column, begin, time in zip(dates, begins, times, strict=True)
    ]
    money = [*columns.get("currency", ()), *(["currency_of_total"] if "total" in columns else ())]
    ids = [f"left({column}, {_LONGEST_ID})" for column in columns["id"]]

    def of_date(test: Callable[[str], str]) -> str:
        """SQL: the test asked of the first date that was read."""
        return _coalesce(
            [
                f"CASE WHEN {time} IS NOT NULL THEN {test(date)} END"
                for date, time in zip(dates, times, strict=True)
            ]
        )

    return f"""
        SELECT left({key}, {_LONGEST_ID}) AS order_id, [{", ".join(ids)}] AS ids, {_totals(columns)} AS totals,
               {_coalesce([amounts.code(column) for column in money])} AS currency,
               CAST([{", ".join(said)}] AS VARCHAR[]) AS said, {_any(_untrue(columns))} AS untrue,
               {_coalesce(times)} AS moment, {of_date(moments.has_zone)} AS zoned, {of_date(moments.is_a_day)} AS a_day,
               {_any([f"regexp_matches({column}, '{moments.DATED}')" for column in dates])} AS dated,
               {_any([f"regexp_matches(lower({column}), '{_ELSEWHERE}')" for column in columns.get("source", ())])} AS elsewhere
        FROM (SELECT {", ".join(["*", *numbers, *timed])} FROM order_rows WHERE {key} IS NOT NULL)"""


def _any(tests: Sequence[str]) -> str:
    """SQL: does one of the tests hold? NULL does not."""
    return f"({' OR '.join(f'coalesce({test}, false)' for test in tests)})" if tests else "false"


def _coalesce(values: Sequence[str]) -> str:
    return f"coalesce({', '.join(values)})" if values else "NULL"


def _totals(columns: dict[str, tuple[str, ...]]) -> str:
    """SQL: what a shop may send as the value: the total, the file's other totals, the total without tax, without shipping, without both."""
    total, other, tax, shipping = (
        [f"{column}_number" for column in columns.get(role, ())]
        for role in ("total", "other_total", "tax", "shipping")
    )
    if not total:
        return "CAST([NULL] AS DOUBLE[])"
    parts = [tax, shipping, [*tax, *shipping] if tax and shipping else []]
    less = [f"round({' - '.join([*total, *part])}, 4)" for part in parts if part]
    return f"[{', '.join([*total, *other, *less])}]"


def _untrue(columns: dict[str, tuple[str, ...]]) -> list[str]:
    """SQL: tests beside the status that say that an order is not paid, is cancelled, or is a test."""
    return [
        *(statuses.is_no(column) for column in columns.get("paid", ())),
        *(f"NOT {statuses.is_no(column)}" for column in columns.get("cancelled", ())),
        *(statuses.is_yes(column) for column in columns.get("test", ())),
        *(statuses.is_test_payment(column) for column in columns.get("payment_method", ())),
        *(statuses.is_test_tag(column) for column in columns.get("tags", ())),
    ]


def _days(con: duckdb.DuckDBPyConnection) -> str:
    """Whether dates were read."""
    read, unclear = con.execute("SELECT count(moment), count(*) FILTER (dated) FROM order_said").fetchone()
    return "read" if read else "unclear" if unclear else "none"


def _group(con: duckdb.DuckDBPyConnection, ids: int) -> None:
    """Make `order_list` of `order_said` and `order_words`: the rows of each order as one. Nothing depends on the order of rows.

    Amounts by line item differ within an order, and then their sum is the total. Where a file has such orders, equal amounts may be by line
    too, so that for all of them the sum is one of the totals.
    """
    least = [f"min(ids[{number}])" for number in range(1, ids + 1)]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE order_groups AS
        SELECT row_number() OVER (ORDER BY order_id) AS n, order_id, [{", ".join(least)}] AS ids,
               min(totals[1]) < max(totals[1]) AS differ, max(totals[1]) AS greatest, round(sum(totals[1]), 4) AS summed,
               list_distinct(flatten(list(totals))) AS totals, CAST(min(currency) AS VARCHAR) AS currency,
               list_distinct(flatten(list(said))) AS said, bool_or(untrue) AS untrue, CAST(min(moment) AS BIGINT) AS moment,
               coalesce(bool_and(CAST(zoned AS BOOLEAN)), true) AS zoned, coalesce(bool_or(CAST(a_day AS BOOLEAN)), false) AS a_day,
               bool_or(elsewhere) AS elsewhere
        FROM order_said GROUP BY order_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE order_stated AS
        SELECT n, bool_or(untrue) AS undone, bool_or(refunded) AS refunded, bool_or(authorised) AS authorised, bool_or(unknown) AS unknown
        FROM (SELECT n, unnest(said) AS word FROM order_groups) JOIN order_words USING (word) GROUP BY n""")
    by_line = con.execute("SELECT coalesce(bool_or(differ), false) FROM order_groups").fetchone()[0]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE order_list AS
        SELECT n, order_id, ids, CASE WHEN differ THEN summed ELSE greatest END AS value,
               list_sort({"list_distinct(list_append(totals, summed))" if by_line else "totals"}) AS totals, currency,
               nullif(left(array_to_string(list_sort(list_distinct(list_transform(said, lambda word: lower(word)))), ', '), 100), '')
                   AS status,
               NOT (untrue OR coalesce(undone, false)) AS true_order, coalesce(refunded, false) AS refunded,
               coalesce(authorised, false) AS authorised, coalesce(unknown, false) AS unknown, moment, zoned, a_day, elsewhere
        FROM order_groups LEFT JOIN order_stated USING (n)""")
    for name in ("order_words", "order_groups", "order_stated"):
        con.execute(f"DROP TABLE {name}")
