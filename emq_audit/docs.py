"""Write checks/README.md, the catalogue of all checks: `python -m emq_audit.docs`. `render` is what the test compares."""

import json
import re
from pathlib import Path

from emq_audit.check import Check
from emq_audit.checks import FAMILIES

PAGE = Path(__file__).parent / "checks" / "README.md"
_SHOWN_EXAMPLES = 3
_LONGEST_VALUE = 72
_DIGEST = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")

_HEAD = """\
<!-- Written by `python -m emq_audit.docs` from the declarations in this folder. Change those, not this page. -->
# The checks

A check asks one question of every row of one relation. `in scope` says which rows are asked, `at fault` which of them have the fault, so
every count has a denominator; a check with nothing in scope is *not applicable*, not passed. Both are DuckDB conditions, shown as they
are run. Columns ending in `_state` say what a value is: `missing`, `empty`, `usable`, or the name of what is wrong with it.

Evidence: **documented** rules stand in Meta's documentation, **observed** ones in reports of people who met the fault, and a **heuristic**
is a judgement from a pattern. Examples are differences from one sound event (`tests/sound.py`); they are also the tests. `_side` is the
side that sent the event, the server if not said; `_as_sent` is false for rows of an exported table, whose form may be the export's.
"""


def render() -> str:
    """The whole page."""
    parts = [_HEAD, _contents()]
    for family, checks in FAMILIES.items():
        parts += [f"## {family}\n", *map(_check, checks)]
    return "\n".join(parts)


def _contents() -> str:
    rows = ["| check | severity | evidence |", "|---|---|---|"]
    for family, checks in FAMILIES.items():
        rows.append(f"| **{family}** | | |")
        rows += [
            f"| [{check.title}](#{check.id}) | {check.severity} | {check.evidence} |" for check in checks
        ]
    return "\n".join(rows) + "\n"


def _check(check: Check) -> str:
    source = f" ([source]({check.source}))" if check.source else ""
    lines = [
        f'<a id="{check.id}"></a>',
        f"### {check.title}\n",
        f"`{check.id}` · {check.severity} · {check.evidence}{source} · over `{check.over}`\n",
        f"{check.why}\n",
        f"**Fix.** {check.fix}\n",
        "```sql",
        f"-- in scope\n{check.when}",
        f"-- at fault\n{check.fails}",
        "```\n",
        *_examples("at fault" if check.over == "events" else "at fault together", check.bad),
        *_examples("sound", check.ok),
    ]
    return "\n".join(lines) + "\n"


def _examples(verdict: str, events: tuple[dict, ...]) -> list[str]:
    shown = [f"- {verdict}: `{_difference(event)}`" for event in events[:_SHOWN_EXAMPLES]]
    rest = len(events) - len(shown)
    return shown + ([f"- {verdict}: {rest} more"] if rest else [])


def _difference(event: dict) -> str:
    """The difference as JSON; long values are cut, and null stands for a key that is not sent."""
    gone = [key for key, value in event.items() if value is None]
    if len(gone) > _SHOWN_EXAMPLES + 1:
        event = {"all other match keys": None} | {
            key: value for key, value in event.items() if value is not None
        }
    return json.dumps({key: _short(value) for key, value in event.items()}, ensure_ascii=False)


def _short(value: object) -> object:
    if isinstance(value, list):
        return [_short(entry) for entry in value]
    if not isinstance(value, str):
        return value
    value = _DIGEST.sub(lambda digits: f"{digits[0][:8]}… {len(digits[0])} digits", value)
    return value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 1] + "…"


def main() -> None:
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
