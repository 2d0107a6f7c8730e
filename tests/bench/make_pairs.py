"""Write a big two-sided log for timing deduplication: NDJSON, the browser's and the server's events of the same actions.

    python -m tests.bench.make_pairs FOLDER [EVENTS]

Half of the events are the browser's (browser.ndjson), half the server's (server.ndjson), received a few seconds later. One action in
fifty has a fault: no id, an id written differently, a late or missing partner, a repeated event. DuckDB writes it, since ten million
lines take Python minutes.
"""

import sys
from pathlib import Path

import duckdb

START = 1_794_000_000
SPAN = 500_000
"""Seconds the log covers, however many events it has."""

_ACTIONS = f"""
    SELECT i, md5(CAST(i AS VARCHAR)) AS h, hash(i) % 50 = 0 AS odd, CAST(hash(i + 7) % 10 AS INT) AS kind,
           {START} + i * {SPAN} // {{actions}} AS moment, CAST(hash(i * 31) % greatest({{actions}} // 5, 1) AS BIGINT) AS person,
           CASE WHEN i % 20 = 0 THEN 'Purchase' WHEN i % 20 < 3 THEN 'InitiateCheckout' WHEN i % 20 < 6 THEN 'AddToCart'
                WHEN i % 20 < 11 THEN 'ViewContent' ELSE 'PageView' END AS name
    FROM range({{actions}}) AS numbers(i)"""

_ID = "h[:8] || '-' || h[9:12] || '-4' || h[14:16] || '-8' || h[18:20] || '-' || h[21:]"

_COMMON = """
    'fb.1.' || ((moment - person % 90000) * 1000) || '.' || (person * 7919) AS fbp,
    {'value': i % 900 + 1, 'currency': 'DKK', 'order_id': CASE WHEN name = 'Purchase' THEN CAST(i AS VARCHAR) END} AS custom,
    'https://shop.example.com/p/' || (person % 400) AS url"""

_AGENT = (
    "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || (120 + person % 36) "
    "|| '.0.0.0 Safari/537.36'"
)

_BROWSER = f"""
    SELECT name AS event_name, moment AS event_time, CASE WHEN odd AND kind = 0 THEN NULL ELSE {_ID} END AS event_id,
           url AS event_source_url, {{{{'fbp': fbp}}}} AS user_data, custom AS custom_data
    FROM (SELECT *, {_COMMON.replace("{", "{{").replace("}", "}}")} FROM ({_ACTIONS})) WHERE NOT (odd AND kind = 1)"""

_SERVER = f"""
    SELECT name AS event_name, CASE WHEN odd AND kind = 4 THEN moment + 200000 ELSE moment + i % 7 END AS event_time,
           CASE WHEN odd AND kind = 3 THEN upper({_ID}) WHEN odd AND kind = 5 THEN 'order-' || {_ID}
                WHEN odd AND kind = 6 THEN NULL ELSE {_ID} END AS event_id,
           'website' AS action_source, url AS event_source_url,
           {{{{'client_ip_address': '87.' || (person % 200 + 20) || '.' || (person % 251) || '.' || (person % 241),
              'client_user_agent': {_AGENT}, 'fbp': fbp, 'em': [sha256(CAST(person AS VARCHAR))]}}}} AS user_data, custom AS custom_data
    FROM (SELECT *, {_COMMON.replace("{", "{{").replace("}", "}}")} FROM ({_ACTIONS}))
    CROSS JOIN range(2) AS again(n) WHERE (n = 0 OR (odd AND kind = 7)) AND NOT (odd AND kind = 2)"""


def write_pairs(folder: Path, events: int = 1_000_000) -> tuple[Path, Path]:
    """Write browser.ndjson and server.ndjson for about `events` events; the same number always gives the same files."""
    con = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder), "preserve_insertion_order": "true"})
    written = []
    for side, query in (("browser", _BROWSER), ("server", _SERVER)):
        path = folder / f"{side}.ndjson"
        con.execute(f"COPY ({query.format(actions=events // 2)}) TO '{path}' (FORMAT json)")
        written.append(path)
    con.close()
    return written[0], written[1]


if __name__ == "__main__":
    write_pairs(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
