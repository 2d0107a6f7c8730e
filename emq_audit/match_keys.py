"""The table of match keys: what each is called, whether it is hashed, and which states it can be in.

A match key is a piece of customer information that Meta compares with its own accounts. Names are those of the Conversions API:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
"""

from dataclasses import dataclass
from enum import StrEnum


class Hashing(StrEnum):
    """What Meta asks for: `required` SHA-256, `optional` (external_id), or `never`."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NEVER = "never"


@dataclass(frozen=True)
class MatchKey:
    """One match key. `key` is Meta's parameter, `label` what users read, `group` the block it stands in on screen."""

    key: str
    label: str
    hashing: Hashing
    group: str


MATCH_KEYS = (
    MatchKey("em", "Email", Hashing.REQUIRED, "Contact"),
    MatchKey("ph", "Phone", Hashing.REQUIRED, "Contact"),
    MatchKey("fn", "First name", Hashing.REQUIRED, "Person"),
    MatchKey("ln", "Last name", Hashing.REQUIRED, "Person"),
    MatchKey("ge", "Gender", Hashing.REQUIRED, "Person"),
    MatchKey("db", "Date of birth", Hashing.REQUIRED, "Person"),
    MatchKey("ct", "City", Hashing.REQUIRED, "Place"),
    MatchKey("st", "State or region", Hashing.REQUIRED, "Place"),
    MatchKey("zp", "Postcode", Hashing.REQUIRED, "Place"),
    MatchKey("country", "Country", Hashing.REQUIRED, "Place"),
    MatchKey("external_id", "Customer id (external_id)", Hashing.OPTIONAL, "Ids"),
    MatchKey("lead_id", "Lead id", Hashing.NEVER, "Ids"),
    MatchKey("fb_login_id", "Facebook login id", Hashing.NEVER, "Ids"),
    MatchKey("fbp", "Browser id (fbp)", Hashing.NEVER, "Ids"),
    MatchKey("fbc", "Click id (fbc)", Hashing.NEVER, "Ids"),
    MatchKey("client_ip_address", "IP address", Hashing.NEVER, "Device"),
    MatchKey("client_user_agent", "User agent", Hashing.NEVER, "Device"),
)
KEYS = tuple(key.key for key in MATCH_KEYS)
BY_KEY = {key.key: key for key in MATCH_KEYS}

# Personal keys: two events with one event id but different values here belong to different people.
PERSONAL_KEYS = ("em", "ph", "external_id", "fbp")

# Every state a key can be in, with the words a user reads. The order is the order of precedence.
STATES = {
    "missing": "not sent",
    "empty": "sent empty",
    "usable": "usable",
    "implicit": "added by the browser itself",
    "junk": "placeholder text or the hash of one",
    "md5": "MD5 instead of SHA-256",
    "sha1": "SHA-1 instead of SHA-256",
    "other_hash": "another hash than SHA-256",
    "base64": "SHA-256 written as base64",
    "uppercase": "SHA-256 in capital letters",
    "wrong_form": "hash of the wrong form",
    "raw": "not hashed",
    "no_country_code": "no country code",
    "hashed": "hashed, but must be sent as it is",
    "click_id": "bare click id instead of the cookie value",
    "seconds": "creation time in seconds",
    "future": "created after the event",
    "expired": "click older than 90 days",
    "synthetic": "new browser id on every event",
    "list": "several values in one field",
    "private": "private network address",
    "loopback": "address of the computer itself",
    "reserved": "address never given to visitors",
    "mapped": "IPv4 wrapped as IPv6",
    "bot": "bot or crawler",
    "http_library": "HTTP library, not a browser",
    "webhook": "payment or webhook service",
    "malformed": "cannot be valid",
}
USABLE = ("usable", "implicit")
ABSENT = ("missing", "empty")


def status(state: str) -> str:
    """`usable`, `faulty` or `missing`: the three things a coverage table tells apart."""
    return "usable" if state in USABLE else "missing" if state in ABSENT else "faulty"
