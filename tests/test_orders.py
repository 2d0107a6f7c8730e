"""Orders: exports whose truth is planted, the same in every order of rows, and files that are none."""

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emq_audit import audit
from emq_audit.errors import AuditError
from emq_audit.orders import check, read_orders, reconcile
from emq_audit.report import Orders
from tests.logs import write_log
from tests.reading import workbook

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


# Shopify: several rows an order, what is true of the order in the first only ------------------------------------------------------

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
TRUE = {"#1001", "#1002", "#1003", "#1004", "#1005", "#1012", "#1013", "#1014"}


def test_true_orders_of_a_shopify_export(tmp_path: Path) -> None:
    orders = read_orders(table(tmp_path / "orders.csv", [SHOPIFY, *PLANTED]))
    assert set(orders[orders.true_order].order_id) == TRUE
    assert len(orders) == 14
    first = orders.iloc[0]
    assert (first.order_id, list(first.other_ids), first.currency, first.status) == (
        "#1001",
        ["5550000001001"],
        "DKK",
        "paid",
    )
    assert first.value == 125
    assert set(first.totals) == {125, 80, 100, 105}
    assert first.moment == when(0)


def test_shopify_reconciled(tmp_path: Path) -> None:
    """Every fault once or more, beside what is no fault: a dropped second report, a value without shipping and tax."""
    con = purchases(
        [
            sent("1001"),
            sent("1001", counted=False, side="browser"),
            sent("1002", 1),
            sent("1003", 2),
            sent("1003", 2),
            sent("1004", 3, 80.0),
            sent("1005", 4, 99.0),
            sent("1005", 4, 99.0),
            sent("1006", 5),
            sent("1009", 8),
            sent("1009", 8),
            sent("1010", 9, counted=False),
            sent("1012", 11, currency="SEK"),
            sent("1013", 12, counted=False),
            sent("9999", 12),
            sent("9998", 12),
            sent("9998", 12, counted=False),
        ]
    )
    found = reconcile(con, table(tmp_path / "orders.csv", [SHOPIFY, *PLANTED]))
    assert numbers(found) == {
        "orders": 8,
        "counted_once": 4,
        "missing": 2,
        "duplicated": 2,
        "extra": 2,
        "unpaid_sent": 2,
        "value_differs": 1,
        "currency_differs": 1,
    }
    assert found.matched_by == "order_id"
    assert said(found, "recognised by Name in the file")
    assert said(found, "Refunded orders", "true orders: 2", "Meta keeps")
    assert said(found, "authorised", ": 1.")
    assert said(found, "not paid, cancelled, or tests: 6", "pending 1", "voided 1")
    assert said(found, "another of their totals", ": 1.")
    assert said(found, "drops as repeats of another event: 1")
    assert not said(found, "left out")


def test_orders_of_the_till_are_missing_and_told(tmp_path: Path) -> None:
    rows = [
        *shopify(1001, 0),
        *shopify(1002, 1, Source="pos"),
        *shopify(1003, 2, Source="shopify_draft_order"),
    ]
    found = reconcile(
        purchases([sent("1001")]), table(tmp_path / "orders.csv", [SHOPIFY, *rows, *shopify(1004, 3)])
    )
    assert numbers(found) == {"orders": 4, "counted_once": 1, "missing": 3}
    assert said(found, "not placed on the website", ": 2.")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    con = purchases([sent("1001")])
    reconcile(con, table(tmp_path / "orders.csv", [SHOPIFY, *PLANTED]))
    with pytest.raises(AuditError):
        reconcile(con, table(tmp_path / "none.csv", [["Name"], ["Jane"]]))
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("purchases",)]


def test_no_personal_data_is_kept(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [SHOPIFY, *PLANTED])
    shown = read_orders(path).to_string() + " ".join(reconcile(purchases([sent("1001")]), path).notes)
    assert "jane" not in shown.lower()
    assert "Ring" not in shown


@pytest.mark.parametrize("form", ["{}", "  #{} ", "ORDER_{}", "gid://shopify/Order/{}"])
def test_forms_of_an_id(tmp_path: Path, form: str) -> None:
    path = table(tmp_path / "orders.csv", [SHOPIFY, *shopify(1001, 0), *shopify(1002, 1)])
    found = reconcile(purchases([sent(form.format(1001)), sent(form.format(1002), 1)]), path)
    assert numbers(found) == {"orders": 2, "counted_once": 2}


def test_shopifys_numeric_id_and_both_at_once(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [SHOPIFY, *shopify(1001, 0), *shopify(1002, 1), *shopify(1003, 2)])
    by_id = [sent(str(5_550_000_000_000 + number)) for number in (1001, 1002)]
    assert numbers(reconcile(purchases(by_id), path)) == {"orders": 3, "counted_once": 2, "missing": 1}
    both = reconcile(purchases([*by_id, sent("#1001", side="browser")]), path)
    assert numbers(both) == {"orders": 3, "counted_once": 1, "missing": 1, "duplicated": 1}


def test_ids_that_do_not_match(tmp_path: Path) -> None:
    """Near is not equal: a digit more, a space inside, something behind, letters in front that only one id has."""
    pairs = [
        ("1001", "1001-2"), ("1002", "10020"), ("1003", "91003"), ("1004", "1 004"), ("ab-1005", "ab1005"), ("1006", "1006.0"),
        ("A1007B", "1007"), ("1008", "x1008"), ("1009", "1009#"),
    ]  # fmt: skip
    path = table(tmp_path / "orders.csv", [["order_id"], ["7777"], *[[in_file] for in_file, _ in pairs]])
    found = reconcile(purchases([sent("7777"), *[sent(in_log) for _, in_log in pairs]]), path)
    assert numbers(found) == {"orders": 10, "counted_once": 1, "missing": 9, "extra": 9}


def test_letters_in_front_must_be_constant(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1001"], ["1002"], ["1003"], ["1004"]])
    found = reconcile(
        purchases([sent(id) for id in ("order-1001", "order-1002", "order-1003", "refund-1004")]), path
    )
    assert numbers(found) == {"orders": 4, "counted_once": 3, "missing": 1, "extra": 1}


def test_each_sender_has_letters_of_its_own(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1001"], ["1002"]])
    rows = [sent(f"px_{id}", side="browser") for id in (1001, 1002)] + [
        sent(f"wc_{id}") for id in (1001, 1002)
    ]
    assert numbers(reconcile(purchases(rows), path)) == {"orders": 2, "duplicated": 2}


def test_ids_equal_to_the_letter_come_first(tmp_path: Path) -> None:
    """Two orders whose ids differ by case or by letters in front stay two."""
    ids = ["abc", "ABC", "w-1", "w-2", "w-3", "1"]
    path = table(tmp_path / "orders.csv", [["order_id"], *[[id] for id in ids]])
    assert numbers(reconcile(purchases([sent(id) for id in ids]), path)) == {"orders": 6, "counted_once": 6}
    # Neither: of two orders that fit, none is meant.
    found = reconcile(purchases([sent("Abc"), sent("w-1"), sent("w-2"), sent("w-3"), sent("1")]), path)
    assert numbers(found) == {"orders": 6, "counted_once": 4, "missing": 2, "extra": 1}


def test_leading_zeros_count_unless_nothing_matches(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["0042"], ["0043"]])
    assert numbers(reconcile(purchases([sent("42"), sent("43")]), path)) == {"orders": 2, "counted_once": 2}
    found = reconcile(purchases([sent("42"), sent("0043")]), path)
    assert numbers(found) == {"orders": 2, "counted_once": 1, "missing": 1, "extra": 1}


# Event ids --------------------------------------------------------------------------------------------------------------------------


def test_event_ids_help_where_order_ids_are_missing(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1001"], ["1002"], ["1003"]])
    rows = [
        sent("1001", event_id="x1"),
        sent(None, event_id="1001"),
        sent(None, event_id="1002"),
        sent("1002", event_id="1003"),
        sent(None, event_id="a9c3e7d2"),
        sent(None, event_id="undefined", id_state="placeholder"),
    ]
    found = reconcile(purchases(rows), path)
    assert numbers(found) == {"orders": 3, "missing": 1, "duplicated": 2}
    assert said(found, "without an order id of the shop: 2.")


def test_event_ids_that_are_order_numbers(tmp_path: Path) -> None:
    """With order ids of another kind in the log, the event id says which order; one that looks alike is an unknown order."""
    path = table(tmp_path / "orders.csv", [["Order Number"], *[[f"#{id}"] for id in range(1001, 1006)]])
    rows = [sent(f"cs_{id}a", event_id=f"order_{id}") for id in (1001, 1002, 1003, 1003, 7777)]
    found = reconcile(purchases([*rows, sent("cs_9b", event_id="f81d4fae-7dec")]), path)
    assert numbers(found) == {"orders": 5, "counted_once": 2, "missing": 2, "duplicated": 1, "extra": 1}
    assert found.matched_by == "event_id"
    assert said(found, "without an order id of the shop: 1.")


def test_two_pixels_count_an_order_each(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1001"], ["1002"]])
    rows = [
        sent("1001", pixel="1"),
        sent("1001", pixel="2"),
        sent("1002", pixel="1"),
        sent("1002", pixel="1"),
    ]
    found = reconcile(purchases(rows), path)
    assert numbers(found) == {"orders": 2, "counted_once": 1, "duplicated": 1}
    assert said(found, "2 pixels")


# Other shops ------------------------------------------------------------------------------------------------------------------------

WOO = {
    "webtoffee": ("order_id", "order_number", "order_date", "status", "shipping_total", "tax_total", "order_total", "order_currency"),
    "algolplus": (
        "Order ID", "Order Number", "Order Date", "Order Status", "Order Shipping Amount", "Order Total Tax Amount", "Order Total Amount",
        "Order Currency",
    ),
    "plain": ("id", "number", "date", "wc status", "shipping", "tax", "total", "currency"),
}  # fmt: skip
WORDS = (
    "wc-completed",
    "processing",
    "on-hold",
    "wc-pending",
    "cancelled",
    "refunded",
    "Failed",
    "checkout-draft",
)


@pytest.mark.parametrize("plugin", WOO)
def test_woocommerce(tmp_path: Path, plugin: str) -> None:
    """The customer sees order numbers, which another plug-in counts for itself; events carry those, or the ids."""
    names = [name if name != "wc status" else "Order status" for name in WOO[plugin]]
    rows = [
        [5001 + n, f"S-{201 + n}", f"2026-11-01 {8 + n:02}:00", word, "20", "25", "125.00", "DKK"]
        for n, word in enumerate(WORDS)
    ]
    path = table(tmp_path / "orders.csv", [names, *rows])
    by_id = [sent(str(5001 + n), n) for n in range(8)]
    assert numbers(reconcile(purchases(by_id), path)) == {"orders": 3, "counted_once": 3, "unpaid_sent": 5}
    by_number = [sent(f"S-{201 + n}", n) for n in range(8) if n != 1]
    found = numbers(reconcile(purchases(by_number), path))
    assert found == {"orders": 3, "counted_once": 2, "missing": 1, "unpaid_sent": 5}


PAID = (
    "Paid", "completed", "Partially Paid", "partially_refunded", "Packed by elves", "", "unfulfilled", "Pending fulfillment", "Gennemført",
    "bezahlt", "archived", "authorized", "processing", "n/a",
)  # fmt: skip
UNPAID = (
    "Unpaid", "Not paid", "Canceled", "Annulleret", "Storniert", "Afventer betaling", "Zahlung ausstehend", "en attente", "Payment failed",
    "Awaiting Payment", "wc-on-hold", "Authorization expired", "auto-draft", "Misslyckades", "Geannuleerd", "payment_pending", "VOIDED",
)  # fmt: skip


def test_statuses(tmp_path: Path) -> None:
    rows = [[word or "blank", word] for word in (*PAID, *UNPAID)]
    orders = read_orders(table(tmp_path / "orders.csv", [["order_id", "Order status"], *rows]))
    assert set(orders[~orders.true_order].order_id) == set(UNPAID)


def test_unknown_statuses_are_named(tmp_path: Path) -> None:
    rows = [
        ["order_id", "status"],
        ["1", "Packed\x1b[31m"],
        ["2", "packed\x1b[31m"],
        ["3", "paid"],
        ["4", ""],
    ]
    found = reconcile(purchases([sent("1")]), table(tmp_path / "orders.csv", rows))
    assert said(found, "not known here count as paid (packed�[31m 2)")
    assert said(found, "without a status", ": 1.")


def test_flags(tmp_path: Path) -> None:
    """Columns that say yes or no, or when."""
    head = ["order_id", "Is paid", "cancelled_at", "Test", "Fulfillment Status"]
    true = [["1", "yes", "", "", ""], ["2", "", "false", "FALSE", "pending"], ["3", "1", "0", "no", "failed"]]
    untrue = [
        ["4", "no", "", "", ""],
        ["5", "0", "", "", ""],
        ["6", "", "2026-11-02", "", ""],
        ["7", "", "true", "", ""],
        ["8", "", "", "TRUE", ""],
    ]
    orders = read_orders(table(tmp_path / "orders.csv", [head, *true, *untrue]))
    assert list(orders.true_order) == [True] * 3 + [False] * 5


def test_a_file_without_status_or_dates(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1"], ["2"], ["2"], ["3"]])
    found = reconcile(purchases([sent("1"), sent("2", 500), sent("2", 500), sent("4")]), path)
    assert numbers(found) == {"orders": 3, "counted_once": 1, "missing": 1, "duplicated": 1, "extra": 1}
    assert said(found, "no column with the status")
    assert said(found, "no order dates")
    assert said(found, "no order totals")
    assert said(found, "no currency")


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    rows = [
        ["Ordrenummer", "Kunde", "Ordrestatus", "Beløb", "Valuta", "Ordredato"],
        ["1001", "Jørgen Ærø", "Gennemført", "1.234,50 kr.", "DKK", "01.11.2026 09:00"],
        ["1002", "Åse", "Annulleret", "1.500 kr", "DKK", "01.11.2026 10:00"],
        ["1003", "Ib", "Behandles", "2.000 kr", "DKK", "01.11.2026 11:00"],
        ["1004", "Ib", "Behandles", "99,-", "DKK", "01.11.2026 12:00"],
    ]
    path = table(tmp_path / "ordrer.csv", rows, ";", "cp1252")
    orders = read_orders(path)
    assert list(orders.value) == [1234.5, 1500, 2000, 99]
    assert list(orders.true_order) == [True, False, True, True]
    events = [sent("1001", 0, 1234.5), sent("1002", 1, 1500), sent("1003", 2, 2.0), sent("1004", 3, 99.02)]
    found = reconcile(purchases(events), path)
    assert numbers(found) == {"orders": 3, "counted_once": 3, "unpaid_sent": 1, "value_differs": 2}
    assert said(found, "no time zone", "+1 hours")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,234.50", "2,000"], [1234.5, 2000]),
        (["1 234,50", "2 000"], [1234.5, 2000]),
        (["1'234.50", "2’000.00"], [1234.5, 2000]),
        (["1.234.567,89", "5.000"], [1234567.89, 5000]),
        (["$12.50", "USD 1,000"], [12.5, 1000]),
        (["€ 12,50", "1.000"], [12.5, 1000]),
        (["1.250", "990"], [1250, 990]),
        (["1.250", "9900"], [1.25, 9900]),
        (["1.250", "3.75"], [1.25, 3.75]),
        (["1,250", "990"], [1250, 990]),
        (["-12.00", ".50"], [-12, 0.5]),
        (["125", "n/a"], [125, None]),
        (["125", "see invoice 2026-001 of today"], [125, None]),
    ],
)
def test_amounts(tmp_path: Path, cells: list[str], values: list[float | None]) -> None:
    path = table(
        tmp_path / "orders.csv", [["order_id", "Total"], *[[n, cell] for n, cell in enumerate(cells)]]
    )
    assert [None if value != value else value for value in read_orders(path).value] == values


def test_amounts_by_line_item(tmp_path: Path) -> None:
    """A total in each row is the order's where rows agree everywhere, and the line's where they differ somewhere."""
    head, orders = ["order_id", "total"], [["1", "60"], ["1", "65"], ["2", "50"], ["2", "50"]]
    path = table(tmp_path / "lines.csv", [head, *orders])
    events = [sent("1", value=125.0), sent("2", value=100.0)]
    assert numbers(reconcile(purchases(events), path)) == {"orders": 2, "counted_once": 2}
    path = table(tmp_path / "repeated.csv", [head, *orders[2:], ["1", "125"], ["1", "125"]])
    assert numbers(reconcile(purchases(events), path)) == {"orders": 2, "counted_once": 2, "value_differs": 1}


def test_values_are_compared_in_one_currency_and_to_the_cent(tmp_path: Path) -> None:
    head = ["order_id", "total", "currency"]
    path = table(tmp_path / "orders.csv", [head, *[[n, "100.00", "EUR"] for n in range(1, 8)]])
    events = [
        sent("1", value=100.01, currency="EUR"),
        sent("2", value=100.02, currency="EUR"),
        sent("3", value=746.0, currency="DKK"),
        sent("4", value=90.0, currency=None),
        sent("5", value=None, currency="EUR"),
        sent("6", value=100.0, currency="eur"),
        sent("6", value=1.0, currency="EUR"),
        sent("7", value=1.0, currency="EUR", counted=False),
    ]
    found = reconcile(purchases(events), path)
    assert numbers(found) == {
        "orders": 7,
        "counted_once": 5,
        "missing": 1,
        "duplicated": 1,
        "value_differs": 3,
        "currency_differs": 1,
    }
    assert said(found, "no value", ": 1.")


def test_currency_beside_the_amount(tmp_path: Path) -> None:
    rows = [["order_id", "total"], ["1", "100,00 €"], ["2", "DKK 100,00"], ["3", "100,00 kr"], ["4", "$100"]]
    assert [
        None if code != code else code for code in read_orders(table(tmp_path / "o.csv", rows)).currency
    ] == [
        "EUR",
        "DKK",
        None,
        None,
    ]


# Times ------------------------------------------------------------------------------------------------------------------------------


def dated(path: Path, hours: Iterable[float], form: str = "%Y-%m-%dT%H:%M:%SZ", ahead: float = 0) -> Path:
    """Orders 1000, 1001 ... of 125 kr at these hours."""
    rows = [
        [str(1000 + n), (START + timedelta(hours=hour + ahead)).strftime(form), "125"]
        for n, hour in enumerate(hours)
    ]
    return table(path, [["order_id", "created_at", "total"], *rows])


def test_a_long_export_and_a_short_log(tmp_path: Path) -> None:
    """Orders before and after the log are left out, orders inside it are missing, and one that the log names counts wherever it lies."""
    path = dated(tmp_path / "orders.csv", range(0, 240, 2))
    inside = [sent(str(1000 + n), 2 * n) for n in range(40, 60) if n not in (45, 46)]
    late = sent("1003", 110)
    found = reconcile(purchases([*inside, late]), path)
    assert numbers(found) == {"orders": 21, "counted_once": 19, "missing": 2}
    assert said(found, "left out", "2026-11-04 to 2026-11-06", ": 99.")


def test_orders_at_either_end_are_missing_where_log_and_export_end_together(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(20))
    found = reconcile(purchases([sent(str(1000 + n), n) for n in range(4, 17)]), path)
    assert numbers(found) == {"orders": 20, "counted_once": 13, "missing": 7}


def test_purchases_beyond_the_export_are_not_extra(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(100, 120))
    rows = [sent(str(1000 + n), 100 + n) for n in range(20)]
    unknown = [sent("77", hour) for hour in (0, 20, 70, 99, 100.5, 119.5, 121, 150, 200)]
    found = reconcile(purchases([*rows, *unknown]), path)
    assert numbers(found) == {"orders": 20, "counted_once": 20, "extra": 1}
    assert said(found, "not called extra", ": 8.")


def test_a_purchase_sent_again_months_later_says_nothing_of_when_logging_began(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(0, 2400, 10))
    rows = [sent(str(1000 + n), 10 * n) for n in range(100, 120)]
    found = reconcile(purchases([*rows, sent("1105", 2300), sent("1106", -9000)]), path)
    assert numbers(found) == {"orders": 20, "counted_once": 18, "duplicated": 2}


@pytest.mark.parametrize("ahead", [-8, 0, 2, 5.5])
def test_times_without_a_zone(tmp_path: Path, ahead: float) -> None:
    path = dated(tmp_path / "orders.csv", range(0, 200), "%Y-%m-%d %H:%M:%S", ahead)
    rows = [sent(str(1000 + n), n + 0.01) for n in range(100, 120) if n != 110]
    found = reconcile(purchases([*rows, sent("77", 118.5)]), path)
    assert numbers(found) == {"orders": 20, "counted_once": 19, "missing": 1, "extra": 1}
    assert said(found, "no time zone") == bool(ahead)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S +0000", "%Y-%m-%d %H:%M:%S UTC", "%Y/%m/%d %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%y %H:%M",
        "%d-%m-%Y %H:%M:%S", "%b %d, %Y %I:%M %p", "%d %B %Y %H:%M", "%Y-%m-%dT%H:%M:%S.000Z",
    ],
)  # fmt: skip
def test_forms_of_dates(tmp_path: Path, form: str) -> None:
    hours = [0, 24 * 20 + 7]
    assert list(read_orders(dated(tmp_path / "orders.csv", hours, form)).moment) == [
        when(hour) for hour in hours
    ]


def test_numbers_that_are_dates(tmp_path: Path) -> None:
    cells = [when(0), when(0) * 1000, when(0) / 86400 + 25569, "soon"]
    rows = [["order_id", "created"], *[[n, cell] for n, cell in enumerate(cells)]]
    moments = read_orders(table(tmp_path / "orders.csv", rows)).moment
    assert moments.isna().tolist() == [False, False, False, True]
    assert moments[:3].tolist() == [when(0)] * 3


def test_dates_that_may_be_read_in_two_ways_are_not_read(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(0, 200, 24), "%d/%m/%Y")
    assert read_orders(path).moment.isna().all()
    found = reconcile(purchases([sent("1001", 24)]), path)
    assert numbers(found) == {"orders": 9, "counted_once": 1, "missing": 8}
    assert said(found, "day or the month first")


def test_dates_of_something_else_are_not_used(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(0, 40, 2))
    rows = [sent(str(1000 + n), 5000 + n) for n in range(15)]
    found = reconcile(purchases([*rows, sent("77", 5003)]), path)
    assert numbers(found) == {"orders": 20, "counted_once": 15, "missing": 5, "extra": 1}
    assert said(found, "days from the times")


def test_days_without_times(tmp_path: Path) -> None:
    path = dated(tmp_path / "orders.csv", range(0, 480, 12), "%Y-%m-%d")
    rows = [sent(str(1000 + n), 12 * n) for n in range(10, 21) if n != 15]
    assert numbers(reconcile(purchases(rows), path)) == {"orders": 12, "counted_once": 10, "missing": 2}


# Which column, which file -----------------------------------------------------------------------------------------------------------


def test_a_column_found_by_agreement(tmp_path: Path) -> None:
    rows = [["Kunde", "Webshop-Ref", "Antal"], *[["Jane", f"w{n}k", n % 3] for n in range(50)]]
    path = table(tmp_path / "orders.csv", rows)
    found = reconcile(purchases([sent(f"w{n}k") for n in range(40)]), path)
    assert numbers(found) == {"orders": 50, "counted_once": 40, "missing": 10}
    assert said(found, "Webshop-Ref")
    with pytest.raises(AuditError, match=r"No column of orders\.csv holds order ids") as error:
        reconcile(purchases([sent("x")]), path)
    assert "Kunde, Webshop-Ref, Antal" in error.value.hint


def test_a_better_column_than_the_one_called_order_id(tmp_path: Path) -> None:
    rows = [["order_id", "Shop ref"], *[[f"i{n}", f"r{n}"] for n in range(10)]]
    found = reconcile(purchases([sent(f"r{n}") for n in range(9)]), table(tmp_path / "orders.csv", rows))
    assert numbers(found) == {"orders": 10, "counted_once": 9, "missing": 1}


def test_ids_of_another_shop(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id", "qty"], *[[f"i{n}x", 1] for n in range(10)]])
    found = reconcile(purchases([sent("1"), sent("y")]), path)
    assert numbers(found) == {"orders": 10, "missing": 10, "extra": 2}
    assert said(found, "No order id in the column order_id occurs in the log")


def test_a_persons_name_is_no_order(tmp_path: Path) -> None:
    rows = [["Name", "Email", "Total"], ["Jane", "jane@example.com", "125"]]
    with pytest.raises(AuditError) as error:
        read_orders(table(tmp_path / "orders.csv", rows))
    assert "Name, Email, Total" in error.value.hint
    with pytest.raises(AuditError) as error:
        read_orders(table(tmp_path / "orders.csv", rows[1:]))
    assert "jane" not in (error.value.problem + error.value.hint).lower()


def test_a_bare_list_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("1001\n1002\n1003\n")
    found = reconcile(purchases([sent("1001"), sent("1002")]), path)
    assert numbers(found) == {"orders": 3, "counted_once": 2, "missing": 1}


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    rows = [["Order ID", "Total", "Total", "Order ID"], ["1", "125", "99", "b1"], ["2", "125", "99", "b2"]]
    path = table(tmp_path / "orders.csv", rows)
    for ids in (("1", "2"), ("b1", "b2")):
        assert numbers(reconcile(purchases([sent(id) for id in ids]), path)) == {
            "orders": 2,
            "counted_once": 2,
        }


def books(tmp_path: Path) -> Iterator[Any]:
    """The same three orders in every kind of file."""
    rows = [
        ["Order Number", "Order Status", "Order Total", "Order Date"],
        ["1001", "processing", "125.00", "2026-11-01 08:00"],
        ["1002", "completed", "125.00", "2026-11-01 09:00"],
        ["1003", "failed", "125.00", "2026-11-01 10:00"],
    ]
    plain = text(rows)
    yield table(tmp_path / "comma.csv", rows)
    yield table(tmp_path / "semicolon.csv", rows, ";")
    yield table(tmp_path / "tab.tsv", rows, "\t", "utf-16")
    yield table(tmp_path / "bar.txt", rows, "|", "utf-8-sig")
    yield table(tmp_path / "titled.csv", [["Report, November"], [], *rows, ["Total", "", "375.00", ""]])
    yield table(tmp_path / "again.csv", [*rows[:2], *rows])
    numbered = [[int(cell) if cell.isdigit() else cell for cell in row] for row in rows]
    yield workbook(tmp_path / "book.xlsx", {"Orders": numbered})
    yield workbook(
        tmp_path / "more.xlsx", {"About": [["What", "this", "is"]], "Orders": [["Title"], None, *numbered]}
    )
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(plain.encode()))
    yield tmp_path / "packed.csv.gz"
    with zipfile.ZipFile(tmp_path / "parts.zip", "w") as archive:
        archive.writestr("orders_1.csv", text(rows[:2]))
        archive.writestr("orders_2.csv", text([rows[0], *rows[2:]]))
    yield tmp_path / "parts.zip"
    yield ("upload.csv", plain.encode())
    yield pd.DataFrame(rows[1:], columns=rows[0])
    yield str(tmp_path / "comma.csv")


def test_every_kind_of_file(tmp_path: Path) -> None:
    con = purchases([sent("1001"), sent("1002", 1, 120.0), sent("1003", 2)])
    for book in books(tmp_path):
        found = numbers(reconcile(con, book))
        assert found == {"orders": 2, "counted_once": 2, "unpaid_sent": 1, "value_differs": 1}, book


def test_cells_that_a_spreadsheet_has_touched(tmp_path: Path) -> None:
    rows = [["Order ID", "Total"], ["1001.0", "125"], ["1002.0", "125"], ["1003.0", "125"]]
    path = table(tmp_path / "floats.csv", rows)
    assert numbers(reconcile(purchases([sent("1001")]), path)) == {
        "orders": 3,
        "counted_once": 1,
        "missing": 2,
    }
    rows = [["Order ID", "Total"], ['="0042"', "125"], ["'0043", "125"], [" 0044\u00a0", "125"]]
    orders = read_orders(table(tmp_path / "guarded.csv", rows))
    assert list(orders.order_id) == ["0042", "0043", "0044"]


# The order of rows ------------------------------------------------------------------------------------------------------------------

_IDS = st.sampled_from(["1", "01", "#2", "2", "w-3", "W-3", "3", "w-4", "5", "A", "a", "#", "w-"])


@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            _IDS,
            st.sampled_from(["paid", "", "pending", "refunded"]),
            st.sampled_from(["125", "1.000", "", "60"]),
            st.sampled_from(["2026-11-01 08:00", "2026-11-03", "", "2026-11-09 08:00:00 +0100"]),
        ),
        min_size=1,
        max_size=8,
    ),
    events=st.lists(
        st.tuples(
            st.none() | _IDS,
            _IDS,
            st.sampled_from([0, 48, None]),
            st.sampled_from([125.0, 60.0, None]),
            st.booleans(),
        ),
        max_size=8,
    ),
    data=st.data(),
)
def test_the_order_of_rows_does_not_matter(rows: list, events: list, data: st.DataObject) -> None:
    head = ("order_id", "status", "total", "date")
    found = []
    for shuffled in ((rows, events), (data.draw(st.permutations(rows)), data.draw(st.permutations(events)))):
        sent_rows = [
            {
                "order_id": id,
                "event_id": event,
                "moment": None if at is None else when(at),
                "value": value,
                "counted": counted,
            }
            for id, event, at, value, counted in shuffled[1]
        ]
        found.append(reconcile(purchases(sent_rows), ("orders.csv", text([head, *shuffled[0]]).encode())))
    assert found[0] == found[1]
    numbers(found[0])


# Hostile files ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"order_id,total\n", "There are no orders in"),
        (b"order_id,total\n,125\n", "There are no orders in"),
        (bytes(range(256)) * 20, "it is not text"),
        (b"%PDF-1.7 ...", "it is a PDF document"),
        (b"PK\x03\x04broken", "the archive is damaged"),
        (b'[{"order_id": 1}]', "it is JSON"),
        (b"<html><body>Log in</body></html>", "it is a web page"),
        (b"a,b\n1,2\n", "holds order ids"),
        (b"order_id" + b",x" * 3000 + b"\n1\n", "3,001 columns"),
    ],
)
def test_files_that_are_no_orders(content: bytes, words: str) -> None:
    with pytest.raises(AuditError) as error:
        reconcile(purchases([sent("77")]), ("orders.csv", content))
    assert words in error.value.problem
    assert error.value.problem.endswith(".")
    assert error.value.problem.count(". ") == 0
    assert error.value.hint


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    for look in (read_orders, check):
        with pytest.raises(AuditError, match=r"none\.csv cannot be opened"):
            look(tmp_path / "none.csv")
    assert check(("orders.csv", b"order_id\n1\n")) is None


def test_an_empty_sheet(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="the workbook is empty"):
        read_orders(workbook(tmp_path / "book.xlsx", {"Orders": []}))


def test_a_huge_cell(tmp_path: Path) -> None:
    path = table(
        tmp_path / "orders.csv",
        [["order_id", "Notes", "total"], ["1", "x" * 5_000_000, "125"], ["2", "y", "60"]],
    )
    assert list(read_orders(path).value) == [125, 60]
    path = table(tmp_path / "orders.csv", [["order_id", "total"], ["1" * 3_000_000, "125"], ["2", "60"]])
    assert [len(id) for id in read_orders(path).order_id] == [200, 1]


def test_rows_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        'order_id,a,b,c,total\n1,,,,125\n2,,,,125,more\n3,,"stray,,125\n4,,,,125\n5,,x",,125\n6,,,,125\n'
    )
    found = reconcile(purchases([sent("1"), sent("6")]), path)
    assert numbers(found) == {"orders": 2, "counted_once": 2}
    assert said(found, "could not be read", ": 2.")


def test_texts_that_mean_something_to_sql_or_a_spreadsheet(tmp_path: Path) -> None:
    ids = ["'; DROP TABLE purchases; --", "=1+1", "{{x}}", "<b>", "\\", '"', "%s"]
    rows = [['Order\'s "id"', "order_id", "status"], *[["x", id, "pa'id"] for id in ids]]
    found = reconcile(purchases([sent(id) for id in ids]), table(tmp_path / "it's.csv", rows))
    assert numbers(found) == {"orders": 7, "counted_once": 7}


def test_a_log_without_purchases(tmp_path: Path) -> None:
    found = reconcile(purchases([]), dated(tmp_path / "orders.csv", range(3)))
    assert numbers(found) == {"orders": 3, "missing": 3}
    assert said(found, "no Purchase event")


# End to end ---------------------------------------------------------------------------------------------------------------------------


def test_a_whole_audit(tmp_path: Path) -> None:
    """Pairs count once, near misses twice; the report carries what `reconcile` says of the audit's own Purchases."""

    def event(side: str, order_id: str, event_id: str, value: float = 125.0) -> dict[str, Any]:
        return {
            "_side": side,
            "event_id": event_id,
            "event_time": when(1),
            "order_id": order_id,
            "value": value,
        }

    log = write_log(
        tmp_path / "log.ndjson",
        event("browser", "1001", "e1"),
        event("server", "1001", "e1"),
        event("browser", "#1002", "b2"),
        event("server", "1002", "s2"),
        event("server", "1003", "e3", 99.0),
        event("server", "1006", "e6"),
        event("server", "9999", "e7"),
    )
    found = audit([log], orders=table(tmp_path / "orders.csv", [SHOPIFY, *PLANTED])).orders
    assert found is not None
    assert numbers(found) == {
        "orders": 8,
        "counted_once": 2,
        "missing": 5,
        "duplicated": 1,
        "extra": 1,
        "unpaid_sent": 1,
        "value_differs": 1,
    }
