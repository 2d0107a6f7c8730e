"""The state of every match key of one event in plain Python: the twin of what vocabulary.sql and events.py say in SQL.

Written from the meaning of the states (match_keys.STATES) and Meta's rules, so that tests/test_oracle.py can hold the two against each
other, and the way a careful Python programmer would: compiled expressions, sets of hashes, the cheapest question first.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import Any

import orjson

from emq_audit.suspects import phone_state, user_agent_state
from emq_audit.wrong_forms import HASHED_KEYS, NUMBERED, SMALL_DOMAINS, by_hash, junk_hashes

Event = dict[str, Any]

_APPENDIX = r"(?:\.(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2}))?"
_SHA256 = re.compile(r"[0-9a-f]{64}" + _APPENDIX).fullmatch
_SPOILT_SHA256 = re.compile(r"\s*([0-9A-Fa-f]{64})(?:\.[A-Za-z0-9_-]{2,8})?\s*").fullmatch
_MD5 = re.compile(r"[0-9A-Fa-f]{32}(?:\.[A-Za-z0-9_-]{2,8})?").fullmatch
_HEX = re.compile(r"[0-9A-Fa-f]+").fullmatch
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=").fullmatch
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+").fullmatch
_COOKIE = re.compile(r"fb\.[0-9]{1,2}\.([0-9]{13})\.[^.\s]+" + _APPENDIX).fullmatch
_COOKIE_IN_SECONDS = re.compile(r"fb\.[0-9]{1,2}\.[0-9]{10}\.[^.\s]+(?:\.[A-Za-z0-9_-]{2,8})?").fullmatch
_ODD_COOKIE = re.compile(r"fb\.[0-9]+\.([0-9]+)\.[^.]+(?:\.(?:[A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg))?").fullmatch
_CLICK_ID = re.compile(r"(?:Iw[A-Z]|PA)[A-Za-z0-9_-]{17,}").fullmatch
_KNOWN_APPENDIX = re.compile(r"\.(?:[A-Za-z0-9_-]{8}|AQ|Ag|Aw|BA|BQ|Bg)$")
_TWO_TEXTS = re.compile(r"[,;]|\S\s+\S").search
_ODD_PLACEHOLDER = re.compile(r"-+|\+?0+|\{\{[a-z_. ]+\}\}|xxx+").fullmatch
PLACEHOLDER_WORDS = frozenset("""null undefined none nan n/a nil unknown set (none) false true test guest anonymous email phone
    test@test.com test@example.com example@test.com example@example.com""".split()) | {
    "not set", "(not set)", "(not set", "not set)", "[object object]",
}  # fmt: skip

# The words that Meta's Parameter Builder turns into m and f.
_GENDERS = frozenset("""
m f man male boy gentleman guy sir mister mr son father dad daddy papa uncle nephew brother husband boyfriend groom widower king
prince duke count emperor god lord lad fellow chap bloke dude he him his himself woman female girl lady miss ms mrs madam ma'am
daughter mother mom mama mommy aunt niece sister wife girlfriend bride widow queen princess duchess countess empress goddess
maiden lass gal chick dame belle she her hers herself
""".split())

HASHED = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
_JUNK = {key: junk_hashes(numbers=key not in NUMBERED) for key in HASHED_KEYS}


def text_of(value: Any) -> str | None:
    """A JSON value as text; None for null."""
    if isinstance(value, str) or value is None:
        return value
    return orjson.dumps(value).decode()


def first_text(leaf: Any) -> str | None:
    """The value of a leaf. Of a list, the first SHA-256 in it, else its first entry: Meta tries every entry."""
    if leaf is None or isinstance(leaf, str):
        return leaf
    if not isinstance(leaf, list):
        return text_of(leaf)
    if not leaf:
        return None
    return next((entry for entry in leaf if isinstance(entry, str) and _SHA256(entry)), text_of(leaf[0]))


def without_appendix(text: str) -> str:
    """The text without what Parameter Builder adds to it."""
    return _KNOWN_APPENDIX.sub("", text)


def is_blank(text: str | None) -> bool:
    return text is None or not text or text.isspace()


def is_placeholder(text: str) -> bool:
    word = text.strip().lower()
    return word in PLACEHOLDER_WORDS or _ODD_PLACEHOLDER(word) is not None


def key_states(user: Event, side: str, event_time: int | None, region: str | None = None) -> list[str]:
    """One state a key, in the order of match_keys.KEYS."""
    states = [
        "missing" if (leaf := user.get(key)) is None else hashed_state(key, first_text(leaf), side, region) for key in HASHED
    ]
    states.append("missing" if (leaf := user.get("external_id")) is None else external_id_state(first_text(leaf)))
    states.append("missing" if (leaf := user.get("lead_id")) is None else number_state(first_text(leaf), 13))
    states.append("missing" if (leaf := user.get("fb_login_id")) is None else number_state(first_text(leaf), 1))
    states.append("missing" if (leaf := user.get("fbp")) is None else cookie_state(first_text(leaf), event_time, 36_500))
    states.append("missing" if (leaf := user.get("fbc")) is None else cookie_state(first_text(leaf), event_time, 90))
    states.append(ip_state(user.get("client_ip_address"), side))
    states.append(agent_state(user.get("client_user_agent"), side))
    return states


def hashed_state(key: str, text: str | None, side: str, region: str | None) -> str:
    """The state of a key that Meta wants hashed."""
    if text is not None and _SHA256(text):
        return _known_digest(key, text[:64]) or "usable"
    if is_blank(text):
        return "empty"
    if other := _other_digest(text, side):
        return other if other != "usable" else _known_digest(key, text[:64]) or "usable"
    if is_placeholder(text):
        return "junk"
    if side == "server":
        plausible = 6 <= len(re.sub("[^0-9]", "", text)) <= 17 if key == "ph" else _raw_state(key, text, region) != "malformed"
        return "raw" if plausible else "malformed"
    state = _raw_state(key, text, region)
    return state if state != "usable" else _known_digest(key, text[:64]) or "usable"


def _known_digest(key: str, digest: str) -> str | None:
    """`junk` or `wrong_form` where a dictionary knows what was hashed."""
    if digest in _JUNK[key]:
        return "junk"
    return "wrong_form" if key in SMALL_DOMAINS and digest in by_hash(key) else None


def _other_digest(text: str, side: str) -> str | None:
    """Which other digest, or which other spelling of a SHA-256, the text is. The pixel trims and makes small what it is given."""
    if found := _SPOILT_SHA256(text):
        if side == "browser":
            return "usable"
        return "malformed" if found[1].islower() or found[1].isdigit() else "uppercase"
    if _MD5(text):
        return "md5"
    if _HEX(text):
        return {40: "sha1", 56: "other_hash", 96: "other_hash", 128: "other_hash"}.get(len(text))
    return "base64" if _BASE64(text) else None


def _raw_state(key: str, text: str, region: str | None) -> str:
    """Text that the pixel will hash: can it match then?"""
    match key:
        case "em":
            plausible = _EMAIL(text.strip())
        case "ph":
            return _phone(text, region)
        case "ge":
            plausible = text.strip().lower() in _GENDERS
        case "db":
            plausible = re.search(r"[0-9]{2}", text)
        case "ct" | "st":
            plausible = any(map(str.isalpha, text))
        case "zp":
            plausible = re.match(r"\s*[^-\s]", text)
        case "country":
            plausible = len(re.findall(r"[A-Za-z]", text)) >= 2
        case _:
            plausible = True
    return "usable" if plausible else "malformed"


@lru_cache(maxsize=100_000)
def _phone(text: str, region: str | None) -> str:
    digits = len(re.sub(r"[^0-9]", "", text))
    return phone_state(text, region) if 6 <= digits <= 17 else "malformed"


def external_id_state(text: str | None) -> str:
    """Hashed or not: any stable text will do."""
    if is_blank(text):
        return "empty"
    return "junk" if text[:64] in _JUNK["external_id"] or is_placeholder(text) else "usable"


def number_state(text: str | None, digits: int) -> str:
    """A number that Meta issues, of at least so many digits and at most 20; sent as it is."""
    if is_blank(text):
        return "empty"
    if is_placeholder(text):
        return "junk"
    if len(text) == 64 and _HEX(text):
        return "hashed"
    return "usable" if digits <= len(text) <= 20 and text.isascii() and text.isdigit() else "malformed"


def cookie_ms(text: str) -> int:
    """Unix milliseconds at which a well-formed cookie was made."""
    return int(text.split(".", 3)[2])


def cookie_state(text: str | None, event_time: int | None, days: int) -> str:
    """A cookie fb.<index>.<milliseconds>.<payload>, at most so many days older than the event (Unix seconds)."""
    if text is not None and (found := _COOKIE(text)):
        return _cookie_age(int(found[1]), event_time, days)
    if is_blank(text):
        return "empty"
    if is_placeholder(text):
        return "junk"
    if len(text) in (32, 64) and _HEX(text):
        return "hashed"
    if _COOKIE_IN_SECONDS(text):
        return "seconds"
    if _CLICK_ID(text):
        return "click_id"
    if found := _ODD_COOKIE(text):
        return "seconds" if len(found[1]) <= 10 else _cookie_age(int(found[1]), event_time, days)
    return "malformed"


def _cookie_age(made: int, event_time: int | None, days: int) -> str:
    """`made` in milliseconds, `event_time` in seconds; ten minutes of clock difference are nobody's fault."""
    if event_time is None:
        return "usable"
    if made > (event_time + 600) * 1000:
        return "future"
    return "expired" if made < (event_time - days * 86_400) * 1000 else "usable"


def ip_state(leaf: Any, side: str) -> str:
    """The state of the visitor's address; a browser adds its own."""
    if isinstance(leaf, list) and len(leaf) > 1:
        return "list"
    text = first_text(leaf)
    if is_blank(text):
        return "implicit" if side == "browser" else "missing" if leaf is None else "empty"
    return address_state(text.strip())


_PRIVATE = [ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")]
_RESERVED = [
    ip_network(net)
    for net in ("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "224.0.0.0/3")
]
_PRIVATE_V6 = [ip_network(net) for net in ("fe80::/10", "fc00::/7")]
_RESERVED_V6 = [ip_network(net) for net in ("::/128", "2001:db8::/32", "3fff::/20", "ff00::/8", "100::/64")]


@lru_cache(maxsize=500_000)
def address_state(text: str) -> str:
    """The state of an address without spaces around it."""
    bare = _KNOWN_APPENDIX.sub("", text) if text.count(".") in (1, 4) else text
    try:
        return _ipv4_state(IPv4Address(bare))
    except AddressValueError:
        pass
    try:
        return _ipv6_state(IPv6Address(bare))
    except AddressValueError:
        pass
    if _TWO_TEXTS(text):
        return "list"
    if len(text) in (32, 64) and _HEX(text):
        return "hashed"
    return "junk" if is_placeholder(text) else "malformed"


def _ipv4_state(address: IPv4Address) -> str:
    if address.is_loopback:
        return "loopback"
    if any(address in net for net in _PRIVATE):
        return "private"
    return "reserved" if any(address in net for net in _RESERVED) else "usable"


def _ipv6_state(address: IPv6Address) -> str:
    if mapped := address.ipv4_mapped:
        state = _ipv4_state(mapped)
        return "mapped" if state == "usable" else state
    if address.is_loopback:
        return "loopback"
    if any(address in net for net in _PRIVATE_V6):
        return "private"
    return "reserved" if any(address in net for net in _RESERVED_V6) else "usable"


def agent_state(leaf: Any, side: str) -> str:
    """The state of the user agent; a browser adds its own."""
    text = first_text(leaf)
    if is_blank(text):
        return "implicit" if side == "browser" else "missing" if leaf is None else "empty"
    return _agent(text)


@lru_cache(maxsize=100_000)
def _agent(text: str) -> str:
    if len(text) in (32, 64) and _HEX(text):
        return "hashed"
    return "junk" if is_placeholder(text) else user_agent_state(text)
