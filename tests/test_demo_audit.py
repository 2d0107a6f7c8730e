"""The demo shop: the audit finds every planted fault at its rate, and nothing that was not planted."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from emq_audit import Report, audit
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.demo import BROWSER_FILE, SERVER_FILE, Manifest, write_demo

# Counted by id, not by event: one id of the cached page, two dozen events.
BY_ID = {check.id for check in CHECKS_BY_ID.values() if check.over == "ids"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder: Path) -> tuple[Manifest, Report]:
    manifest = write_demo(folder)
    return manifest, audit([folder / SERVER_FILE, folder / BROWSER_FILE])


def near_misses(manifest: Manifest) -> dict[tuple[str, str | None, str], int]:
    """Ids with something in front: a fault of either side. The other near misses have checks of their own among the faults."""
    return {
        ("event-id-with-addition", side, miss.event_name): miss.events
        for miss in manifest.near_misses if miss.kind == "prefix" for side in ("browser", "server")
    }  # fmt: skip


def without_email(folder: Path) -> dict[tuple[str, str | None, str], int]:
    """Pairs whose email only the server knows, by event name: a pixel that is told nothing is how the shop is built, no planted fault."""
    lines = (folder / SERVER_FILE).read_text(encoding="utf-8").splitlines()
    server = [json.loads(line) for line in lines if line.endswith("}")]
    with (folder / BROWSER_FILE).open(encoding="utf-8", newline="") as table:
        browser = list(csv.DictReader(table))
    emails = {(event["event_name"], event.get("event_id")): event["user_data"].get("em", [""])[0] for event in server}
    times = Counter((event["event_name"], event.get("event_id")) for event in server)
    times += Counter((row["Event Name"], row["Event ID"]) for row in browser)
    pairs = ((row["Event Name"], row["Event ID"]) for row in browser if not row["Email Hash"])
    lacking = Counter(name for name, number in pairs if times[name, number] == 2 and is_email_hash(emails.get((name, number), "")))
    return {("pair-counted-without-keys", None, name): pairs for name, pairs in lacking.items()}


def is_email_hash(text: str) -> bool:
    """SHA-256 in small letters, not of an empty text nor of 'undefined'."""
    return len(text) == 64 and text == text.lower() and text[:8] not in ("e3b0c442", "eb045d78")


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


def test_every_planted_fault_is_found_at_its_rate_and_nothing_else(shop: tuple[Manifest, Report], folder: Path) -> None:
    manifest, report = shop
    planted: dict[tuple[str, str | None, str], int] = near_misses(manifest) | without_email(folder)
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


def test_orders_with_a_prefixed_id_are_counted_twice(shop: tuple[Manifest, Report]) -> None:
    manifest, report = shop
    (double,) = report.doubles
    assert (double.event_name, double.kind) == ("Purchase", "two-sides")
    assert double.conversions == sum(miss.events for miss in manifest.near_misses if miss.kind == "prefix")
    assert sum(double.value.values()) > 1000


def test_the_story_a_marketer_reads(shop: tuple[Manifest, Report]) -> None:
    _, report = shop
    scores = {(score.event_name, score.side): score for score in report.scores}
    purchase = scores["Purchase", "server"]
    assert 6.5 < purchase.emq < purchase.possible - 0.3
    assert scores["AddToCart", "server"].emq < 6 < scores["AddToCart", "server"].possible
    assert scores["Lead", "browser"].high < 6
    assert report.setup.kind == "pixel+capi"
    first = next(fix for fix in report.fixes if fix.kind == "repair")
    assert report.fixes[0].fix == "forward-browser-ids"
    assert first.fix == "hash-before-sending"
    assert first.gain["Purchase"] > 0.2
