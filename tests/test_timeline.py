"""Timeline: every event in its hour, strays left out, and silence told from chance."""

from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest

from emq_audit.timeline import DAY, HOUR, POINTS, gaps, hours, step

START = 1_794_182_400  # 9 November 2026, 00:00 UTC


def log(*events: tuple[str, int | None], name: str | None = "Purchase") -> SimpleNamespace:
    """A finished audit with these events (side, moment in seconds from START)."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; CREATE TABLE events (event_name VARCHAR, side VARCHAR, moment BIGINT)")
    rows = [(name, side, None if moment is None else START + moment) for side, moment in events]
    con.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    return SimpleNamespace(con=con)


def steady(side: str, until: int, every: int = HOUR) -> list[tuple[str, int]]:
    return [(side, moment) for moment in range(0, until, every)]


def test_every_hour_has_its_row():
    found = hours(
        log(("browser", 10), ("server", 20), ("server", 3 * HOUR), ("offline", 0), ("server", None)),
        "Purchase",
    )
    assert list(found.columns) == ["hour", "browser", "server"]
    assert str(found["hour"].dt.tz) == "UTC"
    assert found["hour"].iloc[0] == pd.Timestamp("2026-11-09T00:00Z")
    assert found[["browser", "server"]].to_numpy().tolist() == [[1, 1], [0, 0], [0, 0], [0, 1]]
    assert step(found) == pd.Timedelta(hours=1)


def test_names_are_compared_to_the_letter_and_none_is_empty():
    assert len(hours(log(("browser", 0)), "purchase")) == 0
    assert hours(log(("browser", 0), name=None), "")["browser"].sum() == 1
    assert hours(log(("browser", 0)), "' OR true --")["hour"].empty


@pytest.mark.parametrize(
    ("days", "length"), [(13, HOUR), (15, DAY), (300, DAY), (400, 7 * DAY), (3000, 28 * DAY), (9000, 28 * DAY), (20_000, 364 * DAY)]
)  # fmt: skip
def test_long_logs_go_by_longer_steps(days: int, length: int):
    found = hours(log(*steady("browser", days * DAY, days * DAY // 50)), "Purchase")
    assert step(found) == pd.Timedelta(seconds=length)
    assert len(found) <= POINTS + 1 and found["browser"].sum() in (50, 51)


def test_a_wrong_clock_does_not_stretch_the_timeline():
    far = [("browser", -START), ("server", 3_000 * DAY)]
    found = hours(log(*steady("browser", 5 * DAY, 600), *far), "Purchase")
    assert found["browser"].sum() == 720 and found["server"].sum() == 0
    assert step(found) == pd.Timedelta(hours=1)


def test_a_silent_side_is_a_gap():
    browser = steady("browser", 4 * DAY, 900)
    server = [
        (side, moment)
        for side, moment in steady("server", 4 * DAY, 900)
        if not DAY <= moment < DAY + 6 * HOUR
    ]
    (gap,) = gaps(hours(log(*browser, *server), "Purchase"))
    assert (gap.side, gap.start, gap.end, gap.others) == (
        "server", pd.Timestamp("2026-11-10T00:00Z"), pd.Timestamp("2026-11-10T06:00Z"), 24,
    )  # fmt: skip


def test_chance_is_no_gap():
    few = log(*steady("browser", 4 * DAY, 2 * HOUR), *steady("server", 4 * DAY, 9 * HOUR))
    assert gaps(hours(few, "Purchase")) == ()
    night = [event for event in steady("browser", 4 * DAY, 900) if event[1] % DAY > 6 * HOUR]
    both_sleep = log(*night, *[("server", moment) for _, moment in night])
    assert gaps(hours(both_sleep, "Purchase")) == ()
    assert gaps(hours(log(*steady("browser", 4 * DAY, 900)), "Purchase")) == ()


def test_a_side_that_starts_late_is_a_gap():
    late = log(
        *steady("browser", 4 * DAY, 900), *[e for e in steady("server", 4 * DAY, 900) if e[1] >= 2 * DAY]
    )
    (gap,) = gaps(hours(late, "Purchase"))
    assert (gap.side, gap.others) == ("server", 192)
