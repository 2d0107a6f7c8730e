"""Double counting: Purchases that Meta counts though another one already stands for them, as far as the log shows.

Two Purchases are one if they name one order, or if one event id comes back after its window. Where an order is missing, equal value and
visitor within ten minutes speak for it (kind `same-purchase`, a heuristic). Tables and views are described in doubles.sql.
"""

from collections import defaultdict
from dataclasses import dataclass
from importlib.resources import files

import duckdb

from emq_audit.report import Double


@dataclass(frozen=True)
class Kind:
    """`title` says in at most 60 characters how a Purchase came to count again, `change` what to do about it."""

    title: str
    change: str
    heuristic: bool = False


KINDS = {
    "two-sides": Kind(
        "Browser and server both count: they share no event id",
        "Send the Purchase under one id from both sides, such as the order number: Meta joins the two reports by nothing else.",
    ),
    "two-senders": Kind(
        "Two programs on the server report the same order",
        "Let one integration send Purchase and switch the other off, or let both use the order number as event id.",
    ),
    "again": Kind(
        "One side sends the same order more than once",
        "Make the event id from the order number, and send Purchase once, when the order is placed: not each time the thank-you page is "
        "shown or a payment is retried.",
    ),
    "late-repeat": Kind(
        "Sent again under the same id after 48 hours",
        "Send Purchase once, when the order is placed: Meta recognises a repeat for 48 hours only, and customers come back to the page "
        "of their order.",
    ),
    "same-purchase": Kind(
        "Same value and visitor within ten minutes, no order id",
        "Send the order number (order_id) with every Purchase to see whether these are one order, and make the event id from it.",
        heuristic=True,
    ),
}
"""The kinds of table `doubles`, in the order in which they are told."""


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and views of doubles.sql from `events`, `purchases` and `unpaired`."""
    con.execute(files("emq_audit").joinpath("doubles.sql").read_text(encoding="utf-8"))


def doubles(con: duckdb.DuckDBPyConnection) -> tuple[Double, ...]:
    """One entry per event name and kind, in the order of KINDS. Values by currency, to the cent; what is no currency code counts as ''."""
    rows = con.execute("""
        SELECT event_name, kind, CASE WHEN regexp_full_match(currency, '[A-Z]{3}') THEN currency ELSE '' END AS code, count(*),
               round(fsum(coalesce(value, 0)), 2), count(value)
        FROM doubles GROUP BY event_name, kind, code ORDER BY event_name, kind, code""").fetchall()
    conversions: dict[tuple[str, str], int] = defaultdict(int)
    values: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for name, kind, code, events, value, valued in rows:
        conversions[name, kind] += events
        if valued:
            values[name, kind][code] = value
    order = list(KINDS)
    return tuple(
        Double(name, kind, events, values[name, kind])
        for (name, kind), events in sorted(conversions.items(), key=lambda item: (item[0][0], order.index(item[0][1])))
    )
