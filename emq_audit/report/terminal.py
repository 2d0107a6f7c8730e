"""The report on a terminal: a summary a marketer can read, in colour only where there is a terminal to show it."""

import re
from datetime import UTC, datetime

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.event_names import importance
from emq_audit.mask import printable
from emq_audit.match_keys import BY_KEY, KEYS
from emq_audit.report import EventScore, Fix, KeyCoverage, Report
from emq_audit.score import RANGE_COVERAGE

FIXES_SHOWN = 5
REJECTIONS_SHOWN = 3
_KINDS = {"pixel+capi": "Pixel and Conversions API", "pixel": "Pixel only", "capi": "Conversions API only", "offline": "offline events",
          "unknown": "side unknown"}  # fmt: skip


def show(report: Report, console: Console | None = None) -> None:
    """Print the summary: scores, coverage, deduplication, fixes, input."""
    console = console or Console(highlight=False)
    room = max(2, (console.width - 16) // 11)
    parts = [
        _heading(report),
        _scores(report),
        *_coverage(report, room),
        _dedup(report),
        _fixes(report),
        _input(report),
    ]
    console.print(Group(*(part for part in parts if part is not None)))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify=justify)
    return table


def _titled(title: str, table: Table) -> Group:
    return Group(Text(f"\n{title}", style="bold"), table)


def _name(event_name: str) -> str:
    return printable(event_name) or "(no event name)"


def _text(words: str, style: str = "") -> Text:
    """Words from a log as plain text: never markup, never control characters."""
    return Text(printable(words), style=style)


def _heading(report: Report) -> Group:
    days = dict.fromkeys(
        f"{datetime.fromtimestamp(moment, UTC):%-d %B %Y}"
        for moment in (report.input.first, report.input.last)
        if moment
    )
    span = " to ".join(days)
    scored = next((score for score in report.scores if score.emq is not None), None)
    line = Text("Event Match Quality, estimated", style="bold")
    facts = Text(
        f"{_events(report.input.events)}, {_KINDS[report.setup.kind]}" + (f", {span}" if span else ""),
        style="dim",
    )
    if scored is None:
        return Group(line, facts, Text("No event in this log can be scored."))
    return Group(line, facts)


def verdict(score: EventScore) -> tuple[str, str]:
    """Where the range lies against the target: words and a colour."""
    if score.low >= score.target:
        return "▲ above", "green"
    return ("▼ below", "red") if score.high < score.target else ("◆ close", "yellow")


def _events(number: int) -> str:
    return f"{number:,} event{'' if number == 1 else 's'}"


def _scores(report: Report) -> Group | None:
    scored = [score for score in report.scores if score.emq is not None]
    parts: list = [_score_table(scored), _scores_note()] if scored else []
    reasons = dict.fromkeys(score.reason for score in report.scores if score.emq is None)
    for reason in reasons:
        names = [
            f"{_name(score.event_name)} ({_events(score.events)})"
            for score in report.scores
            if score.emq is None and score.reason == reason
        ]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        parts.append(Text(f"\nNot scored: {', '.join(names[:8])}{more}. {reason}", style="dim"))
    return Group(*parts) if parts else None


def _score_table(scored: list[EventScore]) -> Group:
    columns = (
        ("Event", "left"),
        ("Side", "left"),
        ("Events", "right"),
        ("Estimate", "right"),
        ("Range", "left"),
    )
    table = _table(*columns, ("Possible", "right"), ("", "left"))
    for score in scored:
        words, colour = verdict(score)
        better = score.possible is not None and score.possible - score.emq >= 0.05
        table.add_row(
            Text(_name(score.event_name)),
            score.side,
            f"{score.events:,}",
            Text(f"{score.emq:.1f}", style="bold"),
            Text(f"{score.low:.1f}–{score.high:.1f}", style="dim"),
            f"{score.possible:.1f}" if better else "",
            Text(words, style=colour),
        )
    return _titled("Scores (0 to 10; target 6.0)", table)


def _scores_note() -> Text:
    return Text(
        f"Estimates, right within the range in about {round(RANGE_COVERAGE * 10)} of 10 cases. Possible: with every faulty value repaired. "
        "Meta's own score is in Events Manager.",
        style="dim",
    )


def _coverage(report: Report, room: int) -> list[Group]:
    """One table a side: keys that anything was sent for, against the first `room` events."""
    return [
        table
        for side in ("server", "browser", "unknown", "offline")
        if (table := _side_coverage(report, side, room))
    ]


def _side_coverage(report: Report, side: str, room: int) -> Group | None:
    cells = {(cell.key, cell.event_name): cell for cell in report.coverage if cell.side == side}
    names = sorted({name for _, name in cells}, key=lambda name: (importance(name), name))[:room]
    keys = [
        key for key in KEYS if any((cell := cells.get((key, name))) and cell.missing < 1 for name in names)
    ]
    if not keys:
        return None
    table = _table(("Key", "left"), *((_two_lines(name), "right") for name in names))
    for key in keys:
        table.add_row(BY_KEY[key].label.split(" (")[0], *(_cell(cells.get((key, name))) for name in names))
    return _titled(f"Match keys, {side} events (usable %, faulty ×)", table)


def _two_lines(name: str, longest: int = 9) -> str:
    """A long event name broken at an inner capital, so that columns stay narrow."""
    clean = escape(_name(name))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "\n", clean, count=1) if len(clean) > longest else clean


def _cell(cell: KeyCoverage | None) -> Text:
    if cell is None or cell.missing == 1:
        return Text("–", style="dim")
    shown = Text(f"{_percent(cell.usable)}")
    if cell.faulty:
        shown.append(f" ×{_percent(cell.faulty)}", style="yellow")
    return shown


def _percent(share: float) -> str:
    return "<1" if 0 < share < 0.005 else f"{share * 100:.0f}"


def _dedup(report: Report) -> Group | None:
    both = [entry for entry in report.dedup if entry.browser and entry.server]
    if not both:
        return None
    numbers = ("Browser", "Server", "Paired", "Browser\nonly", "Server\nonly", "Coverage", "Reused\nids")
    table = _table(("Event", "left"), *((name, "right") for name in numbers))
    for entry in both:
        coverage = Text(
            f"{_percent(entry.event_coverage or 0)} %",
            style="" if (entry.event_coverage or 0) >= 0.75 else "yellow",
        )
        counts = (
            f"{number:,}"
            for number in (entry.browser, entry.server, entry.pairs, entry.browser_only, entry.server_only)
        )
        table.add_row(
            _two_lines(entry.event_name, 12),
            *counts,
            coverage,
            f"{entry.reused_ids:,}" if entry.reused_ids else "–",
        )
    return _titled("Deduplication (event coverage: goal 75 %)", table)


def _fixes(report: Report) -> Group | None:
    if not report.fixes:
        return Group(Text("\nNothing to fix was found.", style="bold"))
    lines: list = [Text("\nFix first", style="bold")]
    for number, fix in enumerate(report.fixes[:FIXES_SHOWN], 1):
        lines.append(Text.assemble(f"{number}. ", (fix.title, "bold")))
        lines.append(Padding(Text(_gains(fix), style="green" if fix.gain else "dim"), (0, 0, 0, 3)))
        lines.append(Padding(Text(printable_sentence(fix.why)), (0, 0, 0, 3)))
        lines.append(
            Padding(
                Text(f"{fix.owner}, {fix.effort} · checks: {', '.join(fix.checks)}", style="dim"),
                (0, 0, 0, 3),
            )
        )
    if len(report.fixes) > FIXES_SHOWN:
        lines.append(
            Text(f"{len(report.fixes) - FIXES_SHOWN} more in the full report (-o report.html).", style="dim")
        )
    return Group(*lines)


def _gains(fix: Fix) -> str:
    if not fix.gain:
        return "No points, still needed"
    large = [
        f"{_name(name)} {fix.scores[name][0]:.1f} → {fix.scores[name][1]:.1f}"
        for name, gain in fix.gain.items()
        if gain >= 0.05
    ]
    return ", ".join(large[:3]) or "Gain under 0.1"


def printable_sentence(words: str) -> str:
    """Our own sentence, in which names from the log may stand: control characters out, nothing cut."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def _input(report: Report) -> Group:
    lines: list = [Text("\nInput", style="bold")]
    for file in report.input.files:
        refused = f", {file.rejected:,} rejected" if file.rejected else ""
        lines.append(_text(f"{file.path}"))
        lines.append(
            Text(
                f"   {file.format}, {file.side}: {file.events:,} events from {file.rows:,} rows{refused}",
                style="dim",
            )
        )
    for rejection in report.input.rejections[:REJECTIONS_SHOWN]:
        lines.append(_text(f"   row {rejection.row}: {rejection.reason}", "yellow"))
    if report.input.rejected > REJECTIONS_SHOWN:
        lines.append(Text(f"   and {report.input.rejected - REJECTIONS_SHOWN:,} more", style="yellow"))
    lines += [Text(f"• {note}", style="dim") for note in report.notes]
    return Group(*lines)


def show_event(view, more: int, console: Console | None = None) -> None:
    """Print one event: its estimate, its keys, the checks it fails. `more` events stood in the same input."""
    console = console or Console(highlight=False)
    head = Text.assemble((printable(view.event_name) or "(no event name)", "bold"), f", {view.side}")
    score = (
        f"Estimate {view.emq:.1f}, range {view.low:.1f}–{view.high:.1f}"
        if view.emq is not None
        else "Meta scores website events only."
    )
    table = _table(("Match key", "left"), ("State", "left"), ("Value (masked)", "left"))
    for key in view.keys:
        if key.status != "missing" or key.state == "empty":
            colour = {"usable": "green", "faulty": "yellow"}.get(key.status, "dim")
            table.add_row(key.label, Text(key.words, style=colour), _text(key.value or ""))
    missing = ", ".join(key.label for key in view.keys if key.state == "missing")
    faults = [Text("What is wrong" if view.faults else "No check fails.", style="bold")]
    for check in (CHECKS_BY_ID[fault] for fault in view.faults):
        faults.append(Text.assemble(f"• {check.title}", (f"  ({check.id}, {check.severity})", "dim")))
        faults.append(Padding(Text(check.fix), (0, 0, 0, 2)))
    console.print(
        Group(
            head,
            Text(score),
            table,
            Text(f"Not sent: {missing}" if missing else "", style="dim"),
            Text(""),
            *faults,
        )
    )
    if more:
        console.print(Text(f"\nThe newest of {more + 1:,} events is shown.", style="dim"))


def show_changes(changes, console: Console | None = None) -> None:
    """Print what correcting the event changes; `changes` as emq_audit.correct gives them, without values."""
    console = console or Console(highlight=False)
    if not changes:
        console.print(Text("\nNothing to correct.", style="bold"))
        return
    table = _table(("Field", "left"), ("", "left"), ("How", "left"))
    for change in changes:
        table.add_row(_text(change.field), change.action, Text(printable_sentence(change.reason)))
    console.print(_titled("Corrected", table))
