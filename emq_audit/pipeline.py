"""The map: a log goes in, a Report comes out. Start reading here.

read -> events -> check -> score -> dedup -> fixes -> report
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from emq_audit import (
    checks,
    consent,
    conversions,
    cookies,
    coverage,
    dedup,
    doubles,
    events,
    fixes,
    next_step,
    one_sided,
    orders,
    patterns,
    read,
    relations,
    repair,
    scores,
    setup,
    what_if,
)
from emq_audit.check import run
from emq_audit.findings import findings
from emq_audit.graph import compare, load
from emq_audit.orders import check as check_orders
from emq_audit.report import Report
from emq_audit.weights import EVENT_WEIGHTS

Progress = Callable[[float, str], None]
"""Told how far the audit is: a share from 0 to 1, and what it does, in words."""


@dataclass
class Audit:
    """A finished audit whose events can still be looked up (emq_audit.lookup). `close` it: its database holds personal data."""

    report: Report
    con: duckdb.DuckDBPyConnection
    folder: Path
    paths: tuple[str, ...]

    def close(self) -> None:
        """Forget everything; may be called more than once."""
        self.con.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Audit":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def audit(logs: Sequence[Any], **options: Any) -> Report:
    """Read logs and say how well their events can be matched; options as for `open_audit`."""
    with open_audit(logs, **options) as done:
        return done.report


def open_audit(
    logs: Sequence[Any],
    *,
    side: str | None = None,
    region: str | None = None,
    as_of: int | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    orders: str | Path | None = None,
    what_if: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    budget: next_step.Budget | None = None,
    quality: str | Path | None = None,
    method: str | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit files, folders, globs or DataFrames, and keep the events for look-ups.

    `side` says where all events come from when the log cannot (browser, server, offline). `region` is the two-letter country of phone
    numbers without country code, `as_of` the moment the log was sent (Unix seconds). `select` and `ignore` name checks. `orders` is a
    file of the shop's orders to set the purchases against, `what_if` shares of events (0-1) by match key to score as well,
    `weights` what an event is worth in ranking the fixes, by event name (beside weights.EVENT_WEIGHTS),
    `budget` the ad spend a month and its currency for the payback,
    `method` (one of fixes.METHODS) how the server's events are sent, where the log does not tell,
    `quality` a saved answer of Meta's Dataset Quality API to set beside the audit.
    Raises AuditError when nothing can be read.
    """
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    con: duckdb.DuckDBPyConnection | None = None
    try:
        tell = progress or (lambda share, words: None)
        asked = checks.chosen(select, ignore)
        answer = load(quality) if quality else None  # before minutes of reading: a wrong file is told at once
        if orders:
            check_orders(orders)
        tell(0.02, "Looking at the files")
        reading = read.read(logs, folder, side=side)
        con = events.connect(folder, _input_bytes(reading, folder))
        tell(0.1, "Reading events")
        moment = events.build(
            con, reading.sources, region, as_of, told=lambda share: tell(0.1 + 0.5 * share, "Reading events")
        )
        tell(0.6, "Counting")
        relations.build(con)
        tell(0.7, "Checking")
        beside = _Beside(region, orders, what_if or {}, {**EVENT_WEIGHTS, **(weights or {})}, budget, method)
        report = _report(con, reading, asked, moment, beside, tell)
        if answer:
            report = replace(report, meta=compare(report, answer))
        return Audit(report, con, folder, tuple(file.path for file in reading.files))
    except BaseException:
        if con is not None:
            con.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def reranked(done: Audit, report: Report, weights: Mapping[str, float]) -> Report:
    """The report of this audit with its fixes, and the path through them, in the order that other `weights` of events give."""
    ordered = fixes.ranked(report.fixes, {**EVENT_WEIGHTS, **weights})
    return replace(report, fixes=ordered, path=fixes.path(ordered, patterns.scored(patterns.load(done.con))))


def _input_bytes(reading: read.Reading, folder: Path) -> int:
    """How much there is to read: the files themselves, and what was spooled (archives, odd shapes)."""
    return sum(path.stat().st_size for path in {*reading.paths, *folder.iterdir()} if path.is_file())


@dataclass(frozen=True)
class _Beside:
    """What the user gave beside the log; see `open_audit`."""

    region: str | None
    orders: str | Path | None
    what_if: Mapping[str, float]
    weights: Mapping[str, float]
    budget: next_step.Budget | None
    method: str | None


def _report(
    con: duckdb.DuckDBPyConnection, reading: read.Reading, asked, moment: int | None, beside: _Beside, tell: Progress
) -> Report:
    """The stages after reading, one line each."""
    from emq_audit import __version__

    taken = read.account(con, reading)
    answers = run(asked, con)
    tell(0.8, "Scoring")
    table = patterns.load(con)
    website = patterns.scored(table)
    pairing = dedup.dedup(con)
    tell(0.9, "Ranking fixes")
    todo = fixes.fixes(answers, website, beside.weights)
    ways = setup.setup(con, pairing)
    return Report(
        version=__version__,
        input=setup.inputs(con, taken, moment),
        setup=ways,
        scores=scores.scores(table, website, repair.repaired_scores(con, reading.sources, beside.region)),
        coverage=coverage.coverage(table),
        dedup=pairing,
        shared_ids=dedup.shared_ids(con),
        findings=findings(con, answers, taken[0]),
        fixes=todo,
        path=fixes.path(todo, website),
        what_if=what_if.what_if(website, beside.what_if) if beside.what_if else (),
        orders=orders.reconcile(con, beside.orders) if beside.orders else None,
        notes=setup.notes(con, taken, table),
        one_sided=one_sided.one_sided(con),
        cookies=cookies.cookies(con),
        ios_share=cookies.ios_share(con),
        consent=consent.consent(con),
        consent_modes=consent.modes(website),
        plan=next_step.plan(ways, pairing, todo, beside.budget, beside.method),
        payback=next_step.payback(ways, beside.budget, beside.method),
        doubles=doubles.doubles(con),
        disagreements=conversions.disagreements(con),
        lacking=conversions.lacking(con),
    )
