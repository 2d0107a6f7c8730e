"""Double counting: planted logs whose truth is known, and an obvious Python count on random ones. Each log is a pixel of its own."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from emq_audit import doubles
from emq_audit.check import run
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.checks.examples import DAY, EMAIL, HOUR, MINUTE, MOMENT, fbp, sha256
from emq_audit.doubles import KINDS
from tests.sound import open_log

Event = dict[str, Any]
MAIL = "Mette.Holm@shop.example.com"
NOBODY = {"fbp": None, "em": None, "external_id": None}
UNKNOWN = {"order_id": None}


def browser(event_id: str | None, later: int = 0, **more: Any) -> Event:
    """The browser's report of order 1042, `later` seconds after the first."""
    return {"_side": "browser", "event_id": event_id, "event_time": MOMENT + later, **more}


def server(event_id: str | None, later: int = 0, **more: Any) -> Event:
    return browser(event_id, later, **more) | {"_side": "server"}


def both(event_id: str | None, later: int = 0, **more: Any) -> tuple[Event, Event]:
    return browser(event_id, later, **more), server(event_id, later + 2, **more)


def opened(logs: Iterable[list[Event]], folder: Path) -> duckdb.DuckDBPyConnection:
    """All logs in one, each with a pixel of its own by its place."""
    return open_log([{"pixel_id": f"{place}."} | event for place, log in enumerate(logs) for event in log], folder, as_of=None)


PLANTED: dict[str, tuple[list[Event], dict[str, int]]] = {
    "a pair": ([*both("a")], {}),
    "two orders": ([*both("a"), *both("b", order_id="1043")], {}),
    "a retry": ([server("a"), server("a", HOUR), browser("a")], {}),
    "two pixels": ([*both("a"), *both("b", pixel_id="another")], {}),
    "ids that differ": ([browser("paid-k3"), server("thanks-x7")], {"two-sides": 1}),
    "ids that differ, with the server first": ([server("paid-k3"), browser("thanks-x7", 5)], {"two-sides": 1}),
    "an email in clear and its hash": ([browser("x", em=MAIL), server("y", em=EMAIL)], {"two-sides": 1}),
    "no id on the server, which is first": ([server(None), browser("a", 5)], {"two-sides": 1}),
    "no id on the server, which Meta still drops": ([browser("a"), server(None, 5)], {}),
    "the two sides' values differ": ([browser("x", value=199.2), server("y")], {"two-sides": 1}),
    "the thank-you page again": ([browser("a"), browser("b", HOUR)], {"again": 1}),
    "the thank-you page twice again": ([browser("a"), browser("b", HOUR), browser("c", 9 * HOUR)], {"again": 2}),
    "the thank-you page again, without ids": ([browser(None), browser(None, HOUR)], {"again": 1}),
    "a pair again under another id": ([*both("a"), *both("b", HOUR)], {"again": 1}),
    "a server's second report beside a pair": ([*both("a"), server("b", 9)], {"again": 1}),
    "a server's second report before the first": ([browser("a"), server("b", 1), server("a", 2)], {"again": 1}),
    "a pair that failed, and the server again": ([browser("a"), server("b", 1), server("c", 2)], {"two-sides": 1, "again": 1}),
    "a failed pair, and its server's report again": ([browser("a"), server("b", 1), server("c", 2), server("c", 3)],
                                                     {"two-sides": 1, "again": 1}),
    "two senders": ([server("a", sender="woocommerce"), server("b", sender="stape")], {"two-senders": 1}),
    "two senders beside a pair": ([browser("a"), server("a", sender="woocommerce"), server("b", sender="stape")], {"two-senders": 1}),
    "two senders with two values": ([server("a", sender="x"), server("b", sender="y", value=199.2)], {"two-senders": 1}),
    "a sender twice": ([server("a", sender="x"), server("b", sender="x")], {"again": 1}),
    "one of two senders twice": ([server("a", sender="x"), server("b", 1, sender="y"), server("c", 2, sender="x")],
                                 {"two-senders": 1, "again": 1}),
    "a sender without a name": ([server("a", sender="x"), server("b")], {"again": 1}),
    "two names of the pixel's": ([browser("a", sender="x"), browser("b", sender="y")], {"again": 1}),
    "days later": ([browser("a"), browser("a", 3 * DAY)], {"late-repeat": 1}),
    "days later from both sides": ([*both("a"), *both("a", 3 * DAY)], {"late-repeat": 1}),
    "days later, twice": ([*both("a"), browser("a", 3 * DAY), browser("a", 6 * DAY)], {"late-repeat": 2}),
    "the other side days later": ([browser("a"), server("a", 3 * DAY)], {"late-repeat": 1}),
    "days later without an order": ([browser("a", **UNKNOWN), browser("a", 3 * DAY, **UNKNOWN)], {"late-repeat": 1}),
    "days later without an order, another value": ([browser("a", **UNKNOWN), browser("a", 3 * DAY, value=1, **UNKNOWN)], {}),
    "days later without an order, another person": (
        [browser("a", **UNKNOWN), browser("a", 3 * DAY, em=sha256("anders"), **UNKNOWN)], {}),
    "days later without an order, nobody known": ([browser("a", **UNKNOWN | NOBODY), browser("a", 3 * DAY, **UNKNOWN | NOBODY)], {}),
    "days later and under another id": ([browser("a"), browser("b", 3 * DAY)], {"again": 1}),
    "messages count each": ([server("a", action_source="business_messaging")] * 2, {"again": 1}),
    "an order that its pair tells": ([browser("a", **UNKNOWN), server("a"), browser("b", 5, **UNKNOWN), server("b", 6)], {"again": 1}),
    "two orders that their pairs tell": (
        [browser("a", **UNKNOWN), server("a"), browser("b", 5, **UNKNOWN), server("b", 6, order_id="1043")], {}),
    "an addition to an order": ([server("a"), server("b", 9, value=49.0)], {}),
    "an order number that two people share": ([server("a"), server("b", em=sha256("anders"))], {}),
    "an order number that three browsers share": ([server(f"{n}", n, em=None, fbp=fbp(MOMENT - 20 * DAY, n)) for n in range(3)], {}),
    "an order number that two browsers share": (
        [server(f"{n}", n, em=None, fbp=fbp(MOMENT - 20 * DAY, n)) for n in range(2)], {"again": 1}),
    "an order number for everything": ([server(f"{n}", n * HOUR, **NOBODY) for n in range(201)], {}),
    "an order number that is placeholder text": ([server("a", order_id="undefined"), server("b", HOUR, order_id="undefined")], {}),
    "no order, ten minutes": ([server("a", **UNKNOWN), server("b", 600, **UNKNOWN)], {"same-purchase": 1}),
    "no order, over ten minutes": ([server("a", **UNKNOWN), server("b", 601, **UNKNOWN)], {}),
    "no order, from both sides": ([browser("x", **UNKNOWN), server("y", 9, **UNKNOWN)], {"same-purchase": 1}),
    "no order, three in a row": ([server(f"{n}", n * 500, **UNKNOWN) for n in range(3)], {"same-purchase": 2}),
    "no order, another value": ([server("a", **UNKNOWN), server("b", 9, value=9, **UNKNOWN)], {}),
    "no order, another currency": ([server("a", **UNKNOWN), server("b", 9, currency="EUR", **UNKNOWN)], {}),
    "no order, value 0": ([server("a", value=0, **UNKNOWN), server("b", 9, value=0, **UNKNOWN)], {}),
    "no order, nobody known": ([server("a", **UNKNOWN | NOBODY), server("b", 9, **UNKNOWN | NOBODY)], {}),
    "no order, known by customer id": (
        [server("a", em=None, fbp=None, **UNKNOWN), server("b", 9, em=None, **UNKNOWN)], {"same-purchase": 1}),
    "no order, known by browser id": (
        [server("a", em=None, external_id=None, **UNKNOWN), server("b", 9, external_id=None, **UNKNOWN)], {"same-purchase": 1}),
    "no order, a shop's own email": ([server("a", **UNKNOWN), server("b", 9, fbp=fbp(MOMENT - 20 * DAY, 7), **UNKNOWN)], {}),
    "no order, a browser that two people share": ([server("a", **UNKNOWN), server("b", 9, em=sha256("anders"), **UNKNOWN)], {}),
    "no order, a visitor who is none": ([server(f"{n}", n, **UNKNOWN) for n in range(21)], {}),
    "an order, and the same without its number": ([server("a"), browser("b", 60, **UNKNOWN)], {"same-purchase": 1}),
    "without a number, then the order": ([browser("b", **UNKNOWN), server("a", 60)], {"same-purchase": 1}),
    "two orders, and one of them without its number": (
        [server("a"), browser("b", 60, **UNKNOWN), server("c", 120, order_id="1043")], {"same-purchase": 1}),
    "an order again, and without its number": (
        [server("a"), server("b", 60), browser("c", 90, **UNKNOWN)], {"again": 1, "same-purchase": 1}),
    "another event": ([server("a", event_name="Lead"), server("b", event_name="Lead")], {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return opened((log for log, _ in PLANTED.values()), tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_counted(name: str, planted: duckdb.DuckDBPyConnection) -> None:
    pixel = f"{list(PLANTED).index(name)}."
    found = planted.execute("SELECT kind, count(*) FROM doubles WHERE pixel = ? GROUP BY ALL", [pixel]).fetchall()
    assert dict(found) == PLANTED[name][1]


def test_every_kind_is_planted_and_described() -> None:
    assert {kind for _, kinds in PLANTED.values() for kind in kinds} == set(KINDS)
    for kind in KINDS.values():
        assert 10 <= len(kind.title) <= 60 and not kind.title.endswith(".")
        assert kind.change.endswith(".")
    assert [name for name, kind in KINDS.items() if kind.heuristic] == ["same-purchase"]


def test_only_what_meta_counts_is_counted_again_and_each_event_once(planted: duckdb.DuckDBPyConnection) -> None:
    rows = planted.execute("""
        SELECT count(*), count(DISTINCT place), count_if(purchases.counted), count_if(other.counted), count_if(other_place <> place)
        FROM doubles JOIN purchases USING (place) JOIN purchases AS other ON other.place = other_place""").fetchone()
    assert len(set(rows)) == 1 and rows[0] == sum(sum(kinds.values()) for _, kinds in PLANTED.values())


@pytest.mark.parametrize(
    ("log", "true"),
    [
        ([server("s"), browser("b")], 2),
        ([server("s"), browser("b", 1)], 1),
        ([browser("b", **UNKNOWN), server("s", 60)], 2),
        ([browser("b", 60, **UNKNOWN), browser("c", **UNKNOWN)], 2),
    ],
    ids=["browser of one second", "earlier", "one with an order", "earlier of two without"],
)
def test_the_true_one_is_the_first_or_the_one_with_an_order(log: list[Event], true: int, tmp_path: Path) -> None:
    con = opened([log], tmp_path)
    assert con.execute("""SELECT "row" FROM purchases WHERE place IN (SELECT other_place FROM doubles)""").fetchall() == [(true,)]


def test_value_is_summed_by_currency_to_the_cent(tmp_path: Path) -> None:
    again = [{"value": 0.1}, {"value": "0.2"}, {"value": 5, "currency": "eur"}, {"value": None}, {"value": 7, "currency": "<b>kr.</b>"}]
    again += [{"value": "much", "currency": "SEK"}, {"value": "inf", "currency": "NOK"}]
    log = [browser("days", order_id="d"), browser("days", 3 * DAY, order_id="d")]
    for order, more in enumerate(again, 100):
        log += [server(f"{order}", order_id=f"{order}", value=None), server(f"{order}x", 9, order_id=f"{order}", **more)]
    found = doubles.doubles(opened([log], tmp_path))
    assert [(one.event_name, one.kind, one.conversions) for one in found] == [("Purchase", "again", 7), ("Purchase", "late-repeat", 1)]
    assert [one.value for one in found] == [{"DKK": 0.3, "EUR": 5.0, "": 7.0}, {"DKK": 249.0}]


def test_a_log_without_purchases_has_none(tmp_path: Path) -> None:
    assert doubles.doubles(opened([[server("a", event_name="Lead")]], tmp_path)) == ()


# Random logs ------------------------------------------------------------------------------------------------------------------

DRAWN = {
    "_side": ("browser", "server"),
    "event_id": ("a", "b", "c", "undefined", None),
    "event_time": [MOMENT + later for later in (0, 0, 1, 9, 299, 600, 601, 1200, DAY, 3 * DAY, 6 * DAY)],
    "order_id": ("1", "1", "1", "2", None, None),
    "value": (249.0, 249.0, 249.0, 99.0, None),
    "sender": (None, None, "x", "y"),
    "fbp": (fbp(MOMENT - 20 * DAY), fbp(MOMENT - 20 * DAY), fbp(MOMENT - 20 * DAY, 7), None),
    "em": (None, EMAIL, MAIL, sha256("anders")),
    "external_id": (None,),
}


def random_log(dice: Random) -> list[Event]:
    events = [{field: dice.choice(values) for field, values in DRAWN.items()} for _ in range(dice.randint(2, 7))]
    return [event | {"em": EMAIL} if event["_side"] == "server" and event["em"] == MAIL else event for event in events]


@settings(max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(seed=st.integers(0, 10**9))
def test_random_logs_are_counted_as_by_hand_in_any_order(seed: int) -> None:
    dice = Random(seed)
    logs = [random_log(dice) for _ in range(400)]
    with tempfile.TemporaryDirectory() as folder:
        con = opened(logs, Path(folder))
        found = _found(con)
        assert found == _by_hand(con)
        assert {kind for kinds in found.values() for _, _, kind, _ in kinds} == set(KINDS)
        turned = opened([dice.sample(log, len(log)) for log in logs], Path(folder))
        assert _found(turned) == found


def _found(con: duckdb.DuckDBPyConnection) -> dict[str, Counter]:
    found: dict[str, Counter] = defaultdict(Counter)
    for pixel, *what in con.execute("SELECT pixel, side, event_id, kind, value FROM doubles").fetchall():
        found[pixel][tuple(what)] += 1
    return dict(found)


def _by_hand(con: duckdb.DuckDBPyConnection) -> dict[str, Counter]:
    """The same from the table of purchases, one pixel after the other."""
    cursor = con.execute("SELECT * FROM purchases")
    columns = [column[0] for column in cursor.description]
    pixels: dict[str, list[Event]] = defaultdict(list)
    for row in cursor.fetchall():
        bought = dict(zip(columns, row, strict=True))
        bought["id"] = bought["event_id"] if bought["id_state"] in ("present", "placeholder") else None
        bought["em"] = EMAIL if bought["em"] == MAIL else bought["em"]
        pixels[bought["pixel"]].append(bought)
    what = ("side", "event_id", "kind", "value")
    judged = {pixel: Counter(tuple(one[field] for field in what) for one in _judged(of)) for pixel, of in pixels.items()}
    return {pixel: kinds for pixel, kinds in judged.items() if kinds}


def _judged(bought: list[Event]) -> Iterator[Event]:
    turn = ("moment", "side", "id", "value", "sender", "em", "fbp", "place")
    bought.sort(key=lambda one: [(one[field] is None, one[field]) for field in turn])
    for one in bought:
        told = {other["order_id"] for other in bought if other["event_id"] == one["event_id"]} - {None}
        if one["order_id"] is None and one["id_state"] == "present" and len(told) == 1:
            one["order"] = told.pop()
        else:
            one["order"] = one["order_id"]
    doubled = []
    for order in {one["order"] for one in bought} - {None}:
        doubled += _of_order([one for one in bought if one["order"] == order])
    doubled += _late_without_order([one for one in bought if one["counted"] and one["order"] is None and one["id_state"] == "present"])
    left = [one for one in bought if one["counted"] and not any(one is other for other in doubled) and one["value"]]
    yield from doubled
    for place, one in enumerate(left):
        near = [other for at, other in enumerate(left) if at != place and (other["order"] or at < place) and _same_purchase(one, other)]
        if one["order"] is None and near:
            yield one | {"kind": "same-purchase"}


def _of_order(sent: list[Event]) -> Iterator[Event]:
    if len({one["em"] for one in sent} - {None}) > 1 or len({one["fbp"] for one in sent} - {None}) > 2:
        return
    counted = [one for one in sent if one["counted"]]
    for place, one in enumerate(sent):
        if not one["counted"] or one is counted[0]:
            continue
        before, beside = sent[:place], [other for other in sent if other is not one and other["side"] == one["side"]]
        dropped = [o for o in beside if not o["counted"] and (one["id"] is None or o["id"] != one["id"])]
        own = [other for other in beside if other["counted"] and other in before]
        own += [other for other in dropped if other in before or other["id"] in (None, counted[0]["id"])]
        senders = {other["sender"] for other in own} - {None}
        if one["id"] and any(o["counted"] and o["id"] == one["id"] and one["moment"] - o["moment"] > DAY for o in before):
            one["kind"] = "late-repeat"
        elif not own:
            one["kind"] = "two-sides"
        elif one["side"] == "server" and one["sender"] and senders and one["sender"] not in senders:
            one["kind"] = "two-senders"
        elif any(None in (one["value"], other["value"]) or one["value"] == other["value"] for other in own):
            one["kind"] = "again"
        else:
            continue
        yield one


def _late_without_order(counted: list[Event]) -> Iterator[Event]:
    for event_id in {one["id"] for one in counted}:
        first, *later = [one for one in counted if one["id"] == event_id]
        for one in later:
            if one["value"] == first["value"] and _one_visitor(one, first):
                one["kind"] = "late-repeat"
                yield one


def _one_visitor(one: Event, other: Event) -> bool:
    if one["em"] and other["em"]:
        return one["em"] == other["em"]
    return one["fbp"] is not None and one["fbp"] == other["fbp"]


def _same_purchase(one: Event, other: Event) -> bool:
    apart = one["fbp"] and other["fbp"] and one["fbp"] != other["fbp"]
    return one["value"] == other["value"] and abs(one["moment"] - other["moment"]) <= 600 and _one_visitor(one, other) and not apart


# Bursts and makers of ids -----------------------------------------------------------------------------------------------------


def cart(event_id: str | None, later: int = 0, **more: Any) -> Event:
    return browser(event_id, later, event_name="AddToCart", order_id=None) | more


BURSTS: dict[str, tuple[list[Event], int]] = {
    "one event": ([cart("a")], 0),
    "a double": ([cart("a"), cart("b", 1)], 1),
    "two seconds apart": ([cart("a"), cart("b", 2)], 0),
    "five in two seconds": ([cart(f"{n}", n // 2) for n in range(5)], 4),
    "five of one id": ([cart("a", n // 2) for n in range(5)], 0),
    "ids that come again": ([cart("a"), cart("b"), cart("a", 1), cart("b", 1)], 1),
    "no ids": ([cart(None), cart(None)], 1),
    "both sides, each once": ([*both("a", event_name="AddToCart")], 0),
    "both sides, each twice": ([one for n in "ab" for one in (cart(n), cart(n, _side="server"))], 2),
    "two visitors": ([cart("a"), cart("b", fbp=fbp(MOMENT - 20 * DAY, 7))], 0),
    "visitors unknown": ([cart("a", fbp=None), cart("b", fbp=None)], 0),
    "two products": ([cart("a"), cart("b", contents=[{"id": "SKU-8", "quantity": 1}])], 0),
    "two values": ([cart("a"), cart("b", value=99.0)], 0),
    "two names": ([cart("a"), cart("b", event_name="InitiateCheckout")], 0),
    "a page": ([cart("a", event_name="PageView"), cart("b", event_name="PageView")], 0),
    "received in one second": ([cart("a", received_at=MOMENT), cart("b", MINUTE, received_at=MOMENT)], 0),
    "a cookie for all": ([cart(f"{n}") for n in range(101)], 0),
    "a purchase with an order": ([browser("a"), browser("b")], 0),
    "a purchase that says nothing": ([browser(n, order_id=None, value=None) for n in "ab"], 1),
}


def test_bursts_are_counted(tmp_path: Path) -> None:
    con = opened((log for log, _ in BURSTS.values()), tmp_path)
    found = dict(con.execute("SELECT pixel, count(*) FROM events JOIN burst_rows USING (place) GROUP BY ALL").fetchall())
    expected = {f"{place}.": count for place, (_, count) in enumerate(BURSTS.values()) if count}
    assert found == expected
    assert con.execute("SELECT count_if(again) FROM bursts").fetchone() == (sum(expected.values()),)


UUID = "{:08x}-91c6-4f3a-8e27-c15d6a90f2b8"


@pytest.mark.parametrize(
    ("log", "at_fault"),
    [
        ([(UUID if n % 3 == 0 else "{}", n) for n in range(1000, 1030)], 1),
        ([(UUID if n % 3 == 0 else "{}", n) for n in range(1001, 1028)], 0),
        ([(UUID if n % 8 == 0 else "{}", n) for n in range(1000, 1080)], 0),
        ([(UUID if n < 1015 else "{}", n) for n in range(1000, 1030)], 0),
        ([("{:040x}", n) for n in range(1000, 1030)], 0),
        ([("text {}" if n % 2 else "{}", n) for n in range(1000, 1030)], 0),
    ],
    ids=["two kinds", "nine of the second", "a seventh", "one after the other", "one kind", "text tells nothing"],
)
def test_two_kinds_of_ids_on_the_server(log: list[tuple[str, int]], at_fault: int, tmp_path: Path) -> None:
    con = opened([[server(kind.format(n), n * HOUR, order_id=f"{n}") for kind, n in log]], tmp_path)
    (answer,) = run([CHECKS_BY_ID["server-ids-of-two-kinds"]], con)
    assert [(count.in_scope, count.at_fault) for count in answer.counts] == [(1, at_fault)]


def test_both_kinds_of_ids_are_counted_in_order(tmp_path: Path) -> None:
    """A guard of the test above: ids are told apart the same with one side in the log as with two."""
    log = [server(UUID.format(n) if n % 2 else f"{n}", n * HOUR, order_id=f"{n}") for n in range(1000, 1024)]
    one_sided, two_sided = (opened([events], tmp_path) for events in (log, [*log, browser("z", event_name="Lead")]))
    rows = [con.execute("SELECT events, others FROM id_makers").fetchall() for con in (one_sided, two_sided)]
    assert rows == [[(12, 12)], [(12, 12)]]
