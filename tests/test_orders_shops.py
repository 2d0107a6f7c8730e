"""Orders of other shops: WooCommerce, statuses, amounts and currencies as tables write them."""

from pathlib import Path

import pytest

from emq_audit.orders import read_orders, reconcile
from tests.order_cases import numbers, purchases, said, sent, table

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
