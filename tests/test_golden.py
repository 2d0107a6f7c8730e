"""Whole reports of golden logs, to the last number."""

import json

import pytest

from tests.golden.remake import CASES, golden, report_of


@pytest.mark.parametrize("case", CASES)
def test_the_report_is_the_golden_one(case: str) -> None:
    expected = json.loads(golden(case).read_text("utf-8"))
    found = report_of(case)
    for part in expected:
        assert found[part] == expected[part], f"{part} differs; if it should, run `python -m tests.golden.remake` and read what changed"
    assert set(found) == set(expected)
