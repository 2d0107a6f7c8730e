"""The deduplication page: its charts draw what the Report counts, and its lists open to the very events."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from emq_audit import lookup, pipeline
from emq_audit.app import answers, session
from emq_audit.app.charts import days, flow, hours, lags, reasons
from emq_audit.app.palette import DARK, LIGHT
from emq_audit.app.words import plain
from emq_audit.dedup import LAGS
from emq_audit.demo import write_demo
from emq_audit.pipeline import Audit
from emq_audit.report import Report, Unpaired
from emq_audit.report.pairing import misses
from emq_audit.timeline import gaps
from tests.sample_pairing import one_side
from tests.sample_report import hostile_report, sample_report
from tests.test_app import everything, shown
from tests.test_timeline import START, log, steady

PURCHASE = sample_report().dedup[0]


def told(report: Report) -> str:
    test = shown(report, "deduplication")
    assert not test.exception and not test.error
    return "".join(element.body for element in test.html if not element.body.startswith("<style>"))


# What it says


def test_the_verdict_names_share_number_and_cause():
    verdict, rule = answers.deduplication(sample_report())
    assert verdict == (
        "85% of Purchase browser events pair. 202 are probably counted twice, most because one side puts “#” in front of the id."
    )
    assert "48 hours" in rule


def fine() -> Report:
    """Nothing counts twice, and no id is shared."""
    report = sample_report()
    entries = tuple(replace(e, counted_twice=0, collisions=0) for e in report.dedup)
    return replace(report, dedup=entries)


def test_the_verdict_without_a_fault_is_the_share_alone():
    assert (
        answers.deduplication(fine())[0] == "85% of Purchase browser events pair, above Meta’s goal of 75%."
    )
    shared = replace(fine(), dedup=(replace(fine().dedup[0], collisions=1), *fine().dedup[1:]))
    assert answers.deduplication(shared)[0].endswith("One event id is shared by different people.")


def test_another_event_that_counts_twice_is_named():
    report = fine()
    lead = replace(
        report.dedup[4],
        counted_twice=7,
        unpaired=(Unpaired("browser", "case", 7), Unpaired("server", "case", 7)),
    )
    verdict = answers.deduplication(replace(report, dedup=(*report.dedup[:4], lead)))[0]
    assert verdict.endswith(
        "Seven Lead events are counted twice because the ids differ in capital letters only."
    )


def test_what_either_side_would_miss_is_what_nothing_could_pair():
    words = answers.missed(sample_report())
    assert "591 of 2,913 server events" in words and "120 of 2,478 browser events" in words


def test_an_event_of_one_side_can_be_looked_at_if_something_is_wrong_with_it():
    report = sample_report()
    page_view = report.dedup[5]
    assert page_view not in answers.pairable(report)
    misnamed = replace(page_view, unpaired=(Unpaired("browser", "other-event-name", page_view.browser),))
    assert misnamed in answers.pairable(replace(report, dedup=(*report.dedup[:5], misnamed)))


@pytest.mark.parametrize("side", ["browser", "server"])
def test_a_log_of_one_side_has_nothing_to_look_at_closely(side: str):
    report = sample_report()
    alone = replace(one_side(PURCHASE, side), unpaired=(Unpaired(side, "no-id-here", 62),))
    assert answers.pairable(replace(report, dedup=(alone,))) == []


def test_ids_are_not_called_sound_where_there_are_none():
    report = replace(sample_report(), shared_ids=())
    assert "No id is used twice" in told(report)
    without = replace(PURCHASE, browser_with_id=0, server_with_id=0)
    assert "No id is used twice" not in told(replace(report, dedup=(without,)))


def test_sections_without_anything_to_say_are_not_there():
    full = told(sample_report())
    bare = told(replace(sample_report(), orders=None, doubles=(), disagreements=(), lacking=(), one_sided=()))
    for words in (
        "true orders are counted exactly once",
        "49 conversions, worth 38,260 DKK and 120 EUR, counted again",
        "What either side would miss alone",
    ):
        assert words in full and words not in bare
    assert "Why the others do not pair" in bare


def test_when_every_event_pairs_the_page_says_so():
    report = sample_report()
    entry = replace(
        report.dedup[0], browser=10, server=10, pairs=10, browser_only=0, server_only=0, unpaired=(), counted_twice=0,
        event_coverage=1.0, received=20, counted=10, deduplicated=10, dropped={"pair": 10}, lags=(0, 10, 0, 0, 0, 0, 0, 0, 0),
    )  # fmt: skip
    assert "Every event found its partner" in told(replace(report, dedup=(entry,)))


def test_many_event_names_are_folded():
    report = sample_report()
    many = tuple(replace(report.dedup[5], event_name=f"Step {place}") for place in range(400))
    test = shown(replace(report, dedup=(*report.dedup, *many)), "deduplication")
    assert not test.exception
    assert "396 more event names" in [box.label for box in test.expander]


# What is chosen


def test_the_largest_fault_is_open_first_and_any_reason_can_be_chosen():
    test = shown(sample_report(), "deduplication")
    box = test.selectbox(key="dedup_reason")
    assert box.value == ("prefix", None)
    assert len(box.options) == len(misses(PURCHASE))
    box.select(("no-counterpart", "server")).run()
    assert not test.exception
    bodies = "".join(element.body for element in test.html)
    assert "blockers stop the pixel" in bodies and "Take it away there" not in bodies


def test_another_event_has_reasons_of_its_own():
    test = shown(sample_report(), "deduplication")
    test.segmented_control(key="dedup_event").set_value("AddToCart").run()
    assert not test.exception
    assert test.selectbox(key="dedup_reason").value == ("no-counterpart", "browser")


# Charts


def test_the_flow_counts_once_and_again_what_meta_counts():
    figure = flow.chart(PURCHASE, LIGHT)
    texts = [note.text for note in figure.layout.annotations]
    assert "<b>3,068</b><br>counted once" in texts and "<b>202</b><br>counted again" in texts
    assert not any(
        "again" in note.text for note in flow.chart(sample_report().dedup[1], LIGHT).layout.annotations
    )
    assert "Meta counts 3,270; 202 of them a second time" in flow.alt(PURCHASE)


@pytest.mark.parametrize("entry", sample_report().dedup, ids=lambda entry: entry.event_name)
def test_blocks_of_the_flow_keep_to_one_scale(entry):
    blocks = flow._blocks(entry)
    least = flow.THIN * (entry.browser + entry.server)
    for block, events in (
        (blocks.browser, entry.browser), (blocks.server, entry.server), (blocks.pairs, entry.pairs),
        (blocks.once, entry.counted - entry.counted_twice), (blocks.again, entry.counted_twice),
    ):  # fmt: skip
        assert block[1] - block[0] == pytest.approx(max(events, least) if events else 0)
    first, second = flow._cuts(entry, blocks.once)
    assert blocks.once[0] <= first <= second <= blocks.once[1] + 1e-9


def test_one_side_flows_straight_through():
    texts = [note.text for note in flow.chart(one_side(PURCHASE, "server"), DARK).layout.annotations]
    assert "<b>2,913</b><br>counted once" in texts and not any("pairs" in text for text in texts)


def test_the_reasons_are_drawn_to_scale_and_expected_ones_are_grey():
    found = misses(PURCHASE)
    bars, targets = reasons.chart(found, 1, LIGHT).data
    assert list(bars.x) == [miss.events for miss in found]
    assert [colour == LIGHT.none for colour in bars.marker.color] == [miss.expected for miss in found]
    assert list(targets.customdata) == list(range(len(found)))
    assert "One side puts “#” in front of the id 236" in reasons.alt(found)


def test_the_histogram_has_every_bin_and_hatches_what_is_too_late():
    inside, late = lags.chart(PURCHASE, LIGHT).data
    assert (*inside.y, *late.y) == PURCHASE.lags
    assert late.marker.pattern.shape == "/" and len(late.x) == 1
    assert all(name in lags.alt(PURCHASE) for name, *_ in LAGS)


def test_the_days_are_shares():
    rows = [row for row in sample_report().one_sided if row.by == "day"]
    browser, server = days.chart(rows, LIGHT).data
    assert list(browser.y) == [row.events / row.of for row in rows if row.side == "browser"]
    assert len(server.x) == 14 and "under" not in days.alt(rows)


def test_the_timeline_has_the_server_below_and_marks_its_silence():
    browser, server = steady("browser", 2 * 86_400, 600), steady("server", 86_400, 600)
    frame = _hours(browser + server)
    figure = hours.chart(frame, gaps(frame), LIGHT)
    above, below = figure.data
    assert sum(above.y) == 288 and sum(below.y) == -144
    (band,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert band.x0.timestamp() == START + 86_400 and band.y1 == 0
    assert "1 gap" in hours.alt(frame, gaps(frame))


def _hours(events):
    from emq_audit.timeline import hours as by_hour

    return by_hour(log(*events), "Purchase")


def test_names_and_details_of_a_hostile_log_are_only_text():
    entry = hostile_report().dedup[0]
    drawn = everything(reasons.chart(misses(entry), 0, DARK)) + everything(flow.chart(entry, DARK))
    assert "<script" not in drawn and "<img" not in drawn
    assert "<script" not in told(hostile_report()).replace("&lt;script", "")


# Lists open to their events


@pytest.fixture(scope="module")
def audit(tmp_path_factory) -> Audit:
    folder: Path = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    (folder / "manifest.json").unlink()
    with pipeline.open_audit([str(folder)]) as opened:
        yield opened


def test_each_reason_opens_to_as_many_events_as_it_counts(audit: Audit):
    counted = Counter()
    for entry in audit.report.dedup:
        for miss in entry.unpaired:
            wanted = {"event_name": entry.event_name, "side": miss.side, "reason": miss.reason}
            assert lookup.count_events(audit, **wanted) == miss.events, wanted
            found = lookup.find_events(audit, **wanted)
            assert len(found) == min(500, miss.events)
            assert set(found["reason"]) == {miss.reason} and set(found["pair"]) == {"alone"}
            counted[miss.reason] += miss.events
    assert len(counted) > 2, "the demo shop shows several reasons"


def test_every_event_of_both_sides_is_paired_or_alone(audit: Audit):
    found = lookup.find_events(audit, event_name="Purchase", limit=10_000)
    entry = next(entry for entry in audit.report.dedup if entry.event_name == "Purchase")
    tally = Counter(zip(found["side"], found["pair"], strict=True))
    assert tally == {
        ("browser", "paired"): entry.browser - entry.browser_only, ("browser", "alone"): entry.browser_only,
        ("server", "paired"): entry.server - entry.server_only, ("server", "alone"): entry.server_only,
    }  # fmt: skip


def test_a_reason_from_outside_is_only_a_value(audit: Audit):
    assert lookup.count_events(audit, reason="x' OR true --") == 0


def test_the_timeline_of_the_demo_holds_every_purchase(audit: Audit):
    from emq_audit.timeline import hours as by_hour

    entry = next(entry for entry in audit.report.dedup if entry.event_name == "Purchase")
    frame = by_hour(audit, "Purchase")
    assert (frame["browser"].sum(), frame["server"].sum()) == (entry.browser, entry.server)
    assert frame["hour"].is_monotonic_increasing and len(frame) > 24


# The shop's orders


def test_orders_dropped_on_the_page_are_compared_and_forgotten(audit: Audit, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(session, "audit", lambda: audit)
    monkeypatch.setattr(session.tempfile, "tempdir", str(tmp_path))
    ids = audit.con.execute(
        "SELECT DISTINCT order_id FROM purchases WHERE counted AND order_id IS NOT NULL ORDER BY 1"
    ).fetchall()
    lines = [
        "Name,Financial Status,Total,Currency",
        *(f"{order},paid,100.00,DKK" for (order,) in ids),
        "99999999,paid,5.00,DKK",
    ]
    test = shown(audit.report, "deduplication")
    test.file_uploader(key="orders-0").upload("orders.csv", "\n".join(lines).encode(), "text/csv").run()
    assert not test.exception and not test.error
    orders = test.session_state["opened"].report.orders
    assert orders.orders == len(ids) + 1 and orders.missing == 1
    assert "true orders are counted exactly once" in "".join(element.body for element in test.html)
    test.button(key="orders-out").click().run()
    assert test.session_state["opened"].report.orders is None and test.file_uploader(key="orders-1")
    assert not list(tmp_path.glob("emq-audit-*/orders")), "the orders are still on disk"


def test_a_file_without_orders_is_told_in_a_sentence(audit: Audit, monkeypatch):
    monkeypatch.setattr(session, "audit", lambda: audit)
    test = shown(audit.report, "deduplication")
    test.file_uploader(key="orders-0").upload("holiday.png", b"\x89PNG\r\n" + bytes(500), "image/png").run()
    assert not test.exception
    (message,) = test.error
    assert message.value.startswith("**") and "Traceback" not in message.value
    assert test.session_state["opened"].report.orders is None


def test_orders_are_only_asked_for_where_there_are_purchases(audit: Audit, monkeypatch):
    monkeypatch.setattr(session, "audit", lambda: audit)
    labels = [
        box.label
        for box in shown(replace(audit.report, dedup=audit.report.dedup[1:]), "deduplication").expander
    ]
    assert "Compare with your shop’s orders" not in labels


def test_plain_is_one_line():
    assert plain((*misses(hostile_report().dedup[0])[1].title,)).count("\n") == 0
