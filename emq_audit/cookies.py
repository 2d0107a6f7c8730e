"""How old the cookies fbp and fbc are when an event is sent, by browser and operating system.

Safari keeps cookies that scripts set for seven days, and for one day after a click on an ad with a click id in the address; cookies that
the server sets live longer (https://webkit.org/tracking-prevention/). Where that cuts the cookies off, no event carries an older one.
"""

import duckdb

from emq_audit.report import CookieAge
from emq_audit.user_agents import BROWSER_SQL, SYSTEM_SQL

FEWEST_EVENTS = 20
"""Events of one browser below which nothing is said about its cookies."""

_AGES = f"""
    SELECT {BROWSER_SQL} AS browser, {SYSTEM_SQL} AS os, count(*) AS events, median(age), quantile_cont(age, 0.95)
    FROM (SELECT client_user_agent, greatest(0, event_time - cookie_ms({{key}}) / 1000) / 86400 AS age FROM events
          WHERE {{key}}_state IN ('usable', 'expired') AND event_time IS NOT NULL AND cookie_ms({{key}}) IS NOT NULL)
    LEFT JOIN agents USING (client_user_agent)
    GROUP BY ALL HAVING events >= {FEWEST_EVENTS} ORDER BY events DESC, browser, os"""


def cookies(con: duckdb.DuckDBPyConnection) -> tuple[CookieAge, ...]:
    """One entry per cookie, browser and operating system with enough events, the most frequent first; needs the table `agents`."""
    return tuple(
        CookieAge(browser, system, key, events, round(median, 2), round(oldest, 2))
        for key in ("fbp", "fbc")
        for browser, system, events, median, oldest in con.execute(_AGES.format(key=key)).fetchall()
    )
