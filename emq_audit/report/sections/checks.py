"""What is fine, and the developer appendix: every check with its outcome, condition and rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from emq_audit.check import Check, Severity
from emq_audit.checks import FAMILIES
from emq_audit.report import Finding
from emq_audit.report.order import side_rank
from emq_audit.report.outcomes import Outcome, with_status
from emq_audit.report.sections.plan import FixView
from emq_audit.report.words import (
    Piece,
    Sentence,
    capital,
    count,
    file_name,
    log,
    number,
    of,
    percent,
    plural,
    sentence,
    side_events,
)

EXAMPLES_SHOWN = 3
FINDINGS_SHOWN = 6
EVIDENCE = {
    "documented": ("●●●", "Documented", "Meta states the rule"),
    "observed": ("●●○", "Observed", "seen in practice, not in Meta’s documentation"),
    "heuristic": ("●○○", "Heuristic", "fits a known pattern; look at the rows before acting"),
}
SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class Fine:
    """What was looked for and not found, and what could not be looked for. Titles name the fault."""

    title: Sentence
    families: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    inapplicable: tuple[str, ...]
    broken: tuple[str, ...]
    tally: str


@dataclass(frozen=True)
class FindingRow:
    name: Piece | None
    side: str
    counts: str
    share: str


@dataclass(frozen=True)
class ExampleRow:
    file: Piece
    row: str
    event_id: Piece | None
    value: Piece | None


@dataclass(frozen=True)
class FailedCheck:
    """One failed check. `when`, `fails`: SQL conditions of scope and fault, empty if it is not known here."""

    id: str
    title: str
    severity: str
    dots: str
    evidence: str
    counts: str
    over: str
    why: str
    fix: str
    when: str
    fails: str
    source: str
    fixes: tuple[FixView, ...]
    findings: tuple[FindingRow, ...]
    more: int
    examples: tuple[ExampleRow, ...]


@dataclass(frozen=True)
class Appendix:
    title: Sentence
    evidence: tuple[tuple[str, str, str], ...]
    checks: tuple[FailedCheck, ...]


def fine(found: tuple[Outcome, ...], checks: Mapping[str, Check]) -> Fine | None:
    if not found:
        return None
    passed, failed, broken = (with_status(found, status) for status in ("passed", "failed", "error"))
    inapplicable = with_status(found, "not applicable")
    judged = len(passed) + len(failed)
    counts = [
        f"{count(len(part))} {words}"
        for part, words in (
            (failed, "failed"),
            (passed, "passed"),
            (inapplicable, "do not apply to these events"),
            (broken, "could not be run"),
        )
        if part
    ]
    return Fine(
        title=sentence(
            "{passed} of {judged} {checks} passed",
            passed=count(len(passed)),
            judged=count(judged),
            checks=plural(judged, "check"),
        ),
        families=_families(passed),
        passed=_titles(passed, checks),
        inapplicable=_titles(inapplicable, checks),
        broken=_titles(broken, checks),
        tally=f"Of {count(len(found))} {plural(len(found), 'check')}: {', '.join(counts)}.",
    )


def _families(found: tuple[Outcome, ...]) -> tuple[tuple[str, str], ...]:
    """How many of the checks belong to each family."""
    ids = {outcome.check for outcome in found}
    sizes = {family: sum(check.id in ids for check in checks) for family, checks in FAMILIES.items()}
    return tuple((family, count(size)) for family, size in sizes.items() if size)


def appendix(
    found: tuple[Outcome, ...], checks: Mapping[str, Check], fixes: tuple[FixView, ...], order: dict[str, int]
) -> Appendix | None:
    failed = sorted(
        with_status(found, "failed"),
        key=lambda outcome: (_severity_rank(outcome.severity), -outcome.at_fault, outcome.check),
    )
    if not failed:
        return None
    used = {str(checks[outcome.check].evidence) for outcome in failed if outcome.check in checks}
    return Appendix(
        title=sentence(
            "{failed} failed {checks}, with rows",
            failed=capital(number(len(failed))),
            checks=plural(len(failed), "check"),
        ),
        evidence=tuple(words for kind, words in EVIDENCE.items() if kind in used),
        checks=tuple(_failed(outcome, checks.get(outcome.check), fixes, order) for outcome in failed),
    )


def _failed(
    outcome: Outcome, check: Check | None, fixes: tuple[FixView, ...], order: dict[str, int]
) -> FailedCheck:
    dots, evidence, _ = EVIDENCE.get(str(check.evidence), ("", "", "")) if check else ("", "", "")
    failed = sorted(outcome.failed, key=lambda f: (order.get(f.event_name, -1), side_rank(f.side or "")))
    examples = [example for finding in outcome.failed for example in finding.examples]
    return FailedCheck(
        id=outcome.check,
        title=check.title if check else outcome.check,
        severity=capital(outcome.severity),
        dots=dots,
        evidence=evidence,
        counts=of(outcome.at_fault, outcome.in_scope),
        over=check.over if check else "rows",
        why=check.why if check else "",
        fix=check.fix if check else "",
        when="" if check is None else "every row" if check.when == "true" else check.when,
        fails=check.fails if check else "",
        source=check.source if check else "",
        fixes=tuple(fix for fix in fixes if outcome.check in fix.checks),
        findings=tuple(
            _finding(finding, check.over if check else "events") for finding in failed[:FINDINGS_SHOWN]
        ),
        more=max(0, len(failed) - FINDINGS_SHOWN),
        examples=tuple(
            ExampleRow(
                file=file_name(example.file),
                row=count(example.row),
                event_id=log(example.event_id, 40) if example.event_id else None,
                value=log(example.value) if example.value else None,
            )
            for example in examples[:EXAMPLES_SHOWN]
        ),
    )


def _finding(finding: Finding, over: str) -> FindingRow:
    side = finding.side or ""
    return FindingRow(
        name=None if finding.event_name is None else log(finding.event_name),
        side=side_events(side) if side and over == "events" else side,
        counts=of(finding.at_fault, finding.in_scope),
        share="" if finding.share is None else percent(finding.share),
    )


def _titles(found: tuple[Outcome, ...], checks: Mapping[str, Check]) -> tuple[str, ...]:
    return tuple(
        checks[outcome.check].title if outcome.check in checks else outcome.check for outcome in found
    )


def _severity_rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
