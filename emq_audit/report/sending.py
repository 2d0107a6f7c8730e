"""Test events on a terminal: what would leave this computer, and what Meta answers to each event."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from emq_audit.graph.outgoing import Outgoing, Prepared
from emq_audit.graph.send import LOOK_FOR, Answer
from emq_audit.mask import printable
from emq_audit.report.quality_table import name_of, printed, sentence_of, table_of, text_of, titled


def show_outgoing(prepared: Prepared, address: str, code: str, console: Console | None = None) -> None:
    """Print exactly what would leave this computer, values masked."""
    total = len(prepared.events)
    old = sum(event.refreshed for event in prepared.events)
    lines: list[RenderableType | None] = [
        Text("This would leave this computer", style="bold"),
        _facts(
            ("To", address),
            ("Events", f"{total}, one request each, marked with test_event_code {code}"),
            ("Besides", "your access token, as the header Authorization"),
        ),
        *(_outgoing(number, event) for number, event in enumerate(prepared.events, 1)),
        Text(""),
    ]
    if old:
        lines.append(
            Text(
                f"• {old} of {total}: the time is set to now, because Meta refuses events older than seven days, or without a usable time."
            )
        )
    lines += [
        Text(f"• Left out: {count:,} {printable(reason)}.") for reason, count in prepared.left_out.items()
    ]
    lines.append(
        Text(
            "• Meta uses test events as it uses live ones, in ads and reports: each counts as one more event, unless Meta has had one with "
            "the same event_name and event_id in the last 48 hours."
        )
    )
    printed(lines, console)


def show_answers(answers: Sequence[Answer], console: Console | None = None) -> None:
    """Print Meta's answer to each event, and what to look for."""
    table = table_of(("", "right"), ("Event", "left"), ("Meta's answer", "left"), ("Trace", "left"))
    for number, answer in enumerate(answers, 1):
        words = f"received {answer.received}" if answer.accepted else answer.problem or "received none"
        said = Text(" ".join([words, *answer.messages]), style="green" if answer.accepted else "red")
        table.add_row(str(number), name_of(answer.event_name), said, text_of(answer.trace))
    hints = dict.fromkeys(answer.hint for answer in answers if answer.hint)
    parts: list[RenderableType | None] = [titled("Answers", table), *(Text(f"• {hint}") for hint in hints)]
    if any(answer.accepted for answer in answers):
        parts += [Text("\nWhat to look for", style="bold"), *(Text(f"• {line}") for line in LOOK_FOR)]
    printed(parts, console)


def _facts(*rows: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name, words in rows:
        table.add_row(Text(name, style="dim"), Text(sentence_of(words)))
    return table


def _outgoing(number: int, event: Outgoing) -> Group:
    table = table_of(("Field", "left"), ("Value (masked)", "left"))
    for name, shown in event.shown:
        extra = "  (set to now)" if name == "event_time" and event.refreshed else ""
        table.add_row(text_of(name), Text(sentence_of(shown + extra)))
    corrected = [
        f"{printable(change.field)}: {sentence_of(change.reason)} ({change.action})" for change in event.changes
    ]
    lines = [Text(f"• Corrected: {words}", style="dim") for words in corrected] + [
        Text(f"• It has {words}.", style="yellow") for words in event.lacks
    ]
    return Group(titled(f"Event {number}", table), *lines)
