"""Values that SQL alone cannot judge: raw phone numbers and odd user agents. Each distinct value is judged once, by a library."""

import re
from functools import lru_cache

import crawleruseragents
import duckdb
import pandas as pd
import phonenumbers

# Programs that send requests. A shop's visitor never has one; a server that passes its own on does.
_HTTP_LIBRARIES = re.compile(
    r"(?i)^(axios|node-fetch|node|undici|got|python|aiohttp|httpx|curl|wget|java|okhttp|apache-httpclient|go-http-client|guzzle|php|ruby|faraday"
    r"|perl|libwww|lwp|dart|postman|insomnia|rest-client|restsharp|reqwest|symfony|unirest|http_request|winhttp|cfnetwork|superagent"
    r"|facebook-?(php|python|nodejs|business)|google-(http|apps-script)|appengine|cloudflare-workers|deno|bun|amazon|aws-sdk)\b"
)
_WEBHOOKS = re.compile(
    r"(?i)(stripe/|paypal|mollie|klarna|adyen|quickpay|checkout\.com|shopify|woocommerce|wordpress/|wp-cron|zapier|make\.com|integromat|klaviyo"
    r"|segment|rudderstack|stape|braintree|svix|hookdeck|n8n|pipedream|recharge|nets)"
)


def judge_user_agents(con: duckdb.DuckDBPyConnection) -> None:
    """Settle the provisional states `usable` and `suspect` in `event_rows`: usable, bot, http_library, webhook or malformed."""
    # A table of its own: in one query DuckDB moves the conditions below the DISTINCT, and looks at every row.
    con.execute("""
        CREATE OR REPLACE TEMP TABLE agents_seen AS SELECT DISTINCT client_user_agent AS agent, client_user_agent_state AS state
        FROM event_rows WHERE client_user_agent_state IN ('usable', 'suspect')""")
    agents = con.execute("FROM agents_seen WHERE NOT is_browser(agent) AND NOT is_browser_in_app(agent)").fetchall()
    con.execute("DROP TABLE agents_seen")
    settled = [(agent, state) for agent, was in agents if (state := user_agent_state(agent)) != was]
    _store(con, "client_user_agent", settled)


@lru_cache(maxsize=100_000)
def user_agent_state(agent: str) -> str:
    """What kind of program a user agent names. Order matters: crawler lists also know HTTP libraries."""
    text = agent[:1000]
    if not text.startswith("Mozilla/"):
        if _HTTP_LIBRARIES.search(text):
            return "http_library"
        if _WEBHOOKS.search(text):
            return "webhook"
    if crawleruseragents.is_crawler(text):
        return "bot"
    # Old and odd browsers (Opera/9, Dalvik, in-app views) are real visitors: only text without any product/version is refused.
    return (
        "usable" if re.search(r"[A-Za-z][\w.-]*/[\d.]+", text) or text.startswith("Mozilla") else "malformed"
    )


def judge_phones(con: duckdb.DuckDBPyConnection, region: str | None) -> None:
    """Judge raw phone numbers that may stand unhashed (browser, offline, unknown side) with phonenumbers."""
    phones = con.execute(r"""
        SELECT DISTINCT ph FROM event_rows
        WHERE ph_state = 'usable' AND side <> 'server' AND NOT regexp_full_match(ph, '\s*[0-9A-Fa-f]{64}(\..+)?\s*')""").fetchall()
    faults = [(phone, state) for (phone,) in phones if (state := phone_state(phone, region)) != "usable"]
    _store(con, "ph", faults)


def phone_state(phone: str, region: str | None) -> str:
    """`usable`, `no_country_code` or `malformed`, for a number that is not hashed.

    Meta needs the country code even if all customers share a country. A number with + or 00 has one; of others those that begin with a
    country code and are valid for it. Accuses only where it is sure: Meta's libraries take any 7 to 16 digits.
    """
    digits = re.sub(r"\D", "", phone)
    bare = digits.lstrip("0")
    if not 7 <= len(bare) <= 16:
        return "malformed"
    if phone.strip().startswith(("+", "00")):
        return "usable"
    # One leading zero is how a number is dialled inside its country, whatever its digits would be elsewhere.
    if not digits.startswith("0") and _parses(f"+{bare}", None, phonenumbers.is_valid_number):
        return "usable"
    if region and _parses(digits, region, phonenumbers.is_possible_number):
        return "no_country_code"
    return "no_country_code" if digits.startswith("0") or len(digits) <= 10 else "usable"


def _parses(number: str, region: str | None, verdict) -> bool:
    try:
        return verdict(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def _store(con: duckdb.DuckDBPyConnection, key: str, verdicts: list[tuple[str, str]]) -> None:
    if not verdicts:
        return
    con.register("verdicts", pd.DataFrame(verdicts, columns=["text", "state"]))
    con.execute(f"""
        UPDATE event_rows SET {key}_state = CAST(verdicts.state AS key_state) FROM verdicts
        WHERE {key} = verdicts.text AND {key}_state IN ('usable', 'suspect')""")
    con.unregister("verdicts")
