"""The report on a terminal: a summary a marketer can read, in colour only where there is a terminal to show it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.event_names import importance
from emq_audit.mask import printable, printable_sentence
from emq_audit.match_keys import BY_KEY, KEYS
from emq_audit.report import (
    DedupEntry,
    EventScore,
    FileRead,
    Fix,
    KeyCoverage,
    Rejection,
    Report,
    pairing,
    path,
)
from emq_audit.report.order import leading, main_event
from emq_audit.report.quality_table import comparison
from emq_audit.report.terminal_asked import orders_block, what_if_block
from emq_audit.report.terminal_plan import setup_block
from emq_audit.score import RANGE_COVERAGE

FIXES_SHOWN = 5
REJECTIONS_SHOWN = 3
FAULTS_SHOWN = 2
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
        _consent(report),
        _dedup(report),
        orders_block(report),
        _fixes(report),
        what_if_block(report),
        *(comparison(report.meta, keys_of=1) if report.meta else ()),
        setup_block(report),
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
    parts: list = [_score_table(scored), _scores_note(report)] if scored else []
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


def _scores_note(report: Report) -> Text:
    own = "Meta's own scores stand further below." if report.meta else "Meta's own score is in Events Manager."
    return Text(
        f"Estimates, right within the range in about {round(RANGE_COVERAGE * 10)} of 10 cases. Possible: with every faulty value repaired. "
        f"{own}",
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


def _consent(report: Report) -> Group | None:
    """One line of states, and what is sent under a refusal; nothing where the log says nothing about consent."""
    if not report.consent:
        return None
    states = ", ".join(f"{entry.state} {entry.events:,} ({_percent(entry.share)} %)" for entry in report.consent)
    lines = [Text("\nConsent to advertising, as logged", style="bold"), Text(states)]
    denied = next((entry for entry in report.consent if entry.state == "denied" and entry.with_keys), None)
    if denied:
        told = f"{denied.with_keys:,} of {_events(denied.events)} under denied consent carry match keys that name a person or a browser"
        lines.append(Text(told, style="yellow"))
    return Group(*lines)


def _dedup(report: Report) -> Group | None:
    both = [entry for entry in report.dedup if entry.browser and entry.server]
    if not both:
        return None
    numbers = ("Browser", "Server", "Paired", "Counted", "Counted\ntwice", "Coverage", "Reused\nids")
    table = _table(("Event", "left"), *((name, "right") for name in numbers))
    for entry in both:
        coverage = entry.event_coverage or 0
        table.add_row(
            _two_lines(entry.event_name),
            *(f"{events:,}" for events in (entry.browser, entry.server, entry.pairs, entry.counted)),
            Text(
                f"{entry.counted_twice:,}" if entry.counted_twice else "–",
                style="yellow" if entry.counted_twice else "",
            ),
            Text(f"{_percent(coverage)} %", style="" if coverage >= COVERAGE_GOAL else "yellow"),
            f"{entry.reused_ids:,}" if entry.reused_ids else "–",
        )
    return Group(_titled("Deduplication (event coverage: goal 75 %)", table), *_unpaired(both))


def _unpaired(entries: list[DedupEntry]) -> list[Text | Padding]:
    """The largest faults that keep events from pairing, those that make actions count twice first; an expected gap is none."""
    found = [(miss, entry) for entry in entries for miss in pairing.faults(entry)]
    found.sort(key=lambda item: (-item[0].twice, -item[0].events))
    lines = []
    for miss, entry in found[:FAULTS_SHOWN]:
        sides = " and ".join(
            f"{n:,} {side}" for side, n in (("browser", miss.browser), ("server", miss.server)) if n
        )
        title = printable_sentence("".join(piece.text for piece in miss.title))
        lines.append(Text.assemble("• ", (f"{_name(entry.event_name)}, {sides}: {title}", "yellow")))
        lines.append(Padding(Text(printable_sentence(miss.change)), (0, 0, 0, 2)))
    for entry in entries:
        if joined := entry.dropped.get("fallback"):
            told = "without a partner by id, but dropped: the browser sent the same fbp or external_id before"
            lines.append(Text(f"• {_name(entry.event_name)}, {joined:,} server: {told}"))
    return lines


def _fixes(report: Report) -> Group | None:
    if not report.fixes:
        return Group(Text("\nNothing to fix was found.", style="bold"))
    lines: list = [Text("\nFix first", style="bold"), *_path(report)]
    for number, fix in enumerate(report.fixes[:FIXES_SHOWN], 1):
        lines.append(Text.assemble(f"{number}. ", (fix.title, "bold")))
        lines.append(Padding(Text(_gains(report, fix), style="green" if fix.gain else "dim"), (0, 0, 0, 3)))
        lines.append(Padding(Text(printable_sentence(fix.why)), (0, 0, 0, 3)))
        lines.append(
            Padding(
                Text(" · ".join((f"{fix.owner}, {fix.effort}", *_settled(fix))), style="dim"),
                (0, 0, 0, 3),
            )
        )
    if len(report.fixes) > FIXES_SHOWN:
        lines.append(
            Text(f"{len(report.fixes) - FIXES_SHOWN} more in the full report (-o report.html).", style="dim")
        )
    return Group(*lines)


def _path(report: Report) -> list[Text]:
    """How the main event rises with one fix after the other."""
    score = next((score for score in leading(report) if score.event_name == main_event(report)), None)
    line = path.of_event(report, score).line() if score else ""
    return [Text(f"{_name(score.event_name)}, one fix after the other: {line}", style="dim")] if score and line else []


def _settled(fix: Fix) -> list[str]:
    """The findings it settles, and how to read its steps."""
    return [*([f"checks: {', '.join(fix.checks)}"] if fix.checks else []), f"steps: emq-audit explain {fix.fix}"]


def _gains(report: Report, fix: Fix) -> str:
    if not fix.gain:
        return "No points, still needed"
    large = [
        f"{_name(name)}{f' ({side})' if (side := path.other_side(report, fix, name)) else ''} "
        f"{fix.scores[name][0]:.1f} → {fix.scores[name][1]:.1f}"
        for name, gain in sorted(fix.gain.items(), key=lambda item: (importance(item[0]), -item[1]))
        if gain >= 0.05
    ]
    return ", ".join(large[:3]) or "Gain under 0.1"


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
        lines += _rejected(file, report.input.rejections)
    lines += [Text(f"• {note}", style="dim") for note in report.notes]
    return Group(*lines)


def _rejected(file: FileRead, rejections: Sequence[Rejection]) -> list[Text]:
    """The first rows of a file that are no events, below it; a log of many files lists a thousand in all."""
    listed = [rejection for rejection in rejections if rejection.file == file.path][:REJECTIONS_SHOWN]
    lines = [_text(f"   row {rejection.row}: {rejection.reason}", "yellow") for rejection in listed]
    if listed and file.rejected > len(listed):
        lines.append(Text(f"   and {file.rejected - len(listed):,} more", style="yellow"))
    return lines
