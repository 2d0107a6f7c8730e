"""The canonical `events` relation: one row an event, every match key with its value and its state.

`build` fills the table `event_rows` from the sources that `emq_audit.read` found, judges what needs more than one row to judge, and
lays the view `events` over it, which every later stage reads. Nothing is repaired here: a value stays as it was sent, its state says
what is wrong with it.

Columns of `events`
  provenance  place (number of the row in event_rows, unique), file (number of the input file), row (line or record, from 1), side, sender,
              pixel_id, pixel (the one it counts for, see `_pixel`), received_at (Unix seconds), as_sent (the row is the payload itself, so
              its types are the sender's)
  event       event_name, event_time, moment (receipt, else event_time; all Unix seconds), time_text (as sent, where it was not in
              seconds), event_id, action_source, event_source_url, referrer_url, test_event_code, order_id, value_text, currency,
              item_ids (one number for the products bought or seen, whatever their order)
  match keys  for each key K: K (text; of a list the value that counts) and K_state
Facts, computed once because several checks ask for them
  name_state, time_state, id_state, source_state, url_state, value_state, currency_state, click_state, test_code, email_in_url,
  email_in_custom, misnamed_key, contents_broken, scored (website event: EMQ exists), consent_state (consent to advertising, see
  consent.sql; 'not logged' throughout where the log says nothing about it), age_state (fresh, old, future),
  delay_state (prompt, over two hours, over a day; NULL where receipt is not logged), both_sides (the log holds browser and server
  events).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from importlib.resources import files
from pathlib import Path

import duckdb

from emq_audit import wrong_forms
from emq_audit.event_names import NAME_STATE_SQL
from emq_audit.match_keys import KEYS, STATES
from emq_audit.read import MISNAMED_KEYS, Source
from emq_audit.suspects import judge_phones, judge_user_agents

# Could this text, unhashed on the browser's side, be hashed by the pixel and then match? Accepts whatever one of Meta's libraries accepts.
_RAW_PLAUSIBLE = {
    "em": "is_email(em)",
    "ph": "length(regexp_replace(ph, '[^0-9]', '', 'g')) BETWEEN 6 AND 17",
    "ge": "is_gender(ge)",
    "db": "regexp_matches(db, '[0-9]{2}')",
    "ct": "regexp_matches(ct, '\\pL')",
    "st": "regexp_matches(st, '\\pL')",
    "zp": "regexp_matches(zp, '^\\s*[^-\\s]')",
    "country": "length(regexp_replace(country, '[^A-Za-z]', '', 'g')) >= 2",
}


# Every value a fact can have. An enumeration, because a byte a row instead of a text keeps a million events small.
FACT_WORDS = (
    "missing", "empty", "placeholder", "present", "standard", "documented", "automatic", "ga4", "misspelt", "custom", "seconds",
    "milliseconds", "microseconds", "divided", "date", "unreadable", "website", "email", "app", "phone_call", "chat", "physical_store",
    "system_generated", "business_messaging", "other", "unknown", "known", "ok", "malformed", "local", "number", "not_a_number",
    "negative", "zero", "same", "case", "cut",
)  # fmt: skip


NOT_LOGGED = "'not logged'::consent_state"

# Input above which the table is kept compressed on disk (in the private folder) instead of in memory: slower to fill, a third as big.
LARGE_INPUT = 1_000_000_000

# Limits for DuckDB. Filling a table on disk needs headroom to run on several threads (with less it runs on one, twice as long), though it
# uses about 0.9 GB. Later stages keep as much of that table in memory as they may, so they get less.
FILLING, FILLING_LARGE, ASKING_LARGE = "4GB", "1400MB", "800MB"


def connect(folder: str | Path, input_bytes: int = 0) -> duckdb.DuckDBPyConnection:
    """A private database that lives and dies with `folder` and loads no extension from anywhere.

    The limit is an upper bound, not what is used: DuckDB fills a table on several threads only when it sees room ahead. A million
    events take about 0.8 GB.
    """
    large = input_bytes > LARGE_INPUT
    con = duckdb.connect(
        Path(folder) / "audit.duckdb" if large else ":memory:",
        config={
            "temp_directory": str(folder),
            "memory_limit": FILLING_LARGE if large else FILLING,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    con.execute(f"CREATE TYPE key_state AS ENUM ({', '.join(repr(state) for state in (*STATES, 'suspect'))})")
    con.execute(f"CREATE TYPE fact AS ENUM ({', '.join(repr(word) for word in FACT_WORDS)})")
    con.execute("CREATE TYPE side_name AS ENUM ('browser', 'server', 'offline', 'unknown')")
    for words in ("vocabulary.sql", "consent.sql"):
        con.execute(files("emq_audit").joinpath(words).read_text(encoding="utf-8"))
    wrong_forms.define(con)
    return con


def build(
    con: duckdb.DuckDBPyConnection,
    sources: list[Source],
    region: str | None = None,
    as_of: int | None = None,
    told: Callable[[float], None] | None = None,
) -> int | None:
    """Fill `event_rows` from the sources and define `events`; returns the moment ages are counted from (Unix seconds).

    `region` is the ISO country of phone numbers without country code. `as_of` is when the log was sent; without it ages are counted
    from the newest event (see `_newest`), and only where the log does not plainly cover more than the seven days Meta accepts.
    `told` hears how much has been read, as a share from 0 to 1.
    """
    starts: list[int] = []
    consent = any(source.consent for source in sources)
    for number, source in enumerate(sources):
        starts.append(_rows(con) if number else 0)
        verb = "INSERT INTO event_rows" if number else "CREATE TABLE event_rows AS"
        rows = _with_consent(source) if consent else source.sql
        _fill(con, f"{verb} {_judged(_values(rows, consent), consent)}", told, number, len(sources))
    if con.execute("SELECT count(*) FROM duckdb_databases() WHERE path IS NOT NULL").fetchone()[0]:
        con.execute(f"SET memory_limit = '{ASKING_LARGE}'")
    given, as_of = as_of is not None, as_of if as_of is not None else _newest(con)
    _define_view(con, sources, starts, as_of, judge_age=given or not _spans_weeks(con, as_of))
    wrong_forms.mark(con)
    judge_phones(con, region)
    judge_user_agents(con)
    _mark_synthetic(con)
    return as_of


def _fill(
    con: duckdb.DuckDBPyConnection, query: str, told: Callable[[float], None] | None, number: int, of: int
) -> None:
    """Run the query for source `number`, telling how far it is a few times a second."""
    if told is None:
        con.execute(query)
        return
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(con.execute, query)
        while not wait([running], timeout=0.2).done:
            told((number + max(0.0, con.query_progress()) / 100) / of)
        running.result()


def _rows(con: duckdb.DuckDBPyConnection) -> int:
    return con.execute("SELECT count(*) FROM event_rows").fetchone()[0]


def _with_consent(source: Source) -> str:
    """The rows of a source with their consent_state. A log in which nobody says a word about consent never gets here."""
    if not source.consent:
        return f"SELECT *, {NOT_LOGGED} AS consent_state FROM ({source.sql})"
    return f"""
    SELECT *, consent_verdict(storage_said, user_data_said, said) AS consent_state
    FROM (SELECT *, storage_words(texts) AS storage_said, user_data_words(texts) AS user_data_said, general_words(texts) AS said
          FROM (SELECT *, consent_texts(consent) AS texts FROM ({source.sql})))"""


def _values(source: str, consent: bool = False) -> str:
    """The leaves of a source as text, beside the JSON leaves that still tell a list from a scalar."""
    user = ", ".join(f"user_data.{key} AS {key}_leaf, first_text(user_data.{key}) AS {key}" for key in KEYS)
    misnamed = ", ".join(f'user_data."{key}"' for key in MISNAMED_KEYS)
    named = ", ".join(f"'{key}', user_data.\"{key}\"" for key in MISNAMED_KEYS)
    return f"""
    SELECT file, "row", lower(side) AS side, first_text(sender) AS sender, first_text(pixel_id) AS pixel_id,
           unix_seconds(first_text(received_at), TRY_CAST(first_text(received_at) AS DOUBLE)) AS received_at, as_sent,
           first_text(event_name) AS event_name, first_text(event_time) AS time_text, event_id AS event_id_leaf,
           first_text(event_id) AS event_id, first_text(action_source) AS action_source,
           first_text(event_source_url) AS event_source_url, first_text(referrer_url) AS referrer_url,
           first_text(test_event_code) AS test_event_code, {user},
           CASE WHEN coalesce({misnamed}) IS NOT NULL THEN json_object({named}) END AS misnamed,
           custom_data, json_extract(custom_data, ['$.value', '$.currency', '$.order_id', '$.contents', '$.content_ids']) AS custom,
           event_name IS NULL AND event_time IS NULL AND user_data IS NULL AND event_id IS NULL AS no_event
           {", consent_state" if consent else ""}
    FROM ({source})"""


def _judged(values: str, consent: bool = False) -> str:
    """One row an event with its states and facts."""
    hashed = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
    states = [
        f"hashed_key_state({key}_leaf, {key}, side, {_RAW_PLAUSIBLE.get(key, 'true')}) AS {key}_state"
        for key in hashed
    ]
    states += [
        "optional_key_state(external_id_leaf, external_id) AS external_id_state",
        "number_key_state(lead_id_leaf, lead_id, '[0-9]{13,20}') AS lead_id_state",
        "number_key_state(fb_login_id_leaf, fb_login_id, '[0-9]{1,20}') AS fb_login_id_state",
        "cookie_state(fbp_leaf, fbp, event_time, 36500) AS fbp_state",
        "cookie_state(fbc_leaf, fbc, event_time, 90) AS fbc_state",
        "ip_state(client_ip_address_leaf, client_ip_address, side) AS client_ip_address_state",
        "user_agent_state(client_user_agent_leaf, client_user_agent, side) AS client_user_agent_state",
    ]
    several = " OR ".join(f"contains(CAST({key}_leaf AS VARCHAR), ',')" for key in hashed)
    return f"""
    SELECT file, "row", side_state(side) AS side, sender, pixel_id, received_at, as_sent, no_event,
           event_name, event_time, event_id, action_source, event_source_url, referrer_url, order_id, value_text, currency,
           {", ".join(KEYS)}, {", ".join(states)}, coalesce({several}, false) AS several,
           {NAME_STATE_SQL} AS name_state, time_state, CASE WHEN time_state <> 'seconds' THEN time_text END AS time_text,
           test_event_code, id_state(event_id_leaf, event_id) AS id_state,
           source_state(action_source) AS source_state, url_state(event_source_url) AS url_state,
           value_state(value_text, TRY_CAST(value_text AS DOUBLE)) AS value_state, currency_state(currency) AS currency_state,
           click_agreement(fbc, event_source_url) AS click_state, NOT is_blank(test_event_code) AS test_code,
           coalesce(shows_email(event_source_url), false) OR coalesce(shows_email(referrer_url), false) AS email_in_url,
           coalesce(shows_email(CAST(custom_data AS VARCHAR)), false) AS email_in_custom, misnamed, misnamed IS NOT NULL AS misnamed_key,
           coalesce(contains(CAST(contents AS VARCHAR), '[object Object]') OR contains(CAST(content_ids AS VARCHAR), '[object Object]'),
                    false) AS contents_broken,
           item_ids(contents, content_ids) AS item_ids,
           side <> 'offline' AND NOT coalesce(is_other_source(action_source), false) AS scored,
           received_at IS NOT NULL AS has_received, received_at - event_time AS delay {", consent_state" if consent else ""}
    FROM (SELECT * EXCLUDE (side, custom, time_number), coalesce(side, 'unknown') AS side,
                 time_state(time_text, time_number) AS time_state, unix_seconds(time_text, time_number) AS event_time,
                 first_text(custom[1]) AS value_text, first_text(custom[2]) AS currency, first_text(custom[3]) AS order_id,
                 custom[4] AS contents, custom[5] AS content_ids
          FROM (SELECT *, TRY_CAST(time_text AS DOUBLE) AS time_number FROM ({values})))"""


def _newest(con: duckdb.DuckDBPyConnection) -> int | None:
    """The newest event, leaving out strays: times after today, and the last hundredth where it lies over a week beyond the rest."""
    return con.execute("""
        WITH sound AS (SELECT event_time FROM event_rows
                       WHERE time_state IN ('seconds', 'date') AND event_time <= epoch(now()) + 3600),
             bulk AS (SELECT quantile_disc(event_time, 0.99) AS late FROM sound)
        SELECT max(event_time) FROM sound, bulk WHERE event_time <= late + 7 * 86400""").fetchone()[0]


def _spans_weeks(con: duckdb.DuckDBPyConnection, as_of: int | None) -> bool:
    """Is this a log kept day after day for over a week? Then its early events were sent when they happened, and their age today says
    nothing. A few old events among fresh ones are another thing: those came late."""
    days, span = con.execute(
        """SELECT count(DISTINCT event_time // 86400), (max(event_time) - min(event_time)) / 86400 FROM event_rows
           WHERE event_time <= ?""",
        [as_of],
    ).fetchone()
    return span is not None and span > 7 and days >= 0.8 * span


def _define_view(
    con: duckdb.DuckDBPyConnection,
    sources: list[Source],
    starts: list[int],
    as_of: int | None,
    *,
    judge_age: bool,
) -> None:
    """`events`: the rows that are events. A source without row numbers is in file order, so its rows are counted from its start.

    Age limits (7 days, 62 for physical_store) and delays (2 hours, 24 hours) are Meta's:
    https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
    """
    offsets = (
        "["
        + ", ".join(str(source.first_row - start) for source, start in zip(sources, starts, strict=True))
        + "]"
    )
    numbers = "[" + ", ".join(str(source.file) for source in sources) + "]"
    now = "NULL" if as_of is None else str(as_of)
    limit = "CASE WHEN action_source = 'physical_store' THEN 62 ELSE 7 END * 86400"
    old = f"event_time < {now} - {limit}" if judge_age else "false"
    judged = {row[0] for row in con.execute("DESCRIBE event_rows").fetchall()}
    consent = "" if "consent_state" in judged else f"{NOT_LOGGED} AS consent_state,"
    sides = {
        side for (side,) in con.execute("SELECT DISTINCT side FROM event_rows WHERE NOT no_event").fetchall()
    }
    con.execute(f"""
        CREATE VIEW events AS
        SELECT coalesce("row", rowid + list_extract({offsets}, list_position({numbers}, file))) AS "row", rowid AS place,
               {_pixel(con)} AS pixel, coalesce(received_at, event_time) AS moment,
               * EXCLUDE ("row", no_event, has_received, delay, several, misnamed),
               CASE WHEN event_time IS NULL THEN NULL
                    WHEN event_time > coalesce(received_at, {now}) + 60 THEN 'future'
                    WHEN received_at IS NOT NULL AND delay > {limit} THEN 'old'
                    WHEN received_at IS NULL AND {old} THEN 'old'
                    ELSE 'fresh' END AS age_state,
               CASE WHEN delay IS NULL THEN NULL WHEN delay > 86400 THEN 'over a day' WHEN delay > 7200 THEN 'over two hours'
                    ELSE 'prompt' END AS delay_state,
               {consent} {sides >= {"browser", "server"}} AS both_sides
        FROM event_rows WHERE NOT no_event""")


def _pixel(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: the pixel an event counts for. Most logs name one pixel, or none, so there is nothing to tell apart. Of several, the most
    frequent takes the events that name none: a Conversions API payload has its pixel in the address it is sent to."""
    pixels = con.execute(
        """SELECT pixel_id FROM event_rows WHERE NOT is_blank(pixel_id) AND NOT no_event
           GROUP BY ALL ORDER BY count(*) DESC, pixel_id LIMIT 2"""
    ).fetchall()
    if len(pixels) < 2:
        return "''"
    main = pixels[0][0].encode().hex()
    return f"CASE WHEN is_blank(pixel_id) THEN decode(unhex('{main}')) ELSE pixel_id END"


def _mark_synthetic(con: duckdb.DuckDBPyConnection) -> None:
    """Browser ids that a server makes anew for every event: no two events share one, and each is as old as its event.

    A heuristic, so it wants a clear case: at least 20 server events with a usable fbp, nine in ten of them a few seconds old,
    and nearly as many different values as events. Real first visits look like that one by one, never all together.
    """
    seen, fresh, distinct = con.execute("""
        SELECT count(*), count(*) FILTER (WHERE abs(cookie_ms(fbp) / 1000 - event_time) <= 5), approx_count_distinct(fbp)
        FROM events WHERE side = 'server' AND fbp_state = 'usable' AND event_time IS NOT NULL""").fetchone()
    if seen >= 20 and fresh >= 0.9 * seen and distinct >= 0.85 * seen:
        con.execute("""
            UPDATE event_rows SET fbp_state = 'synthetic'
            WHERE side = 'server' AND fbp_state = 'usable' AND abs(cookie_ms(fbp) / 1000 - event_time) <= 5""")
