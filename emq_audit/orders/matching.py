"""Which order a Purchase belongs to, told by ids alone.

Ids are compared in five ways, one after the other: to the letter; with case ignored; without a leading #; without what is constant in
front of the number (order-1042, wc_1042) or set off behind it (1042-dk); and, only where nothing matches otherwise, without leading
zeros. The first way that finds an order decides, and if it finds several, none is meant. Whole numbers that a spreadsheet made fractions
of (1042.0) are whole again where a column holds nothing else. Amounts, people and times are never used.
"""

from dataclasses import dataclass

import duckdb

COLUMNS = ("order_id", "event_id")
ZEROS = 5
"""The last way of comparing."""


@dataclass(frozen=True)
class Match:
    """How orders were recognised: `columns` are places in `order_list.ids`, the best first, `sent` is the column of the log that finds most
    `orders`. `foreign`: the order ids of the log are not those of the file, for its event ids find more than twice as many orders.
    """

    columns: tuple[int, ...]
    sent: str
    orders: int
    foreign: bool


def match(con: duckdb.DuckDBPyConnection) -> Match:
    """Make the temporary table `order_hits` (sent, id, n): the order n that an id in a column of `purchases` names."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_sent_keys AS {_SENT_KEYS}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE order_keys AS {_FILE_KEYS}")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE order_matches AS
        WITH met AS (SELECT s.sent, s.id, k.col, k.n, min(greatest(s.level, k.level)) AS level
                     FROM order_sent_keys s JOIN order_keys k USING (key) GROUP BY ALL),
        hits AS (SELECT sent, id, col, arg_min(n, level) AS n, min(level) AS level
                 FROM (SELECT * FROM met QUALIFY level = min(level) OVER (PARTITION BY sent, id, col))
                 GROUP BY sent, id, col HAVING count(*) = 1)
        SELECT * FROM hits QUALIFY level < {ZEROS} OR min(level) OVER (PARTITION BY sent, col) = {ZEROS}""")
    ranked = con.execute(
        "SELECT count(DISTINCT n), count(*), sent = 'order_id', -col, sent FROM order_matches GROUP BY col, sent"
    ).fetchall()
    orders, _, _, column, sent = max(ranked, default=(0, 0, True, 0, COLUMNS[0]))
    by_order_id = max((row[0] for row in ranked if row[4] == "order_id"), default=0)
    columns = (-column, *_others(con, -column))
    rank = " ".join(f"WHEN {column} THEN {place}" for place, column in enumerate(columns))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE order_hits AS
        SELECT sent, id, arg_min(n, CASE col {rank} END) AS n FROM order_matches WHERE CASE col {rank} END IS NOT NULL GROUP BY ALL""")
    for name in ("order_sent_keys", "order_keys", "order_matches"):
        con.execute(f"DROP TABLE {name}")
    return Match(columns, sent, orders, foreign=2 * by_order_id < orders)


_LETTERED = (
    "lower(written) AS small, ltrim(small, '#') AS bare, regexp_extract(bare, '^([^0-9]{1,40})[0-9]', 1) AS front,"
    " regexp_extract(bare, '[0-9]([-_. ][^0-9]{1,40})$', 1) AS back"
)

# Every form of an id, with the loosest way of comparing (`level`) that leads to it. Most ids have one or two forms.
_FORMS = """
    SELECT {0}, min(level) AS level, key FROM (
        SELECT {0}, unnest([1, 2, 3, 4, 5]) AS level, unnest([written, small, bare, inside, ltrim(inside, '0')]) AS key FROM cut
        WHERE written <> inside OR starts_with(bare, '0')
        UNION ALL SELECT {0}, 1, written FROM cut WHERE NOT (written <> inside OR starts_with(bare, '0')))
    WHERE key <> '' GROUP BY ALL"""


def _whole(alike: str) -> str:
    """SQL: the id, without the .0 of a number if all ids that are `alike` (columns) end so."""
    fraction = "ends_with(id, '.0') AND regexp_full_match(id, '[0-9]+[.]0')"
    return f"CASE WHEN bool_and({fraction}) OVER (PARTITION BY {alike}) THEN id[:-3] ELSE id END"


def _constant(end: str, alike: str) -> str:
    """SQL: the length of what stands at the `end` (front, back) of an id if more than half of the ids that are `alike` have it, else 0."""
    return f"CASE WHEN 2 * count(*) OVER (PARTITION BY {alike}, {end}) > count(*) OVER (PARTITION BY {alike}) THEN length({end}) ELSE 0 END"


_INSIDE = "bare[ahead + 1:length(bare) - behind] AS inside"
_REPORTED = "sent, side, sender"

# `order_sent_keys`: the ids of the log. What is constant is so within what one sender reports from one side.
_SENT_KEYS = f"""
    WITH ids AS (
        SELECT DISTINCT 'order_id' AS sent, side, sender, trim(order_id) AS id FROM purchases WHERE order_id IS NOT NULL
        UNION ALL
        SELECT DISTINCT 'event_id', side, sender, trim(event_id) FROM purchases WHERE id_state = 'present'),
    whole AS (SELECT *, {_whole(_REPORTED)} AS written FROM ids),
    lettered AS (SELECT *, {_LETTERED} FROM whole),
    counted AS (SELECT *, {_constant("front", _REPORTED)} AS ahead, {_constant("back", _REPORTED)} AS behind FROM lettered),
    cut AS (SELECT DISTINCT sent, id, written, small, bare, {_INSIDE} FROM counted)
    {_FORMS.format("sent, id")}"""

# `order_keys`: the ids of the file, by column.
_FILE_KEYS = f"""
    WITH ids AS (SELECT n, generate_subscripts(ids, 1) - 1 AS col, trim(unnest(ids)) AS id FROM order_list),
    whole AS (SELECT *, {_whole("col")} AS written FROM ids WHERE id IS NOT NULL),
    lettered AS (SELECT *, {_LETTERED} FROM whole),
    counted AS (SELECT *, {_constant("front", "col")} AS ahead, {_constant("back", "col")} AS behind FROM lettered),
    cut AS (SELECT *, {_INSIDE} FROM counted)
    {_FORMS.format("col, n")}"""


def _others(con: duckdb.DuckDBPyConnection, best: int) -> list[int]:
    """Further id columns that find orders and cannot be confused with the best one, because their ids have another length: Shopify's
    order 1042 and its id 5550001112223."""
    lengths = con.execute(
        "SELECT col, min(strlen(key)), max(strlen(key)) FROM order_keys WHERE level < 5 GROUP BY ALL ORDER BY col"
    ).fetchall()
    found = {row[0] for row in con.execute("SELECT DISTINCT col FROM order_matches").fetchall()}
    spans = {column: (low, high) for column, low, high in lengths}
    chosen = [best]
    for column in sorted(found - {best}):
        low, high = spans[column]
        if all(high < spans[other][0] or low > spans[other][1] for other in chosen):
            chosen.append(column)
    return chosen[1:]


def agreeing(con: duckdb.DuckDBPyConnection, columns: int) -> int | None:
    """The column of `order_cells` that holds the ids of the log: a fifth of what it or the log has, in a column of mostly different
    values. The one with most of them, or None."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE order_sent AS
        SELECT DISTINCT ltrim(lower(trim(id)), '#') AS id FROM (
            SELECT order_id AS id FROM purchases WHERE order_id IS NOT NULL
            UNION ALL SELECT event_id FROM purchases WHERE id_state = 'present')""")
    sent = con.execute("SELECT count(*) FROM order_sent").fetchone()[0]
    found = []
    for column in range(columns):
        hits, different, filled = con.execute(f"""
            WITH cells AS (SELECT ltrim(lower(trim(c{column})), '#') AS id, count(*) AS times FROM order_cells
                           WHERE trim(c{column}) <> '' GROUP BY ALL)
            SELECT count(*) FILTER (id IN (FROM order_sent)), count(*), coalesce(sum(times), 0) FROM cells""").fetchone()
        if hits and 5 * hits >= min(different, sent) and 5 * different >= filled:
            found.append((hits, -column))
    con.execute("DROP TABLE order_sent")
    return -max(found)[1] if found else None
