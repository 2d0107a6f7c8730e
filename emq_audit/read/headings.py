"""Which column of a table holds which field, told by its heading."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from emq_audit.fields import FIELDS, field_for, plain_name

DELIMITERS = ",;\t|"
MAX_COLUMNS = 2_000
_SEVERAL = 10
"""Columns of one match key that are read; Meta's own templates repeat a heading three times."""
_LOOK = 40
"""Lines among which a heading is looked for: exports like to put a title above."""
_PLACES = {field.name: field.place for field in FIELDS}
_NAMES = {field.name: [field.name, *map(plain_name, field.aliases)] for field in FIELDS}
_PREFIX = re.compile(r"(?i)^\W*(?:(user_data|user|udff|ud|match_keys|traits)|(custom_data|custom|cd))[._\[]")


@dataclass(frozen=True)
class Heading:
    """Where a table begins: the `row` of the heading as a spreadsheet counts it, how cells are separated, and the headings."""

    row: int
    delimiter: str
    headings: tuple[str, ...]


def field_of(heading: str) -> str | None:
    """The field a column of this heading holds; a prefix such as custom_data. rules out fields of another place."""
    field = field_for(heading) if len(heading) <= 100 else None
    if field and (prefix := _PREFIX.match(heading)):
        meant = "user_data" if prefix[1] else "custom_data"
        return field if _PLACES[field] == meant or plain_name(heading) in _NAMES[field] else None
    return field


def find(text: str) -> Heading | None:
    """The heading among the first lines: the line and delimiter that name most fields, at least two."""
    best: tuple[int, Heading] | None = None
    lines = text.splitlines(keepends=True)[:_LOOK]
    for delimiter in DELIMITERS:
        rows = csv.reader((line[:100_000] for line in lines), delimiter=delimiter)
        try:
            for row, cells in enumerate(rows, 1):
                known = len({field for cell in cells if (field := field_of(cell))} | _whole(cells))
                if known >= 2 and (best is None or known > best[0]):
                    best = known, Heading(row, delimiter, tuple(cell.strip() for cell in cells))
        except csv.Error:
            continue
    return best[1] if best else None


def _whole(cells: Sequence[str]) -> set[str]:
    return {
        name
        for cell in cells
        if len(cell) < 100 and (name := plain_name(cell)) in ("user_data", "custom_data")
    }


def columns(headings: Sequence[str]) -> dict[str, list[int]]:
    """Places of the columns for each field, the best named first. Only match keys take several: a person may have two addresses."""
    places: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        if heading and (field := field_of(heading)):
            places.setdefault(field, []).append(place)
        elif (name := plain_name(heading)) in ("user_data", "custom_data"):
            places.setdefault(name, []).append(place)
    for field, found in places.items():
        found.sort(key=lambda place: _rank(field, headings[place]))
        if _PLACES.get(field) != "user_data" and field not in ("side", "content_ids"):
            del found[1:]
        del found[_SEVERAL:]
    return places


def _rank(field: str, heading: str) -> int:
    """How well a heading fits: the field's own name, then its aliases in their order, then names behind a prefix."""
    names, name = _NAMES.get(field, []), plain_name(heading)
    return names.index(name) if name in names else len(names)


# Headings that only one kind of log has: Meta's template for offline events, the parameters of the browser's requests, and the fields
# that the Conversions API asks of servers.
_OFFLINE = {"doby", "gen", "extern_id", "madid", "item_number"}
_ONLINE = {
    "action_source",
    "client_user_agent",
    "client_ip_address",
    "fbp",
    "fbc",
    "event_source_url",
    "event_id",
}
_BROWSER = {"ev", "dl", "rl", "eid", "eventID", "fbq", "sw", "sh"}


def evidence(headings: Sequence[str], filled: set[str]) -> tuple[str, str]:
    """Side that the headings prove and how; `filled` are the fields whose columns are not empty."""
    names = {plain_name(heading) for heading in headings}
    if len(_BROWSER & {heading.strip() for heading in headings}) >= 2:
        return "browser", "its columns are parameters of the Pixel"
    if "action_source" in filled or ("client_user_agent" in filled and _is_sent_by_server(names)):
        return "server", "its columns are fields of the Conversions API"
    offline = bool(_OFFLINE & names) or any(
        heading.strip().lower().lstrip("[").startswith("match_keys.") for heading in headings
    )
    if offline and not _ONLINE & filled:
        return "offline", "its columns are those of Meta's offline events"
    return "unknown", "no column tells it"


def _is_sent_by_server(names: set[str]) -> bool:
    return any(name.endswith(("client_user_agent", "client_ip_address")) for name in names)
