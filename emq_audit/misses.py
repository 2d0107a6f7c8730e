"""Why an event found no partner: one reason an event (emq_audit.reasons), the first that applies.

What is compared are unpaired events of both sides. Likenesses of ids (case, prefix, ...) are judged once per id; other reasons need the
visitor: of the unpaired events that share order id, fbp, external_id or email, the nearest in time on either side, at most 48 hours
apart, are taken for the two reports of one action, each for one other at most. That is a heuristic, as is every likeness of ids; it is
never used to say what Meta counts.

Tables: unpaired, one row per event without partner (place, reason), empty unless the log holds events of both sides; and those of
misses.sql. View misses: the events of that table with all their columns.
"""

from importlib.resources import files

import duckdb

from emq_audit.nearness import in_parts, keep, match
from emq_audit.reasons import REASONS
from emq_audit.replay import VISITOR, WINDOW

FAMILIES = ("uuid", "hash", "timestamp", "number", "text")

# Two ids are alike if these make them equal. A prefix or suffix is looked for in misses.sql.
_FORMS = {
    "case": "lower(event_id)",
    "whitespace": "without_spaces(event_id)",
    "leading-zeros": "without_leading_zeros(event_id)",
    "encoding": "url_decoded(event_id)",
}


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and the view from `events`, `named`, `id_counts` and `windows`."""
    con.execute("CREATE TABLE unpaired (place BIGINT, reason VARCHAR)")
    con.execute("CREATE VIEW misses AS SELECT events.*, unpaired.reason FROM events JOIN unpaired USING (place)")
    both = con.execute(
        "SELECT count(*) FILTER (browser > 0) > 0 AND count(*) FILTER (server > 0) > 0 FROM named"
    ).fetchone()[0]
    if both:
        con.execute(files("emq_audit").joinpath("misses.sql").read_text(encoding="utf-8"))
        _liken(con)
        _judge_ids(con)
        _judge_events(con)


def _liken(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `alike` the ids that a form makes equal to another id of the other side."""
    for reason, form in _FORMS.items():
        con.execute(f"""
            INSERT INTO alike
            WITH forms AS (SELECT name_number, side, {form} AS form, min(event_id) AS low, max(event_id) AS high
                           FROM facing GROUP BY ALL)
            SELECT name_number, facing.side, event_id, '{reason}'
            FROM (SELECT *, {form} AS form FROM facing) AS facing JOIN forms USING (name_number, form)
            WHERE forms.side <> facing.side AND (low <> event_id OR high <> event_id)""")


_PAIRED = """
    SELECT name_number FROM named JOIN windows ON named.pixel = windows.pixel AND named.event_name IS NOT DISTINCT FROM windows.event_name
    WHERE windows.browser > 0 AND windows.server > 0 AND NOT placeholder"""

MANY = 10
"""Events with an id on either side from which it tells something that no id of a name ever pairs."""
# Names in which each side seems to make ids of its own: many on either side, and never a pair. There, the other report of a visitor counts
# as such though its id looks alike (two UUIDs); where ids do pair, two visits of one visitor would be taken for one.
_OWN_IDS = f"""
    SELECT name_number FROM named
    WHERE browser_joinable_ids >= {MANY} AND server_joinable_ids >= {MANY} AND name_number NOT IN ({_PAIRED})"""

# Ids of one name that never pair, because every id here was made in another way than every id there.
_STRANGERS = f"""
    SELECT name_number FROM (
        SELECT name_number, list(DISTINCT family) FILTER (side = 'browser') AS here,
               list(DISTINCT family) FILTER (side = 'server') AS there
        FROM lone GROUP BY name_number)
    WHERE here IS NOT NULL AND there IS NOT NULL AND NOT list_has_any(here, there) AND NOT list_contains(here || there, 'text')
          AND name_number NOT IN ({_PAIRED})"""


def _judge_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Table lone_reasons: one row per lone id and side with the rank of the first reason that the id alone gives (place in REASONS)."""
    rank = " ".join(f"WHEN '{reason.id}' THEN {place}" for place, reason in enumerate(REASONS))
    con.execute(f"""
        CREATE TABLE lone_reasons AS
        WITH elsewhere AS (SELECT pixel, event_id, side, min(name_number) AS low, max(name_number) AS high FROM lone GROUP BY ALL),
             pixels AS (SELECT event_name, event_id, side, min(pixel) AS low, max(pixel) AS high FROM lone GROUP BY ALL),
             found AS (SELECT name_number, side, event_id, reason FROM alike
                       UNION ALL SELECT name_number, side, event_id, 'other-id-family' FROM lone
                                 WHERE NOT outside AND name_number IN ({_STRANGERS})
                       UNION ALL SELECT name_number, lone.side, lone.event_id, 'other-event-name'
                                 FROM lone JOIN elsewhere USING (pixel, event_id)
                                 WHERE lone.side <> elsewhere.side AND (low <> name_number OR high <> name_number)
                       UNION ALL SELECT name_number, lone.side, lone.event_id, 'other-pixel' FROM lone JOIN pixels
                                 ON lone.event_name IS NOT DISTINCT FROM pixels.event_name AND lone.event_id = pixels.event_id
                                 WHERE lone.side <> pixels.side AND (low <> pixel OR high <> pixel)
                       UNION ALL SELECT name_number, side, event_id, 'outside-window' FROM lone WHERE outside)
        SELECT name_number, lone.side, lone.event_id, family, outside, min(CASE reason {rank} END) AS rank
        FROM lone LEFT JOIN found USING (name_number, side, event_id) GROUP BY ALL""")


def _judge_events(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `unpaired`: every event gets the reason of its id, or one that its visitor's other events give."""
    place = {reason.id: number for number, reason in enumerate(REASONS)}
    con.execute(f"""
        CREATE TEMP TABLE unpaired_events AS
        SELECT events.place, named.name_number, events.side, moment, id_state = 'present' AS with_id,
               source_state = 'business_messaging' AS messaging, family, outside,
                CASE WHEN id_state <> 'present' THEN {place["no-id-here"]} ELSE rank END AS rank,
               CASE WHEN events.side = 'browser' THEN server_joinable > 0 AND server_joinable_ids = 0
                    ELSE browser_joinable > 0 AND browser_joinable_ids = 0 END AS no_ids_there
        FROM events JOIN named ON events.pixel = named.pixel AND events.event_name IS NOT DISTINCT FROM named.event_name
        LEFT JOIN lone_reasons ON lone_reasons.name_number = named.name_number AND lone_reasons.side = CAST(events.side AS VARCHAR)
             AND lone_reasons.event_id = events.event_id AND id_state = 'present' AND source_state <> 'business_messaging'
        WHERE events.side IN ('browser', 'server')
          AND (id_state <> 'present' OR source_state = 'business_messaging' OR
               lone_reasons.event_id IS NOT NULL AND (NOT outside OR events.place IN (
                   SELECT place FROM late_rows WHERE "window" IN (
                       SELECT "window" FROM late_rows GROUP BY "window" HAVING count(DISTINCT side) = 1))))""")
    con.execute("CREATE TEMP TABLE other_reports (place BIGINT, with_id BOOLEAN)")
    _match_visitors(con)
    words = "[" + ", ".join(f"'{reason.id}'" for reason in REASONS) + "]"
    con.execute(f"""
        INSERT INTO unpaired
        SELECT place, {words}[1 + least(rank,
                   CASE WHEN unpaired_events.with_id AND other_reports.with_id THEN {place["other-id-family"]}
                        WHEN unpaired_events.with_id AND NOT messaging AND (no_ids_there OR other_reports.place IS NOT NULL)
                        THEN {place["no-id-there"]} END,
                   {place["no-counterpart"]})]
        FROM unpaired_events LEFT JOIN other_reports USING (place);
        DROP TABLE unpaired_events; DROP TABLE other_reports""")


_VISITOR_KEYS = {
    "order": "CASE WHEN NOT is_blank(order_id) AND NOT is_placeholder(order_id) THEN stripped(order_id) END",
    "fbp": f"CASE WHEN fbp_state = 'usable' THEN {VISITOR['fbp']} END",
    "external_id": f"CASE WHEN external_id_state = 'usable' THEN {VISITOR['external_id']} END",
    "em": "CASE WHEN em_state = 'usable' THEN bare_hash(em) END",
}

# Events without a reason of their own, of names in which somebody on one side could be the unknown other report of somebody on the other:
# with an id of another family (or of the other side, where each makes its own), or with none (0). Events of one second alternate
# between the sides, so that they are matched in turn.
_VISITOR_ROWS = """
    CREATE OR REPLACE TEMP TABLE visitor_rows AS
    SELECT *, row_number() OVER (PARTITION BY "group", moment, browser ORDER BY family, event_id, place) AS turn FROM (
        SELECT unpaired_events.place, hash(name_number, {value}) AS "group", unpaired_events.moment,
               unpaired_events.side = 'browser' AS browser, CAST(coalesce({family}, 0) AS TINYINT) AS family, event_id
        FROM unpaired_events JOIN events USING (place)
        WHERE NOT messaging AND (NOT with_id OR rank IS NULL) AND {value} IS NOT NULL AND unpaired_events.moment IS NOT NULL
              AND name_number IN (SELECT name_number FROM mixed) AND place NOT IN (SELECT place FROM other_reports))"""

_MIXED = """
    CREATE OR REPLACE TEMP TABLE mixed AS
    SELECT name_number FROM unpaired_events WHERE NOT messaging AND (NOT with_id OR rank IS NULL) AND NOT no_ids_there
    GROUP BY name_number
    HAVING count(DISTINCT side) = 2 AND (count(DISTINCT coalesce(family, '')) > 1 OR name_number IN (FROM own_ids))"""


def _match_visitors(con: duckdb.DuckDBPyConnection) -> None:
    """Fill other_reports: events, and whether the other report that their visitor seems to have left on the other side has an id."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE own_ids AS {_OWN_IDS}")
    con.execute(_MIXED)
    if not con.execute("SELECT count(*) FROM mixed").fetchone()[0]:
        return
    side = f"CASE unpaired_events.side WHEN 'browser' THEN {len(FAMILIES) + 1} ELSE {len(FAMILIES) + 2} END"
    kinds = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(FAMILIES, 1))
    family = f"CASE WHEN with_id AND name_number IN (FROM own_ids) THEN {side} ELSE CASE family {kinds} END END"
    for value in _VISITOR_KEYS.values():
        con.execute(_VISITOR_ROWS.format(value=value, family=family))
        for rows in in_parts(con, "visitor_rows", then="turn, browser DESC"):
            partner = match(rows["group"], rows["moment"], rows["browser"], rows["family"], WINDOW)
            met = partner >= 0
            keep(con, "other_reports", place=rows["place"][met], with_id=rows["family"][partner[met]] > 0)
        con.execute("DROP TABLE visitor_rows")
