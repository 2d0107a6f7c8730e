"""How old the cookies fbp and fbc are when an event is sent, by browser and operating system.

Safari keeps cookies that scripts set for seven days, and for one day after a click on an ad with a click id in the address; cookies that
the server sets live longer (https://webkit.org/tracking-prevention/). Where that cuts the cookies off, no event carries an older one.
That is a heuristic: a shop whose Safari visitors never come back looks the same.
"""

import duckdb

from emq_audit.report import CookieAge
from emq_audit.user_agents import BROWSER_SQL, SYSTEM_SQL, UNKNOWN

FEWEST_EVENTS = 20
"""Events of one browser below which nothing is said about its cookies."""

_AGES = f"""
    SELECT {BROWSER_SQL} AS browser, {SYSTEM_SQL} AS os, count(*) AS events, quantile_cont(age, [0.5, 0.95])
    FROM (SELECT client_user_agent, greatest(0, event_time - cookie_ms({{key}}) / 1000) / 86400 AS age FROM events
          WHERE {{key}}_state IN ('usable', 'expired') AND event_time IS NOT NULL AND cookie_ms({{key}}) IS NOT NULL)
    LEFT JOIN agents USING (client_user_agent)
    GROUP BY ALL HAVING events >= {FEWEST_EVENTS} ORDER BY events DESC, browser, os"""


_SAFARI = ("Safari", "Safari on iPhone and iPad")
ENOUGH_EVENTS = 50
"""Events of a browser from which its oldest cookies tell something about the browser."""
KEPT_LONG = 14
"""Days: older cookies in another browser show that the site's cookies do not simply end early."""


def cookies(con: duckdb.DuckDBPyConnection) -> tuple[CookieAge, ...]:
    """One entry per cookie, browser and operating system with enough events, the most frequent first; needs the table `agents`."""
    return tuple(found for key in ("fbp", "fbc") for found in _marked(con.execute(_AGES.format(key=key)).fetchall(), key))


def _marked(rows: list[tuple[str, str, int, list[float]]], key: str) -> list[CookieAge]:
    """The entries of one cookie. Safari cuts it, if its oldest are a day or a week old while another browser shows much older ones."""
    others_keep = any(
        oldest > KEPT_LONG for browser, _, events, (_, oldest) in rows if browser not in (*_SAFARI, UNKNOWN) and events >= ENOUGH_EVENTS
    )
    found = []
    for browser, system, events, (median, oldest) in rows:
        suspect = others_keep and browser in _SAFARI and events >= ENOUGH_EVENTS
        cut = next((days for days in (1, 7) if suspect and oldest <= days * 1.05), None)
        found.append(CookieAge(browser, system, key, events, round(median, 2), round(oldest, 2), cut))
    return found


def ios_share(con: duckdb.DuckDBPyConnection) -> float | None:
    """Of the events whose user agent is logged, the share (0-1) from iPhone or iPad; None where none is. Needs the tables of
    user_agents."""
    (share,) = con.execute(
        """SELECT coalesce(sum(events) FILTER (os IN ('iOS', 'iPadOS')), 0) / sum(events)
           FROM agent_counts LEFT JOIN agents USING (client_user_agent)"""
    ).fetchone()
    return None if share is None else round(share, 4)
