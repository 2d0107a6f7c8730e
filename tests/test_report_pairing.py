"""Deduplication in words: every count once, no accusation without its reason."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from emq_audit.dedup import LAGS
from emq_audit.reasons import REASONS
from emq_audit.report import DedupEntry, Orders, Unpaired, terminal
from emq_audit.report.drawings import Box, pairing_bar
from emq_audit.report.pairing import (
    BECAUSE,
    BY_SIDE,
    causes,
    dropped,
    faults,
    lag_words,
    misses,
    money,
    most_counted_twice,
    orders_title,
    twice_sentence,
    typical_lag,
    without_id_words,
)
from tests.sample_report import sample_report

PURCHASE = sample_report().dedup[0]


def words(sentence) -> str:
    return "".join(piece.text for piece in sentence)


def of_reasons(*unpaired: tuple[str, str, int, str | None], twice: int = 9, **changed) -> DedupEntry:
    return replace(
        PURCHASE, unpaired=tuple(Unpaired(*each) for each in unpaired), counted_twice=twice, **changed
    )


def on_both(
    reason: str, actions: int, detail: str | None = None
) -> tuple[tuple[str, str, int, str | None], ...]:
    return tuple((side, reason, actions, detail) for side in ("browser", "server"))


def test_every_unpaired_event_is_told_once():
    for entry in sample_report().dedup:
        told = misses(entry)
        assert sum(miss.browser for miss in told) == entry.browser_only
        assert sum(miss.server for miss in told) == entry.server_only
        assert [miss.events for miss in told] == sorted((miss.events for miss in told), reverse=True)


def test_every_reason_has_its_words():
    assert {reason.id for reason in REASONS if reason.counted_twice} <= set(BECAUSE)
    for reason in REASONS:
        for side in ("browser", "server"):
            (miss,) = misses(of_reasons((side, reason.id, 3, None)))
            assert words(miss.title) and miss.change and miss.effect
            assert (miss.side is None) == ((reason.id, side) not in BY_SIDE)


def test_both_sides_of_one_fault_are_one_reason():
    (miss,) = misses(of_reasons(("browser", "prefix", 5, "#"), ("server", "prefix", 4, "#")))
    assert (miss.browser, miss.server, words(miss.title)) == (
        5,
        4,
        "One side puts “#” in front of the id",
    )
    assert len(misses(of_reasons(("browser", "no-id-here", 5, None), ("server", "no-id-here", 4, None)))) == 2


def test_what_the_server_lacks_is_a_fault_only_below_the_goal():
    alone = ("browser", "no-counterpart", 20, None)
    assert not faults(of_reasons(alone, event_coverage=0.75))
    assert faults(of_reasons(alone, event_coverage=0.74))
    assert not faults(of_reasons(alone, event_coverage=None, server=0))
    assert not faults(of_reasons(("server", "no-counterpart", 20, None), event_coverage=0.1))


@pytest.mark.parametrize(
    ("unpaired", "told"),
    [
        (on_both("prefix", 9, "#"), "Nine are counted twice because one side puts “#” in front of the id"),
        (on_both("suffix", 9), "Nine are counted twice because one side puts something behind the id"),
        (
            (*on_both("case", 9), ("server", "no-counterpart", 90, None)),
            "Nine are counted twice because the ids differ in capital letters only",
        ),
        (on_both("other-id-family", 9), "Nine are probably counted twice because each side makes its own ids"),
        (
            (*on_both("prefix", 5, "#"), ("browser", "no-id-there", 80, None), ("server", "no-id-here", 80, None)),
            "Nine are probably counted twice, most because one side puts “#” in front of the id",
        ),
        (
            (("browser", "no-id-there", 80, None), ("server", "no-id-here", 80, None)),
            "Nine are probably counted twice because one side sends no id",
        ),
        (
            (*on_both("case", 4), *on_both("suffix", 3), *on_both("outside-window", 2)),
            "Nine are counted twice, many because the ids differ in capital letters only",
        ),
    ],
)  # fmt: skip
def test_the_cause_is_named_as_far_as_it_is_known(unpaired, told):
    assert words(twice_sentence(of_reasons(*unpaired), None)) == told


def test_what_fbp_and_external_id_still_join_does_not_count_twice():
    nameless = (("browser", "no-id-there", 80, None), ("server", "no-id-here", 80, None))
    effects = {miss.reason: miss.effect for miss in misses(of_reasons(*nameless, *on_both("case", 9)))}
    assert effects == {
        "no-id-there": "Joined without id",
        "no-id-here": "Cannot pair",
        "case": "Counted twice",
    }
    effects = {miss.reason: miss.effect for miss in misses(of_reasons(*nameless, *on_both("case", 4)))}
    assert effects["no-id-there"] == "Some count twice"


def test_causes_add_up_to_what_counts_twice():
    for entry in sample_report().dedup:
        assert causes(entry).total() == entry.counted_twice


def test_one_is_told_in_the_singular():
    assert words(twice_sentence(of_reasons(*on_both("case", 1), twice=1), None)).startswith(
        "One is counted twice because"
    )


def test_the_main_event_comes_first_and_others_only_if_it_is_fine():
    report = sample_report()
    lead = replace(report.dedup[4], counted_twice=500)
    assert lead.event_name == "Lead"
    both = replace(report, dedup=(report.dedup[0], lead))
    assert most_counted_twice(both, report.dedup[0]) is report.dedup[0]
    fine = replace(report.dedup[0], counted_twice=0)
    assert most_counted_twice(replace(report, dedup=(fine, lead)), fine) is lead
    assert most_counted_twice(replace(report, dedup=(fine,)), fine) is None


def test_what_is_dropped_adds_up_in_words():
    assert dropped(PURCHASE).startswith("2,121: 2,108 as the other side’s report of a pair, 1 as a repeat of")
    assert dropped(replace(PURCHASE, dropped={"pair": 7, "repeat": 0}, deduplicated=7)) == (
        "7 as the other side’s report of a pair"
    )
    assert dropped(replace(PURCHASE, dropped={}, deduplicated=0)) == ""


@pytest.mark.parametrize(
    ("lags", "place"),
    [
        ((), None),
        ((0,) * 9, None),
        ((5, 4, 0, 0, 0, 0, 0, 0, 0), 0),
        ((5, 5, 0, 0, 0, 0, 0, 0, 0), 0),
        ((4, 5, 0, 0, 0, 0, 0, 0, 0), 1),
        ((0,) * 8 + (1,), 8),
    ],
)
def test_the_typical_pair_is_the_median_one(lags, place):
    assert typical_lag(replace(PURCHASE, lags=lags)) == place


def test_lags_are_named_after_their_bins():
    assert lag_words(0) == "the server’s event comes first"
    assert lag_words(len(LAGS) - 1) == "the server’s event comes over 48 h after the browser’s"


def test_events_without_an_id_are_counted_by_side():
    assert without_id_words(PURCHASE) == "browser events; every server event has one"
    assert without_id_words(replace(PURCHASE, server_with_id=2900)) == "62 browser, 13 server"
    assert without_id_words(replace(PURCHASE, browser_with_id=PURCHASE.browser)) == "every event has one"


def test_money_keeps_its_currencies_apart():
    assert (
        words(money({"DKK": 1200.4, "EUR": 3000.0, "": 5.0})) == "3,000 EUR, 1,200 DKK and 5 with no currency named"
    )
    assert words(money({})) == ""


@pytest.mark.parametrize(
    ("orders", "title"),
    [
        (Orders(100, 91, 5, 0, 4, 0, 0, 0), "91% of 100 true orders are counted exactly once"),
        (Orders(1, 1, 0, 0, 0, 0, 0, 0), "100% of 1 true order is counted exactly once"),
        (Orders(100, 0, 100, 0, 0, 0, 0, 0), "None of 100 true orders was found in this log"),
        (Orders(0, 0, 0, 3, 0, 0, 0, 0), "The orders file holds no true order"),
    ],
)
def test_orders_are_no_accusation_where_nothing_was_found(orders, title):
    assert orders_title(orders) == title


def test_the_bar_keeps_every_event_and_marks_what_counts_twice():
    boxes = [mark for mark in pairing_bar(40, 50, 30, twice=10) if isinstance(mark, Box)]
    assert [(box.look, round(120 * box.width)) for box in boxes] == [
        ("browser-only", 30), ("hatch", 10), ("solid", 50), ("hatch", 10), ("server-only", 20),
    ]  # fmt: skip
    assert sum(box.width for box in boxes) == pytest.approx(1)
    assert [box.look for box in pairing_bar(0, 0, 30, twice=10) if isinstance(box, Box)] == ["server-only"]


def test_the_terminal_names_the_two_worst_reasons():
    console = Console(width=120, record=True, file=StringIO())
    terminal.show(sample_report(), console)
    told = console.export_text()
    assert "3,270" in told and "202" in told
    assert "Purchase, 118 browser and 118 server: One side puts “#” in front of the id" in told
    assert "Purchase, 56 browser and 56 server: The two reports come over 48 hours apart" in told
    assert "nothing that fits" not in told
