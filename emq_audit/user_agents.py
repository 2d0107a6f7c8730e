"""Which browser and operating system the log's user agents name.

Table `agents`: one row per user agent, the most frequent ones: client_user_agent, browser, os, in names people know.
Table `agent_counts`: one row per user agent, all of them: client_user_agent, events.
"""

from functools import cache

import duckdb
import pandas as pd

AGENTS_READ = 3_000
"""Different user agents that are looked at, the most frequent first; the rest counts as other."""
OTHER, UNKNOWN = "Other", "Not in the log"

# Families of ua-parser under the names people know them by.
_BROWSERS = {
    "Mobile Safari": "Safari on iPhone and iPad",
    "Mobile Safari UI/WKWebView": "Other apps on iPhone and iPad",
    "Chrome Mobile": "Chrome on Android",
    "Chrome Mobile iOS": "Chrome on iPhone and iPad",
    "Chrome Mobile WebView": "Other apps on Android",
    "Firefox Mobile": "Firefox on Android",
    "Firefox iOS": "Firefox on iPhone and iPad",
    "Edge Mobile": "Edge on phones",
}

_UNNAMED = f"CASE WHEN is_blank(client_user_agent) THEN '{UNKNOWN}' ELSE '{OTHER}' END"
BROWSER_SQL, SYSTEM_SQL = f"coalesce(agents.browser, {_UNNAMED})", f"coalesce(agents.os, {_UNNAMED})"
"""The names in a query that left-joins `agents` to `events` by client_user_agent."""


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables from `events`."""
    con.execute("""
        CREATE TABLE agent_counts AS
        WITH counted AS MATERIALIZED (SELECT client_user_agent, count(*) AS events FROM events GROUP BY ALL)  -- count first, then judge
        FROM counted WHERE NOT is_blank(client_user_agent)""")
    rows = con.execute("SELECT client_user_agent FROM agent_counts ORDER BY events DESC, 1 LIMIT ?", [AGENTS_READ]).fetchall()
    named = [(agent, *families(agent)) for (agent,) in rows]
    frame = pd.DataFrame(named, columns=["client_user_agent", "browser", "os"], dtype="str")
    con.register("named_agents", frame)
    con.execute("CREATE TABLE agents AS SELECT client_user_agent, browser, os FROM named_agents")
    con.unregister("named_agents")


@cache
def families(agent: str) -> tuple[str, str]:
    """Browser and operating system that a user agent names."""
    from ua_parser import parse_os, parse_user_agent

    browser, system = parse_user_agent(agent[:1000]), parse_os(agent[:1000])
    name = browser.family if browser else OTHER
    return _BROWSERS.get(name, name), system.family.replace("Mac OS X", "macOS") if system else OTHER
