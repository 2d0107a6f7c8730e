"""How the three deduplication keys are used: event_id, external_id and fbp, as Meta's Dataset Quality API reports them.

https://developers.facebook.com/docs/marketing-api/conversions-api/dataset-quality-api (dedupe_key_feedback)
"""

import duckdb
import numpy as np

from emq_audit.nearness import has_neighbour, in_parts
from emq_audit.replay import VISITOR, WINDOW
from emq_audit.report import KeyUse

_KEYS = ("event_id", "external_id", "fbp")

_PAIRED = """
    SELECT coalesce(event_name, ''), CAST(sum(browser) AS BIGINT), CAST(sum(server) AS BIGINT) FROM windows
    WHERE browser > 0 AND server > 0 AND NOT placeholder GROUP BY ALL"""

# Events of names both sides sent, by what they have in common: one row per pixel, event name and value that both sides sent.
_SHARED = """
    CREATE OR REPLACE TEMP TABLE shared_values AS
    SELECT hash(events.pixel, events.event_name, {value}) AS "group", any_value(coalesce(events.event_name, '')) AS event_name,
           count_if(side = 'browser') AS browser, count_if(side = 'server') AS server, max(moment) - min(moment) AS span
    FROM events
    WHERE side IN ('browser', 'server') AND {key}_state = 'usable' AND moment IS NOT NULL
          AND coalesce(event_name, '') IN (
              SELECT coalesce(event_name, '') FROM named GROUP BY 1 HAVING sum(browser) > 0 AND sum(server) > 0)
    GROUP BY "group" HAVING browser > 0 AND server > 0"""

_SPREAD = f"""
    CREATE OR REPLACE TEMP TABLE spread_rows AS
    SELECT "group", moment, side = 'browser' AS browser, CAST(names.number AS INTEGER) AS name
    FROM (SELECT hash(pixel, event_name, {{value}}) AS "group", coalesce(event_name, '') AS event_name, moment, side FROM events
          WHERE side IN ('browser', 'server') AND {{key}}_state = 'usable' AND moment IS NOT NULL)
    JOIN (SELECT "group" FROM shared_values WHERE span > {WINDOW}) USING ("group") JOIN names USING (event_name)"""


def key_use(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, KeyUse]]:
    """Event name -> key -> its use; needs `named`, `windows` and `patterns`."""
    sent = {
        name: (int(browser), int(server))
        for name, browser, server in con.execute(
            "SELECT coalesce(event_name, ''), sum(browser), sum(server) FROM named GROUP BY 1"
        ).fetchall()
    }
    carried = _carried(con)
    con.execute("""CREATE OR REPLACE TEMP TABLE names AS SELECT event_name, row_number() OVER (ORDER BY event_name) - 1 AS number
                   FROM (SELECT DISTINCT coalesce(event_name, '') AS event_name FROM named)""")
    two_sided = any(browser and server for browser, server in sent.values())
    met = {"event_id": {name: (browser, server) for name, browser, server in con.execute(_PAIRED).fetchall()}}
    for key in _KEYS[1:]:
        met[key] = _met(con, key) if two_sided else {}
    return {
        name: {key: _use(counts, carried.get((name, key), (0, 0)), met[key].get(name, (0, 0))) for key in _KEYS}
        for name, counts in sent.items()
    }


def _use(sent: tuple[int, int], carried: tuple[int, int], met: tuple[int, int]) -> KeyUse:
    browser, server = sent
    fewer = 0 if browser <= server else 1
    both = browser > 0 and server > 0
    return KeyUse(
        browser=carried[0] / browser if browser else None,
        server=carried[1] / server if server else None,
        overlap=met[fewer] / sent[fewer] if both else None,
        browser_covered=met[0] / browser if both else None,
    )


def _carried(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[int, int]]:
    """(event name, key) -> browser and server events that carry the key in usable form."""
    states = {"event_id": "id_state = 'present'", "external_id": "external_id_state = 'usable'", "fbp": "fbp_state = 'usable'"}
    columns = ", ".join(
        f"coalesce(sum(events) FILTER (side = '{side}' AND {usable}), 0)" for usable in states.values() for side in ("browser", "server")
    )
    rows = con.execute(
        f"SELECT coalesce(event_name, ''), {columns} FROM patterns WHERE name_state <> 'automatic' GROUP BY 1"
    ).fetchall()
    return {
        (name, key): (int(counts[2 * place]), int(counts[2 * place + 1]))
        for name, *counts in rows
        for place, key in enumerate(states)
    }


def _met(con: duckdb.DuckDBPyConnection, key: str) -> dict[str, tuple[int, int]]:
    """Event name -> browser and server events that an event of the other side with the same value comes close to."""
    con.execute(_SHARED.format(key=key, value=VISITOR[key]))
    found = {
        name: [int(browser), int(server)]
        for name, browser, server in con.execute(
            f"SELECT event_name, sum(browser), sum(server) FROM shared_values WHERE span <= {WINDOW} GROUP BY ALL"
        ).fetchall()
    }
    con.execute(_SPREAD.format(key=key, value=VISITOR[key]))
    names = [name for (name,) in con.execute("SELECT event_name FROM names ORDER BY number").fetchall()]
    for rows in in_parts(con, "spread_rows"):
        for place, asked in enumerate((rows["browser"], ~rows["browser"])):
            near = has_neighbour(rows["group"], rows["moment"], asked, ~asked, WINDOW)
            for number, events in enumerate(np.bincount(rows["name"][near], minlength=len(names))):
                if events:
                    found.setdefault(names[number], [0, 0])[place] += int(events)
    con.execute("DROP TABLE shared_values; DROP TABLE spread_rows")
    return {name: (counts[0], counts[1]) for name, counts in found.items()}
