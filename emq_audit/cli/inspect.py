"""The command `inspect`: one event, before and after correction."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emq_audit.cli.options import REGION, SIDE, told
from emq_audit.errors import AuditError

if TYPE_CHECKING:
    from emq_audit.lookup import EventView


@click.command(short_help="Show one event, before and after correction.")
@click.argument("file", default="-", metavar="[FILE|-]")
@SIDE
@REGION
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the corrected event as JSON.",
)
@told
def inspect(file: str, side: str | None, region: str | None, output: Path | None) -> None:
    """Show one event: its keys, what is wrong with it, its own estimate, and what correcting it would change.

    The event as JSON, alone or in a request body, is corrected too; what is written with -o holds hashes, so treat it like the log.
    """
    from emq_audit.correct import correct_event
    from emq_audit.lookup import find_events, one_event
    from emq_audit.pipeline import open_audit
    from emq_audit.report.files import write_whole
    from emq_audit.report.terminal_event import show_changes, show_event

    def newest(name: str, content: bytes, side: str | None) -> tuple["EventView", int]:
        with open_audit([(name, content)], side=side, region=region) as done:
            first = find_events(done, limit=1).iloc[0]
            return one_event(done, first["file"], int(first["row"])), done.report.input.events

    content = _content(file)
    view, events = newest("standard input" if file == "-" else file, content, side)
    event, after, changes = _only_event(content), None, []
    if event is None and output:
        raise AuditError(
            "Only a single event given as JSON can be corrected.", "Give one event, or a body with one."
        )
    if event is not None:
        corrected, changes = correct_event(event, region=region)
        if changes:
            same = side or (view.side if view.side != "unknown" else None)
            after, _ = newest("the corrected event", json.dumps(corrected).encode(), same)
    show_event(view, more=events - 1, after=after)
    if event is not None:
        show_changes(changes)
        if output:
            write_whole(output, json.dumps(corrected, indent=1, ensure_ascii=False) + "\n")
            click.echo(f"Written: {output}", err=True)


def _content(file: str) -> bytes:
    """What the file or standard input holds, up to the longest event a log may have."""
    longest = 16 * 1024 * 1024
    try:
        content = sys.stdin.buffer.read(longest + 1) if file == "-" else _head(Path(file), longest + 1)
    except OSError as error:
        raise AuditError(f"{file} cannot be read ({error.strerror}).", "Check the name.") from None
    if len(content) > longest:
        raise AuditError("This is too long for one event.", "emq-audit audit reads whole logs.")
    return content


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _only_event(content: bytes) -> dict[str, Any] | None:
    """The event, if the content is JSON and holds just one."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) and "event_name" in value else None
