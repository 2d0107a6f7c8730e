"""What several commands share: options, how they are read, and how errors and progress are told."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from emq_audit.errors import AuditError


def told(command: Callable[..., Any]) -> Callable[..., Any]:
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


def progress() -> Callable[[float, str], None] | None:
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


def moment(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Unix seconds from a number or an ISO time; without a zone it is UTC."""
    if text is None or text.isdigit():
        return int(text) if text else None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write it as 2026-11-15, 2026-11-15T14:30 or Unix seconds.") from None
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())


def region(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    import phonenumbers

    if text is not None and text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise click.BadParameter("write the country as two letters, for example DK.")
    return text.upper() if text else None


def shares(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, float] | None:
    from emq_audit.what_if import read_shares

    try:
        return read_shares(text) if text is not None else None
    except AuditError as error:
        raise click.BadParameter(f"{error.problem} {error.hint}") from None


def weights(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, float] | None:
    from emq_audit.weights import read_weights

    try:
        return read_weights(text) if text is not None else None
    except AuditError as error:
        raise click.BadParameter(f"{error.problem} {error.hint}") from None


def names(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()


SIDE = click.option(
    "--side",
    type=click.Choice(["browser", "server", "offline"]),
    help="Where all events come from, if the log does not say.",
)
REGION = click.option(
    "--region", callback=region, metavar="DK", help="Country of phone numbers without country code."
)
