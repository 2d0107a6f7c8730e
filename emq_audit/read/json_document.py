"""JSON in one document, or in several spread over lines as they like: arrays, request bodies, HAR recordings, exports."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import duckdb

from emq_audit.read import consent, json_log, pixel, plain_json, probe, shapes, sql
from emq_audit.read.flat import flat_event
from emq_audit.read.found import SHAPES, Found, Missed
from emq_audit.read.json_text import Record, Values
from emq_audit.read.refusal import Refusal
from emq_audit.read.sample import Sample
from emq_audit.read.search import events_in, why_none
from emq_audit.read.source import ReadFile, Source
from emq_audit.read.spool import Spool
from emq_audit.read.task import Outcome, Task

_FIRST = 200


def is_document(task: Task) -> bool:
    """Does the text begin with a JSON value, or with a document too long to be decoded whole?"""
    first = next(iter(Values(task.path)), None)
    return first is not None and first.reason is None


def document(task: Task, sample: Sample) -> Outcome:
    """What to hand on for a document. Raises Refusal for one without events."""
    first = list(islice(Values(task.path), None if sample.whole else _FIRST))
    seen = Counter(shapes.of_value(record.value) if record.reason is None else "broken" for record in first)
    layout = "array" if sample.head.lstrip()[:1] == "[" else "unstructured"
    values = [record.value for record in first]
    found: Outcome | None = None
    if seen["event"] == len(first):
        found = _plain_events(task, layout, values, len(first) if sample.whole else None)
    elif seen["body"] == len(first) and sample.whole:
        found = _plain_bodies(task, layout, values)
    if found:
        return found
    if any(pixel.is_session(value) or pixel.is_recorded(value) for value in values):
        return _session(task)
    found = _searched(task, Values(task.path))
    if found[1]:
        return found
    if not any(
        flat_event(entry) for value in values for entry in (value if isinstance(value, list) else [value])
    ):
        raise Refusal(json_log.nothing_in(values))
    return json_log.flat(task, Values(task.path))


def _plain_events(task: Task, layout: str, values: list[Any], count: int | None) -> Outcome | None:
    """DuckDB's road for events, if it reads all of them (`count`, where that is known) and finds nothing else."""
    types = {"event_name": "JSON", "user_data": "JSON", "custom_data": "JSON", "data": "JSON"}
    other = " OR ".join(f"CAST({part} AS VARCHAR)[1] <> '{{'" for part in ("user_data", "custom_data"))
    looked = f"SELECT count(*), count(*) FILTER (event_name IS NULL OR data IS NOT NULL OR {other})"
    about = shapes.about(values)
    side, side_from, told = json_log.side_by_events(values, about, task.said)
    signals = consent.keys(values)
    query = plain_json.events(task.file, task.path, layout, told, about, consent=signals)
    try:
        rows, odd = probe.rows(f"{looked} FROM {plain_json.relation(task.path, layout, types)}")[0]
        if odd or count not in (None, rows):
            return None
        probe.rows(f"SELECT count(COLUMNS(*)) FROM ({query})")
    except duckdb.Error:
        return None
    words = "JSON array of events" if layout == "array" else "JSON events"
    return ReadFile(task.name, words, side, side_from), [Source(task.file, query, consent=bool(signals))]


def _plain_bodies(task: Task, layout: str, values: list[Any]) -> Outcome | None:
    """DuckDB's road for request bodies, if it reads all of them."""
    cap = max(sql.LINE_CAP, task.path.stat().st_size + 1024)
    signals = json_log.body_signals(values)
    query = plain_json.bodies(task.file, task.path, layout, sql.text(task.said or "server"), cap=cap, **signals)
    try:
        if probe.rows(f"SELECT count(*) FROM ({query})")[0][0] != sum(len(value["data"]) for value in values):
            return None
    except duckdb.Error:
        return None
    words = "CAPI request body" if len(values) == 1 else "CAPI request bodies"
    told = "you said so" if task.said else SHAPES["body"][1]
    return ReadFile(task.name, words, task.said or "server", told), [Source(task.file, query, consent=any(signals.values()))]


def _searched(task: Task, records: Iterable[Record]) -> Outcome:
    """Every value searched for events; `row` counts what was found."""
    spool = Spool(task.new())
    row = 0
    for record in records:
        found = list(events_in(record.value)) if record.reason is None else []
        for entry in found or [Missed(record.reason or why_none(record.value))]:
            row += 1
            spool.take(row, [entry])
    return spool.outcome(task, "JSON document with events")


def among_text(task: Task) -> Outcome | None:
    """JSON spread over several lines of a log, with other text between; None where its first values hold no event."""
    first = islice(Values(task.path, among_text=True), 20)
    if not any(isinstance(entry, Found) for record in first for entry in events_in(record.value)):
        return None
    return _searched(task, Values(task.path, among_text=True))


def _session(task: Task) -> Outcome:
    """The Pixel's requests in a HAR file; `row` is the number of the request in the session."""
    spool = Spool(task.new())
    number = 0
    for record in Values(task.path):
        entries = record.value["log"]["entries"] if pixel.is_session(record.value) else [record.value]
        for entry in entries:
            if pixel.is_recorded(entry):
                number += 1
                spool.take(number, pixel.events_of_entry(entry))
    if not spool.events and not spool.rejected:
        raise Refusal("it is a recorded session (HAR) without a request of the Pixel")
    return spool.outcome(task, "HAR")
