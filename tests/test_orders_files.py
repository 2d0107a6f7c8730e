"""Order files of every kind: which column, which file, hostile ones, and a whole audit."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emq_audit import audit
from emq_audit.errors import AuditError
from emq_audit.orders import check, read_orders, reconcile
from tests.logs import write_log
from tests.order_cases import PLANTED, SHOPIFY, dated, numbers, purchases, said, sent, table, text, when
from tests.reading import workbook


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
