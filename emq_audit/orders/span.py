"""Which orders the log can tell about, and which Purchases the file can.

A log of a week says nothing about the orders of the month around it. A Purchase at either end of what was logged is the last sign that
logging went on, so an order that nobody names is left out where it lies beyond. But where the file hardly reaches further than the log - no
order lies more than a day beyond that end - both were cut at the same time, and all its orders count: those at the end are just the ones
that are missing. The same is asked the other way round of Purchases and the time the file covers.
"""

from dataclasses import dataclass

import duckdb

from emq_audit.orders.moments import DAY

PAD = DAY
_LATE = 2 * DAY
"""A Purchase further from its own order was sent late, again, or with a wrong clock: it does not say when logging began or ended."""
_STEP = 900
"""Time zones differ by quarters of an hour."""
_FURTHEST = 14 * 3600


@dataclass(frozen=True)
class Span:
    """From when to when log and file can be compared, in Unix seconds; None where one of them has no times. `log` and `file` are what each
    covers, `first` and `last` the Purchases it begins and ends with, `ahead` by how many seconds a file without time zones is ahead of UTC.
    `agree` is false where most Purchases lie days from their own orders: then the dates are of something else.
    """

    log: tuple[float, float] | None
    file: tuple[float, float] | None
    ahead: int = 0
    first: int | None = None
    last: int | None = None
    agree: bool = True

    def outside_log(self, order: str) -> str:
        """SQL: does an order lie beyond what the log covers?"""
        if self.log is None:
            return "false"
        start, end = _when(order, self.ahead)
        return f"coalesce({end} < {self.log[0]} OR {start} > {self.log[1]}, false)"

    def outside_file(self, purchase: str) -> str:
        """SQL: does a Purchase lie beyond what the file covers?"""
        if self.file is None:
            return "false"
        return f"coalesce({purchase}.moment < {self.file[0]} OR {purchase}.moment > {self.file[1]}, false)"


def spans(con: duckdb.DuckDBPyConnection) -> Span:
    """What log and file cover."""
    ahead = _ahead(con)
    start, end = _when("o", ahead)
    late = f"coalesce(p.moment < {start} - {_LATE} OR p.moment > {end} + {_LATE}, false)"
    first, last, paired, apart = con.execute(f"""
        SELECT min(p.moment) FILTER (NOT {late}), max(p.moment) FILTER (NOT {late}), count(p.moment + o.moment), count(*) FILTER ({late})
        FROM order_purchases p LEFT JOIN order_list o USING (n)""").fetchone()
    starts, ends = con.execute(f"SELECT min({start}), max({end}) FROM order_list o").fetchone()
    if 2 * apart > paired:
        return Span(None, None, agree=False)
    if first is None or starts is None:
        return Span(None, None)
    before, after = con.execute(
        f"SELECT bool_or({end} < {first - PAD}), bool_or({start} > {last + PAD}) FROM order_list o"
    ).fetchone()
    early, later = con.execute(
        f"SELECT bool_or(moment < {starts - PAD}), bool_or(moment > {ends + PAD}) FROM order_purchases"
    ).fetchone()
    return Span(
        log=(first if before else first - PAD, last if after else last + PAD),
        file=(starts if early else starts - PAD, ends if later else ends + PAD),
        ahead=ahead,
        first=first,
        last=last,
    )


def _ahead(con: duckdb.DuckDBPyConnection) -> int:
    """The time zone of a file that names none: how much later its orders are than their first Purchases, the median of all."""
    row = con.execute("""
        SELECT median(o.moment - p.moment) FROM order_list o
        JOIN (SELECT n, min(moment) AS moment FROM order_purchases GROUP BY ALL) p USING (n)
        WHERE NOT zoned AND NOT a_day""").fetchone()
    ahead = round((row[0] or 0) / _STEP) * _STEP
    return ahead if abs(ahead) <= _FURTHEST else 0


def _when(order: str, ahead: int) -> tuple[str, str]:
    """SQL: the first and the last second in which an order may have been made."""
    start = f"({order}.moment - CASE WHEN {order}.zoned OR {order}.a_day THEN 0 ELSE {ahead} END)"
    return start, f"({start} + CASE WHEN {order}.a_day THEN {DAY - 1} ELSE 0 END)"
