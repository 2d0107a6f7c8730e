"""What Meta's Graph API says when it refuses, in words, with what to do about it.

Codes: https://developers.facebook.com/docs/graph-api/guides/error-handling and, for events,
https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api. Subcodes of code 100 are on no list: those
here were seen in answers that people published.
"""

import re
from dataclasses import dataclass
from typing import Any

from emq_audit.errors import AuditError
from emq_audit.mask import mask_email

LONGEST_MESSAGE = 300

LIMITS = {4, 17, 32, 341, 613, *range(80000, 80015)}
"""Codes that say: too many calls. 341 and 613 are limits of the app and of the ad account, 80000 to 80014 those by use case."""

PASSING = {1, 2}
"""Codes of a service that is down for a moment."""


@dataclass(frozen=True)
class Words:
    """What a code means. `kind`: token, permission, limit, service, version, dataset, field, event or other."""

    kind: str
    problem: str
    hint: str


_NEW_TOKEN = (
    "Make a new one in Events Manager: the dataset, Settings, Conversions API, Generate access token."
)
_RIGHTS = (
    "Give the user of the token at least partial access (Use events dataset) to the dataset in Business settings. Reading quality also "
    "needs the permissions ads_read and ads_management or business_management."
)
_WAIT = "Wait, then ask again; calls made meanwhile count too."
_TOO_MANY = "Meta has had too many calls"

_TOKEN = {
    458: "the app it was made for is no longer connected to the account",
    459: "Meta wants the user to sign in to facebook.com first",
    460: "the user's password has changed since",
    463: "it has expired",
    464: "the user's account is not confirmed",
    467: "it is no longer valid",
    492: "the user has no role on the Page it is for",
}

# Code, and subcode where it tells more.
_WORDS: dict[tuple[int, int | None], Words] = {
    (190, None): Words("token", "Meta does not accept the access token", _NEW_TOKEN),
    (102, None): Words("token", "Meta does not accept the access token: its session has ended", _NEW_TOKEN),
    (104, None): Words("token", "Meta wants an access token, or a signed call", _NEW_TOKEN),
    (2500, None): Words("token", "Meta saw no access token that it could use for this call", _NEW_TOKEN),
    (3, None): Words("permission", "The app of the token may not make this call", _RIGHTS),
    (10, None): Words("permission", "The token has no permission for this dataset", _RIGHTS),
    (200, None): Words("permission", "The token has no permission for this dataset", _RIGHTS),
    (294, None): Words("permission", "The token lacks the permission ads_management", _RIGHTS),
    (368, None): Words(
        "permission",
        "Meta has blocked this action for a while because of its policies",
        "Look for a notice in Business settings, Account quality.",
    ),
    (803, None): Words("dataset", "Meta knows no dataset of this number", "Copy the dataset id from Events Manager."),
    (2044055, None): Words("dataset", "Meta knows no dataset of this number", "Copy the dataset id from Events Manager."),
    (12, None): Words("version", "Meta no longer answers this version of its API", "Update emq-audit."),
    (2635, None): Words("version", "Meta no longer answers this version of its API", "Update emq-audit."),
    (1, None): Words("service", "Meta's API failed for a reason it does not name", "Try again in a few minutes."),
    (2, None): Words("service", "Meta's API is not available for the moment", "Try again in a few minutes."),
    (4, None): Words("limit", f"{_TOO_MANY} from this app", _WAIT),
    (17, None): Words("limit", f"{_TOO_MANY} from this user", _WAIT),
    (32, None): Words("limit", f"{_TOO_MANY} for this Page", _WAIT),
    (341, None): Words("limit", "The app has reached its limit for now", _WAIT),
    (613, None): Words("limit", f"{_TOO_MANY} of this kind", _WAIT),
    (80004, None): Words("limit", f"{_TOO_MANY} for this ad account", _WAIT),
    (100, None): Words("other", "Meta does not accept a value of this call", "Meta's own words say which."),
    (100, 33): Words(
        "dataset",
        "Meta finds no dataset of this number that the token may use",
        "Check the dataset id in Events Manager, and that the user of the token is assigned to it.",
    ),
    (100, 2804001): Words(
        "event",
        "Meta refuses the click id (fbc): it is not in the form fb.1.<time in milliseconds>.<click id>",
        "Send the cookie _fbc as it is, or leave fbc out. See `emq-audit explain fbc-malformed`.",
    ),
    (100, 2804003): Words(
        "event",
        "The event is older than Meta accepts: more than seven days",
        "Send events as they happen. One old event makes Meta refuse the whole request it comes in.",
    ),
    (100, 2804010): Words(
        "event", "A Purchase lacks its currency", "Send value as a number and currency as a code such as DKK."
    ),
    (100, 2804016): Words(
        "event",
        "Customer information is not hashed",
        "Hash it with SHA-256; only IP address, user agent, fbc and fbp go as they are. See `emq-audit explain email-not-hashed`.",
    ),
    (100, 2804036): Words(
        "event", "The lead id is not one that Meta gave out", "Send the id from the lead ad, 15 to 17 digits, or leave it out."
    ),
    (100, 2804050): Words(
        "event",
        "The event carries too little customer information to match anybody",
        "Add email, phone, external_id, fbp or fbc. See `emq-audit explain match-keys-too-weak`.",
    ),
    (100, 2804066): Words(
        "event",
        "Meta does not take this event from business messaging",
        "Use one of the event names of Conversions API for business messaging.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class MetaError:
    """An error as Meta sent it, its texts cleaned. `code` is 0 where Meta gave none; `trace` is Meta's fbtrace_id, for its support."""

    code: int
    subcode: int | None = None
    message: str = ""
    title: str = ""
    transient: bool = False
    trace: str = ""

    @property
    def words(self) -> Words:
        """What it means; `nonexisting field` and the like are read from Meta's message, which has no subcode of its own."""
        return _words(self)

    @property
    def kind(self) -> str:
        return self.words.kind

    @property
    def passing(self) -> bool:
        """Is it worth asking again?"""
        return self.transient or self.code in PASSING or self.kind == "limit"

    @property
    def problem(self) -> str:
        number = f"code {self.code}" + (f", subcode {self.subcode}" if self.subcode else "")
        return f"{self.words.problem} ({number})."

    @property
    def hint(self) -> str:
        title, message = self.title.rstrip("."), self.message
        said = ": ".join(part for part in (title, message) if part) if title not in message else message
        parts = [
            self.words.hint,
            f"Meta says: {said}" if said else "",
            f"Trace: {self.trace}." if self.trace else "",
        ]
        return " ".join(part if part.endswith((".", "!", "?", "…")) else f"{part}." for part in parts if part)


class GraphRefused(AuditError):
    """Meta answered with an error; `error` is what it said."""

    def __init__(self, error: MetaError, later: str = "") -> None:
        super().__init__(error.problem, f"{later} {error.hint}".strip())
        self.error = error


def _words(error: MetaError) -> Words:
    if error.code == 190 and error.subcode in _TOKEN:
        return Words("token", f"Meta does not accept the access token: {_TOKEN[error.subcode]}", _NEW_TOKEN)
    if field := missing_field(error):
        return Words("field", f"Meta's answer has no field {field}", "Update emq-audit.")
    if error.code == 100 and "appsecret_proof" in error.message:
        return Words(
            "token",
            "The app of the token takes signed calls only",
            "Use a token made in Events Manager, or turn off Require app secret in the app's settings.",
        )
    if error.subcode == 2044055:
        return _WORDS[2044055, None]
    exact = _WORDS.get((error.code, error.subcode))
    if exact or (error.code == 100 and error.subcode is not None and 2804000 <= error.subcode < 2805000):
        return exact or Words("event", "Meta refuses the event", "Meta's own words say why.")
    if error.code in LIMITS:
        return _WORDS.get((error.code, None)) or Words("limit", _TOO_MANY, _WAIT)
    if 200 <= error.code < 300:
        return _WORDS.get((error.code, None)) or _WORDS[200, None]
    return _WORDS.get((error.code, None)) or Words(
        "other", "Meta refused the call", "Meta's own words say why."
    )


def missing_field(error: MetaError) -> str | None:
    """The field that Meta says it does not have, as in `(#100) Tried accessing nonexisting field (dedup_key_feedback)`."""
    found = re.search(r"(?i)nonexisting field \(([A-Za-z_]+)\)", error.message) if error.code == 100 else None
    return found[1] if found else None


def error_in(answer: Any, hide: tuple[str, ...] = ()) -> MetaError | None:
    """The error in an answer of the Graph API, or None. `hide` lists texts that must never be repeated, whoever repeats them."""
    found = answer.get("error") if isinstance(answer, dict) else None
    if not found:
        return None
    if not isinstance(found, dict):
        found = {"message": found}
    said = found.get("error_user_msg") or found.get("message")
    return MetaError(
        code=_whole(found.get("code")) or 0,
        subcode=_whole(found.get("error_subcode")),
        message=clean(said, hide),
        title=clean(found.get("error_user_title"), hide),
        transient=found.get("is_transient") is True,
        trace=clean(found.get("fbtrace_id"), hide)[:60],
    )


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


_LOOKED_AT = 1000  # characters
_LONG = re.compile(r"[A-Za-z0-9_\-|%.]{24,}")


def clean(text: Any, hide: tuple[str, ...] = ()) -> str:
    """A text from Meta that may be shown: no token, no address, no hash or cookie that it repeats, no control characters, not long."""
    if not isinstance(text, str):
        return ""
    for secret in sorted(filter(None, hide), key=len, reverse=True):
        text = text.replace(secret, "•••")
    if len(text) > _LOOKED_AT:  # masking takes the square of the length; half a word at the cut might not be known for what it is
        text = text[:_LOOKED_AT].rpartition(" ")[0] or text[:_LOOKED_AT]
    text = mask_email(text)
    # Names of fields and pages are long too, but have no digits.
    text = _LONG.sub(lambda found: f"{found[0][:4]}•••" if re.search("[0-9]", found[0]) else found[0], text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"
