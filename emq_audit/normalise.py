"""Normalising: what to send for one value of a match key, written the way Meta asks for it.

`right_forms` holds the rule of each key; here a value is told from a hash, from placeholder text and from nothing, and hashed. What
cannot be repaired is left out.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

from emq_audit.match_keys import BY_KEY, Hashing
from emq_audit.right_forms import BLANKS, OTHER_HASH, RULES, SHA256, About
from emq_audit.wrong_forms import NUMBERED, SMALL_DOMAINS, by_hash, junk_hashes


@dataclass(frozen=True)
class Normalised:
    """What to send for one value.

    `value` is None where nothing can be sent. `form` is the text before hashing, None where only a hash was given: personal data, for
    use in memory alone. `reason` says in plain words what was done, and never holds the value.
    """

    value: str | None = field(repr=False)
    form: str | None = field(repr=False)
    changed: bool
    reason: str


# Longer texts are no names, addresses or numbers of a person.
_LONGEST = 500
_INSIDE = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")
# The texts of is_placeholder in vocabulary.sql; a test compares the two.
_PLACEHOLDER = re.compile(
    r"(?i)null|undefined|none|nan|n/a|nil|unknown|\(?not set\)?|\(none\)|\[object object\]|-+|false|true|test|guest|anonymous|email"
    r"|phone|(test|example)@(test|example)\.com|0+|\+0+|\{\{[a-z_. ]+\}\}|xxx+"
)


def normalise(
    key: str,
    value: object,
    *,
    region: str | None = None,
    country: str | None = None,
    event_time: int | None = None,
) -> Normalised:
    """What to send for `value` as the match key `key`.

    A SHA-256 for keys that must be hashed (one that is hashed already stays, with the appendix of Parameter Builder), else the cookie,
    address or id itself. `region`: ISO country of phone numbers without country code. `country`: ISO country of the person, for states
    and postcodes [region]. `event_time`: Unix seconds, for a click id without creation time and for the age of cookies. Raises
    ValueError for an unknown key, and nothing for any value.
    """
    if key not in BY_KEY:
        raise ValueError(f"unknown match key: {key}")
    if value is None:
        return Normalised(None, None, False, "not sent")
    text = as_text(value)
    if text is None:
        return _left_out("neither readable text nor a number")
    bare = text.strip(BLANKS)
    if not bare:
        return _left_out("empty")
    if is_placeholder(bare):
        return _left_out("placeholder text")
    about = About(region.upper() if region else None, (country or region or "").lower() or None, event_time)
    if BY_KEY[key].hashing is Hashing.REQUIRED:
        answer = _hashed(key, bare, about) or _hash(key, bare, about)
        return Normalised(text, None, False, "already hashed") if answer.value == text else answer
    if key == "external_id" and SHA256.fullmatch(bare) and is_junk_hash(key, bare[:64].lower()):
        return _left_out("hash of placeholder text")
    form, reason = RULES[key](text if key in ("external_id", "client_user_agent") else bare, about)
    return _left_out(reason) if form is None else Normalised(form, form, form != text, reason)


def _left_out(reason: str) -> Normalised:
    return Normalised(None, None, True, f"{reason}: left out")


def as_text(value: object) -> str | None:
    """A JSON leaf as text, None for what has none. A whole number that came as 94025.0 is 94025."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = str(value)
        text.encode()
    except ValueError:  # half a character, or a number of thousands of digits
        return None
    return text


def _hash(key: str, text: str, about: About) -> Normalised:
    """The answer for a text that is not hashed."""
    form, reason = RULES[key](text, about) if len(text) <= _LONGEST else (None, "too long")
    if form is None:
        return _left_out(reason)
    digest = sha256(form)
    if is_junk_hash(key, digest):
        return _left_out("placeholder text")
    return Normalised(digest, form, True, f"{reason}, then hashed")


def sha256(form: str) -> str:
    """The digest Meta compares: SHA-256 of the UTF-8 text, in small hexadecimal digits."""
    return hashlib.sha256(form.encode()).hexdigest()


def _hashed(key: str, text: str, about: About) -> Normalised | None:
    """The answer for a digest, None for a text that is none."""
    if match := SHA256.fullmatch(text):
        digest, appendix = match[1].lower(), match[2] or ""
        reason = "already hashed: trimmed, in small letters"
    elif _BASE64.fullmatch(text):
        digest, appendix = base64.b64decode(text).hex(), ""
        reason = "SHA-256 rewritten from base64 to hexadecimal digits"
    elif OTHER_HASH.fullmatch(text):
        return _left_out("not a SHA-256, and a hash cannot be turned back: hash the original value again")
    elif _INSIDE.search(text):  # 0x…, sha256:…, quotes: hashing that again would send a hash of a hash
        return _left_out("a hash with something around it: hash the original value again")
    else:
        return None
    if is_junk_hash(key, digest):
        return _left_out("hash of placeholder text")
    wrong = by_hash(key).get(digest) if key in SMALL_DOMAINS else None
    if wrong is None:
        return Normalised(digest + appendix, None, True, reason)
    form, _ = RULES[key](wrong, about)
    if form is None:
        return _left_out("hash of a form that Meta does not compare: hash the original value again")
    return Normalised(
        sha256(form),
        None,
        True,
        "hash of a form that Meta does not compare, replaced by the hash of the right one",
    )


def is_placeholder(text: str) -> bool:
    """Is this what a program writes where a value is missing?"""
    return _PLACEHOLDER.fullmatch(text) is not None


def is_junk_hash(key: str, digest: str) -> bool:
    """Is this the SHA-256 of placeholder text? Numbers are none where real values often are plain numbers."""
    return digest in _junk(key not in NUMBERED)


@lru_cache(maxsize=2)
def _junk(numbers: bool) -> frozenset[str]:
    return frozenset(junk_hashes(numbers=numbers))
