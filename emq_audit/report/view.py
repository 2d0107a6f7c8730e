"""The whole report in sentences, figures and drawings: what every face with a look places on its page."""

from collections.abc import Mapping
from dataclasses import dataclass

from emq_audit.check import Check
from emq_audit.report import Report
from emq_audit.report.order import event_order
from emq_audit.report.outcomes import outcomes, with_status
from emq_audit.report.sections import checks as check_sections
from emq_audit.report.sections import (
    consent,
    cookies,
    coverage,
    limits,
    meta,
    pairs,
    plan,
    score,
    setup,
    what_if,
)
from emq_audit.report.summary import Fact, facts, verdict
from emq_audit.report.words import Piece, Sentence, count, day, file_name, period

FILES_NAMED = 4  # log files listed beside the verdict


@dataclass(frozen=True)
class Section:
    """`kind` names the layout, `number` is its place (A: appendix), `topic` stands small beside the title."""

    kind: str
    number: str
    topic: str
    body: object


@dataclass(frozen=True)
class View:
    """`files` pair a name with what it held, `more_files` counts the rest; the appendix tells of `failed`."""

    verdict: Sentence
    facts: tuple[Fact, ...]
    period: str
    as_of: str
    files: tuple[tuple[Piece, str], ...]
    more_files: int
    estimates: bool
    sections: tuple[Section, ...]
    failed: frozenset[str]
    version: str


def view(report: Report, checks: Mapping[str, Check]) -> View:
    found = outcomes(report)
    fixes = plan.section(report, found, checks)
    views = (*fixes.with_points, *fixes.others, *fixes.rest) if fixes else ()
    bodies = (
        ("score", "Score", score.section(report)),
        ("plan", "Fix first", fixes),
        ("what_if", "What if", what_if.section(report)),
        ("coverage", "Coverage", coverage.section(report)),
        ("cookies", "Cookies and browsers", cookies.section(report)),
        ("consent", "Consent", consent.section(report)),
        ("pairs", "Deduplication", pairs.section(report)),
        ("meta", "Meta’s own numbers", meta.section(report, views)),
        ("setup", "Set-up", setup.section(report)),
        ("fine", "What is fine", check_sections.fine(found, checks)),
        ("expected", "Expected, not a fault", limits.expected(report)),
        ("unknown", "Cannot be judged", limits.unknown(report)),
        ("method", "Method", limits.method(report)),
        (
            "appendix",
            "Developer appendix",
            check_sections.appendix(found, checks, views, event_order(report)),
        ),
    )
    read = report.input
    return View(
        verdict=verdict(report),
        facts=facts(report, found),
        period=period(read.first, read.last),
        as_of=day(read.as_of),
        files=tuple(
            (file_name(file.path, 40), _held(file.side, file.events)) for file in read.files[:FILES_NAMED]
        ),
        more_files=max(0, len(read.files) - FILES_NAMED),
        estimates=any(score.emq is not None for score in report.scores),
        sections=_numbered(bodies),
        failed=frozenset(outcome.check for outcome in with_status(found, "failed")),
        version=report.version,
    )


def _held(side: str, events: int) -> str:
    where = f"{side}, " if side in ("browser", "server", "offline") else ""
    return f"{where}{count(events)} {'event' if events == 1 else 'events'}"


def _numbered(bodies: tuple[tuple[str, str, object], ...]) -> tuple[Section, ...]:
    """Sections without data drop out; the rest are numbered in order, the appendix is A."""
    present = [(kind, topic, body) for kind, topic, body in bodies if body is not None]
    return tuple(
        Section(kind, "A" if kind == "appendix" else str(place), topic, body)
        for place, (kind, topic, body) in enumerate(present, 1)
    )
