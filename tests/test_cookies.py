"""Cookies: their age by browser, and whether Safari seems to delete them early."""

from pathlib import Path

import pytest

from emq_audit import Report, audit
from emq_audit.report.sections import cookies as section
from tests.logs import write_log
from tests.sound import MOMENT, fbp

DAY = 86_400
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


def aged(folder: Path, **ages: list[float]) -> Report:
    """The report of a log with one event for each age (in days) of fbp, by browser."""
    agents = {"iphone": IPHONE, "chrome": CHROME}
    events = [
        {"event_id": f"{name}{number}", "fbp": fbp(round(MOMENT - days * DAY), number), "client_user_agent": agents[name], "fbc": None}
        for name, all_days in ages.items()
        for number, days in enumerate(all_days)
    ]
    return audit([write_log(folder / "log.ndjson", *events)])


def spread(oldest: float, number: int = 100) -> list[float]:
    return [oldest * place / number for place in range(1, number + 1)]


def test_median_and_oldest_are_those_of_the_browser(tmp_path: Path) -> None:
    report = aged(tmp_path, iphone=spread(10), chrome=spread(60, 50))
    found = {entry.browser: entry for entry in report.cookies}
    assert set(found) == {"Safari on iPhone and iPad", "Chrome"}
    safari = found["Safari on iPhone and iPad"]
    assert (safari.key, safari.os, safari.events) == ("fbp", "iOS", 100)
    assert safari.median_age_days == pytest.approx(5.05, abs=0.01)
    assert safari.oldest_days == pytest.approx(9.5, abs=0.1)
    assert report.ios_share == pytest.approx(100 / 150, abs=1e-4)


@pytest.mark.parametrize(
    ("safari", "chrome", "cut"),
    [(7, 60, 7), (1, 60, 1), (10, 60, None), (7, 10, None)],
    ids=["a week", "a day", "older ones", "nobody's are old"],
)
def test_safari_is_said_to_delete_only_what_others_keep(tmp_path: Path, safari: float, chrome: float, cut: int | None) -> None:
    report = aged(tmp_path, iphone=spread(safari), chrome=spread(chrome))
    assert {entry.browser: entry.cut_to_days for entry in report.cookies} == {"Safari on iPhone and iPad": cut, "Chrome": None}
    told = "".join(piece.text for piece in section.headline(report))
    assert ("seems to delete fbp after" in told) == (cut is not None)
    assert (section.SERVER_SET in section.remedies(report)) == (cut is not None)


def test_few_events_say_nothing(tmp_path: Path) -> None:
    assert aged(tmp_path, iphone=spread(7, 19)).cookies == ()
    few = aged(tmp_path, iphone=spread(7, 30), chrome=spread(60))
    assert not any(entry.cut_to_days for entry in few.cookies)


@pytest.mark.parametrize(("days", "words"), [(0.0, "under an hour"), (0.05, "1 hour"), (0.99, "23 hours"), (5.84, "5.8 days")])
def test_ages_in_words(days: float, words: str) -> None:
    assert section.age(days) == words
