"""What-if: the same numbers as the score, fast for any log, and a page whose sliders start from today."""

import time
from statistics import median

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from emq_audit import score
from emq_audit.app import session
from emq_audit.app.views import what_if
from emq_audit.match_keys import KEYS
from tests.sample_report import sample_report
from tests.test_app import ALLOWED, shown, tags, views_in_a_row

SECONDS = 0.1


def patterns(number: int, names: tuple[str, ...] = ("Purchase",), sides: tuple[str, ...] = ("server",)) -> pd.DataFrame:
    """Random patterns as patterns.load gives them; states beside usable and missing, and some that Meta does not score."""
    random = np.random.default_rng(4)
    states = {key: random.choice(["usable", "missing", "raw", "junk"], number, p=[0.5, 0.3, 0.1, 0.1]) for key in KEYS}
    return pd.DataFrame(
        {
            "event_name": random.choice(names, number),
            "side": random.choice(sides, number),
            "scored": random.random(number) < 0.95,
            "events": random.integers(1, 200, number),
            **states,
        }
    ).astype({key: "category" for key in KEYS})


def group(table: pd.DataFrame) -> pd.DataFrame:
    return what_if.counted(table)


def test_it_answers_within_100_milliseconds_for_5000_patterns():
    rows = group(patterns(5_300))
    assert len(rows) > 4_900
    asked = {key: 0.6 for key in score.SCORED_KEYS}  # every slider moved: the most there is to compute
    what_if.answer(rows, asked)
    took = []
    for _ in range(9):
        began = time.thread_time()  # of this thread: what else the machine does must not fail the test
        what_if.answer(rows, asked)
        took.append(time.thread_time() - began)
    assert median(took) < SECONDS


def test_today_is_the_score_of_the_whole_table():
    table = patterns(400, ("Purchase", "Lead"), ("server", "browser"))
    scores = score.score(table[table["scored"]])
    counts = group(table)
    for row in scores.itertuples():
        rows = counts[(counts["event_name"] == row.event_name) & (counts["side"] == row.side)]
        found = what_if.answer(rows, {})
        assert found.today == pytest.approx(row.emq, abs=1e-9)
        assert (found.emq, found.low, found.high) == pytest.approx((row.emq, row.low, row.high), abs=1e-9)
        assert not found.worth


@pytest.mark.parametrize("shares", [{"em": 0.95, "fbc": 0.02}, {"fbc": 1.0, "ph": 0.0}, {key: 0.0 for key in score.SCORED_KEYS}])
def test_the_numbers_are_those_of_the_score(shares: dict[str, float]):
    rows = group(patterns(300))
    found = what_if.answer(rows, shares)
    whole = float(score.what_if(rows, shares)["emq"].iloc[0])
    assert found.emq == pytest.approx(whole, abs=1e-9)
    for key, worth in found.worth.items():
        rest = {k: share for k, share in shares.items() if k != key}
        assert worth == pytest.approx(whole - float(score.what_if(rows, rest)["emq"].iloc[0]), abs=1e-9)
    for key, gain in found.most.items():
        more = float(score.what_if(rows, {**shares, key: 1.0})["emq"].iloc[0])
        assert gain == pytest.approx(more - whole, abs=1e-9)


def test_an_untouched_slider_stands_at_the_share_itself():
    today = {"em": 0.6649, "ph": 0.0, "fbp": 1.0}
    sliders = what_if.start(today, what_if.TODAY)
    assert sliders == {"em": 66, "ph": 0, "fbp": 100}
    assert what_if.asked(today, sliders) == {}
    assert what_if.asked(today, {**sliders, "ph": 40}) == {"ph": 0.4}


def test_a_start_that_adds_keys_takes_none_away():
    today = dict.fromkeys(score.SCORED_KEYS, 0.97)
    for name in what_if.STARTS:
        values = what_if.start(today, name)
        assert set(values.values()) <= ({0, 97, 100} if name == "Without consent" else {97, 100}), name
    assert what_if.start(today, "Without consent")["em"] == 0


def opened(table: pd.DataFrame) -> AppTest:
    test = AppTest.from_function(views_in_a_row, args=(("what_if",),), default_timeout=60)
    test.session_state["opened"] = session.Opened(sample_report(), ("log.ndjson",))
    test.session_state["what_if"] = what_if.counted(table)
    return test.run()


def told(test: AppTest) -> str:
    return "".join(element.body for element in test.html)


def test_the_page_starts_from_today_and_follows_a_slider():
    table = patterns(200, ("Purchase", "Lead"), ("server", "browser"))
    test = opened(table)
    assert not test.exception and not test.error
    assert "as today" in told(test) and "What each change is worth" not in told(test)
    rows = what_if.counted(table)
    rows = rows[(rows["event_name"] == "Purchase") & (rows["side"] == "server")]
    assert test.slider(key="what_if_em").value == round(what_if.coverage(rows)["em"] * 100)
    test.slider(key="what_if_em").set_value(100).run()
    assert not test.exception
    emq = what_if.answer(rows, {"em": 1.0}).emq
    assert f"<b>{emq:.1f}</b>" in told(test) and "What each change is worth" in told(test)
    for element in test.html:
        assert element.body.startswith("<style>") or tags(element.body) <= ALLOWED


def test_another_event_or_start_sets_the_sliders_anew():
    test = opened(patterns(200, ("Purchase", "Lead"), ("server", "browser")))
    test.slider(key="what_if_em").set_value(3).run()
    test.segmented_control(key="what_if_event").set_value("Lead").run()
    assert test.slider(key="what_if_em").value > 3
    test.segmented_control(key="what_if_start").set_value("Without consent").run()
    assert test.slider(key="what_if_em").value == 0
    test.slider(key="what_if_em").set_value(50).run()
    test.button(key="what_if_again").click().run()
    assert test.slider(key="what_if_em").value == 0 and not test.exception


def test_a_dropped_log_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session, "audit", lambda: None)
    test = shown(sample_report(), "what_if")
    assert not test.exception and "no longer open" in told(test)
