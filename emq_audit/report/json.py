"""The report as JSON: the contract `emq-audit/1`, for machines and for making every other face later."""

import json

from emq_audit.report import Report


def to_json(report: Report) -> str:
    """The document, indented, in ASCII so that no odd character of a log reaches a terminal."""
    return json.dumps(report.as_dict(), indent=1, allow_nan=False) + "\n"
