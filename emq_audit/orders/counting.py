"""The comparison: true orders of the shop against the Purchases that Meta counts."""

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from emq_audit.orders import notes
from emq_audit.orders.columns import places
from emq_audit.orders.file import Sheet, load, sheets
from emq_audit.orders.listing import Listing, list_orders, without_ids
from emq_audit.orders.matching import Match, agreeing, match
from emq_audit.orders.span import Span, spans
from emq_audit.report import Orders

CENT = 0.01
"""By how much a value may differ from an order's total: rounding."""

_TABLES = (
    "order_cells",
    "order_rows",
    "order_said",
    "order_words",
    "order_groups",
    "order_stated",
    "order_load",
    "order_list",
    "order_hits",
    "order_purchases",
    "order_counts",
)


def reconcile(con: duckdb.DuckDBPyConnection, orders: Any) -> Orders:
    """Compare the orders in a file with the table `purchases` of a finished audit; nothing is left in `con`.

    A true order (see `statuses`) is `missing` where Meta counts no Purchase for it, `counted_once` where it counts one, `duplicated` where
    it counts more on one pixel. True orders that no Purchase names and that lie outside the time the log covers are left out, because the
    log cannot tell (see `span`). `extra` counts Purchases, all else orders.

    Raises AuditError for a file that cannot be read or in which no column holds order ids.
    """
    with tempfile.TemporaryDirectory(prefix="emq-audit-") as place:
        try:
            listing, found = _listed(con, orders, Path(place))
            _assign(con, found)
            covered = spans(con)
            return _counted(con, listing, found, covered)
        finally:
            for name in _TABLES:
                con.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _listed(con: duckdb.DuckDBPyConnection, orders: Any, place: Path) -> tuple[Listing, Match]:
    """The orders and how they are recognised: by the columns named as ids, else by the one that agrees with the log."""
    found = sheets(orders, place)
    roles = places(found[0].names)
    if "id" in roles:
        listing = list_orders(con, found, roles, place)
        matched = match(con)
        if matched.orders:
            return listing, matched
    column = _agreeing(con, found, place)
    if column is None:
        if "id" in roles:
            return listing, matched
        raise without_ids(found[0])
    return list_orders(con, found, roles | {"id": (column,)}, place), match(con)


def _agreeing(con: duckdb.DuckDBPyConnection, found: list[Sheet], place: Path) -> int | None:
    width = len(found[0].names)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE order_cells ({', '.join(f'c{column} VARCHAR' for column in range(width))})"
    )
    for number, sheet in enumerate(found):
        load(con, "order_cells", sheet, range(width), place / f"all-{number}")
    return agreeing(con, width)


def _assign(con: duckdb.DuckDBPyConnection, found: Match) -> None:
    """`order_purchases`: every Purchase with the order `n` it belongs to, and `named`: does it carry an order id of the shop?

    An order id says which order; an event id only where there is none, or where the order ids are foreign. An event id that matches no
    order is taken for the id of an unknown one only if it looks like those that match: the same parts of digits and letters, about as long.
    """
    spoken = "NULL" if found.foreign else "p.order_id"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE order_purchases AS
        WITH joined AS (
            SELECT p.pixel, p.counted, p.moment, p.value, upper(trim(p.currency)) AS currency, {spoken} AS spoken,
                   e.n IS NOT NULL AS by_event, CASE WHEN spoken IS NULL THEN e.n ELSE o.n END AS n, {_SHAPE} AS shape,
                   length(p.event_id) AS long
            FROM purchases p
            LEFT JOIN order_hits o ON o.sent = 'order_id' AND o.id = trim(p.order_id)
            LEFT JOIN order_hits e ON e.sent = 'event_id' AND e.id = trim(p.event_id) AND p.id_state = 'present'
                                     AND {spoken} IS NULL),
        shapes AS (SELECT shape, min(long) - 1 AS shortest, max(long) + 1 AS longest FROM joined WHERE by_event GROUP BY ALL)
        SELECT j.pixel, counted, moment, value, currency, n,
               n IS NOT NULL OR spoken IS NOT NULL OR coalesce(long BETWEEN shortest AND longest, false) AS named
        FROM joined j LEFT JOIN shapes USING (shape)""")


# The parts of an id: 9 for digits, A for letters, X for both; NULL for a placeholder.
_SHAPE = """CASE WHEN p.id_state = 'present' THEN
    regexp_replace(regexp_replace(regexp_replace(lower(trim(p.event_id)), '[0-9a-z]*([0-9][a-z]|[a-z][0-9])[0-9a-z]*', 'X', 'g'),
                   '[a-z]+', 'A', 'g'), '[0-9]+', '9', 'g') END"""


def _near(totals: str) -> str:
    """SQL: is the value of a Purchase one of these amounts?"""
    return f"(len(list_filter({totals}, lambda total: round(abs(total - p.value), 6) <= {CENT})) > 0)"


def _counted(con: duckdb.DuckDBPyConnection, listing: Listing, found: Match, covered: Span) -> Orders:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE order_counts AS {_COUNTS.format(outside=covered.outside_log('o'))}"
    )
    values = con.execute(f"""
        SELECT count(*) FILTER (kept) AS orders, count(*) FILTER (kept AND times = 1) AS counted_once,
               count(*) FILTER (kept AND times = 0) AS missing, count(*) FILTER (kept AND times > 1) AS duplicated,
               (SELECT count(*) FROM order_purchases p
                WHERE counted AND n IS NULL AND named AND NOT {covered.outside_file("p")}) AS extra,
               count(*) FILTER (NOT true_order AND times > 0) AS unpaid_sent, count(*) FILTER (kept AND other_value) AS value_differs,
               count(*) FILTER (kept AND other_currency) AS currency_differs
        FROM order_counts""")
    names = [column[0] for column in values.description]
    counts = dict(zip(names, map(int, values.fetchone()), strict=True))
    return Orders(**counts, matched_by=found.sent, notes=notes.notes(con, listing, found, covered))


# `order_counts`: `order_list` with `times` (how often the pixel that counts the order most counts it), `sent` (Purchases that name it,
# counted or not), how their values compare (in one currency only), `outside`, and `kept`: a true order that the log can tell about.
_COUNTS = f"""
    WITH by_pixel AS (SELECT n, pixel, count(*) FILTER (counted) AS times, count(*) AS sent FROM order_purchases
                      WHERE n IS NOT NULL GROUP BY ALL),
    times AS (SELECT n, max(times) AS times, sum(sent) AS sent FROM by_pixel GROUP BY ALL),
    compared AS (SELECT n, p.value IS NULL AS no_value, p.currency <> o.currency AS other_currency,
                        p.value IS NOT NULL AND len(o.totals) > 0 AND NOT coalesce(other_currency, false) AS told,
                        told AND NOT {_near("o.totals")} AS other_value,
                        told AND {_near("o.totals")} AND NOT {_near("[o.value]")} AS part_value
                 FROM order_purchases p JOIN order_list o USING (n) WHERE p.counted),
    amounts AS (SELECT n, bool_or(no_value) AS no_value, bool_or(other_currency) AS other_currency, bool_or(other_value) AS other_value,
                       bool_or(part_value) AS part_value FROM compared GROUP BY ALL)
    SELECT o.*, coalesce(times, 0) AS times, coalesce(sent, 0) AS sent, coalesce(other_currency, false) AS other_currency,
           coalesce(other_value, false) AS other_value, coalesce(part_value, false) AS part_value, coalesce(no_value, false) AS no_value,
           sent IS NULL AND {{outside}} AS outside, true_order AND NOT outside AS kept
    FROM order_list o LEFT JOIN times USING (n) LEFT JOIN amounts USING (n)"""
