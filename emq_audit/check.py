"""Check: one question asked of every row of one relation, and `run`, which asks them all.

A row is in scope where `when` holds and at fault where `fails` holds too, so every check has a denominator; nothing in scope is
"not applicable", never a pass. Checks over `events` are counted on the table `patterns` (one row per combination of states and
facts, with its number of events): the answer is the same and a million events are counted in milliseconds. Their conditions may
therefore name only event_name, side and the columns in FACTS and STATES below.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

import duckdb

from emq_audit.match_keys import KEYS

FACTS = (
    "as_sent", "name_state", "time_state", "age_state", "delay_state", "id_state", "source_state", "url_state", "value_state",
    "currency_state", "click_state", "test_code", "email_in_url", "email_in_custom", "misnamed_key", "contents_broken", "scored",
    "both_sides", "consent_state",
)  # fmt: skip
STATE_COLUMNS = tuple(f"{key}_state" for key in KEYS)
EXAMPLES = 5
"""Rows shown for each check, event name and side."""


class Severity(StrEnum):
    """How bad a fault is. CRITICAL: events are rejected, lost, counted twice, or personal data leaks."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Evidence(StrEnum):
    """How sure the rule is: Meta documents it, it was observed in the field, or it is our own heuristic."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    HEURISTIC = "heuristic"


class Status(StrEnum):
    """Outcome of a check, in this priority."""

    ERROR = "error"
    NOT_APPLICABLE = "not applicable"
    FAILED = "failed"
    PASSED = "passed"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question.

    `when` and `fails` are DuckDB conditions over `over`; NULL is never a fault. `title` states a fact about the log (at most 60
    characters), `why` what it costs, `fix` what to do. `shows` is the column whose masked value an example shows. `bad` is a log
    that must be caught and `ok` events that must not, each event given as its differences from a sound one; `_side` names its side.
    """

    id: str
    title: str
    severity: Severity
    evidence: Evidence
    over: str = "events"
    when: str = "true"
    fails: str
    why: str
    fix: str
    source: str = ""
    shows: str | None = None
    bad: tuple[dict, ...]
    ok: tuple[dict, ...] = ()


@dataclass(frozen=True)
class Count:
    """The answer for one event name and side: rows in scope and rows at fault. Both None where the question covers the whole log."""

    event_name: str | None
    side: str | None
    in_scope: int
    at_fault: int


@dataclass(frozen=True)
class Answer:
    """All counts of one check; `status` follows from them."""

    check: Check
    counts: tuple[Count, ...] = field(default=())
    error: str | None = None

    @property
    def status(self) -> Status:
        if self.error is not None:
            return Status.ERROR
        if not any(count.in_scope for count in self.counts):
            return Status.NOT_APPLICABLE
        return Status.FAILED if any(count.at_fault for count in self.counts) else Status.PASSED


def run(checks: Iterable[Check], con: duckdb.DuckDBPyConnection) -> list[Answer]:
    """Ask every check, with one query a relation; a check that breaks costs only itself."""
    answers: dict[str, Answer] = {}
    ordered = sorted(checks, key=lambda check: check.over)
    for relation, group in groupby(ordered, key=lambda check: check.over):
        answers |= {answer.check.id: answer for answer in _ask(tuple(group), relation, con)}
    return [answers[check.id] for check in checks]


def tally(checks: Sequence[Check], relation: str) -> str:
    """The query that counts, by event name and side, the rows in scope and at fault of every check."""
    rows, number = ("patterns", "sum(events)") if relation == "events" else (relation, "count(*)")
    counts = ",\n  ".join(
        f"coalesce({number} FILTER (WHERE ({check.when})), 0), "
        f"coalesce({number} FILTER (WHERE ({check.when}) AND ({check.fails})), 0)"
        for check in checks
    )
    return f"SELECT event_name, side,\n  {counts}\nFROM {rows} GROUP BY event_name, side ORDER BY ALL"


def _ask(checks: tuple[Check, ...], relation: str, con: duckdb.DuckDBPyConnection) -> list[Answer]:
    """One query for all; if it fails, halves, until only the broken check is lost."""
    try:
        rows = con.execute(tally(checks, relation)).fetchall()
    except duckdb.Error as error:
        if len(checks) == 1:
            return [Answer(checks[0], error=type(error).__name__)]
        half = len(checks) // 2
        return _ask(checks[:half], relation, con) + _ask(checks[half:], relation, con)
    return [
        Answer(
            check,
            tuple(
                Count(row[0], row[1], int(row[2 + 2 * place]), int(row[3 + 2 * place]))
                for row in rows
                if row[2 + 2 * place]
            ),
        )
        for place, check in enumerate(checks)
    ]
