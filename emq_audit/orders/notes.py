"""What the numbers of a reconciliation cannot say by themselves, in sentences."""

from datetime import UTC, datetime

import duckdb

from emq_audit.mask import mask_email, printable
from emq_audit.orders.listing import Listing
from emq_audit.orders.matching import Match
from emq_audit.orders.span import Span

_SHOWN = 5


def notes(con: duckdb.DuckDBPyConnection, listing: Listing, found: Match, covered: Span) -> tuple[str, ...]:
    """The notes that apply: how orders were recognised, then times, statuses, amounts, and what the log itself does not tell."""
    parts = (
        _matching(con, listing, found),
        _times(con, listing, covered),
        _statuses(con, listing),
        _amounts(con),
        _purchases(con),
    )
    return tuple(note for part in parts for note in part)


def _counts(con: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    return tuple(int(value or 0) for value in con.execute(query).fetchone())


def _shown(text: str) -> str:
    """A heading or status, fit to be shown."""
    return printable(mask_email(" ".join(text.split())))


def _matching(con: duckdb.DuckDBPyConnection, listing: Listing, found: Match) -> list[str]:
    said = []
    (purchases,) = _counts(con, "SELECT count(*) FROM order_purchases")
    if not purchases:
        said.append("The log holds no Purchase event, so every true order counts as missing.")
    elif not found.orders:
        said.append(
            f"No order id in the column {_shown(listing.ids[0])} occurs in the log, so these counts do not show what Meta counts. Check "
            "that file and log come from the same shop and time, and which id your Purchase events carry."
        )
    else:
        headings = " and ".join(dict.fromkeys(_shown(listing.ids[column]) for column in found.columns))
        said.append(f"Orders are recognised by {headings} in the file and {found.sent} in the log.")
    if listing.odd:
        said.append(
            "Rows of the file that could not be read, because they have more cells than there are headings or a quotation mark is not "
            f"closed: {listing.odd:,}. Their orders are not in these counts."
        )
    return said


def _times(con: duckdb.DuckDBPyConnection, listing: Listing, covered: Span) -> list[str]:
    untold = "so orders from before or after the log count as missing too."
    if listing.days == "none":
        return [f"The file has no order dates that can be read, {untold}"]
    if listing.days == "unclear":
        return [
            f"The order dates may have the day or the month first, {untold} Export them as year, month, day (2026-11-05)."
        ]
    if not covered.agree:
        return [f"The order dates lie days from the times of the orders' own Purchase events, {untold}"]
    if covered.log is None:
        return [f"No Purchase event has a time, {untold}"]
    said = []
    (orders,) = _counts(con, "SELECT count(*) FROM order_counts WHERE true_order AND outside")
    if orders:
        said.append(
            f"True orders left out because they lie outside the time of the log's Purchase events, {_day(covered.first)} to "
            f"{_day(covered.last)} (UTC): {orders:,}. The log cannot tell whether Meta counts them."
        )
    (purchases,) = _counts(
        con,
        "SELECT count(*) FROM order_purchases p"
        f" WHERE counted AND n IS NULL AND named AND {covered.outside_file('p')}",
    )
    if purchases:
        said.append(
            f"Counted Purchases that are not called extra because they lie outside the time of the orders in the file: {purchases:,}."
        )
    if covered.ahead:
        said.append(
            f"The order dates name no time zone. Compared with the log they are {covered.ahead / 3600:+g} hours from UTC, which "
            "was allowed for."
        )
    return said


def _day(moment: int | None) -> str:
    try:
        return f"{datetime.fromtimestamp(moment or 0, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return "?"


def _statuses(con: duckdb.DuckDBPyConnection, listing: Listing) -> list[str]:
    if not {"status", "paid", "cancelled"} & listing.roles:
        return ["The file has no column with the status of orders, so all of them count as true orders."]
    said = []
    untrue, refunded, authorised, blank = _counts(
        con,
        """SELECT count(*) FILTER (NOT true_order), count(*) FILTER (true_order AND refunded),
                  count(*) FILTER (true_order AND authorised), count(*) FILTER (true_order AND status IS NULL) FROM order_list""",
    )
    if untrue:
        said.append(
            f"Orders in the file that do not count, because they are unpaid, cancelled or tests: {untrue:,}{_words(con, 'NOT true_order')}."
        )
    if refunded:
        said.append(
            f"Refunded orders that count as true orders: {refunded:,}. Each was a conversion when it was placed, and Meta keeps its "
            "Purchase."
        )
    if authorised:
        said.append(
            f"Orders whose payment is authorised but not captured, which count as true orders: {authorised:,}. The customer has finished "
            "the checkout."
        )
    if unknown := _words(con, "unknown AND true_order"):
        said.append(f"Orders with a status that is not known here count as paid{unknown}.")
    if blank and "status" in listing.roles:
        said.append(f"Orders without a status, which count as paid: {blank:,}.")
    return said


def _words(con: duckdb.DuckDBPyConnection, where: str) -> str:
    """The commonest statuses among some orders, in brackets; empty where none has one."""
    rows = con.execute(
        f"""SELECT status, count(*) FROM order_list WHERE {where} AND status IS NOT NULL GROUP BY ALL
            ORDER BY 2 DESC, 1 LIMIT {_SHOWN + 1}"""
    ).fetchall()
    listed = [f"{_shown(status)} {count:,}" for status, count in rows[:_SHOWN]]
    return f" ({', '.join(listed)}{', ...' if len(rows) > _SHOWN else ''})" if listed else ""


def _amounts(con: duckdb.DuckDBPyConnection) -> list[str]:
    said = []
    totals, currencies, part, empty = _counts(
        con,
        """SELECT count(value), count(currency), count(*) FILTER (kept AND part_value), count(*) FILTER (kept AND no_value)
            FROM order_counts""",
    )
    if not totals:
        said.append("The file has no order totals, so values were not compared.")
    if not currencies:
        said.append("The file names no currency, so currencies were not compared.")
    if part:
        said.append(
            f"Orders sent with another of their totals, such as the one without shipping or tax: {part:,}. That is the shop's choice and "
            "does not count as a difference."
        )
    if empty and totals:
        said.append(
            f"True orders with a counted Purchase that has no value, so that it was not compared: {empty:,}."
        )
    return said


def _purchases(con: duckdb.DuckDBPyConnection) -> list[str]:
    said = []
    nameless, pixels = _counts(
        con,
        "SELECT count(*) FILTER (counted AND NOT named), count(DISTINCT pixel) FILTER (counted) FROM order_purchases",
    )
    dropped, elsewhere = _counts(
        con,
        """SELECT count(*) FILTER (kept AND times = 0 AND sent > 0), count(*) FILTER (kept AND times = 0 AND elsewhere)
            FROM order_counts""",
    )
    if nameless:
        said.append(
            f"Counted Purchases without an order id of the shop: {nameless:,}. Nothing tells which orders they belong to, so they are not "
            "called extra, and they may stand for orders that count as missing."
        )
    if dropped:
        said.append(
            f"Missing orders that were sent, but whose Purchases Meta drops as repeats of another event: {dropped:,}."
        )
    if elsewhere:
        said.append(
            "Missing orders that were not placed on the website (at the till, typed in by the shop, or a renewal), where no Pixel runs: "
            f"{elsewhere:,}."
        )
    if pixels > 1:
        said.append(
            f"The log holds Purchases of {pixels:,} pixels, and Meta counts for each of them. An order is duplicated only where one pixel "
            "counts it more than once."
        )
    return said
