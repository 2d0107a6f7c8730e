"""What was read, how events seem to reach Meta, and what this log cannot tell."""

import re
from collections.abc import Sequence

import duckdb
import pandas as pd

from emq_audit.mask import printable
from emq_audit.next_step import seen, shared_names
from emq_audit.report import DedupEntry, FileRead, Input, Method, Rejection, Setup

WEEK = 7 * 86400

# Words in partner_agent (or the pixel's `a`) that name the way events are sent.
_METHODS = (
    ("shopify", r"(?i)shopify"),
    ("gtm-server", r"(?i)gtmss|gtm-?s|stape|addingwell|taggrs|tmserver"),
    ("pixel-gtm", r"(?i)tmgoogletagmanager|\bgtm\b"),
)


def inputs(
    con: duckdb.DuckDBPyConnection, taken: tuple[list[FileRead], list[Rejection], int], as_of: int | None
) -> Input:
    """The books of the read stage with the span of the log (Unix seconds; strays in milliseconds count by their corrected time)."""
    files, rejections, rejected = taken
    first, last = con.execute("SELECT min(event_time), max(event_time) FROM events").fetchone()
    return Input(
        tuple(files), sum(file.events for file in files), rejected, tuple(rejections), first, last, as_of
    )


def setup(con: duckdb.DuckDBPyConnection, pairing: Sequence[DedupEntry]) -> Setup:
    """Pixel, Conversions API, or both: by the sides that sent events, and the senders they name.

    `pairing` is what emq_audit.dedup found; the shares of actions that one side alone reported come from it.
    """
    rows = con.execute(
        "SELECT side, sender, count(*) FROM events GROUP BY ALL ORDER BY 3 DESC, 1, 2"
    ).fetchall()
    sides = {side for side, _, _ in rows}
    kind = (
        "pixel+capi" if sides >= {"browser", "server"}
        else "pixel" if "browser" in sides else "capi" if "server" in sides
        else "offline" if sides == {"offline"} else "unknown"
    )  # fmt: skip
    methods = tuple(
        Method(_method(side, sender), printable(sender) if sender else None, events)
        for side, sender, events in rows[:20]
    )
    pixels = con.execute(
        "SELECT DISTINCT pixel_id FROM events WHERE pixel_id IS NOT NULL ORDER BY 1 LIMIT 20"
    ).fetchall()
    return Setup(
        kind,
        methods,
        tuple("•••" + printable(pixel)[-4:] for (pixel,) in pixels),
        *alone(pairing),
        _same_days(con) if kind == "pixel+capi" else None,
    )


def alone(pairing: Sequence[DedupEntry]) -> tuple[float | None, float | None]:
    """The shares of actions that only the browser and only the server reported, over event names that both sides sent.

    Two reports of one action count once, also where only their ids keep them apart (as in next_step.seen). None where no name came from
    both sides.
    """
    whole = next(iter(seen(shared_names(pairing))), None)
    return (whole.browser_only / whole.actions, whole.server_only / whole.actions) if whole else (None, None)


def _same_days(con: duckdb.DuckDBPyConnection) -> float | None:
    """The share of browser and server events from days (UTC) on which both sides sent some; None without times."""
    return con.execute("""
        SELECT sum(events) FILTER (sides = 2) / sum(events)
        FROM (SELECT event_time // 86400 AS day, count(*) AS events, count(DISTINCT side) AS sides FROM events
              WHERE side IN ('browser', 'server') AND event_time IS NOT NULL GROUP BY ALL)""").fetchone()[0]


def _method(side: str, sender: str | None) -> str:
    if side in ("offline", "unknown"):
        return side
    named = next((method for method, words in _METHODS if sender and re.search(words, sender)), None)
    if side == "browser":
        return "pixel"
    return named if named in ("shopify", "gtm-server") else "partner" if sender else "capi"


def notes(
    con: duckdb.DuckDBPyConnection, taken: tuple[list[FileRead], list[Rejection], int], patterns: pd.DataFrame
) -> tuple[str, ...]:
    """Sentences about what this log cannot tell, each with how to find out."""
    facts = con.execute("""
        SELECT count(*) FILTER (side = 'unknown'), count(*) FILTER (side = 'server' AND received_at IS NULL),
               count(*) FILTER (side = 'server'), count(*) FILTER (side = 'browser'),
               max(event_time) - min(event_time)
        FROM events""").fetchone()
    unknown, no_receipt, server, browser, span = (int(number or 0) for number in facts)
    hashed = con.execute("SELECT 1 FROM events WHERE em_state = 'usable' AND is_sha256(em) LIMIT 1").fetchone()  # stops at the first
    found = []
    if unknown:
        found.append(
            f"The log does not say whether {unknown:,} events came from the browser or the server. Their scores assume "
            "that contact data is hashed before Meta gets it. Name the side (--side, or the choice "
            "on the start page) to check hashing and deduplication."
        )
    if no_receipt and no_receipt == server:
        found.append(
            "The log does not say when the server's events were received, so delays cannot be judged. "
            "Data freshness in Events Manager shows them."
        )
    if browser:
        found.append(
            "IP address and user agent of browser events are added by the visitor's own connection; "
            "no log shows them, so they count as usable."
        )
    if hashed:
        found.append(
            "A correct-looking hash may still be of a badly formatted address or number. Only hashes "
            "of common placeholder texts can be recognised."
        )
    if browser and not server:
        found.append(
            "Only browser events were given. What the Conversions API sends, and what is counted "
            "twice, shows when its log is added."
        )
    if server and not browser:
        found.append(
            "Only server events were given. What is paired or counted twice shows when a log of the "
            "browser's events is added."
        )
    if span > WEEK:
        found.append(
            "The log covers more than seven days. Whether early events were sent late cannot be told "
            "from their times alone; --as-of names the moment of sending."
        )
    return tuple(found)
