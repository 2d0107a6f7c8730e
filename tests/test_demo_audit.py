"""The demo shop: the audit finds every planted fault at its rate, and nothing that was not planted."""

from pathlib import Path

import pytest

from emq_audit import Report, audit
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.demo import BROWSER_FILE, SERVER_FILE, Manifest, write_demo

# Counted by id, not by event: one id of the cached page, two dozen events.
BY_ID = {check.id for check in CHECKS_BY_ID.values() if check.over == "ids"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, Report]:
    folder: Path = tmp_path_factory.mktemp("shop")
    manifest = write_demo(folder)
    return manifest, audit([folder / SERVER_FILE, folder / BROWSER_FILE])


def test_rows_are_all_accounted_for(shop: tuple[Manifest, Report]) -> None:
    manifest, report = shop
    assert (report.input.events, report.input.rejected) == (manifest.events, manifest.rejected)
    for file, truth in zip(
        sorted(report.input.files, key=lambda f: f.path),
        sorted(manifest.files, key=lambda f: f.path),
        strict=True,
    ):
        assert (file.rows, file.events, file.rejected) == (truth.rows, truth.events, truth.rejected)
        assert file.rows == file.events + file.rejected


def test_every_planted_fault_is_found_at_its_rate_and_nothing_else(shop: tuple[Manifest, Report]) -> None:
    manifest, report = shop
    planted: dict[tuple[str, str, str], int] = {}
    for fault in manifest.faults:
        place = (fault.check, fault.side, fault.event_name)
        planted[place] = planted.get(place, 0) + (1 if fault.check in BY_ID else fault.events)
    found = {(f.check, f.side, f.event_name): f.at_fault for f in report.findings if f.status == "failed"}
    assert found == planted
    assert not [f.check for f in report.findings if f.status == "error"]


def test_pairs_are_counted_as_planted(shop: tuple[Manifest, Report]) -> None:
    manifest, report = shop
    fields = ("browser", "server", "browser_with_id", "server_with_id", "pairs", "browser_only", "server_only", "reused_ids",
              "collisions", "outside_window")  # fmt: skip
    found = {entry.event_name: [getattr(entry, field) for field in fields] for entry in report.dedup}
    assert found == {
        truth.event_name: [getattr(truth, field) for field in fields] for truth in manifest.dedup
    }


def test_the_story_a_marketer_reads(shop: tuple[Manifest, Report]) -> None:
    _, report = shop
    scores = {(score.event_name, score.side): score for score in report.scores}
    purchase = scores["Purchase", "server"]
    assert 6.5 < purchase.emq < purchase.possible - 0.3
    assert scores["AddToCart", "server"].emq < 6 < scores["AddToCart", "server"].possible
    assert scores["Lead", "browser"].high < 6
    assert report.setup.kind == "pixel+capi"
    assert report.fixes[0].fix == "hash-before-sending"
    assert report.fixes[0].gain["Purchase"] > 0.2
