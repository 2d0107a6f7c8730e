"""Repair: the log once more, with every value that can be repaired without knowing anything new written the way Meta asks for it.

    read -> events -> values (what to repair) -> outlook (what it brings) -> lines (the new log)

Personal data are hashed on both sides. A value that cannot be repaired is left out: it matches nobody. Three kinds stay as sent, because
their look is right and only the sender knows better: user agents of programs, user agents of crawlers, and browser ids that seem made for
every event. Names, times, ids and money stay as sent too; single events are corrected in those by emq_audit.correct.

`fix` differs from EventScore.possible: that is the estimate once the *sender* is mended, who knows the address behind an MD5 or the
visitor behind the load balancer; the log does not.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from emq_audit import events, read
from emq_audit.errors import AuditError
from emq_audit.repair import lines, outlook, values
from emq_audit.repair.values import Outcome

__all__ = ["Change", "Fixed", "Outcome", "fix", "repaired_scores"]

MEASURED_UP_TO = 200_000
"""Events up to which the new log is audited again to say what it brings; above, the states say it."""
_OTHER_KINDS = (".csv", ".tsv", ".xlsx", ".parquet", ".html", ".gz", ".zip", ".har")
_ROOM = 4
"""Times as much as an audit: a log in which every value is wrong is held twice more, so its table goes to disk sooner."""
_SIDED = (frozenset({"server"}), frozenset({"unknown"}))

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Change:
    """The estimate of one event name and side, in EMQ points 0-10: before the repair, after it as the states of the keys let expect
    (`predicted`), and as reading the new log again shows (`measured`, None for a large log)."""

    event_name: str
    side: str
    events: int
    before: float
    predicted: float
    measured: float | None

    @property
    def after(self) -> float:
        """The estimate of the new log."""
        return self.predicted if self.measured is None else self.measured


@dataclass(frozen=True)
class Fixed:
    """What became of a log. `changed` events of `events` differ from what was sent; `rejected` rows were no events and are not in the new
    log. `side_name`: the key that says the side on each line, None where none was added. `fields_lost`: some events came from tables or
    other wrappings, of which only the fields that emq-audit knows were kept. `readable`: events in whose page address or custom data an
    email can still be read.
    """

    path: Path
    events: int
    changed: int
    rejected: int
    outcomes: tuple[Outcome, ...]
    scores: tuple[Change, ...]
    side_name: str | None
    fields_lost: bool
    readable: int


def fix(
    logs: Sequence[Any], path: Path, *, side: str | None = None, region: str | None = None, progress: Progress | None = None
) -> Fixed:
    """Write the repaired log to `path` as NDJSON, whole or not at all, readable only for its owner: it holds personal data.

    `side` and `region` as for pipeline.open_audit. Raises AuditError when nothing can be read or the file cannot be written.
    """
    tell = progress or (lambda share, words: None)
    if str(path) == "-":
        raise AuditError("The repaired log is not written to standard output: it holds personal data.", "Name a file: fixed.ndjson.")
    if not path.parent.is_dir():
        raise AuditError(f"{path} cannot be written: there is no such folder.", "Name a file in a folder you can write to.")
    if path.suffix.lower() in _OTHER_KINDS:
        raise AuditError(f"A repaired log cannot be written as {path.name}.", "It is NDJSON: end the name in .ndjson.")
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    con: duckdb.DuckDBPyConnection | None = None
    try:
        tell(0.02, "Looking at the files")
        reading = read.read(logs, folder, side=side)
        if path.resolve() in {source.resolve() for source in reading.paths}:
            raise AuditError(f"{path} is the log itself.", "Name another file; the log stays as it is.")
        size = sum(source.stat().st_size for source in reading.paths if source.is_file())
        con = events.connect(folder, size * _ROOM)
        events.build(con, reading.sources, region, told=lambda share: tell(0.1 + 0.3 * share, "Reading events"))
        rejected = read.account(con, reading)[2]
        outcomes = values.build(con, reading.sources, region, told=lambda share: tell(0.4 + 0.2 * share, "Repairing"))
        return _written(con, reading, path, folder, rejected, outcomes, tell)
    finally:
        if con is not None:
            con.close()
        shutil.rmtree(folder, ignore_errors=True)
        tell(1, "")


def _written(
    con: duckdb.DuckDBPyConnection,
    reading: read.Reading,
    path: Path,
    folder: Path,
    rejected: int,
    outcomes: tuple[Outcome, ...],
    tell: Progress,
) -> Fixed:
    before, predicted = outlook.before(con), outlook.after(con)
    changed, readable = con.execute("""
        SELECT (SELECT count(*) FROM fixed WHERE patch IS NOT NULL),
               (SELECT count(*) FROM event_rows WHERE NOT no_event AND (email_in_url OR email_in_custom))""").fetchone()
    measured = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        draft = Path(name)
        try:
            written, side_name = _draft(con, reading, draft, folder, tell)
            if written <= MEASURED_UP_TO:
                tell(0.9, "Reading it again")
                measured = _scores_of(con, draft, folder)
            os.replace(draft, path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AuditError(f"{path} cannot be written ({error.strerror}).", "Name a file in a folder you can write to.") from None
    lost = not lines.keeps_all_fields(reading.files[source.file] for source in reading.sources)
    scores = _changes(before, predicted, measured)
    return Fixed(path, written, changed, rejected, outcomes, scores, side_name, lost, readable)


def _changes(before: pd.DataFrame, predicted: pd.DataFrame, measured: pd.DataFrame | None) -> tuple[Change, ...]:
    then, now = (
        {(row.event_name, row.side): row.emq for row in table.itertuples()} if table is not None else {} for table in (predicted, measured)
    )
    return tuple(
        Change(row.event_name, row.side, int(row.events), row.emq, then[row.event_name, row.side], now.get((row.event_name, row.side)))
        for row in before.itertuples()
    )


def _draft(
    con: duckdb.DuckDBPyConnection, reading: read.Reading, draft: Path, folder: Path, tell: Progress
) -> tuple[int, str | None]:
    """Write the events; how many, and the key that says their side. The key is added only where a reader would not know the side
    otherwise, because Meta knows no such field."""
    asked = con.execute("SELECT DISTINCT CAST(side AS VARCHAR) FROM event_rows WHERE NOT no_event")
    sides = frozenset(side for (side,) in asked.fetchall())
    told_by = {reading.files[source.file].side_from for source in reading.sources}
    by_key = next(iter(told_by)) if len(told_by) == 1 and all(words.startswith("the key ") for words in told_by) else None

    def written(side_name: str | None) -> int:
        with draft.open("w", encoding="utf-8", newline="\n") as out:
            told = lambda share: tell(0.6 + 0.3 * share, "Writing")  # noqa: E731
            return lines.write(con, reading.sources, reading.files, out, side_name=side_name, told=told)

    if by_key or sides in _SIDED:
        number = written(None)
        (seen,) = read.read([draft], folder).files
        if seen.side_from == by_key or (not by_key and {seen.side} == sides):
            return number, None
    name = lines.side_name_for(con, reading.sources, reading.files)
    return written(name), name


def _scores_of(con: duckdb.DuckDBPyConnection, log: Path, folder: Path) -> pd.DataFrame:
    """The estimate of a log: what score.score returns. What `con` knew of the log before is forgotten."""
    reading = read.read([log], folder)
    con.execute("DROP VIEW events; DROP TABLE event_rows; DROP TABLE todo; DROP TABLE fixed")
    events.build(con, reading.sources)
    return outlook.before(con)


def repaired_scores(
    con: duckdb.DuckDBPyConnection, sources: list[read.Source], region: str | None = None
) -> dict[tuple[str, str], float]:
    """The estimate by event name and side as after `fix`, without writing it. `con` holds `event_rows` (emq_audit.events.build), filled
    from `sources`, which must still be readable: they are read again where `event_rows` does not keep enough to tell."""
    if values.nothing_to_do(con):
        table = outlook.before(con)
    else:
        values.build(con, None if values.stored(con) else sources, region)
        table = outlook.after(con)
        values.forget(con)
    return {(row.event_name, row.side): row.emq for row in table.itertuples()}
