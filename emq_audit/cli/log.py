"""Commands about the log itself: `fix` writes it once more, repaired; `probe` says in which form a known value stands in it."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emq_audit.cli.options import REGION, SIDE, progress, told
from emq_audit.errors import AuditError

if TYPE_CHECKING:
    from emq_audit.probe import Found, Sighting
    from emq_audit.repair import Fixed, Outcome

SHOWN = 12
"""Lines of one list on screen; the rest is counted."""


# fix -------------------------------------------------------------------------------------------------------------------------


@click.command(short_help="Write a log once more, repaired and hashed.")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the repaired log.",
)
@SIDE
@REGION
@told
def fix(logs: tuple[str, ...], output: Path, side: str | None, region: str | None) -> None:
    """Write LOGs once more, normalised and hashed: NDJSON of Conversions API events, one a line.

    What can be repaired without knowing anything new is repaired, what cannot is left out and counted. The file holds hashes and other
    personal data, so treat it like the log. It shows what mending the sender would bring, and it can be used to send events again.
    """
    from emq_audit.repair import fix as write

    show_fixed(write(list(logs), output, side=side, region=region, progress=progress()))


def show_fixed(fixed: "Fixed") -> None:
    """Print what was repaired, what was left out, and what it changes in the estimate."""
    from emq_audit.mask import printable

    click.echo(f"Written: {printable(str(fixed.path))}: {_events(fixed.events)}, {fixed.changed:,} of them changed.")
    for note in _notes(fixed):
        click.echo(note)
    repaired = [outcome for outcome in fixed.outcomes if outcome.action == "repaired"]
    _list("Repaired", _by_key(repaired, _was))
    _list("Left out, because the log does not hold the right value", _by_key(_of(fixed, "left out"), _why))
    _list("Kept as sent, because only the sender knows the right value", _by_key(_of(fixed, "kept"), _was))
    if not fixed.changed:
        click.echo("\nNothing in it can be repaired or has to be left out.")
    _scores(fixed)
    click.secho("\nMend the sender, not the log.", bold=True)
    click.echo("Meta has already received these events as they were; use this file to send them again or to test.")
    click.echo("What mending the sender brings, who knows the values that are left out here, is in the fixes of emq-audit audit.")


def _notes(fixed: "Fixed") -> list[str]:
    notes = ["It holds personal data (hashes, IP addresses, ids): treat it like the log."]
    if fixed.readable:
        notes.append(f"An email can still be read in the page address or custom data of {_events(fixed.readable)}: these stay as sent.")
    if fixed.side_name:
        name = fixed.side_name
        notes.append(f"Each line says its side under '{name}', which Meta does not know: take it out before you send the events.")
    if fixed.fields_lost:
        notes.append("Of tables, recordings and wrapped events only the fields that emq-audit knows are in it.")
    if fixed.rejected:
        notes.append(f"{fixed.rejected:,} {'row is' if fixed.rejected == 1 else 'rows are'} no events and not in it.")
    return notes


def _of(fixed: "Fixed", action: str) -> list["Outcome"]:
    return [outcome for outcome in fixed.outcomes if outcome.action == action]


def _was(outcome: "Outcome") -> str:
    """What the values were. A browser may show them, so that is no fault there, but the new log does not."""
    from emq_audit.match_keys import STATES

    if outcome.state == "missing":
        return "under a name that Meta ignores"
    if outcome.state in ("usable", "implicit"):
        return "one of several values left out" if outcome.reason.endswith("left out") else "readable"
    return STATES[outcome.state]


def _why(outcome: "Outcome") -> str:
    return outcome.reason.replace(": left out", "")


def _by_key(outcomes: list["Outcome"], words: Callable[["Outcome"], str]) -> list[str]:
    """One line a key: how many events, and of what kinds."""
    from emq_audit.match_keys import BY_KEY, KEYS

    kinds: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.key, Counter())[words(outcome)] += outcome.events
    lines = []
    for key, found in sorted(kinds.items(), key=lambda item: KEYS.index(item[0])):
        listed = "; ".join(f"{kind} {events:,}" for kind, events in found.most_common())
        lines.append(f"{BY_KEY[key].label.split(' (')[0]:18}{found.total():>9,}  {listed}")
    return lines


def _list(title: str, lines: list[str]) -> None:
    if lines:
        click.secho(f"\n{title}", bold=True)
        for line in lines:
            click.echo(f"  {line}")


def _scores(fixed: "Fixed") -> None:
    """The estimate before and after, the most valuable event first."""
    from emq_audit.event_names import importance
    from emq_audit.mask import mask_email, printable

    if not fixed.scores:
        return
    how = "the written file, audited again" if fixed.scores[0].measured is not None else "from the state of every key"
    click.secho(f"\nEstimate of match quality, 0 to 10 ({how})", bold=True)
    ranked = sorted(fixed.scores, key=lambda score: (importance(score.event_name), score.event_name, score.side))
    for score in ranked[:SHOWN]:
        name = printable(mask_email(score.event_name)) or "(no event name)"
        same = abs(score.after - score.before) < 0.005
        change = f"{score.before:.2f}, unchanged" if same else f"{score.before:.2f} → {score.after:.2f}"
        click.echo(f"  {name:26} {score.side:8} {_events(score.events):>16}  {change}")
    if len(ranked) > SHOWN:
        click.echo(f"  and {len(ranked) - SHOWN} more event names and sides")


def _events(number: int) -> str:
    return f"{number:,} event{'' if number == 1 else 's'}"


# probe -----------------------------------------------------------------------------------------------------------------------


@click.command(short_help="In which form does a known email or phone stand in a log?")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--key", type=click.Choice(["em", "ph", "fn", "ln", "external_id"]), help="Match key of the value [told from an email or a number]."
)
@SIDE
@REGION
@told
def probe(logs: tuple[str, ...], key: str | None, side: str | None, region: str | None) -> None:
    """Ask for a known email or phone number, and say in which form it stands in LOGs.

    The value is asked for at a prompt that does not show it, or read from standard input where that is no terminal. It is not written
    anywhere: there is no option for it, because the shell keeps what is typed there.
    """
    from emq_audit.probe import known
    from emq_audit.probe import probe as look

    if "-" in logs:
        raise AuditError("Standard input holds the value to look for, so it cannot hold the log too.", "Name the log as a file.")
    value = known(_asked(key), key, region)
    show_found(look(list(logs), value, side=side, progress=progress()))
    if value.key == "ph" and not value.code:
        click.echo("The number has no country code: name the country with --region to look for the forms with one, too.")


def _asked(key: str | None) -> str:
    """The value, from a hidden prompt or from the first line of standard input."""
    if sys.stdin.isatty():
        from emq_audit.probe import label

        return click.prompt(f"{label(key) if key else 'Email or phone number'} (not shown)", hide_input=True, err=True)
    try:
        return sys.stdin.buffer.readline(10_000).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise AuditError("What was given cannot be read as text.", "Give it in UTF-8.") from None


def show_found(found: "Found") -> None:
    """Print the forms in which the value was found, those that Meta compares first. The value itself is never printed."""
    from emq_audit.probe import label

    name = label(found.key).lower()
    click.echo(f"{_events(found.events)} with {found.carrying:,} values of {name}.")
    if not found.sightings:
        click.secho(f"This {name} is not in this log in any form we know.", bold=True)
    for (_, words), same in groupby(found.sightings, key=lambda seen: (seen.compared, _form(seen, found.key))):
        seen = list(same)
        click.secho(f"\n{words}: {_events(sum(sighting.events for sighting in seen))}", bold=True)
        if seen[0].compared:
            click.echo("  This is what Meta compares.")
        for sighting in seen[:SHOWN]:
            click.echo(_sighting(sighting))
        if len(seen) > SHOWN:
            click.echo(f"  and {len(seen) - SHOWN} more event names and sides")
    if found.elsewhere:
        click.secho(f"\nReadable in the page address or custom data: {_events(found.elsewhere)}", bold=True)
    if found.key in ("em", "ph") and any(not sighting.compared for sighting in found.sightings):
        click.echo("\nMeta compares the SHA-256 of the form it asks for; in other forms the value matches nobody or another person.")


def _form(sighting: "Sighting", key: str) -> str:
    words = sighting.words[0].upper() + sighting.words[1:]
    return words if sighting.field == key else f"{words}, under '{sighting.field}', a name that Meta ignores"


def _sighting(sighting: "Sighting") -> str:
    from emq_audit.mask import mask_email, printable

    name = printable(mask_email(sighting.event_name)) or "(no event name)"
    return f"  {name:26} {sighting.side:8} {_events(sighting.events):>16}  {_span(sighting.first, sighting.last)}"


def _span(first: int | None, last: int | None) -> str:
    """From when to when, UTC."""
    unreadable = "at times that cannot be read"
    if first is None or last is None:
        return unreadable
    try:
        times = [datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M") for moment in (first, last)]
    except (ValueError, OverflowError, OSError):
        return unreadable
    return f"{times[0]} UTC" if first == last else f"{times[0]} to {times[1]} UTC"
