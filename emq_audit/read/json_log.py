"""JSON with one record a line, and other logs that hold events in their lines: which road they take.

Plain events and request bodies go to DuckDB as they lie on disk. Everything else is searched by Python into one spool.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emq_audit.read import consent, pixel, plain_json, shapes, sql
from emq_audit.read.flat import flat_event
from emq_audit.read.found import SHAPES, Found, Missed
from emq_audit.read.json_text import Record, Unreadable, lines, of_line
from emq_audit.read.refusal import Refusal
from emq_audit.read.sample import Sample
from emq_audit.read.search import events_in, form_fields, why_none
from emq_audit.read.sides import side_of, side_sql
from emq_audit.read.source import ReadFile, Source
from emq_audit.read.spool import SERVER_FROM, Spool
from emq_audit.read.task import Outcome, Task

_TOO_LONG = f"the line is longer than {sql.LINE_CAP // 1024**2} MB"


def is_lined(sample: Sample) -> bool:
    """Does every line stand for itself? A document spread over lines has hardly a line that is a value."""
    if len(sample.lines) < 2 and sample.whole:
        return False
    parsed = [shapes.of_text(line)[1] is not None for line in sample.lines[:200]]
    if not parsed or parsed[0]:
        return bool(parsed)
    return not sample.lines[0].startswith("[") and 2 * sum(parsed) > len(parsed)


def lined(task: Task, sample: Sample) -> Outcome:
    """A log of one JSON record a line. Raises Refusal where none of them holds an event."""
    seen = [shapes.of_text(line) for line in sample.lines]
    counts = Counter(shape for shape, _ in seen)
    if not sample.long and not counts["odd"]:
        if counts["event"] and not counts["body"]:
            return _plain_events(task, sample, [value for shape, value in seen if shape == "event"])
        if counts["body"] and not counts["event"] and not sample.blanks:
            return _plain_bodies(task, [value for shape, value in seen if shape == "body"])
    if counts["event"] or counts["body"] or counts["odd"]:
        found = searched(task)
        if found[1]:
            return found
    values = [value for _, value in seen if value is not None]
    if not any(map(flat_event, values)):
        raise Refusal(nothing_in(values))
    return flat(task, _records(task))


def nothing_in(values: Iterable[Any]) -> str:
    """The clause for a JSON file without events; the first record stands for all."""
    first = next((value for value in values if value is not None), None)
    return "no event was found in it" if first is None else f"no event was found in it: {why_none(first)}"


def _plain_events(task: Task, sample: Sample, events: list[Mapping[str, Any]]) -> Outcome:
    numbered = plain_json.numbered(task.path, task.new()) if sample.blanks else None
    about = shapes.about(events)
    side, side_from, told = side_by_events(events, about, task.said)
    signals = consent.keys(events)
    query = plain_json.events(
        task.file, numbered or task.path, "newline_delimited", told, about, numbered=bool(numbered), consent=signals
    )
    source = Source(task.file, query, consent=bool(signals))
    return ReadFile(task.name, "NDJSON events", side, side_from, lines=task.path), [source]


def _plain_bodies(task: Task, bodies: list[Mapping[str, Any]]) -> Outcome:
    signals = body_signals(bodies)
    query = plain_json.bodies(task.file, task.path, "newline_delimited", sql.text(task.said or "server"), **signals)
    told = "you said so" if task.said else SHAPES["body"][1]
    read = ReadFile(task.name, "CAPI request bodies", task.said or "server", told, lines=task.path, many=True)
    return read, [Source(task.file, query, consent=any(signals.values()))]


def body_signals(bodies: list[Mapping[str, Any]]) -> dict[str, consent.Keys]:
    """The keys with signals of consent in the events of request bodies, and around them."""
    around = consent.keys(bodies)
    return {"consent": consent.keys(event for body in bodies for event in body["data"]), "around": consent.Keys(around.top)}


def side_by_events(
    events: list[Mapping[str, Any]], about: Mapping[str, str], said: str | None
) -> tuple[str, str, str]:
    """Side of a log of events, how it is known, and the SQL that gives it for each of them."""
    if said:
        return said, "you said so", sql.text(said)
    if key := about.get("side"):
        sides = {side for event in events if (side := side_of(event.get(key)))}
        side = sides.pop() if len(sides) == 1 else "unknown"
        return side, f"the key {' '.join(key.split())}", side_sql(f"({sql.name(key)} ->> '$')")
    if shapes.server_share(events) >= SERVER_FROM:
        return "server", SHAPES["event"][1], "'server'"
    return "unknown", "nothing in the events tells it", "'unknown'"


# Searched line by line -----------------------------------------------------------------------------------------------------------


def searched(task: Task) -> Outcome:
    """Every line searched for events; none found leaves the outcome without a source."""
    spool = Spool(task.new())
    for row, line in lines(task.path):
        if line is None:
            spool.reject(row, _TOO_LONG)
        elif not spool.take(row, in_line(line)):
            spool.reject(row, why_not(line))
    return spool.outcome(task)


def in_line(line: str) -> Iterator[Found | Missed]:
    """The events in one line of a log: JSON, a form-encoded body, or addresses of Pixel requests."""
    if form := form_fields(line[:200], line):
        yield from events_in(form)
        return
    address = pixel.find_address(line)
    if address and not line.startswith(("{", "[")):
        yield from pixel.events_of_address(address)
        return
    try:
        value = of_line(line)
    except Unreadable:
        return
    found = list(events_in(value))
    if not found and isinstance(value, dict) and len(value) == 1 and "event_name" in value:
        found = [Found(value, True, None, "event")]
    yield from found


def why_not(line: str | None) -> str:
    """Why no event was found in a line; None stands for one longer than the cap."""
    if line is None:
        return _TOO_LONG
    try:
        return why_none(of_line(line))
    except Unreadable as problem:
        return str(problem)


# Events under other names --------------------------------------------------------------------------------------------------------


def flat(task: Task, records: Iterable[Record]) -> Outcome:
    """Records whose fields have other names or stand side by side."""
    spool = Spool(task.new())
    for record in records:
        entries = record.value if isinstance(record.value, list) else [record.value]
        if not spool.take(record.row, [event for entry in entries if (event := flat_event(entry))]):
            spool.reject(record.row, record.reason or "no event in it")
    return spool.outcome(task)


def _records(task: Task) -> Iterator[Record]:
    for row, line in lines(task.path):
        try:
            yield Record(row, of_line(line)) if line is not None else Record(row, reason=_TOO_LONG)
        except Unreadable as problem:
            yield Record(row, reason=str(problem))
