"""Meta's diagnostics and the checks that ask the same of a log.

Titles as Events Manager and the Dataset Quality API show them, and the names of Meta's own list behind them. Meta documents neither
their wording nor when they fire, so the match is by words: a heuristic.
"""

import re
from typing import NamedTuple


class Known(NamedTuple):
    """`words` find the diagnostic in its lower-case name; `checks` ask the same; `note` says what a log cannot tell."""

    words: str
    checks: tuple[str, ...]
    note: str = ""


_IP_FAULTS = ("ip-private", "ip-loopback", "ip-reserved", "ip-mapped", "ip-list", "ip-hashed", "ip-malformed")
_AGENT_FAULTS = (
    "user-agent-http-library",
    "user-agent-webhook",
    "user-agent-bot",
    "user-agent-hashed",
    "user-agent-malformed",
)
_FBP_FAULTS = (
    "fbp-malformed",
    "fbp-hashed",
    "fbp-time-in-seconds",
    "fbp-in-the-future",
    "fbp-placeholder",
    "fbp-synthetic",
)
_FBC_FAULTS = ("fbc-malformed", "fbc-bare-click-id", "fbc-placeholder", "fbc-hashed")
_FBC_CHANGED = ("fbc-changed-case", "fbc-cut-short", "fbc-differs-from-url")
_FBC_TIMES = ("fbc-time-in-seconds", "fbc-in-the-future")
_NOT_HASHED = (
    "email-not-hashed",
    "phone-not-hashed",
    "name-not-hashed",
    "place-not-hashed",
    "birth-data-not-hashed",
)
_EMAIL = ("email-junk-hash", "email-malformed", "email-empty", "email-on-many-visitors")
_PHONE = ("phone-junk-hash", "phone-malformed", "phone-empty", "phone-no-country-code")
_TOO_WEAK = ("no-match-key", "no-usable-match-key", "match-keys-too-weak", "no-person-key")
_REUSED = ("event-id-reused", "event-id-covers-orders", "event-id-comes-back-late")

# The first that fits counts, so the particular stands before the general.
KNOWN = (
    Known(r"ipv4.*ipv6|ip_v4", (), "An address of the older kind (IPv4) is no fault; Meta's own text says it may be left as it is."),
    Known(
        r"mismatched ip|ip_value_mismatch",
        (*_IP_FAULTS, "ip-on-many-visitors"),
        "Logs rarely hold the address that the browser itself had, so the mismatch cannot be seen directly.",
    ),
    Known(r"ip addresses.*(multiple|many) users|hot_ip|nat_ip|relay_ip", ("ip-on-many-visitors",)),
    Known(r"(missing|empty)[ _]ip|no ip address", ("ip-empty",)),
    Known(r"(invalid|private|fake)[ _]ip|ip_address.*(invalid|private|fake)", _IP_FAULTS),
    Known(r"missing[ _](ua\b|user.?agent)|no user.?agent", ("user-agent-missing",)),
    Known(r"invalid[ _]user.?agent", _AGENT_FAULTS),
    Known(r"modified fbclid|fbc_matchability", _FBC_CHANGED),
    Known(r"expired fbclid|expired[ _]click", ("fbc-expired",)),
    Known(r"fbc.*creation.?time", _FBC_TIMES),
    Known(r"click.?id|fbclid|\bfbc|_fbc", (*_FBC_FAULTS, *_FBC_TIMES, *_FBC_CHANGED)),
    Known(r"invalid match key|user_data_parameter_invalid|no_valid_match_key",
          (*_IP_FAULTS, *_AGENT_FAULTS, *_FBP_FAULTS, *_FBC_FAULTS, *_EMAIL, *_PHONE)),
    Known(r"not[ _]hashed", _NOT_HASHED),
    Known(r"browser.?id|\bfbp|_fbp", _FBP_FAULTS),
    Known(r"extern(al)?_?.?id", ("external-id-placeholder",)),
    Known(r"lead.?id", ("lead-id-malformed",)),
    Known(r"same event id|event id received for many", _REUSED),
    Known(r"not_deduped|redundant", ("event-id-missing", "event-id-placeholder", "pair-outside-window")),
    Known(r"dedup", ("event-id-missing", "event-id-placeholder")),
    Known(r"event.?name|standard_event", ("event-name-missing", "event-name-misspelt", "event-name-ga4")),
    Known(r"twenty_four|24.?hours", ("event-late-a-day",)),
    Known(r"two_hours|(two|2).?hours|delay", ("event-late-two-hours", "event-late-a-day")),
    Known(r"in[ _]the[ _]future|in_future", ("event-in-the-future",)),
    Known(r"too[ _]old", ("event-too-old",)),
    Known(r"action.?source", ("action-source-missing", "action-source-unknown")),
    Known(r"event_source_url|no_url|page address", ("page-address-missing", "page-address-malformed", "page-address-local")),
    Known(r"sensitive|prohibited (information|data)", ("email-in-url", "email-in-custom-data"),
          "Only e-mail addresses are looked for here; Meta looks for more."),
    Known(r"currenc", ("currency-unknown", "purchase-without-currency", "value-without-currency", "currency-without-value")),
    Known(r"\bvalue|_value", ("purchase-without-value", "value-not-a-number", "value-negative", "purchase-value-zero")),
    Known(r"content", ("contents-broken",), "Whether products are in the catalogue cannot be seen in a log."),
    Known(r"e-?mail", _EMAIL),
    Known(r"phone", _PHONE),
    Known(r"match[ _]key|user_data|customer information|\bpii|_pii", _TOO_WEAK),
    Known(r"event.?coverage", (), "Event coverage stands in its own table."),
)  # fmt: skip


def known(name: str) -> Known | None:
    """What a diagnostic's name asks of a log, or None for one that this tool does not know."""
    return next((entry for entry in KNOWN if re.search(entry.words, name.lower())), None)
