"""Orders of a Shopify export set against the Purchases that Meta counts: which order each belongs to, by order id or event id."""

from pathlib import Path

import pytest

from emq_audit.errors import AuditError
from emq_audit.orders import read_orders, reconcile
from tests.order_cases import PLANTED, SHOPIFY, numbers, purchases, said, sent, shopify, table, when

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
    assert said(found, "unpaid, cancelled or tests: 6", "pending 1", "voided 1")
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


@pytest.mark.parametrize("form", ["{}", "  #{} ", "ORDER_{}", "gid://shopify/Order/{}", "{}-DK", "web {} (shop)", "{}.0"])
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


def test_what_stands_behind_must_be_constant_and_set_off(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], *[[f"{id}-web"] for id in range(1001, 1006)]])
    sent_ids = ("1001_dk", "1002_dk", "1003_dk", "1004_se", "1005dk")
    found = reconcile(purchases([sent(id) for id in sent_ids]), path)
    assert numbers(found) == {"orders": 5, "counted_once": 3, "missing": 2, "extra": 2}


def test_fractions_are_whole_numbers_where_all_of_a_sender_are(tmp_path: Path) -> None:
    path = table(tmp_path / "orders.csv", [["order_id"], ["1001"], ["1002"], ["1003"]])
    rows = [sent("1001.0", side="browser"), sent("1002.0", side="browser"), sent("1003.0"), sent("7.5")]
    assert numbers(reconcile(purchases(rows), path)) == {"orders": 3, "counted_once": 2, "missing": 1, "extra": 2}


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
