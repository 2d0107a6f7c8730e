"""Which order a Purchase belongs to, told by ids alone.

Ids are compared in five ways, one after the other: to the letter; with case ignored; without a leading #; without the letters in front that
are constant (order-1042, wc_1042); and, only where nothing matches otherwise, without leading zeros. The first way that finds an order
decides, and if it finds several, none is meant. Amounts, people and times are never used.
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


_LETTERED = "lower(id) AS small, ltrim(small, '#') AS bare, regexp_extract(bare, '^([^0-9]{1,40})[0-9]', 1) AS letters"

# Every form of an id, with the loosest way of comparing (`level`) that leads to it. Most ids have one or two forms.
_FORMS = """
    SELECT {0}, min(level) AS level, key FROM (
        SELECT {0}, unnest([1, 2, 3, 4, 5]) AS level, unnest([id, small, bare, bare[cut + 1:], ltrim(bare[cut + 1:], '0')]) AS key FROM cut
        WHERE id <> bare OR cut > 0 OR starts_with(bare, '0')
        UNION ALL SELECT {0}, 1, id FROM cut WHERE NOT (id <> bare OR cut > 0 OR starts_with(bare, '0')))
    WHERE key <> '' GROUP BY ALL"""

# `order_sent_keys`: the ids of the log. Letters in front are constant where more than half of what one sender reports from one side carries
# them.
_SENT_KEYS = f"""
    WITH ids AS (
        SELECT DISTINCT 'order_id' AS sent, side, sender, trim(order_id) AS id FROM purchases WHERE order_id IS NOT NULL
        UNION ALL
        SELECT DISTINCT 'event_id', side, sender, trim(event_id) FROM purchases WHERE id_state = 'present'),
    lettered AS (SELECT *, {_LETTERED} FROM ids),
    counted AS (SELECT *, count(*) OVER (PARTITION BY sent, side, sender, letters) AS alike,
                       count(*) OVER (PARTITION BY sent, side, sender) AS all_ids FROM lettered),
    cut AS (SELECT sent, id, small, bare, max(CASE WHEN 2 * alike > all_ids THEN length(letters) ELSE 0 END) AS cut
            FROM counted GROUP BY ALL)
    {_FORMS.format("sent, id")}"""

# `order_keys`: the ids of the file, by column. Whole numbers that a spreadsheet made fractions of (1042.0) are whole again where a column
# holds nothing else.
_FILE_KEYS = f"""
    WITH ids AS (SELECT n, generate_subscripts(ids, 1) - 1 AS col, trim(unnest(ids)) AS id FROM order_list),
    whole AS (SELECT n, col, CASE WHEN bool_and(ends_with(id, '.0') AND regexp_full_match(id, '[0-9]+[.]0')) OVER (PARTITION BY col)
                                  THEN id[:-3] ELSE id END AS id
              FROM ids WHERE id IS NOT NULL),
    lettered AS (SELECT *, {_LETTERED} FROM whole),
    cut AS (SELECT *, CASE WHEN 2 * count(*) OVER (PARTITION BY col, letters) > count(*) OVER (PARTITION BY col)
                           THEN length(letters) ELSE 0 END AS cut FROM lettered)
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
