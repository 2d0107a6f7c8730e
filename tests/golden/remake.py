"""Golden logs: small, invented, shaped like real ones, each with the report it must give.

    python -m tests.golden.remake        write the reports anew, then read the difference before committing it
"""

import json
from pathlib import Path
from typing import Any

from emq_audit import audit

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("__"))


def report_of(case: str) -> dict[str, Any]:
    """What the audit says of one case, without what changes by itself: version, folder, words of steps and code."""
    logs = sorted(path for path in (HERE / case).iterdir() if path.name != "report.json")
    document = audit(logs, as_of=1_794_700_000).as_dict()
    del document["version"]
    for fix in document["fixes"]:
        del fix["steps"], fix["snippets"]
    document["findings"] = [finding for finding in document["findings"] if finding["status"] in ("failed", "error")]
    return json.loads(json.dumps(document).replace(json.dumps(str(HERE / case))[1:-1], "…"))


def golden(case: str) -> Path:
    return HERE / case / "report.json"


if __name__ == "__main__":
    for name in CASES:
        golden(name).write_text(json.dumps(report_of(name), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
