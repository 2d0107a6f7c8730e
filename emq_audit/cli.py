"""The command `emq-audit`: a thin consumer of Report.

Exit status: 0 audited, 1 a gate failed, 2 could not audit. Standard output is for people unless `-o -` or `--json` is given; progress
and errors go to standard error.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from emq_audit import __version__
from emq_audit.errors import AuditError

FACES = ("json", "html")


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an AuditError into two lines on standard error and exit status 2."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except AuditError as error:
            click.echo(f"Error: {error.problem}", err=True)
            if error.hint:
                click.echo(error.hint, err=True)
            sys.exit(2)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="emq-audit")
def main() -> None:
    """How well can Meta match your events, why not better, and what do you fix first?

    Reads logs of Meta Pixel and Conversions API events on this computer; nothing leaves it.
    """


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Unix seconds from a number or an ISO time; without a zone it is UTC."""
    if text is None or text.isdigit():
        return int(text) if text else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write it as 2026-11-15, 2026-11-15T14:30 or Unix seconds.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _region(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    import phonenumbers

    if text is not None and text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise click.BadParameter("write the country as two letters, for example DK.")
    return text.upper() if text else None


def _names(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


@main.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE.{html,json}",
    help="Write the report; '-' is JSON on standard output.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on standard output.")
@click.option(
    "--side",
    type=click.Choice(["browser", "server", "offline"]),
    help="Where all events come from, if the log does not say.",
)
@click.option(
    "--region", callback=_region, metavar="DK", help="Country of phone numbers without country code."
)
@click.option(
    "--as-of", callback=_moment, metavar="TIME", help="When the log was sent to Meta [newest event]."
)
@click.option("--select", callback=_names, metavar="ID,..", help="Ask only these checks.")
@click.option("--ignore", callback=_names, metavar="ID,..", help="Leave these checks out.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 10), metavar="6.0", help="Exit with 1 if an event scores lower."
)
@click.option("--client", default="", metavar="NAME", help="Client named in the report.")
@click.option("--agency", default="", metavar="NAME", help="Agency named in the report.")
@click.option(
    "--logo", type=click.Path(path_type=Path), metavar="FILE", help="Agency's logo: PNG, JPEG or SVG."
)
@click.option("--accent", metavar="#RRGGBB", help="Agency's colour.")
@_told
def audit(
    logs: tuple[str, ...], outputs: tuple[str, ...], as_json: bool, fail_under: float | None, **options: Any
) -> None:
    """Audit LOGs: files, folders, patterns, or '-' for standard input.

    Write browser=FILE or server=FILE where a file does not say which side its events come from.
    """
    from emq_audit.pipeline import audit as run
    from emq_audit.report.files import brand_from, kind_of, write
    from emq_audit.report.json import to_json
    from emq_audit.report.terminal import show

    brand = brand_from(**{name: options.pop(name) for name in ("client", "agency", "logo", "accent")})
    machine = as_json or "-" in outputs
    targets = [(path, kind_of(path)) for path in map(Path, (path for path in outputs if path != "-"))]
    report = run(list(logs), progress=_progress(), **options)
    for path, kind in targets:
        write(report, path, kind, brand)
        click.echo(f"Written: {path}", err=True)
    if machine:
        click.echo(to_json(report), nl=False)
    else:
        show(report)
    low = [
        score
        for score in report.scores
        if fail_under is not None and score.emq is not None and score.emq < fail_under
    ]
    if low:
        from emq_audit.mask import printable

        names = ", ".join(f"{printable(score.event_name)} ({score.side}) {score.emq:.1f}" for score in low)
        click.echo(f"Below {fail_under:g}: {names}", err=True)
        sys.exit(1)


def _progress() -> Callable[[float, str], None] | None:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(share: float, words: str) -> None:
        done = round(share * 24)
        click.echo(
            f"\r\x1b[K{'━' * done}{'╌' * (24 - done)}  {words}" if share < 1 else "\r\x1b[K",
            nl=False,
            err=True,
        )

    return tell


@main.command()
@click.option(
    "--severity", type=click.Choice(["critical", "high", "medium", "low", "info"]), help="Only these."
)
def checks(severity: str | None) -> None:
    """List every check."""
    from emq_audit.checks import FAMILIES

    for family, members in FAMILIES.items():
        shown = [check for check in members if severity in (None, check.severity)]
        if shown:
            click.secho(f"\n{family}", bold=True)
        for check in shown:
            click.echo(f"  {check.id:28} {check.severity:9} {check.title}")


@main.command()
@click.argument("check_id", metavar="ID")
@_told
def explain(check_id: str) -> None:
    """Say what a check asks, why it matters and how to fix what it finds."""
    from emq_audit.checks import chosen
    from emq_audit.fixes import METHODS, steps
    from emq_audit.remedies import BY_ID, REMEDY_OF

    check = chosen([check_id])[0]
    click.secho(check.title, bold=True)
    click.echo(f"{check.id} · {check.severity} · {check.evidence}\n")
    for heading, text in (
        ("Why", check.why),
        ("Fix", check.fix),
        ("In scope where", check.when),
        ("At fault where", check.fails),
    ):
        click.echo(f"{heading}\n  {text}\n")
    click.echo(f"Counted over\n  {check.over}\n")
    if check.source:
        click.echo(f"Source\n  {check.source}\n")
    remedy = BY_ID[REMEDY_OF[check.id]]
    for method, words in METHODS.items():
        click.secho(f"Steps: {words}", bold=True)
        for number, step in enumerate(steps(method, remedy.id), 1):
            click.echo(f"  {number}. {step}")


@main.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option(
    "--side",
    type=click.Choice(["browser", "server", "offline"]),
    help="Where the event comes from, if it does not say.",
)
@click.option(
    "--region", callback=_region, metavar="DK", help="Country of a phone number without country code."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the corrected event as JSON.",
)
@_told
def inspect(file: str, side: str | None, region: str | None, output: Path | None) -> None:
    """Show one event: its keys, what is wrong with it, its own estimate, and what correcting it would change.

    The event as JSON, alone or in a request body, is corrected too; what is written with -o holds hashes, so treat it like the log.
    """
    from emq_audit.correct import correct_event
    from emq_audit.lookup import find_events, one_event
    from emq_audit.pipeline import open_audit
    from emq_audit.report.files import write_whole
    from emq_audit.report.terminal import show_changes, show_event

    content = _content(file)
    with open_audit([("standard input" if file == "-" else file, content)], side=side, region=region) as done:
        first = find_events(done, limit=1).iloc[0]
        view = one_event(done, first["file"], int(first["row"]))
        show_event(view, more=done.report.input.events - 1)
    event = _only_event(content)
    if event is None and output:
        raise AuditError(
            "Only a single event given as JSON can be corrected.", "Give one event, or a body with one."
        )
    if event is not None:
        corrected, changes = correct_event(event, region=region)
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


@main.command()
@click.argument("folder", default="demo", type=click.Path(path_type=Path, file_okay=False))
@_told
def demo(folder: Path) -> None:
    """Write the demo shop's two logs into FOLDER [demo]."""
    from emq_audit.demo import BROWSER_FILE, SERVER_FILE, write_demo

    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = write_demo(folder)
    except OSError as error:
        raise AuditError(
            f"The folder {folder} cannot be written to ({error.strerror}).", "Name another folder."
        ) from None
    click.echo(f"{manifest.events:,} events of a made-up shop in {folder}. Audit them with:")
    click.echo(f"  emq-audit audit {folder / SERVER_FILE} {folder / BROWSER_FILE} -o report.html")


@main.command()
@click.argument("logs", nargs=-1, metavar="[LOG...]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where the app listens on this computer [8501, or the next free one].",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@_told
def app(logs: tuple[str, ...], port: int | None, no_browser: bool) -> None:
    """Open the app in the browser, with LOGs if given."""
    from emq_audit.app import run

    run(logs, port=port, headless=no_browser)


if __name__ == "__main__":
    main()
