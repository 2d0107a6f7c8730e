"""Orders and times: export and log that cover different days, zones, forms of dates."""

from pathlib import Path

import pytest

from emq_audit.orders import read_orders, reconcile
from tests.order_cases import dated, numbers, purchases, said, sent, table, when


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
