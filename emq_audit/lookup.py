"""Look-ups: single events of a finished audit, masked, for the app and `emq-audit inspect`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from emq_audit.checks import ALL, CHECKS_BY_ID
from emq_audit.mask import mask_text, mask_value
from emq_audit.match_keys import KEYS, MATCH_KEYS, STATES, USABLE, status
from emq_audit.score import score

if TYPE_CHECKING:
    from emq_audit.pipeline import Audit

# What events and a row of the relation have in common, where the relation does not name places.
_TELLING = {
    "ids": "event_name, side, event_id",
    "pairs": "event_name, event_id",
    "people": "side, em",
    "addresses": "side, client_ip_address",
    "id_makers": "pixel, event_name, side",
}
_ROW_CHECKS = tuple(check for check in ALL if check.over == "events")


@dataclass(frozen=True)
class KeyView:
    """One match key of one event; `value` is masked, `words` say what its state means."""

    key: str
    label: str
    state: str
    status: str
    words: str
    value: str | None


@dataclass(frozen=True)
class EventView:
    """One event: its own estimate (None if Meta scores no such event), its keys, and the ids of the checks it fails.

    `time` in Unix seconds.
    """

    event_name: str
    side: str
    time: int | None
    event_id: str | None
    emq: float | None
    low: float | None
    high: float | None
    keys: tuple[KeyView, ...]
    faults: tuple[str, ...]


def count_events(audit: "Audit", **filters: str | None) -> int:
    """How many events the filters of `find_events` leave."""
    where, values = _where(**filters)
    query = f"SELECT count(*) FROM {_source(filters.get('reason'))} WHERE {where}"
    return audit.con.execute(query, values).fetchone()[0]


def find_events(
    audit: "Audit",
    event_name: str | None = None,
    side: str | None = None,
    check: str | None = None,
    event_id: str | None = None,
    reason: str | None = None,
    limit: int = 500,
) -> pd.DataFrame:
    """Events, newest first: file, row, time (UTC), event_name, side, emq (of the event alone), first_fault (words), pair, reason,
    event_id (masked).

    `check` keeps events that fail that check, `event_id` those whose id contains the text, `reason` (an id of emq_audit.reasons) those
    without a partner for that reason. `pair` is 'paired', 'alone', or '' where the other side sent nothing; `reason` is why an event is
    alone, or None.
    """
    where, values = _where(event_name, side, check, event_id, reason)
    table = audit.con.execute(_found(_source(reason), where, int(limit)), values).df()
    table["emq"] = _alone(table)
    table["first_fault"] = [
        CHECKS_BY_ID[check].title if isinstance(check, str) else "" for check in table["first_check"]
    ]
    for column, shown in (("reason", str), ("event_id", mask_text)):
        table[column] = [shown(text) if isinstance(text, str) else None for text in table[column]]
    table["file"] = [audit.paths[number] for number in table["file"]]
    columns = [
        "file",
        "row",
        "time",
        "event_name",
        "side",
        "emq",
        "first_fault",
        "pair",
        "reason",
        "event_id",
    ]
    return table[columns]


def _found(source: str, where: str, limit: int) -> str:
    """The query of `find_events`: first the events, then what can be said of each."""
    faults = " ".join(f"WHEN coalesce(({c.when}) AND ({c.fails}), false) THEN '{c.id}'" for c in _ROW_CHECKS)
    states = ", ".join(f"{key}_state AS {key}" for key in KEYS)
    return f"""
        WITH found AS (
            SELECT place, file, "row", to_timestamp(event_time) AS time, coalesce(event_name, '') AS event_name,
                   CAST(side AS VARCHAR) AS side, scored, event_id, CASE {faults} END AS first_check, {states},
                   both_sides AND side IN ('browser', 'server') AND name_state <> 'automatic' AS pairable
            FROM {source} WHERE {where} ORDER BY event_time DESC NULLS LAST, file, "row" LIMIT {limit})
        SELECT *, CASE WHEN NOT pairable THEN '' WHEN reason IS NULL THEN 'paired' ELSE 'alone' END AS pair
        FROM found LEFT JOIN unpaired USING (place) ORDER BY time DESC NULLS LAST, file, "row" NULLS LAST"""


def _source(reason: str | None) -> str:
    """All events, or those without a partner, which alone have a reason."""
    return "misses" if reason is not None else "events"


def _where(
    event_name: str | None = None,
    side: str | None = None,
    check: str | None = None,
    event_id: str | None = None,
    reason: str | None = None,
):
    """A condition of our own words and the values that fill it; text from outside is only ever a value."""
    parts, values = ["true"], []
    columns = {"coalesce(event_name, '')": event_name, "CAST(side AS VARCHAR)": side, "reason": reason}
    for column, value in columns.items():
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    if event_id:
        parts.append("contains(event_id, ?)")
        values.append(event_id)
    if check:
        asked = CHECKS_BY_ID[check]
        if asked.over != "events":
            same = f"({_TELLING.get(asked.over, 'place')})"
            parts.append(f"{same} IN (SELECT {same} FROM {asked.over} WHERE ({asked.when}) AND ({asked.fails}))")
        else:
            parts.append(f"({asked.when}) AND ({asked.fails})")
    return " AND ".join(parts), values


def _alone(events: pd.DataFrame) -> list[float | None]:
    """The estimate of each event as if it were the only one of its name."""
    if events.empty:
        return []
    single = events[["scored", *KEYS]].assign(
        event_name=[str(number) for number in range(len(events))], side="", events=1
    )
    points = score(single).set_index("event_name")["emq"]
    return [
        float(points[name]) if scored else None
        for name, scored in zip(single["event_name"], single["scored"], strict=True)
    ]


def one_event(audit: "Audit", file: str, row: int) -> EventView | None:
    """The event in that file and row (the first, where a row holds several); None where there is none."""
    number = audit.paths.index(file)
    columns = ", ".join(f"{key}, {key}_state" for key in KEYS)
    faults = ", ".join(f"coalesce(({c.when}) AND ({c.fails}), false)" for c in _ROW_CHECKS)
    found = audit.con.execute(
        f"""SELECT event_name, CAST(side AS VARCHAR), event_time, event_id, scored, {columns}, {faults}
            FROM events WHERE file = ? AND "row" = ? LIMIT 1""",
        [number, row],
    ).fetchone()
    if found is None:
        return None
    name, side, time, identity, scored, *rest = found
    pairs = list(zip(rest[0 : 2 * len(KEYS) : 2], rest[1 : 2 * len(KEYS) : 2], strict=True))
    failed = tuple(c.id for c, at_fault in zip(_ROW_CHECKS, rest[2 * len(KEYS) :], strict=True) if at_fault)
    single = pd.DataFrame(
        [
            {"event_name": "", "side": "", "events": 1}
            | {key: state for key, (_, state) in zip(KEYS, pairs, strict=True)}
        ]
    )
    points = score(single).iloc[0] if scored else None
    return EventView(
        event_name=name or "",
        side=side,
        time=time,
        event_id=mask_text(identity),
        emq=None if points is None else float(points["emq"]),
        low=None if points is None else float(points["low"]),
        high=None if points is None else float(points["high"]),
        keys=tuple(
            _key_view(key, value, state) for key, (value, state) in zip(MATCH_KEYS, pairs, strict=True)
        ),
        faults=failed,
    )


def _key_view(key, value: str | None, state: str) -> KeyView:
    return KeyView(key.key, key.label, state, status(state), STATES[state], mask_value(key.key, value))


def samples(audit: "Audit", event_name: str, side: str, key: str, limit: int = 8) -> pd.DataFrame:
    """A few values of one key, faulty ones first: time (UTC), value (masked), state. Raises ValueError for an unknown key."""
    if key not in KEYS:
        raise ValueError(key)
    usable = ", ".join(f"'{state}'" for state in USABLE)
    table = audit.con.execute(
        f"""SELECT to_timestamp(event_time) AS time, {key} AS value, CAST({key}_state AS VARCHAR) AS state FROM events
            WHERE coalesce(event_name, '') = ? AND CAST(side AS VARCHAR) = ? AND {key}_state <> 'missing'
            QUALIFY row_number() OVER (PARTITION BY {key}_state) <= {int(limit) // 2}
            ORDER BY {key}_state IN ({usable}), time LIMIT {int(limit)}""",
        [event_name, side],
    ).df()
    table["value"] = [mask_value(key, value) if isinstance(value, str) else None for value in table["value"]]
    return table


def failing(audit: "Audit", checks: Sequence[str]) -> int:
    """How many events fail at least one of the named checks."""
    conditions = (
        " OR ".join(f"coalesce(({c.when}) AND ({c.fails}), false)" for c in _ROW_CHECKS if c.id in checks)
        or "false"
    )
    return int(
        audit.con.execute(f"SELECT coalesce(sum(events), 0) FROM patterns WHERE {conditions}").fetchone()[0]
    )
