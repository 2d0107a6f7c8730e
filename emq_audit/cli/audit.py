"""The command `audit`."""

import sys
from pathlib import Path
from typing import Any

import click

from emq_audit.cli.options import REGION, SIDE, moment, names, progress, shares, told, weights


@click.command(short_help="Audit logs: estimate, faults, pairs, fixes.")
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
@SIDE
@REGION
@click.option(
    "--as-of", callback=moment, metavar="TIME", help="When the log was sent to Meta [newest event]."
)
@click.option(
    "--orders",
    type=click.Path(),
    metavar="FILE",
    help="The shop's orders (Shopify, WooCommerce or any table): does Meta count each once?",
)
@click.option(
    "--what-if", callback=shares, metavar="em=0.95,fbc=0.4", help="Score as if these shares of events carried these keys."
)
@click.option(
    "--quality",
    type=click.Path(),
    metavar="FILE",
    help="Meta's own numbers beside the estimate: a saved answer of `emq-audit quality DATASET -o FILE`. Asks nobody.",
)
@click.option("--spend", metavar="AMOUNT", help="Ad spend a month: set an assumed saving against the cost of each method.")
@click.option("--currency", metavar="DKK", help="Currency of the spend and the costs, as three letters [DKK].")
@click.option("--rate", metavar="7.46", help="How many DKK one unit of that currency costs.")
@click.option("--assumed-saving", metavar="13%", help="Lower cost per result to assume [13%, published; never a measurement].")
@click.option(
    "--method",
    type=click.Choice(["shopify", "gtm-server", "partner", "direct-api"]),
    help="How your server's events reach Meta, if the log does not say: whose steps the report shows.",
)
@click.option(
    "--weights", callback=weights, metavar="Lead=30,..", help="What an event is worth in ranking the fixes [Purchase 20, page views 1]."
)
@click.option("--select", callback=names, metavar="ID,..", help="Ask only these checks.")
@click.option("--ignore", callback=names, metavar="ID,..", help="Leave these checks out.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 10), metavar="6.0", help="Exit with 1 if an event scores lower."
)
@click.option("--client", default="", metavar="NAME", help="Client named in the report.")
@click.option("--agency", default="", metavar="NAME", help="Agency named in the report.")
@click.option(
    "--logo", type=click.Path(path_type=Path), metavar="FILE", help="Agency's logo: PNG, JPEG or SVG."
)
@click.option("--accent", metavar="#RRGGBB", help="Agency's colour.")
@told
def audit(
    logs: tuple[str, ...], outputs: tuple[str, ...], as_json: bool, fail_under: float | None, **options: Any
) -> None:
    """Audit LOGs: files, folders, patterns, or '-' for standard input.

    Write browser=FILE or server=FILE where a file does not say which side its events come from.
    """
    from emq_audit.next_step import read_budget
    from emq_audit.pipeline import audit as run
    from emq_audit.report.files import brand_from, kind_of, write
    from emq_audit.report.json import to_json
    from emq_audit.report.terminal import show

    brand = brand_from(**{name: options.pop(name) for name in ("client", "agency", "logo", "accent")})
    machine = as_json or "-" in outputs
    options["budget"] = read_budget(*(options.pop(name) for name in ("spend", "currency", "rate", "assumed_saving")))
    targets = [(path, kind_of(path)) for path in map(Path, (path for path in outputs if path != "-"))]
    report = run(list(logs), progress=progress(), **options)
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
