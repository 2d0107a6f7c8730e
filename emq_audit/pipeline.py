"""The map: a log goes in, a Report comes out. Start reading here.

read -> events -> check -> score -> dedup -> fixes -> report
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from emq_audit import (
    checks,
    conversions,
    coverage,
    dedup,
    events,
    fixes,
    one_sided,
    patterns,
    read,
    relations,
    scores,
    setup,
)
from emq_audit.check import run
from emq_audit.findings import findings
from emq_audit.report import Report

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
    progress: Progress | None = None,
) -> Audit:
    """Audit files, folders, globs or DataFrames, and keep the events for look-ups.

    `side` says where all events come from when the log cannot (browser, server, offline). `region` is the two-letter country of phone
    numbers without country code, `as_of` the moment the log was sent (Unix seconds). `select` and `ignore` name checks.
    Raises AuditError when nothing can be read.
    """
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    con: duckdb.DuckDBPyConnection | None = None
    try:
        tell = progress or (lambda share, words: None)
        asked = checks.chosen(select, ignore)
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
        report = _report(con, reading, asked, moment, tell)
        return Audit(report, con, folder, tuple(file.path for file in reading.files))
    except BaseException:
        if con is not None:
            con.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _input_bytes(reading: read.Reading, folder: Path) -> int:
    """How much there is to read: the files themselves, and what was spooled (archives, odd shapes)."""
    return sum(path.stat().st_size for path in {*reading.paths, *folder.iterdir()} if path.is_file())


def _report(
    con: duckdb.DuckDBPyConnection, reading: read.Reading, asked, moment: int | None, tell: Progress
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
    return Report(
        version=__version__,
        input=setup.inputs(con, taken, moment),
        setup=setup.setup(con),
        scores=scores.scores(table, website),
        coverage=coverage.coverage(table),
        dedup=pairing,
        shared_ids=dedup.shared_ids(con),
        findings=findings(con, answers, taken[0]),
        fixes=fixes.fixes(answers, website),
        notes=setup.notes(con, taken, table),
        one_sided=one_sided.one_sided(con),
        disagreements=conversions.disagreements(con),
        lacking=conversions.lacking(con),
    )
