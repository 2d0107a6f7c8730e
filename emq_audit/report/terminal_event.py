"""One event on a terminal: before and after correction."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.correct import Change
from emq_audit.lookup import EventView, KeyView
from emq_audit.mask import printable, printable_sentence

COLOURS = {"usable": "green", "faulty": "yellow"}


def show_event(view: EventView, more: int, after: EventView | None = None, console: Console | None = None) -> None:
    """Print one event: its estimate, its keys, the checks it fails. `more` events stood in the same input; `after` is the same event once
    it is corrected, where anything was."""
    console = console or Console(highlight=False)
    parts = [
        Text.assemble((printable(view.event_name) or "(no event name)", "bold"), f", {view.side}"),
        Text(_estimate(view, after)),
        _keys(view, after),
        Text(f"Not sent: {missing}" if (missing := _missing(view)) else "", style="dim"),
        Text("\nWhat is wrong" if view.faults else "\nNo check fails.", style="bold"),
    ]
    for check in (CHECKS_BY_ID[fault] for fault in view.faults):
        settled = ", gone once corrected" if after and check.id not in after.faults else ""
        parts.append(Text.assemble(f"• {check.title}", (f"  ({check.id}, {check.severity}{settled})", "dim")))
        parts.append(Padding(Text(check.fix), (0, 0, 0, 2)))
    console.print(Group(*parts))
    if more:
        console.print(Text(f"\nThe newest of {more + 1:,} events is shown.", style="dim"))


def _estimate(view: EventView, after: EventView | None) -> str:
    if view.emq is None:
        return "Meta scores website events only."
    today = f"Estimate {view.emq:.1f}, range {view.low:.1f}–{view.high:.1f}"
    if after is None or after.emq is None:
        return today
    if abs(after.emq - view.emq) < 0.05:
        return f"{today}; corrected, the same"
    return f"{today}; corrected {after.emq:.1f}, range {after.low:.1f}–{after.high:.1f}"


def _keys(view: EventView, after: EventView | None) -> Table:
    """The keys that are sent, with masked values; beside them what becomes of each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("Match key", "As sent (masked)", *(["Corrected (masked)"] if after else [])):
        table.add_column(name)
    corrected = {key.key: key for key in after.keys} if after else {}
    for key in view.keys:
        new = corrected.get(key.key)
        if _sent(key) or (new and _sent(new)):
            table.add_row(key.label, _cell(key), *([_change(key, new)] if new else []))
    return table


def _sent(key: KeyView) -> bool:
    return key.status != "missing" or key.state == "empty"


def _cell(key: KeyView) -> Text:
    return Text.assemble((key.words, COLOURS.get(key.status, "dim")), f"\n{printable(key.value)}" if key.value else "")


def _change(before: KeyView, after: KeyView) -> Text:
    if (after.state, after.value) == (before.state, before.value):
        return Text("as sent", style="dim")
    return _cell(after) if _sent(after) else Text("left out", style="dim")


def _missing(view: EventView) -> str:
    return ", ".join(key.label for key in view.keys if key.state == "missing")


def show_changes(changes: Sequence[Change], console: Console | None = None) -> None:
    """Print what correcting the event changes, without values."""
    console = console or Console(highlight=False)
    if not changes:
        console.print(Text("\nNothing to correct.", style="bold"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("Field", "", "How"):
        table.add_column(name)
    for change in changes:
        table.add_row(Text(printable(change.field)), change.action, Text(printable_sentence(change.reason)))
    console.print(Group(Text("\nCorrected", style="bold"), table))
