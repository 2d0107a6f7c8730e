"""The commands that talk to Meta: `quality` and `send-test`. No other command makes a request."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emq_audit.cli.options import REGION, SIDE, told
from emq_audit.errors import AuditError

if TYPE_CHECKING:
    from emq_audit.graph.client import Graph, Token
    from emq_audit.graph.quality import Quality

TOKEN_HELP = (
    "The access token comes from the environment variable META_ACCESS_TOKEN, or is asked for at a hidden prompt. It is never an argument, "
    "and no output shows it."
)


@click.command(epilog=TOKEN_HELP, short_help="Show Meta's own score, beside the audit.")
@click.argument("targets", nargs=-1, metavar="[DATASET] [LOG...]")
@click.option(
    "--file",
    "saved",
    type=click.Path(path_type=Path),
    metavar="SAVED.json",
    help="Read a saved answer; nothing is asked.",
)
@click.option("--agent", metavar="NAME", help="Only events that this partner sent (partner_agent).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save Meta's answer as JSON, without the token.",
)
@click.option("--json", "as_json", is_flag=True, help="The comparison as JSON on standard output.")
@SIDE
@REGION
@told
def quality(
    targets: tuple[str, ...],
    saved: Path | None,
    agent: str | None,
    output: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Meta's own score, coverage and diagnostics for DATASET, beside the audit of LOGs if any are given.

    Asks Meta's Dataset Quality API at graph.facebook.com about the dataset; nothing of a log is sent. With --file it reads a saved answer
    and makes no request: `quality --file SAVED.json LOG...`.
    """
    from emq_audit.graph.quality import load
    from emq_audit.report.quality_table import show_comparison, show_quality

    answer, logs = (load(saved), targets) if saved else (_asked(targets, agent, output), targets[1:])
    if saved and output:
        raise AuditError("A saved answer is not saved again.", "Leave out -o, or leave out --file.")
    if not logs:
        click.echo(_json(answer), nl=False) if as_json else show_quality(answer)
        return
    from emq_audit.graph.compare import compare
    from emq_audit.pipeline import audit

    beside = compare(audit(list(logs), **options), answer)
    click.echo(_json(beside), nl=False) if as_json else show_comparison(beside)


def _asked(targets: tuple[str, ...], agent: str | None, output: Path | None) -> "Quality":
    """The live answer about the dataset that the first target names, saved where that is wanted."""
    from emq_audit.graph.quality import dataset_id, fetch
    from emq_audit.report.files import write_whole

    if not targets:
        raise AuditError(
            "Which dataset?",
            "Give its id, as in `emq-audit quality 1234567890`, or a saved answer with --file.",
        )
    dataset = dataset_id(targets[0])
    with _graph(_token()) as graph:
        answer, document = fetch(graph, dataset, agent)
    if output:
        write_whole(output, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        click.echo(f"Written: {output}", err=True)
    return answer


@click.command("send-test", epilog=TOKEN_HELP, short_help="Send a few corrected events as test events.")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--dataset", required=True, metavar="ID", help="The dataset (pixel) that receives the test events."
)
@click.option(
    "--code",
    metavar="TEST123",
    help="Test event code, from Events Manager, Test events. Without one nothing is sent.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 50),
    default=5,
    show_default=True,
    metavar="N",
    help="How many events at most.",
)
@click.option("--yes", is_flag=True, help="Send without asking, for scripts.")
@SIDE
@REGION
@told
def send_test(
    logs: tuple[str, ...],
    dataset: str,
    code: str | None,
    most: int,
    yes: bool,
    side: str | None,
    region: str | None,
) -> None:
    """Send a few corrected events of LOGs to Meta as test events, and show Meta's answer to each.

    Shows first what would leave this computer, field by field, and asks. Contact data goes as SHA-256 only; an event older than seven days
    is given the present time.
    """
    from emq_audit.graph.client import API_VERSION, address_from
    from emq_audit.graph.outgoing import prepare
    from emq_audit.graph.send import Answer, code_for_tests, path, send
    from emq_audit.report.sending import show_answers, show_outgoing

    code, where = code_for_tests(code), path(dataset)
    address = f"{address_from()}/{API_VERSION}/{where}"
    token = _token_given()
    prepared = prepare(list(logs), side=side, region=region, most=most)
    show_outgoing(prepared, address, code)
    if not yes and not _agreed(len(prepared.events)):
        click.echo("Nothing was sent.")
        return
    answers: list[Answer] = []
    try:
        with _graph(token or _token()) as graph:
            for answer in send(graph, dataset, code, prepared.events):
                answers.append(answer)
    finally:
        if answers:
            show_answers(answers)
    if not all(answer.accepted for answer in answers):
        sys.exit(1)


def _agreed(number: int) -> bool:
    events = "this event" if number == 1 else f"these {number} events"
    try:
        return click.confirm(f"Send {events} to Meta?", default=False)
    except click.Abort:
        raise AuditError("Nothing was sent: the question had no answer.", "In a script, add --yes.") from None


def _graph(token: "Token") -> "Graph":
    from emq_audit.graph.client import Graph

    return Graph(token, told=lambda words: click.echo(words, err=True))


def _token_given() -> "Token | None":
    """The token from the environment, or None where it can be asked for. Raises AuditError where it cannot."""
    from emq_audit.graph.client import TOKEN_VARIABLE, Token

    if text := os.environ.get(TOKEN_VARIABLE):
        return Token(text)
    if _at_a_terminal():
        return None
    raise AuditError(
        "No access token was given.",
        f"Set the environment variable {TOKEN_VARIABLE}, or run this in a terminal, where it is asked for.",
    )


def _at_a_terminal() -> bool:
    """Is there somebody to ask?"""
    return sys.stdin.isatty()


def _token() -> "Token":
    from emq_audit.graph.client import Token

    if token := _token_given():
        return token
    try:
        return Token(
            click.prompt(
                "Access token (not shown)", hide_input=True, err=True, default="", show_default=False
            )
        )
    except click.Abort:
        raise AuditError(
            "No access token was given.", "Set META_ACCESS_TOKEN, or type the token when asked."
        ) from None


def _json(record: Any) -> str:
    return json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n"
