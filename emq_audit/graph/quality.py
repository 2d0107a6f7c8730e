"""Meta's Dataset Quality API: its answer, live or saved, as plain records.

https://developers.facebook.com/documentation/ads-commerce/conversions-api/dataset-quality-api

All percentages become shares (0-1 where Meta's are 0-100). The page calls one field dedup_key_feedback and the API dedupe_key_feedback;
both are read. Meta's names of match keys (email, ip_address) become ours (em, client_ip_address).
"""

import codecs
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emq_audit.errors import AuditError
from emq_audit.fields import field_for
from emq_audit.graph import loose_json
from emq_audit.graph.errors import GraphRefused, clean, error_in, missing_field
from emq_audit.match_keys import KEYS
from emq_audit.report import Diagnostic

if TYPE_CHECKING:
    from emq_audit.graph.client import Graph

PATH = "dataset_quality"
LARGEST_FILE = 50 * 1024 * 1024

_UPLIFT = "potential_aly_acr_increase{percentage,description}"
_SHARE = "{percentage,description}"
WEB_FIELDS = {
    "event_name": "",
    "event_match_quality": "{composite_score,match_key_feedback{identifier,coverage{percentage}," + _UPLIFT + "},"
    "diagnostics{name,description,solution,percentage,affected_event_count,total_event_count}}",
    "event_coverage": "{percentage,goal_percentage,description," + _UPLIFT + "}",
    "dedupe_key_feedback": "{dedupe_key,browser_events_with_dedupe_key" + _SHARE + ",server_events_with_dedupe_key" + _SHARE
    + ",overall_browser_coverage_from_dedupe_key" + _SHARE + "}",
    "data_freshness": "{upload_frequency,description}",
    "acr": _SHARE,
    "event_potential_aly_acr_increase": _SHARE,
}  # fmt: skip
"""What is asked for, one entry a field of `web`, with what is wanted inside it."""


@dataclass(frozen=True)
class KeyQuality:
    """One match key of an event. `key` is our name or None for one we do not know; `coverage` the share of events that carry it.

    `uplift`: how many more additional conversions similar advertisers saw (median) who sent it in valid form; a share of those reported.
    """

    identifier: str
    key: str | None
    coverage: float | None
    uplift: float | None = None


@dataclass(frozen=True)
class DedupeKey:
    """A deduplication key (event_id, external_id, fbp): shares of browser and server events that carry it, and the share of browser
    events that it, on top of the keys before it, ties to a server event."""

    key: str
    browser: float | None
    server: float | None
    browser_covered: float | None


@dataclass(frozen=True)
class EventQuality:
    """What Meta says about one event name. `emq` in points 0-10; `coverage` is server events against browser events (seven days).

    `acr`: conversions that Meta reports thanks to the Conversions API, as a share on top. `coverage_uplift`, `potential`: what similar
    advertisers saw who reached the coverage goal, or set up the Conversions API for this event. `freshness` is Meta's word.
    """

    event_name: str
    emq: float | None = None
    keys: tuple[KeyQuality, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: float | None = None
    coverage_goal: float | None = None
    coverage_uplift: float | None = None
    dedupe: tuple[DedupeKey, ...] = ()
    freshness: str = ""
    acr: float | None = None
    potential: float | None = None


@dataclass(frozen=True)
class Quality:
    """One answer: `events` in Meta's order, `fetched` in Unix seconds where it is known, `notes` on what could not be read."""

    events: tuple[EventQuality, ...]
    dataset: str = ""
    fetched: int | None = None
    notes: tuple[str, ...] = ()

    def event(self, name: str) -> EventQuality | None:
        return next((event for event in self.events if event.event_name == name), None)


# Asking ------------------------------------------------------------------------------------------------------------------


def dataset_id(text: str) -> str:
    """The id, if it is one. Raises AuditError."""
    if not re.fullmatch(r"[0-9]{5,20}", text.strip()):
        raise AuditError(
            "The dataset is named by its id, a number of 5 to 20 digits.",
            "Copy it from Events Manager, Settings.",
        )
    return text.strip()


def fetch(graph: "Graph", dataset: str, agent: str | None = None) -> tuple[Quality, dict[str, Any]]:
    """Ask Meta about a dataset: the answer as records, and as a document to be saved, which holds no token.

    `agent`: only events that this partner sent. A field that Meta no longer knows is left out and asked for no more. Raises GraphRefused
    and AuditError.
    """
    dataset, fields, notes = dataset_id(dataset), dict(WEB_FIELDS), []
    base = {"dataset_id": dataset} | ({"agent_name": agent.lower()} if agent else {})
    while True:
        asked = base | {"fields": "web{" + ",".join(name + inside for name, inside in fields.items()) + "}"}
        try:
            pages = list(graph.pages(PATH, asked, "web"))
            break
        except GraphRefused as refused:
            dropped = _without(fields, missing_field(refused.error))
            if dropped is None:
                raise
            notes.append(dropped)
    saved = {
        "dataset_id": dataset,
        "fetched_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "web": [_hidden(event, graph.secrets) for page in pages for event in _events_in(page)],
    }
    return _quality([saved], notes), saved


def _without(fields: dict[str, str], unknown: str | None) -> str | None:
    """Ask less: take the unknown field out, or what is wanted inside the one that holds it. What to tell, or None if nothing helps."""
    if unknown is None or unknown == "event_name":
        return None
    if unknown in fields:
        del fields[unknown]
        return f"Meta's API knows no field {unknown} for this dataset; it is left out."
    holders = [name for name, inside in fields.items() if re.search(rf"\b{unknown}\b", inside)]
    for name in holders:
        fields[name] = ""
    return (
        f"Meta's API knows no field {unknown} for this dataset; less is known about {' and '.join(holders)}."
        if holders
        else None
    )


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    """The value without any text that holds a token, and without addresses of further pages, which do."""
    if isinstance(value, dict):
        return {name: _hidden(part, secrets) for name, part in value.items() if name != "paging"}
    if isinstance(value, list):
        return [_hidden(part, secrets) for part in value]
    return "•••" if isinstance(value, str) and any(secret in value for secret in secrets) else value


# Reading -----------------------------------------------------------------------------------------------------------------


def load(source: str | Path | bytes) -> Quality:
    """A saved answer, from a path or its content. Raises AuditError with one clear sentence where it holds none."""
    name, content = (
        ("The saved answer", source) if isinstance(source, bytes) else (str(source), _content(Path(source)))
    )
    try:
        found = loose_json.read(_decoded(content))
    except ValueError:
        raise AuditError(f"{name} holds no answer of Meta's Dataset Quality API.", _HOW_TO_SAVE) from None
    errors = [error for value in found.values if (error := error_in(value))]
    if errors and not any(list(_events_in(value)) for value in found.values):
        raise AuditError(
            f"{name} holds an error of Meta instead of an answer: {errors[0].problem}", errors[0].hint
        )
    notes = []
    if found.repairs:
        notes.append(
            f"The file is not sound JSON; it was read with {found.repairs} repair{'s' if found.repairs > 1 else ''}."
        )
    quality = _quality(found.values, notes)
    if not any(event.emq is not None or event.keys or event.coverage or event.diagnostics or event.dedupe for event in quality.events):
        known = any(isinstance(value, dict) and "web" in value for value in found.values)
        if not known:
            raise AuditError(f"{name} holds no answer of Meta's Dataset Quality API.", _HOW_TO_SAVE)
    return quality


_HOW_TO_SAVE = (
    "Save one with `emq-audit quality DATASET -o FILE`, or save the JSON that the Graph API Explorer shows."
)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise AuditError(f"{path} cannot be read ({error.strerror}).", "Check the name.") from None
    if len(content) > LARGEST_FILE:
        raise AuditError(f"{path} is too long for an answer of Meta's Dataset Quality API.", _HOW_TO_SAVE)
    return content


def _decoded(content: bytes) -> str:
    """UTF-8, or the UTF-16 that a redirected command writes on Windows."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.decode("utf-8", "replace")


def _quality(documents: list[Any], notes: list[str]) -> Quality:
    merged: dict[str, dict[str, Any]] = {}
    nameless = 0
    for document in documents:
        for raw in _events_in(document):
            raw = _raised(raw)
            name = raw.get("event_name")
            if isinstance(name, str) and name.strip():
                merged.setdefault(name, {}).update(
                    {key: part for key, part in raw.items() if part is not None}
                )
            else:
                nameless += 1
    events = tuple(_event(name, raw, notes) for name, raw in merged.items())
    unknown = sorted({key.identifier for event in events for key in event.keys if key.key is None})
    if nameless:
        notes.append(f"{nameless} {'entry' if nameless == 1 else 'entries'} without an event name left out.")
    if unknown:
        notes.append(f"Match keys that this tool does not know: {', '.join(unknown)}.")
    if any(isinstance(document, dict) and document.get("offline") for document in documents):
        notes.append("The answer also holds quality of offline events, which is not read.")
    first = next((document for document in documents if isinstance(document, dict)), {})
    return Quality(
        events, _word(first.get("dataset_id")), _moment(first.get("fetched_at")), tuple(dict.fromkeys(notes))
    )


def _events_in(document: Any) -> Iterator[dict[str, Any]]:
    """The entries of `web`, wherever the answer keeps them: at the top, inside `data`, as an edge with its own `data`, or bare."""
    waiting, depth = [(document, 0)], 4
    while waiting:
        part, level = waiting.pop(0)
        if isinstance(part, list):
            waiting[:0] = [(entry, level) for entry in part]
        elif isinstance(part, dict):
            inside = [part[name] for name in ("web", "data") if isinstance(part.get(name), dict | list)]
            if inside and level < depth:
                waiting[:0] = [(entry, level + 1) for entry in inside]
            elif "event_name" in part or "event_match_quality" in part:
                yield part


def _raised(raw: dict[str, Any]) -> dict[str, Any]:
    """Fields of the event that stand inside another of its fields, because that one's closing brace was left out."""
    found = dict(raw)
    for inside in [part for part in raw.values() if isinstance(part, dict)]:
        for name in (*WEB_FIELDS, "dedup_key_feedback"):
            if name in inside and name not in found:
                found[name] = inside[name]
    return found


def _event(name: str, raw: dict[str, Any], notes: list[str]) -> EventQuality:
    match = raw.get("event_match_quality")
    score = _number(match.get("composite_score") if isinstance(match, dict) else match)
    if score is not None and not 0 <= score <= 10:
        notes.append(f"A score of {clean(name)} is not between 0 and 10; it is left out.")
        score = None
    match = match if isinstance(match, dict) else {}
    coverage = _part(raw, "event_coverage")
    return EventQuality(
        event_name=name,
        emq=score,
        keys=tuple(_key(part) for part in _parts(match, "match_key_feedback")),
        diagnostics=tuple(
            _diagnostic(part) for part in _parts(match, "diagnostics") if _word(part.get("name"))
        ),
        coverage=_share(coverage),
        coverage_goal=_share(coverage, "goal_percentage"),
        coverage_uplift=_share(_part(coverage, "potential_aly_acr_increase")),
        dedupe=tuple(_dedupe(part) for part in _parts(raw, "dedupe_key_feedback")),
        freshness=_word(_part(raw, "data_freshness").get("upload_frequency")),
        acr=_share(_part(raw, "acr")),
        potential=_share(_part(raw, "event_potential_aly_acr_increase")),
    )


def _key(raw: dict[str, Any]) -> KeyQuality:
    identifier = _word(raw.get("identifier"))
    return KeyQuality(
        identifier=identifier,
        key=key_for(identifier),
        coverage=_share(_part(raw, "coverage")),
        uplift=_share(_part(raw, "potential_aly_acr_increase")),
    )


def _diagnostic(raw: dict[str, Any]) -> Diagnostic:
    return Diagnostic(
        name=clean(raw.get("name")),
        description=clean(raw.get("description")),
        solution=clean(raw.get("solution")),
        share=_share(raw),
        affected=_count(raw.get("affected_event_count")),
        total=_count(raw.get("total_event_count")),
    )


def _dedupe(raw: dict[str, Any]) -> DedupeKey:
    return DedupeKey(
        key=_word(_spelt(raw, "dedupe_key")),
        browser=_share(_part(raw, "browser_events_with_dedupe_key")),
        server=_share(_part(raw, "server_events_with_dedupe_key")),
        browser_covered=_share(_part(raw, "overall_browser_coverage_from_dedupe_key")),
    )


# Names that the alias table of logs does not have, or has for another field.
_IDENTIFIERS = {
    "name": None,
    "dob": "db",
    "zip_or_postal_code": "zp",
    "zip_postal_code": "zp",
    "facebook_login_id": "fb_login_id",
}


def key_for(identifier: str) -> str | None:
    """Our match key for Meta's identifier: email gives em, ip_address client_ip_address; None for one that is not known."""
    plain = re.sub(r"[\s\-]+", "_", identifier.strip().lower())
    found = _IDENTIFIERS[plain] if plain in _IDENTIFIERS else field_for(plain)
    return found if found in KEYS else None


def _spelt(raw: dict[str, Any], name: str) -> Any:
    """A field under either spelling of dedup(e)."""
    return raw.get(name) if raw.get(name) is not None else raw.get(name.replace("dedupe_key", "dedup_key"))


def _part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """An object in a field; a number that stands there alone is its percentage."""
    found = _spelt(raw, name)
    return found if isinstance(found, dict) else {} if found is None else {"percentage": found}


def _parts(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = _spelt(raw, name)
    if isinstance(found, dict):
        found = found.get("data", [found])
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _share(raw: dict[str, Any], name: str = "percentage") -> float | None:
    number = _number(raw.get(name))
    return None if number is None or number < 0 else round(number / 100, 6)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = (
            float(value.strip().rstrip("%").replace(",", ".")) if isinstance(value, str) else float(value)
        )
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 else int(number)


def _word(value: Any) -> str:
    return clean(str(value))[:80] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _moment(value: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
