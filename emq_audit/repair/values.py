"""Which values of a log to repair, and what becomes of each: every distinct value is judged once, in Python, and joined back in SQL.

`build` makes two tables beside `event_rows`; both hold personal data.

todo    one row per event with something to repair: place; seconds (event_time) of the event; for each key K its value K (JSON, NULL where
        nothing is to be done) and K_state; country_sent, for states and postcodes; misnamed, an object of the values under names that
        Meta ignores; bare (nothing is known in its user_data, which may be no object)
fixed   the same rows: place; for each key K its K_done (one of DONE) and K, the new value as JSON; patch, the merge patch (RFC 7396) that
        turns the event as sent into the repaired one, NULL where nothing changes; bare
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import duckdb
import pandas as pd

from emq_audit.correct import country_of, move_misnamed, to_send
from emq_audit.fields import field_for
from emq_audit.match_keys import BY_KEY, KEYS, USABLE, Hashing
from emq_audit.read import MISNAMED_KEYS, Source
from emq_audit.right_forms import About
from emq_audit.suspects import user_agent_state

_SHA = r'"[0-9a-f]{64}(\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?"'
_CLEAN = rf"{_SHA}|\[{_SHA}(,{_SHA})*\]"
_HASHED = tuple(key for key in KEYS if BY_KEY[key].hashing is Hashing.REQUIRED)
BESIDE_REPAIR = {"client_user_agent": ("bot", "http_library", "webhook", "malformed"), "fbp": ("synthetic",)}
"""Faulty states whose values look right: only the sender knows the right one, and a heuristic may err, so they stay as sent."""
_MISNAMED = {name: "fbc" if name == "fbclid" else str(field_for(name)) for name in MISNAMED_KEYS}
_CHUNK = 20_000

NOTHING, REPAIRED, LEFT_OUT, MOVED, MOVED_IDLE = range(5)
"""DONE: what became of a key. Moved: taken from a name that Meta ignores; idle: and Meta can still not use it."""


@dataclass(frozen=True)
class Outcome:
    """What became of the values of one key: `action` is repaired, left out or kept; `state` what they were (match_keys.STATES)."""

    key: str
    action: str
    state: str
    reason: str
    events: int


def build(
    con: duckdb.DuckDBPyConnection,
    sources: list[Source] | None,
    region: str | None = None,
    told: Callable[[float], None] = lambda share: None,
) -> tuple[Outcome, ...]:
    """Make `todo` and `fixed`; needs `event_rows` complete, and the sources it was filled from, still readable; without sources what
    `event_rows` itself keeps must do (see `stored`), and the patches are of no use. Returns what was done, the commonest first.
    `region` is the ISO country of phone numbers without country code; `told` hears the share done, 0 to 1."""
    if sources is None:
        _find_stored(con)
    else:
        _find(con, sources)
    counts: Counter[tuple[str, str, str, str]] = Counter()
    keys = [key for key in KEYS if con.execute(f"SELECT 1 FROM todo WHERE {key} IS NOT NULL LIMIT 1").fetchone()]
    for number, key in enumerate(keys):
        told((number + 1) / (len(keys) + 2))
        _answer(con, key, region)
        counts += _counts(con, key)
    counts += _moved(con, keys, region)
    _fix(con, keys)
    counts += _kept(con)
    return tuple(Outcome(*outcome, events) for outcome, events in counts.most_common())


def nothing_to_do(con: duckdb.DuckDBPyConnection) -> bool:
    """Is every value of `event_rows` either as Meta asks for it or beyond repair? Cheaper than `build`, which looks at the values."""
    some = " OR ".join(("misnamed_key", *(_faulty(key) for key in KEYS)))
    return con.execute(f"SELECT 1 FROM event_rows WHERE NOT no_event AND ({some}) LIMIT 1").fetchone() is None


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what `build` made."""
    for table in ("todo", "fixed", "misnamed", "answer_misnamed", *(f"answer_{key}" for key in KEYS)):
        con.execute(f"DROP TABLE IF EXISTS {table}")


# Finding -----------------------------------------------------------------------------------------------------------------------


def ranges(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> list[tuple[Source, int, int]]:
    """Each source with the first and the last place of its rows in `event_rows`. A file has one source, and sources follow one another."""
    found = {
        file: (first, last)
        for file, first, last in con.execute("SELECT file, min(rowid), max(rowid) FROM event_rows GROUP BY file").fetchall()
    }
    return [(source, *found[source.file]) for source in sources if source.file in found]


def _find(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> None:
    """Fill `todo`. Rows of a source and of `event_rows` lie in the same order, so they are laid side by side without a join."""
    values = ", ".join(f"CASE WHEN {_to_do(key)} THEN user_data.{key} END AS {key}" for key in KEYS)
    misnamed = ", ".join(f"'{name}', user_data.\"{name}\"" for name in MISNAMED_KEYS)
    states = ", ".join(f"{key}_state" for key in KEYS)
    bare = f"coalesce({', '.join(f'user_data.{key}' for key in reversed(KEYS))}) IS NULL AND NOT misnamed_key"
    some = " OR ".join(f"{key} IS NOT NULL" for key in KEYS)
    for number, (source, first, last) in enumerate(ranges(con, sources)):
        con.execute(f"""
            {"INSERT INTO todo" if number else "CREATE TABLE todo AS"}
            SELECT * REPLACE (CASE WHEN st IS NOT NULL OR zp IS NOT NULL THEN country_sent END AS country_sent)
            FROM (SELECT place, seconds, {states}, {values}, user_data.country AS country_sent,
                         CASE WHEN misnamed_key THEN json_object({misnamed}) END AS misnamed, {bare} AS bare
                  FROM (SELECT user_data FROM ({source.sql})) POSITIONAL JOIN (
                       SELECT rowid AS place, event_time AS seconds, no_event, misnamed_key, {states}
                       FROM event_rows WHERE rowid BETWEEN {first} AND {last})
                  WHERE NOT no_event)
            WHERE {some} OR misnamed IS NOT NULL OR bare""")


def stored(con: duckdb.DuckDBPyConnection) -> bool:
    """Does `event_rows` keep all that decides whether a key is usable after the repair? Of a list it keeps the value that counts alone."""
    faulty = " OR ".join(f"{key}_state NOT IN ({_fine(key)})" for key in _HASHED)
    lost = f"SELECT 1 FROM event_rows WHERE NOT no_event AND several AND ({faulty}) LIMIT 1"
    return con.execute(lost).fetchone() is None


def _find_stored(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `todo` from `event_rows` alone."""
    values = ", ".join(f"CASE WHEN {_faulty(key)} THEN to_json({key}) END AS {key}" for key in KEYS)
    states = ", ".join(f"{key}_state" for key in KEYS)
    some = " OR ".join(f"{key} IS NOT NULL" for key in KEYS)
    con.execute(f"""
        CREATE TABLE todo AS
        SELECT * REPLACE (CASE WHEN st IS NOT NULL OR zp IS NOT NULL THEN country_sent END AS country_sent)
        FROM (SELECT rowid AS place, event_time AS seconds, {states}, {values}, to_json(country) AS country_sent,
                     misnamed, false AS bare
              FROM event_rows WHERE NOT no_event)
        WHERE {some} OR misnamed IS NOT NULL""")


def _faulty(key: str) -> str:
    """SQL: is the value of this key in `event_rows` one that the audit calls faulty, or personal and readable?"""
    raw = f" OR ({key}_state = 'usable' AND side <> 'server' AND NOT is_sha256({key}))" if key in _HASHED else ""
    return f"{key}_state NOT IN ({_fine(key)}){raw}"


def _to_do(key: str) -> str:
    """SQL: may the value of this key need repair? Personal keys: all that is not plainly a SHA-256; others: what the audit calls faulty."""
    if key in _HASHED:
        return f"NOT regexp_full_match(CAST(user_data.{key} AS VARCHAR), '{_CLEAN}') OR {key}_state IN ('junk', 'wrong_form')"
    return f"{key}_state NOT IN ({_fine(key, 'missing', 'usable')})"


def _fine(key: str, *states: str) -> str:
    """SQL: states of a key that leave nothing to repair; `states` instead of missing, usable and implicit."""
    return ", ".join(f"'{state}'" for state in (*(states or ("missing", *USABLE)), *BESIDE_REPAIR.get(key, ())))


# Judging -----------------------------------------------------------------------------------------------------------------------


def _context(key: str) -> str:
    """SQL: what else than the value decides about it."""
    if key in ("st", "zp"):
        return "coalesce(CAST(country_sent AS VARCHAR), '')"
    return "coalesce(CAST(seconds AS VARCHAR), '')" if key in ("fbp", "fbc") else "''"


def _answer(con: duckdb.DuckDBPyConnection, key: str, region: str | None) -> None:
    """Make `answer_<key>`: one row per distinct value and context; `value` as JSON or NULL, `reason` empty where nothing changes."""
    asked = con.cursor().execute(
        f"SELECT DISTINCT CAST({key} AS VARCHAR), {_context(key)} AS context FROM todo WHERE {key} IS NOT NULL ORDER BY context"
    )
    _store(con, f"answer_{key}", ("leaf", "context", "value", "reason"), _answers(key, _rows(asked), region))


def _answers(key: str, asked: Iterable[tuple[str, str]], region: str | None) -> Iterator[tuple[str | None, ...]]:
    for context, same in groupby(asked, key=lambda row: row[1]):
        if key in ("st", "zp"):
            about = About(region, country_of({"country": _parsed(context)}) if context else None)
        else:
            about = About(region, None, int(context) if context else None)
        for leaf, _ in same:
            value, reason = to_send(key, _parsed(leaf), about)
            yield leaf, context, None if value is None else json.dumps(value, ensure_ascii=False), reason


def _parsed(leaf: str) -> object:
    """A JSON leaf. What DuckDB takes for JSON and Python does not is a value nobody can send."""
    try:
        return json.loads(leaf)
    except (ValueError, RecursionError):
        return {}


def _counts(con: duckdb.DuckDBPyConnection, key: str) -> Counter[tuple[str, str, str, str]]:
    """Events by key, action, former state and reason."""
    return Counter({
        (key, "left out" if lost else "repaired", state, reason): events
        for lost, state, reason, events in con.execute(f"""
            SELECT value IS NULL, CAST({key}_state AS VARCHAR), reason, count(*) FROM todo JOIN answer_{key} ON {_same(key)}
            WHERE reason <> '' GROUP BY ALL ORDER BY ALL""").fetchall()
    })  # fmt: skip


def _same(key: str) -> str:
    return f"leaf = CAST({key} AS VARCHAR) AND context = {_context(key)}"


# Names that Meta ignores ---------------------------------------------------------------------------------------------------------


def _moved(con: duckdb.DuckDBPyConnection, keys: list[str], region: str | None) -> Counter[tuple[str, str, str, str]]:
    """Make `answer_misnamed`: values under names that Meta ignores, moved to Meta's where that is free, else left out if personal."""
    done = {key: f"CASE WHEN leaf_{key} IS NULL THEN NULL ELSE value_{key} IS NOT NULL END" for key in keys}
    taken = ", ".join(
        f"CASE WHEN coalesce({done.get(key, 'NULL')}, {key}_state NOT IN ('missing', 'implicit')) THEN '{key}' END"
        for key in dict.fromkeys(_MISNAMED.values())
    )
    con.execute(f"""
        CREATE TABLE misnamed AS
        SELECT place, CAST(misnamed AS VARCHAR) AS leaf, concat_ws(',', {taken}) AS taken,
               coalesce(CAST(country_sent AS VARCHAR), '') AS country, coalesce(CAST(seconds AS VARCHAR), '') AS seconds
        FROM {_joined(keys)} WHERE misnamed IS NOT NULL""")
    asked = con.cursor().execute("SELECT DISTINCT leaf, taken, country, seconds FROM misnamed")
    answers = (_answer_misnamed(row, region) for row in _rows(asked))
    columns = ("leaf", "taken", "country", "seconds", "patch", "filled", "idle", "fbp", "told")
    _store(con, "answer_misnamed", columns, answers)
    told = con.execute("""
        SELECT told, count(*) FROM misnamed JOIN answer_misnamed USING (leaf, taken, country, seconds)
        WHERE told <> '[]' GROUP BY told ORDER BY told""").fetchall()
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for outcomes, events in told:
        counts.update({tuple(outcome): events for outcome in json.loads(outcomes)})
    return counts


def _answer_misnamed(row: tuple[str, ...], region: str | None) -> tuple[str | None, ...]:
    """The members of the patch, the keys filled, those of them that Meta cannot use, the fbp, and the outcomes; lists as JSON."""
    leaf, taken, country, seconds = row
    sent = {name: value for name, value in dict(_parsed(leaf)).items() if value is not None}  # type: ignore[call-overload]
    user = sent | dict.fromkeys(filter(None, taken.split(",")), "")
    about = About(region, country_of({"country": _parsed(country)}) if country else None, int(seconds) if seconds else None)
    told = [(change.field.removeprefix("user_data."), "repaired", "missing", change.reason) for change in move_misnamed(user, about)]
    filled = [key for key, *_ in told]
    gone = [name for name in sent if name not in user]
    for name in sent.keys() - set(gone):
        if _MISNAMED[name] in _HASHED:
            gone.append(name)
            told.append((_MISNAMED[name], "left out", "missing", f"stood under {name}, a name that Meta ignores: left out"))
    agent = user.get("client_user_agent") if "client_user_agent" in filled else None
    patch = dict.fromkeys(gone) | {key: user[key] for key in filled}
    members = json.dumps(patch, ensure_ascii=False)[1:-1] if patch else None
    idle = ["client_user_agent"] if isinstance(agent, str) and user_agent_state(agent) != "usable" else []
    return (*row, members, ",".join(filled), ",".join(idle), user["fbp"] if "fbp" in filled else None, json.dumps(told))


# Joining -----------------------------------------------------------------------------------------------------------------------


def _joined(keys: list[str]) -> str:
    """`todo` beside the answers to it, as leaf_K, value_K and reason_K."""
    joins = [
        f"LEFT JOIN (SELECT leaf AS leaf_{key}, context AS context_{key}, value AS value_{key}, reason AS reason_{key} FROM answer_{key}) "
        f"ON leaf_{key} = CAST({key} AS VARCHAR) AND context_{key} = {_context(key)}"
        for key in keys
    ]
    return f"todo {' '.join(joins)}"


def _fix(con: duckdb.DuckDBPyConnection, keys: list[str]) -> None:
    """Fill `fixed` from `todo` and the answers."""
    done, members = [], []
    for key in KEYS:
        moved = f"list_contains(string_split(filled, ','), '{key}')"
        idle = f"CASE WHEN list_contains(string_split(idle, ','), '{key}') THEN {MOVED_IDLE} ELSE {MOVED} END"
        own = f"WHEN value_{key} IS NULL AND leaf_{key} IS NOT NULL THEN {LEFT_OUT} WHEN reason_{key} <> '' THEN {REPAIRED}"
        done.append(f"CASE WHEN {moved} THEN {idle} {own if key in keys else ''} ELSE {NOTHING} END::UTINYINT AS {key}_done")
        if key in keys:
            members.append(
                f"CASE WHEN leaf_{key} IS NULL OR reason_{key} = '' OR coalesce({moved}, false) THEN NULL "
                f"ELSE '\"{key}\":' || coalesce(value_{key}, 'null') END"
            )
    inside = f"nullif(concat_ws(',', {', '.join((*members, 'patch'))}), '')"
    con.execute(f"""
        CREATE TABLE fixed AS
        SELECT place, {", ".join(done)}, coalesce({"value_fbp ->> '$'" if "fbp" in keys else "NULL"}, moved.fbp) AS fbp,
               '{{"user_data":{{' || {inside} || '}}}}' AS patch, bare
        FROM {_joined(keys)} LEFT JOIN (
            SELECT place, patch, filled, idle, fbp FROM misnamed JOIN answer_misnamed USING (leaf, taken, country, seconds)
        ) AS moved USING (place)""")


def _kept(con: duckdb.DuckDBPyConnection) -> Counter[tuple[str, str, str, str]]:
    """Faulty values that stay as they were sent."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for key, states in BESIDE_REPAIR.items():
        listed = ", ".join(f"'{state}'" for state in states)
        for state, events in con.execute(f"""
            SELECT CAST({key}_state AS VARCHAR), count(*) FROM event_rows WHERE {key}_state IN ({listed}) AND NOT no_event
            GROUP BY ALL ORDER BY ALL""").fetchall():
            counts[key, "kept", state, "only the sender knows the right one"] = events
    return counts


def _rows(asked: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, ...]]:
    while rows := asked.fetchmany(_CHUNK):
        yield from rows


def _store(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], rows: Iterable[tuple[str | None, ...]]) -> None:
    """A table of texts, filled a chunk at a time by way of frames: rows as parameters take ten times as long."""
    con.execute(f"CREATE TABLE {table} ({', '.join(f'{column} VARCHAR' for column in columns)})")
    rows = iter(rows)
    while chunk := [row for _, row in zip(range(_CHUNK), rows, strict=False)]:
        con.register("chunk", pd.DataFrame(chunk, columns=list(columns), dtype="object"))
        con.execute(f"INSERT INTO {table} FROM chunk")
        con.unregister("chunk")
