"""What became of each check, over all event names and sides together."""

from dataclasses import dataclass

from emq_audit.report import Finding, Report

# A fault anywhere is a fault; a check is fine only if it looked at something.
_PRECEDENCE = ("failed", "error", "passed", "not applicable")


@dataclass(frozen=True)
class Outcome:
    """One check: its `findings`, worst first, and the rows at fault and in scope of all of them."""

    check: str
    status: str
    severity: str
    at_fault: int
    in_scope: int
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.status == "failed")


def outcomes(report: Report) -> tuple[Outcome, ...]:
    """One outcome a check, in the order in which checks appear in the report."""
    by_check: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_check.setdefault(finding.check, []).append(finding)
    return tuple(_outcome(check, findings) for check, findings in by_check.items())


def with_status(found: tuple[Outcome, ...], status: str) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in found if outcome.status == status)


def _outcome(check: str, findings: list[Finding]) -> Outcome:
    statuses = {finding.status.replace("_", " ") for finding in findings}
    status = next((status for status in _PRECEDENCE if status in statuses), "error")
    return Outcome(
        check=check,
        status=status,
        severity=findings[0].severity,
        at_fault=sum(finding.at_fault for finding in findings),
        in_scope=sum(finding.in_scope for finding in findings),
        findings=tuple(sorted(findings, key=lambda finding: -finding.at_fault)),
    )
