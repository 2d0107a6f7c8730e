"""The command `emq-audit`: a thin consumer of Report.

Exit status: 0 audited, 1 a gate failed, 2 could not audit. Standard output is for people unless `-o -` or `--json` is given; progress
and errors go to standard error.
"""

from pathlib import Path

import click

from emq_audit import __version__
from emq_audit.cli.audit import audit
from emq_audit.cli.inspect import inspect
from emq_audit.cli.log import fix, probe
from emq_audit.cli.meta import quality, send_test
from emq_audit.cli.options import told
from emq_audit.errors import AuditError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="emq-audit")
def main() -> None:
    """How well can Meta match your events, why not better, and what do you fix first?

    Reads logs of Meta Pixel and Conversions API events on this computer. Nothing leaves it, unless you run quality or
    send-test, which talk to Meta.
    """


for command in (audit, inspect, fix, probe, quality, send_test):
    main.add_command(command)


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


@main.command(short_help="Say what a check asks, or how a fix is done.")
@click.argument("identity", metavar="ID")
@told
def explain(identity: str) -> None:
    """Say what a check asks, why it matters and how to fix what it finds; of a fix, its steps on every platform."""
    from emq_audit.checks import chosen
    from emq_audit.fixes import THINGS
    from emq_audit.remedies import BY_ID, REMEDY_OF

    if identity in THINGS:
        _show_fix(identity)
        return
    check = chosen([identity])[0]
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
    _show_steps(BY_ID[REMEDY_OF[check.id]].id)


def _show_fix(identity: str) -> None:
    from emq_audit.fixes import THINGS

    fix = THINGS[identity]
    click.secho(fix.title, bold=True)
    click.echo(f"{fix.id} · {fix.owner}, {fix.effort}\n\n{fix.because}\n")
    _show_steps(identity)


def _show_steps(identity: str) -> None:
    from emq_audit.fixes import METHODS, steps

    for method, words in METHODS.items():
        click.secho(f"Steps: {words}", bold=True)
        for number, step in enumerate(steps(method, identity), 1):
            click.echo(f"  {number}. {step}")


@main.command()
@click.argument("folder", default="demo", type=click.Path(path_type=Path, file_okay=False))
@told
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
@told
def app(logs: tuple[str, ...], port: int | None, no_browser: bool) -> None:
    """Open the app in the browser, with LOGs if given."""
    from emq_audit.app import run

    run(logs, port=port, headless=no_browser)
