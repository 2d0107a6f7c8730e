"""What the tests of the shop's orders share: a private database with purchases, order files as text, and what was found as numbers."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from emq_audit.report import Orders

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)

_COLUMNS = {
    "at": "BIGINT", "file": "SMALLINT", "row": "BIGINT", "side": "VARCHAR", "sender": "VARCHAR", "pixel": "VARCHAR", "event_id": "VARCHAR",
    "id_state": "VARCHAR", "moment": "BIGINT", "order_id": "VARCHAR", "value": "DOUBLE", "currency": "VARCHAR", "fbp": "VARCHAR",
    "external_id": "VARCHAR", "em": "VARCHAR", "page": "VARCHAR", "counted": "BOOLEAN",
}  # fmt: skip


@cache
def _database() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; SET threads = 1")
    return con


def purchases(rows: Iterable[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """A database with the table `purchases` of a finished audit: Purchases that Meta counts, but for what a row says otherwise."""
    con = _database()
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
    con.execute(f"CREATE OR REPLACE TABLE purchases ({columns})")
    usual = {
        "file": 1,
        "side": "server",
        "pixel": "",
        "id_state": "present",
        "currency": "DKK",
        "counted": True,
    }
    filled = [
        {"at": number, "row": number, "event_id": f"evt.{number}.x", **usual, **row}
        for number, row in enumerate(rows)
    ]
    if filled:
        marks = ", ".join("?" * len(_COLUMNS))
        con.executemany(
            f"INSERT INTO purchases VALUES ({marks})",
            [[row.get(name) for name in _COLUMNS] for row in filled],
        )
    return con


def when(hours: float) -> int:
    return int((START + timedelta(hours=hours)).timestamp())


def sent(order_id: str | None, hours: float = 0, value: float | None = 125.0, **more: Any) -> dict[str, Any]:
    return {"order_id": order_id, "moment": when(hours), "value": value, **more}


def text(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def table(path: Path, rows: Sequence[Sequence[Any]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    path.write_bytes(text(rows, delimiter).encode(encoding))
    return path


def numbers(found: Orders) -> dict[str, int]:
    """The counts. Every true order is in one of three piles."""
    assert found.orders == found.counted_once + found.missing + found.duplicated
    names = "orders counted_once missing duplicated extra unpaid_sent value_differs currency_differs".split()
    return {name: getattr(found, name) for name in names if getattr(found, name)}


def said(found: Orders, *words: str) -> bool:
    """Does one note hold all these words?"""
    return any(all(word in note for word in words) for note in found.notes)


SHOPIFY = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total",
    "Created at",
    "Lineitem quantity", "Lineitem name", "Billing Name", "Notes", "Cancelled at", "Payment Method", "Id", "Tags", "Source",
)  # fmt: skip


def shopify(number: int, hours: float, status: str = "paid", items: int = 2, **more: str) -> list[list[str]]:
    """The rows of an order of 125 kr: 80 for the goods, 20 for shipping, 25 taxes on top."""
    made = (START + timedelta(hours=hours + 1)).strftime("%Y-%m-%d %H:%M:%S +0100")
    first = {
        "Name": f"#{number}", "Email": "jane@example.com", "Financial Status": status, "Fulfillment Status": "pending", "Currency": "DKK",
        "Subtotal": "80.00", "Shipping": "20.00", "Taxes": "25.00", "Total": "125.00", "Created at": made, "Lineitem quantity": "1",
        "Lineitem name": 'Shirt, "blue"', "Billing Name": "Jane Doe", "Notes": "Ring twice,\nplease", "Payment Method": "Stripe",
        "Id": str(5_550_000_000_000 + number), "Tags": "vip, latest", "Source": "web",
    }  # fmt: skip
    line = {"Name": f"#{number}", "Email": "jane@example.com", "Created at": made, "Lineitem name": "Shoe"}
    return [[row.get(name, "") for name in SHOPIFY] for row in (first | more, *[line] * (items - 1))]


PLANTED = (
    *shopify(1001, 0),
    *shopify(1002, 1, "refunded"),
    *shopify(1003, 2, "partially_refunded", items=1),
    *shopify(1004, 3, "authorized"),
    *shopify(1005, 4, "partially_paid", items=3),
    *shopify(1006, 5, "pending"),
    *shopify(1007, 6, "voided"),
    *shopify(1008, 7, "expired"),
    *shopify(1009, 8, "refunded", **{"Cancelled at": "2026-11-02 10:00:00 +0100"}),
    *shopify(1010, 9, **{"Payment Method": "(for testing) Bogus Gateway"}),
    *shopify(1011, 10, Tags="vip, test"),
    *shopify(1012, 11, Tags="latest, contest"),
    *shopify(1013, 12),
    *shopify(1014, 13),
)


def dated(path: Path, hours: Iterable[float], form: str = "%Y-%m-%dT%H:%M:%SZ", ahead: float = 0) -> Path:
    """Orders 1000, 1001 ... of 125 kr at these hours."""
    rows = [
        [str(1000 + n), (START + timedelta(hours=hour + ahead)).strftime(form), "125"]
        for n, hour in enumerate(hours)
    ]
    return table(path, [["order_id", "created_at", "total"], *rows])
