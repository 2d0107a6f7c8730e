"""The estimate before and after the repair, from the states alone: what a second audit of the repaired log must find."""

import duckdb
import pandas as pd

from emq_audit.match_keys import KEYS, USABLE
from emq_audit.repair.values import LEFT_OUT, MOVED, MOVED_IDLE, NOTHING, REPAIRED
from emq_audit.score import score

_USABLE = ", ".join(f"'{state}'" for state in USABLE)
_COUNTED = "NOT no_event AND name_state <> 'automatic' AND scored"


def before(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The estimate of `event_rows` as it is: what score.score returns."""
    return _scored(con, {key: f"{key}_state IN ({_USABLE})" for key in KEYS}, "event_rows")


def after(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The estimate once the log is repaired as the table `fixed` says; columns as of `before`."""
    usable = {key: _usable(key) for key in KEYS}
    changed = "event_rows JOIN (SELECT * RENAME (fbp AS new_fbp) FROM fixed) ON event_rows.rowid = place"
    # Most events have nothing to repair; with constants in place of what became of their keys they take half the time.
    nothing = ", ".join(f"{NOTHING} AS {key}_done" for key in KEYS)
    others = f"(SELECT *, NULL AS new_fbp, {nothing} FROM event_rows WHERE rowid NOT IN (SELECT place FROM fixed))"
    if _looks_synthetic(con, usable["fbp"], changed, others):
        usable["fbp"] = f"{usable['fbp']} AND NOT {_FRESH}"
    return _scored(con, usable, changed, others)


def _usable(key: str) -> str:
    """SQL: can Meta use the key after the repair? A browser's address and user agent that are left out are added by the browser itself."""
    implicit = "side = 'browser'" if key in ("client_ip_address", "client_user_agent") else "false"
    # Whether browser ids are made anew for every event depends on all of them, so it is asked again.
    states = f"{_USABLE}, 'synthetic'" if key == "fbp" else _USABLE
    return (
        f"CASE coalesce({key}_done, {NOTHING}) WHEN {LEFT_OUT} THEN {implicit} WHEN {REPAIRED} THEN true WHEN {MOVED} THEN true "
        f"WHEN {MOVED_IDLE} THEN false ELSE {key}_state IN ({states}) END"
    )


_FRESH = "coalesce(side = 'server' AND abs(cookie_ms(coalesce(new_fbp, fbp)) / 1000 - event_time) <= 5, false)"


def _looks_synthetic(con: duckdb.DuckDBPyConnection, usable: str, *relations: str) -> bool:
    """The question of events._mark_synthetic, put to the repaired browser ids."""
    asked = " UNION ALL ".join(
        f"SELECT coalesce(new_fbp, fbp) AS fbp, {_FRESH} AS fresh FROM {relation} "
        f"WHERE NOT no_event AND side = 'server' AND event_time IS NOT NULL AND {usable}"
        for relation in relations
    )
    seen, fresh, distinct = con.execute(f"SELECT count(*), count_if(fresh), approx_count_distinct(fbp) FROM ({asked})").fetchone()
    return seen >= 20 and fresh >= 0.9 * seen and distinct >= 0.85 * seen


def _scored(con: duckdb.DuckDBPyConnection, usable: dict[str, str], *relations: str) -> pd.DataFrame:
    # A key has the name of a column of the relation, so the conditions need names of their own.
    conditions = ", ".join(f"{condition} AS {key}_usable" for key, condition in usable.items())
    named = ", ".join(f"{key}_usable AS {key}" for key in usable)
    judged = " UNION ALL ".join(
        f"SELECT coalesce(event_name, '') AS name, side, {conditions} FROM {relation} WHERE {_COUNTED}" for relation in relations
    )
    patterns = con.execute(f"""
        SELECT name AS event_name, CAST(side AS VARCHAR) AS side, {named}, count(*) AS events
        FROM ({judged}) GROUP BY ALL ORDER BY ALL""")
    return score(patterns.df())
