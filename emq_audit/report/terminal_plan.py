"""The set-up on a terminal: what each side caught, the next step and its cost, and the payback of an assumption, in one short block."""

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emq_audit.report import Report
from emq_audit.report.sections.next_step import KINDS, NextStep, line, section
from emq_audit.report.words import Sentence, visible


def setup_block(report: Report) -> Group | None:
    """None for a report without a plan, and for a log without events."""
    words = section(report)
    if words is None or not report.input.events:
        return None
    parts: list = [Text(f"\nSet-up. {words.title}", style="bold"), _plain(words.why)]
    seen = line(report.plan)
    if seen:
        parts.append(_plain(seen))
    if report.setup.kind in KINDS:
        parts.append(_typical(words))
    costs = _costs(words)
    if costs is not None:
        parts += [costs, Text(words.costs_note, style="dim")]
    if words.payback:
        parts += _payback(words)
    return Group(*parts)


def _typical(words: NextStep) -> Text:
    typical = "; ".join(f"{row.name.lower()} {row.typical}".replace("conversions api", "Conversions API") for row in words.typical)
    return Text(f"Typically caught: {typical} (published rules of thumb).", style="dim")


def _plain(sentence: Sentence) -> Text:
    """Names from the log as plain text: never markup, never control characters."""
    return Text(visible("".join(piece.text for piece in sentence)).replace("\n", " "))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify=justify)
    return table


def _costs(words: NextStep) -> Table | None:
    if not words.asked_costs:
        return None
    table = _table(("Method", "left"), ("A month", "right"), ("Once", "right"), ("Time", "left"))
    for row in words.asked_costs:
        table.add_row(f"{row.name} ({row.mark})" if row.mark else row.name, row.monthly, row.once, row.hours)
    return table


def _payback(words: NextStep) -> list:
    payback = words.payback
    parts: list = [Text(f"\nPayback. {payback.headline}", style="bold"), Text(payback.assumption)]
    if payback.rows:
        saving = any(row.left != "–" for row in payback.rows)
        columns = (("Left a month", "right"), ("Paid back in", "left")) if saving else ()
        table = _table(("Method", "left"), *columns, (payback.needed_title, "left"))
        for row in payback.rows:
            table.add_row(row.name, *((row.left, row.months) if saving else ()), row.needed)
        parts.append(table)
    if payback.note:
        parts.append(Padding(Text(payback.note, style="dim"), 0))
    return parts
