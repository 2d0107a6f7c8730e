"""Meta's own numbers on a terminal: beside the estimate, or alone."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emq_audit.graph.quality import EventQuality, Quality
from emq_audit.mask import printable
from emq_audit.match_keys import BY_KEY
from emq_audit.report import Comparison, Diagnostic, DiagnosticBeside, EventBeside

EVENTS_SHOWN = 6
FIXES_SHOWN = 5
EXPECTED_SHOWN = 6

COULD_ADD = "• Could add: how many more additional conversions similar advertisers saw who send the key in valid form (Meta's median)."

_STATUS = {
    "found": "found here too",
    "not found": "not found in this log",
    "not asked": "no event of this log to ask it of",
    "unknown": "not known to this tool",
}


def show_comparison(beside: Comparison, console: Console | None = None) -> None:
    """Print Meta's numbers beside the audit's."""
    printed(comparison(beside), console)


def comparison(beside: Comparison, keys_of: int = EVENTS_SHOWN) -> list[RenderableType]:
    """Meta's numbers beside the audit's, ready to be printed; match keys of the first `keys_of` events."""
    known = [event for event in beside.events if _said(event)][:EVENTS_SHOWN]
    parts = [
        Text("\nMeta's own numbers beside the estimate", style="bold"),
        _scores(beside),
        Text(beside.calibration.text, style="dim"),
        *(_keys(event) for event in known[:keys_of]),
        _coverage(known),
        _diagnostics([(event.event_name, one) for event in known for one in event.diagnostics]),
        _fixes(beside),
        _expected(beside),
        _notes(beside.notes),
    ]
    return [part for part in parts if part is not None]


def show_quality(quality: Quality, console: Console | None = None) -> None:
    """Print Meta's numbers alone."""
    table = table_of(
        ("Event", "left"),
        ("Score", "right"),
        ("Coverage", "right"),
        ("Goal", "right"),
        ("Conversions added", "right"),
        ("Arrives", "left"),
    )
    for event in quality.events:
        table.add_row(
            name_of(event.event_name),
            _points(event.emq),
            _percent(event.coverage),
            _percent(event.coverage_goal),
            _percent(event.acr),
            text_of(event.freshness.replace("_", " ")),
        )
    found = [
        (event.event_name, DiagnosticBeside(one, "", ()))
        for event in quality.events
        for one in event.diagnostics
    ]
    parts: list[RenderableType | None] = [
        titled("Event Match Quality as Meta scores it (0 to 10)", table)
        if quality.events
        else Text("Meta gives no score: no web events."),
        *(_keys_alone(event) for event in quality.events[:EVENTS_SHOWN] if event.keys),
        _diagnostics(found),
        _notes(quality.notes),
    ]
    printed(parts, console)


# Parts -------------------------------------------------------------------------------------------------------------------


def printed(parts: Iterable[RenderableType | None], console: Console | None) -> None:
    (console or Console(highlight=False)).print(Group(*(part for part in parts if part is not None)))


def table_of(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify=justify)
    return table


def titled(title: str, table: RenderableType) -> Group:
    return Group(Text(f"\n{title}", style="bold"), table)


def text_of(words: str, style: str = "") -> Text:
    return Text(printable(words), style=style)


def name_of(event_name: str) -> Text:
    return text_of(event_name) if event_name.strip() else Text("(no event name)")


def _points(value: float | None) -> Text:
    return Text("–", style="dim") if value is None else Text(f"{value:.1f}", style="bold")


def _percent(share: float | None) -> Text:
    return Text("–", style="dim") if share is None else Text(f"{share * 100:.0f} %")


def _said(event: EventBeside) -> bool:
    """Does Meta say anything about it?"""
    return (
        event.meta is not None
        or event.coverage_meta is not None
        or bool(event.diagnostics)
        or any(key.meta is not None for key in event.keys)
    )


def _scores(beside: Comparison) -> Group:
    moved = {event.event_name: event.emq for event in beside.calibration.events if not event.meta and abs(event.shift) >= 0.05}
    calibrated = [("Calibrated", "right")] if moved else []
    table = table_of(
        ("Event", "left"), ("Meta", "right"), ("Estimate", "right"), ("Range", "left"), *calibrated, ("Difference", "right"), ("", "left"),
    )  # fmt: skip
    for event in beside.events:
        if event.meta is None and event.estimate is None:
            continue
        within = {None: "", True: "in the range", False: "outside the range"}[event.within]
        known = event.low is not None and event.high is not None
        table.add_row(
            name_of(event.event_name),
            _points(event.meta),
            _points(event.estimate),
            Text(f"{event.low:.1f}–{event.high:.1f}" if known else "", style="dim"),
            *((Text(f"{moved[event.event_name]:.1f}" if event.event_name in moved else "", style="bold"),) if moved else ()),
            f"{event.difference:+.1f}" if event.difference is not None else "",
            Text(within, style="yellow" if event.within is False else "dim"),
        )
    return titled("Scores (0 to 10): Meta's own, and the estimate from this log", table)


def _keys(event: EventBeside) -> Group | None:
    if not event.keys:
        return None
    table = table_of(
        ("Match key", "left"),
        ("Meta", "right"),
        ("Usable here", "right"),
        ("Sent here", "right"),
        ("Could add", "right"),
    )
    for key in event.keys:
        uplift = Text("") if key.uplift is None else Text(f"+{key.uplift * 100:.0f} %")
        table.add_row(
            BY_KEY[key.key].label, _percent(key.meta), _percent(key.usable), _percent(key.sent), uplift
        )
    words = [Text(f"• {key.words}", style="dim") for key in event.keys if key.words]
    if any(key.uplift is not None for key in event.keys):
        words.append(Text(COULD_ADD, style="dim"))
    return Group(titled(f"Match keys of {printable(event.event_name)}, share of events", table), *words)


def _keys_alone(event: EventQuality) -> Group:
    table = table_of(("Match key", "left"), ("Coverage", "right"), ("Could add", "right"))
    for key in event.keys:
        label = BY_KEY[key.key].label if key.key else key.identifier
        table.add_row(
            text_of(label),
            _percent(key.coverage),
            Text("") if key.uplift is None else Text(f"+{key.uplift * 100:.0f} %"),
        )
    told = [Text(COULD_ADD, style="dim")] if any(key.uplift is not None for key in event.keys) else []
    return Group(titled(f"Match keys of {printable(event.event_name)}, share of events", table), *told)


def _coverage(events: Sequence[EventBeside]) -> Group | None:
    table = table_of(
        ("Event", "left"), ("", "left"), ("Browser\nMeta", "right"), ("\nhere", "right"), ("Server\nMeta", "right"), ("\nhere", "right"),
        ("Covered\nMeta", "right"), ("\nhere", "right"),
    )  # fmt: skip
    for event in events:
        if event.coverage_meta is not None:
            goal = (
                f"event coverage (goal {event.coverage_goal * 100:.0f} %)"
                if event.coverage_goal is not None
                else "event coverage"
            )
            table.add_row(
                name_of(event.event_name),
                goal,
                "",
                "",
                "",
                "",
                _percent(event.coverage_meta),
                _percent(event.coverage),
            )
        for key in event.dedupe:
            pairs = (
                (key.browser_meta, key.browser),
                (key.server_meta, key.server),
                (key.covered_meta, key.covered),
            )
            table.add_row(
                name_of(event.event_name),
                text_of(key.key),
                *(_percent(share) for pair in pairs for share in pair),
            )
    return (
        titled(
            "Deduplication: events that carry each key, and browser events it ties to a server event", table
        )
        if table.row_count
        else None
    )


def _diagnostics(found: Sequence[tuple[str, DiagnosticBeside]]) -> Group | None:
    if not found:
        return None
    lines: list[RenderableType] = [Text("\nMeta's diagnostics", style="bold")]
    for name, one in found:
        lines.append(
            Text.assemble(
                "• ",
                (f"{printable(name)}: ", ""),
                (sentence_of(one.diagnostic.name), "bold"),
                _extent(one.diagnostic),
            )
        )
        lines += [Padding(Text(line, style="dim"), (0, 0, 0, 2)) for line in _about(one)]
    return Group(*lines)


def _extent(diagnostic: Diagnostic) -> str:
    if diagnostic.affected is not None and diagnostic.total:
        return f" ({diagnostic.affected:,} of {diagnostic.total:,})"
    return f" ({diagnostic.share * 100:.0f} %)" if diagnostic.share is not None else ""


def _about(one: DiagnosticBeside) -> Iterable[str]:
    if one.status == "found":
        checks = ", ".join(one.checks[:4])
        yield f"{_STATUS['found']}, {one.at_fault:,} of {one.in_scope:,}: {checks}"
    elif one.status and (one.checks or not one.note):
        yield _STATUS[one.status]
    if one.note:
        yield one.note
    if one.diagnostic.solution and one.status in ("", "unknown", "not found"):
        yield f"Meta says: {sentence_of(one.diagnostic.solution)}"


def _fixes(beside: Comparison) -> Group | None:
    fixes = [fix for fix in beside.fixes if fix.uplift][:FIXES_SHOWN]
    if not fixes:
        return None
    lines: list[RenderableType] = [Text("\nFix first, by what Meta expects", style="bold")]
    for fix in fixes:
        moved = "" if fix.rank == fix.rank_before else f"  (number {fix.rank_before} by points)"
        lines.append(Text.assemble(f"{fix.rank}. ", (sentence_of(fix.title), "bold"), (moved, "dim")))
        expects = ", ".join(
            f"{printable(name)} +{share * 100:.1f} %" for name, share in list(fix.uplift.items())[:3]
        )
        points = ", ".join(
            f"{printable(name)} +{gain:.1f}" for name, gain in list(fix.gain.items())[:3] if gain >= 0.05
        )
        tail = f"; points, estimated: {points}" if points else ""
        lines.append(Padding(Text(f"additional conversions: {expects}{tail}", style="green"), (0, 0, 0, 3)))
    lines.append(
        Text(
            "What similar advertisers saw (Meta's median), for the part of events that the fix reaches; not a promise.",
            style="dim",
        )
    )
    return Group(*lines)


def _expected(beside: Comparison) -> Group | None:
    open_ones = [one for one in beside.expected if one.fix is None][:EXPECTED_SHOWN]
    if not open_ones:
        return None
    lines: list[RenderableType] = [
        Text("\nMeta expects more of these, for which the log calls for no fix", style="bold")
    ]
    for one in open_ones:
        label = BY_KEY[one.key].label if one.key in BY_KEY else "Event coverage"
        here = (
            ""
            if one.usable is None
            else f", usable on {one.usable * 100:.0f} % here"
            if one.key in BY_KEY
            else f", now {one.usable * 100:.0f} %"
        )
        lines.append(
            Text(
                f"• {printable(one.event_name)}: {label} (+{one.uplift * 100:.0f} % additional conversions{here})"
            )
        )
    return Group(*lines)


def _notes(notes: Sequence[str]) -> Group | None:
    return (
        Group(Text("\nNotes", style="bold"), *(Text(f"• {sentence_of(note)}", style="dim") for note in notes))
        if notes
        else None
    )


def sentence_of(words: str) -> str:
    """A sentence, with names from outside in it: without control characters, nothing cut."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
