"""What the user asked beside the audit, on a terminal: the shop's orders (--orders) and other coverage (--what-if)."""

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from emq_audit.mask import printable, printable_sentence
from emq_audit.report import Report
from emq_audit.report.pairing import orders_rows, orders_title
from emq_audit.report.sections.what_if import title


def orders_block(report: Report) -> Group | None:
    """The shop's orders against what Meta counts; None where no orders were given."""
    found = report.orders
    if found is None:
        return None
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for name, meaning, number, fault in orders_rows(found):
        table.add_row(Text(f"{number:,}", style="yellow" if fault and number else ""), Text.assemble(name, (f"  {meaning}", "dim")))
    notes = (Text(printable_sentence(note), style="dim") for note in found.notes)
    return Group(Text(f"\nOrders. {orders_title(found)}", style="bold"), table, *notes)


def what_if_block(report: Report) -> Group | None:
    """The estimates for the shares of events that were asked for; None where none were."""
    if not report.what_if:
        return None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in (("Event", "left"), ("Side", "left"), ("Today", "right"), ("What if", "right"), ("Range", "left")):
        table.add_column(name, justify=justify)
    for row in report.what_if:
        table.add_row(
            Text(printable(row.event_name) or "(no event name)"),
            row.side,
            f"{row.today:.1f}",
            Text(f"{row.emq:.1f}", style="bold"),
            Text(f"{row.low:.1f}–{row.high:.1f}", style="dim"),
        )
    return Group(Text(f"\n{title(report)}", style="bold"), table)
