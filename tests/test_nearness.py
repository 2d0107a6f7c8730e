"""Neighbours, windows and matches in time, against loops that compare every two rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emq_audit.nearness import has_neighbour, match, windows

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.booleans(), st.integers(0, 2)), min_size=1, max_size=30)
SECONDS = 5


def arrays(rows: list[tuple]) -> tuple[np.ndarray, ...]:
    ordered = sorted(rows, key=lambda row: row[:2])
    return tuple(np.array(column) for column in zip(*ordered, strict=True))


@given(ROWS)
def test_a_neighbour_is_in_the_group_and_near(rows: list[tuple]) -> None:
    group, moment, asked, _ = arrays(rows)
    for before in (False, True):
        found = has_neighbour(group, moment, asked, ~asked, SECONDS, before=before)
        for one in range(len(group)):
            expected = asked[one] and any(
                group[other] == group[one] and abs(moment[other] - moment[one]) <= SECONDS and not (before and moment[other] > moment[one])
                for other in range(len(group))
                if not asked[other]
            )
            assert found[one] == expected


@given(ROWS)
def test_a_window_opens_with_the_first_event_after_the_last_one_closed(rows: list[tuple]) -> None:
    group, moment, _, _ = arrays(rows)
    found = windows(group, moment, np.full(len(group), SECONDS))
    number, opened, before = -1, 0, None
    for one, (key, second) in enumerate(zip(group, moment, strict=True)):
        if key != before or second > opened + SECONDS:
            number, opened, before = number + 1, second, key
        assert found[one] == number


def test_windows_hold_where_moments_are_negative_or_far_apart() -> None:
    group, moment = np.array([0, 0, 1, 1]), np.array([-2_208_988_800, 253_402_300_799, -5, 0])
    assert list(windows(group, moment, np.full(4, 5))) == [0, 1, 2, 2]


@given(ROWS)
def test_matches_are_one_to_one_and_nearest_first(rows: list[tuple]) -> None:
    group, moment, browser, kind = arrays(rows)
    partner = match(group, moment, browser, kind, SECONDS)

    def fits(one: int, other: int) -> bool:
        near = group[one] == group[other] and abs(moment[one] - moment[other]) <= SECONDS
        return near and browser[one] != browser[other] and kind[one] != kind[other]

    for one, other in enumerate(partner):
        if other >= 0:
            assert partner[other] == one and fits(one, other)
    # No two that are left over or matched further away would rather have each other.
    away = [abs(moment[one] - moment[other]) if other >= 0 else SECONDS + 1 for one, other in enumerate(partner)]
    for one in range(len(rows)):
        for other in range(len(rows)):
            if fits(one, other):
                assert abs(moment[one] - moment[other]) >= min(away[one], away[other])


def test_events_of_one_second_are_matched_in_turn() -> None:
    rows = 200
    browser = np.tile([True, False], rows)
    partner = match(np.zeros(2 * rows), np.zeros(2 * rows), browser, browser.astype(int), SECONDS)
    assert (partner >= 0).all()
