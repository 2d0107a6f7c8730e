"""The audit's judgement with pandas, as a good pandas user writes it: vectorised text methods, np.select, one groupby.

It covers a server log's key states, facts and patterns, and the score of these; ids, pairs, checks and phone numbers that are not
hashed are left out, to the advantage of pandas.

    python -m tests.bench.pandas_version FILE
"""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pycountry

from emq_audit.check import FACTS, STATE_COLUMNS
from emq_audit.event_names import AUTOMATIC, GA4, OTHER_DOCUMENTED, STANDARD
from emq_audit.match_keys import KEYS
from emq_audit.read import MISNAMED_KEYS
from emq_audit.score import score
from emq_audit.suspects import user_agent_state
from emq_audit.wrong_forms import NUMBERED, SMALL_DOMAINS, by_hash, junk_hashes
from tests.bench.plain_facts import OTHER_SOURCES, number_of
from tests.bench.plain_states import HASHED, PLACEHOLDER_WORDS, first_text

SHA256 = r"[0-9a-f]{64}(?:\.(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?"
PLACEHOLDER = "(?i)" + "|".join(map(re.escape, sorted(PLACEHOLDER_WORDS))) + r"|-+|\+?0+|\{\{[a-z_. ]+\}\}|xxx+"
COOKIE = r"fb\.[0-9]{1,2}\.([0-9]{13})\.[^.\s]+(?:\.(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?"
OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
DAY = 86_400


def read(path: Path) -> pd.DataFrame:
    """One row an event, one column a leaf: user_data.em and so on."""
    with path.open("rb") as lines:
        return pd.json_normalize([orjson.loads(line) for line in lines])


def text(log: pd.DataFrame, column: str) -> pd.Series:
    """A column as text; of a list the first entry. NaN where absent."""
    if column not in log:
        return pd.Series(np.nan, index=log.index, dtype="str")
    values = log[column]
    if values.dtype == "object":
        values = values.map(first_text, na_action="ignore")
    return values.astype("str")


def present(log: pd.DataFrame, column: str) -> pd.Series:
    return log[column].notna() if column in log else pd.Series(False, index=log.index)


def blank(values: pd.Series) -> pd.Series:
    return values.isna() | (values.str.strip() == "")


def choose(index: pd.Index, cases: list[tuple[Any, str]], otherwise: str) -> pd.Series:
    """The word of the first condition that holds, by row."""
    return pd.Series(np.select([case for case, _ in cases], [word for _, word in cases], otherwise), index=index, dtype="category")


def hashed_state(log: pd.DataFrame, key: str) -> pd.Series:
    column = f"user_data.{key}"
    values = text(log, column)
    digest, sound = values.str[:64], values.str.fullmatch(SHA256, na=False)
    cases = [(~present(log, column), "missing"), (sound & digest.isin(junk_hashes(numbers=key not in NUMBERED)), "junk")]
    if key in SMALL_DOMAINS and sound.any():
        cases.append((sound & digest.isin(by_hash(key)), "wrong_form"))
    cases += [
        (sound, "usable"), (blank(values), "empty"),
        (values.str.fullmatch(r"\s*[0-9A-Fa-f]{64}(?:\.[A-Za-z0-9_-]{2,8})?\s*", na=False), "uppercase"),
        (values.str.fullmatch(r"[0-9A-Fa-f]{32}(?:\.[A-Za-z0-9_-]{2,8})?", na=False), "md5"),
        (values.str.fullmatch(r"[0-9A-Fa-f]{40}", na=False), "sha1"),
        (values.str.fullmatch(r"[0-9A-Fa-f]{56}|[0-9A-Fa-f]{96}|[0-9A-Fa-f]{128}", na=False), "other_hash"),
        (values.str.fullmatch(r"[A-Za-z0-9+/]{43}=", na=False), "base64"),
        (values.str.fullmatch(PLACEHOLDER, na=False), "junk"),
    ]  # fmt: skip
    return choose(log.index, cases, "raw")


def id_key_state(log: pd.DataFrame, key: str, pattern: str) -> pd.Series:
    """external_id, lead_id and fb_login_id."""
    column = f"user_data.{key}"
    values = text(log, column)
    cases = [
        (~present(log, column), "missing"), (blank(values), "empty"),
        (values.str.fullmatch(PLACEHOLDER, na=False) | values.str[:64].isin(junk_hashes(numbers=False)), "junk"),
        (values.str.fullmatch(pattern, na=False), "usable"), (values.str.fullmatch("[0-9A-Fa-f]{64}", na=False), "hashed"),
    ]  # fmt: skip
    return choose(log.index, cases, "malformed")


def cookie_state(log: pd.DataFrame, key: str, event_time: pd.Series, days: int) -> pd.Series:
    column = f"user_data.{key}"
    values = text(log, column)
    made = values.str.extract("^(?:" + COOKIE + ")$")[0].astype("float64")
    cases = [
        (~present(log, column), "missing"), (made > (event_time + 600) * 1000, "future"),
        (made < (event_time - days * DAY) * 1000, "expired"), (made.notna(), "usable"), (blank(values), "empty"),
        (values.str.fullmatch(PLACEHOLDER, na=False), "junk"), (values.str.fullmatch("[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}", na=False),
        "hashed"),
        (values.str.fullmatch(r"fb\.[0-9]{1,2}\.[0-9]{10}\.[^.\s]+(?:\.[A-Za-z0-9_-]{2,8})?", na=False), "seconds"),
        (values.str.fullmatch("(?:Iw[A-Z]|PA)[A-Za-z0-9_-]{17,}", na=False), "click_id"),
    ]  # fmt: skip
    return choose(log.index, cases, "malformed")


def made_up(log: pd.DataFrame, state: pd.Series, event_time: pd.Series) -> pd.Series:
    """Browser ids that a server makes anew for every event: see events._mark_synthetic."""
    values = text(log, "user_data.fbp")
    seen = (state == "usable") & event_time.notna()
    made = values.where(seen).str.split(".").str[2].astype("float64")
    fresh = (made / 1000 - event_time).abs() <= 5
    if not (seen.sum() >= 20 and fresh.sum() >= 0.9 * seen.sum() and values[seen].nunique() >= 0.85 * seen.sum()):
        return state
    return state.cat.add_categories(["synthetic"]).mask(fresh, "synthetic")


def ip_state(log: pd.DataFrame) -> pd.Series:
    column = "user_data.client_ip_address"
    values = text(log, column).str.strip().str.replace(r"\.(?:[A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$", "", regex=True)
    v4, v6 = values.str.fullmatch(rf"(?:{OCTET}\.){{3}}{OCTET}", na=False), values.str.fullmatch("[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", na=False)
    private = r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\."
    reserved = r"0\.|192\.0\.[02]\.|198\.51\.100\.|203\.0\.113\.|198\.1[89]\.|22[4-9]\.|2[345]\d\."
    cases = [
        (~present(log, column), "missing"), (v4 & values.str.startswith("127."), "loopback"), (v4 & values.str.match(private), "private"),
        (v4 & values.str.match(reserved), "reserved"), (v4, "usable"), (blank(values), "empty"),
        (v6 & values.str.fullmatch(r"[0:]*:0{0,3}1"), "loopback"), (v6 & values.str.match("(?i)fe[89ab][0-9a-f]:|f[cd][0-9a-f]{2}:"),
        "private"),
        (v6 & values.str.match("(?i)[0:]*$|2001:0?db8:|ff[0-9a-f]{2}:"), "reserved"), (v6, "usable"),
        (values.str.fullmatch(rf"(?i)[0:]*:ffff:(?:{OCTET}\.){{3}}{OCTET}", na=False), "mapped"),
        (values.str.contains(r"[,;]|\S\s+\S", na=False), "list"), (values.str.fullmatch("[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}", na=False),
        "hashed"),
        (values.str.fullmatch(PLACEHOLDER, na=False), "junk"),
    ]  # fmt: skip
    return choose(log.index, cases, "malformed")


def agent_state(log: pd.DataFrame) -> pd.Series:
    column = "user_data.client_user_agent"
    values = text(log, column)
    words = {agent: user_agent_state(agent) for agent in values.dropna().unique()}
    cases = [
        (~present(log, column), "missing"), (blank(values), "empty"),
        (values.str.fullmatch("[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}", na=False), "hashed"), (values.str.fullmatch(PLACEHOLDER, na=False),
        "junk"),
    ]  # fmt: skip
    judged = choose(log.index, cases, "")
    return judged.astype("str").mask(judged == "", values.map(words)).astype("category")


def times(log: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """time_state and event_time (Unix seconds, NaN where unreadable)."""
    values = text(log, "event_time")
    number = pd.to_numeric(values, errors="coerce")
    dates = pd.to_datetime(values.where(number.isna()), format="ISO8601", errors="coerce", utc=True)
    units = [(9e8, "seconds", 1), (9e11, "milliseconds", 1e-3), (9e14, "microseconds", 1e-6), (9e5, "divided", 1e3)]
    ranges = [number.between(low, low * 50 / 9) for low, _, _ in units]
    cases = [(fits, word) for fits, (_, word, _) in zip(ranges, units, strict=True)]
    cases += [(blank(values), "missing"), (dates.notna(), "date")]
    since = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    seconds = np.select(ranges, [number * factor for _, _, factor in units], since)
    return choose(log.index, cases, "unreadable"), pd.Series(np.floor(seconds), index=log.index)


def name_state(log: pd.DataFrame) -> pd.Series:
    names = text(log, "event_name")
    letters = names.str.lower().str.replace("[^a-z0-9]", "", regex=True)
    cases = [
        (names.isin(STANDARD), "standard"), (blank(names), "missing"), (names.isin(OTHER_DOCUMENTED), "documented"),
        (names.isin(AUTOMATIC), "automatic"), (names.isin(GA4), "ga4"), (letters.isin([name.lower() for name in STANDARD]), "misspelt"),
    ]  # fmt: skip
    return choose(log.index, cases, "custom")


def id_state(log: pd.DataFrame) -> pd.Series:
    values = text(log, "event_id")
    cases = [(~present(log, "event_id"), "missing"), (blank(values), "empty"), (values.str.fullmatch(PLACEHOLDER, na=False),
        "placeholder")]
    return choose(log.index, cases, "present")


def source_state(log: pd.DataFrame) -> pd.Series:
    values = text(log, "action_source")
    known = values.isin({"website", *OTHER_SOURCES})
    return values.mask(~known, "unknown").mask(blank(values), "missing").astype("category")


def url_state(urls: pd.Series) -> pd.Series:
    local = r"(?i)https?://(?:localhost|127\.|10\.|192\.168\.|\[::1\]|[^/]*\.(?:local|test|localhost)(?:[:/]|$))"
    cases = [(blank(urls), "missing"), (~urls.str.match(r"(?i)https?://[^/\s]", na=False), "malformed"), (urls.str.match(local,
        na=False), "local")]
    return choose(urls.index, cases, "ok")


def value_state(log: pd.DataFrame) -> pd.Series:
    values = text(log, "custom_data.value")
    number = values.map(number_of, na_action="ignore").astype("float64")
    finite = np.isfinite(number)
    cases = [(finite & (number > 0), "number"), (number == 0, "zero"), (finite & (number < 0), "negative"), (blank(values), "missing")]
    return choose(log.index, cases, "not_a_number")


def currency_state(log: pd.DataFrame) -> pd.Series:
    codes = text(log, "custom_data.currency")
    known = codes.str.strip().str.upper().isin([currency.alpha_3 for currency in pycountry.currencies])
    return choose(log.index, [(blank(codes), "missing"), (known, "known")], "unknown")


def click_state(log: pd.DataFrame, urls: pd.Series) -> pd.Series:
    fbc = text(log, "user_data.fbc")
    sent = fbc.str.split(".").str[3].fillna("")
    issued = urls.str.extract(r"fbclid=([^&#]+)")[0].str.replace(r"\.(?:[A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$", "", regex=True)
    cut = pd.Series([bool(ours) and len(ours) >= 20 and theirs.startswith(ours) if isinstance(theirs, str) else False
                     for ours, theirs in zip(sent, issued, strict=True)], index=log.index)  # fmt: skip
    cases = [(fbc.isna() | issued.isna(), ""), (sent == issued, "same"), (sent.str.lower() == issued.str.lower(), "case"), (cut, "cut")]
    return choose(log.index, cases, "other")


def age_state(event_time: pd.Series, time_state: pd.Series, source: pd.Series) -> pd.Series:
    """Counted from the newest event; see events._newest and events._spans_weeks."""
    sound = event_time[time_state.isin(["seconds", "date"]) & (event_time <= pd.Timestamp.now().timestamp() + 3600)]
    now = sound[sound <= sound.quantile(0.99, interpolation="higher") + 7 * DAY].max()
    known = event_time[event_time <= now]
    span = (known.max() - known.min()) / DAY
    spans_weeks = span > 7 and (known // DAY).nunique() >= 0.8 * span
    limit = np.where(source == "physical_store", 62, 7) * DAY
    old = (event_time < now - limit) & (not spans_weeks)
    return choose(event_time.index, [(event_time.isna(), ""), (event_time > now + 60, "future"), (old, "old")], "fresh")


def facts(log: pd.DataFrame, event_time: pd.Series, time_state: pd.Series) -> dict[str, Any]:
    urls, source = text(log, "event_source_url"), source_state(log)
    email = r"(?i)[a-z0-9][a-z0-9._+-]*(?:@|%40)[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
    custom = [column for column in log if column.startswith("custom_data.")]
    broken = [column for column in ("custom_data.contents", "custom_data.content_ids") if column in log]
    return {
        "as_sent": True,
        "name_state": name_state(log),
        "time_state": time_state,
        "age_state": age_state(event_time, time_state, source),
        "delay_state": None,
        "id_state": id_state(log),
        "source_state": source,
        "url_state": url_state(urls),
        "value_state": value_state(log),
        "currency_state": currency_state(log),
        "click_state": click_state(log, urls),
        "test_code": ~blank(text(log, "test_event_code")),
        "email_in_url": urls.str.contains(email, na=False) | text(log, "referrer_url").str.contains(email, na=False),
        "email_in_custom": np.logical_or.reduce([log[column].astype("str").str.contains(email, na=False) for column in custom])
        if custom else False,
        "misnamed_key": np.logical_or.reduce([present(log, f"user_data.{key}") for key in MISNAMED_KEYS]),
        "contents_broken": np.logical_or.reduce([log[column].astype("str").str.contains("[object Object]", regex=False, na=False)
                                                 for column in broken]) if broken else False,
        "scored": ~source.isin(OTHER_SOURCES),
        "both_sides": False,
        "consent_state": "not logged",
    }  # fmt: skip


def states(log: pd.DataFrame, event_time: pd.Series) -> dict[str, pd.Series]:
    found = {key: hashed_state(log, key) for key in HASHED}
    found["external_id"] = id_key_state(log, "external_id", "(?s).+")
    found["lead_id"] = id_key_state(log, "lead_id", "[0-9]{13,20}")
    found["fb_login_id"] = id_key_state(log, "fb_login_id", "[0-9]{1,20}")
    found["fbp"] = made_up(log, cookie_state(log, "fbp", event_time, 36_500), event_time)
    found["fbc"] = cookie_state(log, "fbc", event_time, 90)
    found["client_ip_address"] = ip_state(log)
    found["client_user_agent"] = agent_state(log)
    return {column: found[key] for key, column in zip(KEYS, STATE_COLUMNS, strict=True)}


def patterns(log: pd.DataFrame) -> pd.DataFrame:
    """One row per combination of event_name, side, FACTS and STATE_COLUMNS, with `events`."""
    time_state, event_time = times(log)
    columns = {"event_name": text(log, "event_name"), "side": "server"} | facts(log, event_time, time_state) | states(log, event_time)
    table = pd.DataFrame(columns, index=log.index)
    counted = table.groupby(["event_name", "side", *FACTS, *STATE_COLUMNS], dropna=False, observed=True, sort=False)
    return counted.size().reset_index(name="events")


def scores(found: pd.DataFrame) -> pd.DataFrame:
    """What score.score returns, of the website events."""
    website = found[found["scored"]].rename(columns=dict(zip(STATE_COLUMNS, KEYS, strict=True)))
    return score(website.reset_index(drop=True))


if __name__ == "__main__":
    print(scores(patterns(read(Path(sys.argv[1])))).to_string())
