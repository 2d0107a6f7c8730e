"""JSON logs: which layout a text has and which road its events take.

Plain events and request bodies go to DuckDB as they lie on disk. Everything else is searched by Python into one spool.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from emq_audit.read import pixel, plain_json, probe, shapes, sql
from emq_audit.read.flat import flat_event
from emq_audit.read.found import SHAPES, Found, Missed
from emq_audit.read.json_text import Record, Unreadable, Values, lines, of_line
from emq_audit.read.refusal import Refusal
from emq_audit.read.sample import Sample
from emq_audit.read.search import events_in, form_fields, why_none
from emq_audit.read.sides import side_of, side_sql
from emq_audit.read.source import ReadFile, Source
from emq_audit.read.spool import SERVER_FROM, Spool

Outcome = tuple[ReadFile, list[Source]]


def is_lined(sample: Sample) -> bool:
    """Does every line stand for itself? A document spread over lines has hardly a line that is a value."""
    if len(sample.lines) < 2 and sample.whole:
        return False
    parsed = [shapes.of_text(line)[1] is not None for line in sample.lines[:200]]
    if not parsed or parsed[0]:
        return bool(parsed)
    return not sample.lines[0].startswith("[") and 2 * sum(parsed) > len(parsed)


def lined(
    file: int, name: str, path: Path, sample: Sample, said: str | None, new: Callable[[], Path]
) -> Outcome:
    """A log of one record a line."""
    seen = [shapes.of_text(line) for line in sample.lines]
    counts = Counter(shape for shape, _ in seen)
    values = [value for shape, value in seen if shape == "event"]
    if not sample.long and not counts["odd"]:
        if counts["event"] and not counts["body"]:
            return _plain_lines(file, name, path, sample, values, said, new)
        if counts["body"] and not counts["event"] and not sample.blanks:
            query = plain_json.bodies(file, path, "newline_delimited", sql.text(said or "server"))
            told = "you said so" if said else SHAPES["body"][1]
            return ReadFile(name, "CAPI request bodies", said or "server", told, lines=path, many=True), [
                Source(file, query)
            ]
    if counts["event"] or counts["body"] or counts["odd"]:
        found = searched_lines(file, name, path, said, new())
        if found[1]:
            return found
    if not any(flat_event(value) for _, value in seen):
        raise Refusal(nothing_in(value for _, value in seen))
    return flat_lines(file, name, path, said, new())


def nothing_in(values: Iterable[Any]) -> str:
    """The clause for a JSON file without events; the first record stands for all."""
    first = next((value for value in values if value is not None), None)
    return "no event was found in it" if first is None else f"no event was found in it: {why_none(first)}"


def _plain_lines(
    file: int,
    name: str,
    path: Path,
    sample: Sample,
    events: list[Mapping[str, Any]],
    said: str | None,
    new: Callable[[], Path],
) -> Outcome:
    numbered = None
    if sample.blanks:
        numbered = plain_json.numbered(path, new())
    about = shapes.about(events)
    side, side_from, told = _side(events, about, said)
    query = plain_json.events(
        file, numbered or path, "newline_delimited", told, about, numbered=numbered is not None
    )
    return ReadFile(name, "NDJSON events", side, side_from, lines=path), [Source(file, query)]


def _side(
    events: list[Mapping[str, Any]], about: Mapping[str, str], said: str | None
) -> tuple[str, str, str]:
    """Side of a log of events, how it is known, and the SQL that gives it for each of them."""
    if said:
        return said, "you said so", sql.text(said)
    if key := about.get("side"):
        sides = {side for event in events if (side := side_of(event.get(key)))}
        return (
            sides.pop() if len(sides) == 1 else "unknown",
            f"the key {key}",
            side_sql(f"({sql.name(key)} ->> '$')"),
        )
    if shapes.server_share(events) >= SERVER_FROM:
        return "server", SHAPES["event"][1], "'server'"
    return "unknown", "nothing in the events tells it", "'unknown'"


def searched_lines(file: int, name: str, path: Path, said: str | None, spool_path: Path) -> Outcome:
    """Every line searched for events."""
    spool = Spool(spool_path)
    for row, line in lines(path):
        if line is None:
            spool.reject(row, f"the line is longer than {sql.LINE_CAP // 1024**2} MB")
        elif not spool.take(row, in_line(line)):
            spool.reject(row, why_not(line))
    return spool.outcome(file, name, said)


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


def why_not(line: str) -> str:
    """Why no event was found in a line."""
    try:
        return why_none(of_line(line))
    except Unreadable as problem:
        return str(problem)


def flat_lines(file: int, name: str, path: Path, said: str | None, spool_path: Path) -> Outcome:
    """Lines of events whose fields have other names; Refusal where they are not even that."""
    records = (
        Record(row, of_line_or_none(line)) if line is not None else Record(row, reason="the line is too long")
        for row, line in lines(path)
    )
    return _flat(file, name, records, said, spool_path)


def of_line_or_none(line: str) -> Any:
    try:
        return of_line(line)
    except Unreadable:
        return None


def _flat(file: int, name: str, records: Iterable[Record], said: str | None, spool_path: Path) -> Outcome:
    spool = Spool(spool_path)
    for record in records:
        entries = record.value if isinstance(record.value, list) else [record.value]
        found = [event for entry in entries if (event := flat_event(entry))]
        if not spool.take(record.row, found):
            spool.reject(record.row, record.reason or "no event in it")
    return spool.outcome(file, name, said)


# Documents --------------------------------------------------------------------------------------------------------------------


def is_document(path: Path) -> bool:
    """Does the text begin with a value, or with a document too long to be decoded whole?"""
    first = next(iter(Values(path)), None)
    return first is not None and first.reason is None


def document(
    file: int, name: str, path: Path, sample: Sample, said: str | None, new: Callable[[], Path]
) -> Outcome:
    """One JSON value, or several one after the other, over as many lines as they like."""
    first = list(Values(path)) if sample.whole else list(islice(Values(path), 200))
    seen = Counter(shapes.of_value(record.value) if record.reason is None else "broken" for record in first)
    layout = "array" if sample.head.lstrip()[:1] == "[" else "unstructured"
    values = [record.value for record in first]
    if (
        first
        and seen["event"] == len(first)
        and (found := _plain_events(file, name, path, layout, values, said))
    ):
        return found
    if (
        first
        and seen["body"] == len(first)
        and sample.whole
        and (found := _plain_bodies(file, name, path, layout, len(first), said))
    ):
        return found
    if any(pixel.is_session(value) or pixel.is_recorded(value) for value in values):
        return _session(file, name, path, said, new())
    found = _searched(file, name, Values(path), said, new())
    if found[1]:
        return found
    if not any(
        flat_event(entry) for value in values for entry in (value if isinstance(value, list) else [value])
    ):
        raise Refusal(nothing_in(values))
    return _flat(file, name, Values(path), said, new())


def _plain_events(
    file: int, name: str, path: Path, layout: str, values: list[Any], said: str | None
) -> Outcome | None:
    """DuckDB's road for events in a document, if it reads all of it and finds nothing but events."""
    types = {"event_name": "JSON", "user_data": "JSON", "custom_data": "JSON", "data": "JSON"}
    odd = "event_name IS NULL OR data IS NOT NULL OR CAST(user_data AS VARCHAR)[1] <> '{' OR CAST(custom_data AS VARCHAR)[1] <> '{'"
    about = shapes.about(values)
    side, side_from, told = _side(values, about, said)
    query = plain_json.events(file, path, layout, told, about)
    try:
        if probe.rows(f"SELECT count(*) FROM {plain_json.relation(path, layout, types)} WHERE {odd}")[0][0]:
            return None
        probe.rows(f"SELECT count(COLUMNS(*)) FROM ({query})")
    except duckdb.Error:
        return None
    words = "JSON array of events" if layout == "array" else "JSON events"
    return ReadFile(name, words, side, side_from), [Source(file, query)]


def _plain_bodies(
    file: int, name: str, path: Path, layout: str, count: int, said: str | None
) -> Outcome | None:
    """DuckDB's road for request bodies in a document, if it reads all of them."""
    query = plain_json.bodies(
        file, path, layout, sql.text(said or "server"), cap=max(sql.LINE_CAP, path.stat().st_size + 1024)
    )
    try:
        probe.rows(f"SELECT count(COLUMNS(*)) FROM ({query})")
    except duckdb.Error:
        return None
    words = "CAPI request body" if count == 1 else "CAPI request bodies"
    told = "you said so" if said else SHAPES["body"][1]
    return ReadFile(name, words, said or "server", told), [Source(file, query)]


def _searched(file: int, name: str, records: Iterable[Record], said: str | None, spool_path: Path) -> Outcome:
    """Every value of a document searched for events; `row` counts the entries found."""
    spool = Spool(spool_path)
    row = 0
    for record in records:
        found = list(events_in(record.value)) if record.reason is None else []
        for entry in found or [Missed(record.reason or why_none(record.value))]:
            row += 1
            spool.take(row, [entry])
    return spool.outcome(file, name, said, "JSON document with events")


def among_text(file: int, name: str, path: Path, said: str | None, spool_path: Path) -> Outcome | None:
    """JSON spread over several lines of a log, with other text between; None where no event is found in its first values."""
    if not any(
        isinstance(entry, Found)
        for record in islice(Values(path, among_text=True), 20)
        for entry in events_in(record.value)
    ):
        return None
    return _searched(file, name, Values(path, among_text=True), said, spool_path)


def _session(file: int, name: str, path: Path, said: str | None, spool_path: Path) -> Outcome:
    """The Pixel's requests in a HAR file; `row` is the number of the request in the session."""
    spool = Spool(spool_path)
    number = 0
    for record in Values(path):
        entries = record.value["log"]["entries"] if pixel.is_session(record.value) else [record.value]
        for entry in entries:
            if pixel.is_recorded(entry):
                number += 1
                spool.take(number, pixel.events_of_entry(entry))
    if not spool.events and not spool.rejected:
        spool.close()
        raise Refusal("it is a recorded session (HAR) without a request of the Pixel")
    return spool.outcome(file, name, said, "HAR")
