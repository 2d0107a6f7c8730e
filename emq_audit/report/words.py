"""How the report says things: numbers, names and sentences, the same in every face.

A sentence is a tuple of pieces. A piece knows what it is (words of ours, a name from the log, a figure), so
that each face can protect and set it in its own way: log text in `<bdi>`, figures in the colour of the data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from string import Formatter

NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
SIDE_EVENTS = {"browser": "browser events", "server": "server events", "offline": "offline events"}
SIDES = {
    "browser": "Browser (Pixel)",
    "server": "Server (Conversions API)",
    "offline": "Offline",
    "unknown": "Side not known",
}
METHODS = {
    "pixel": "Meta Pixel",
    "gtm-server": "Server-side GTM",
    "shopify": "Shopify",
    "partner": "Partner platform",
    "direct-api": "Direct API",
    "offline": "Offline upload",
    "capi": "Sender not named",
    "unknown": "Sender not named",
}
# The key as a thing an event carries: "40% of Purchase events carry {an email} that Meta cannot use".
CARRIED = {
    "em": "an email",
    "ph": "a phone number",
    "fn": "a first name",
    "ln": "a last name",
    "ge": "a gender",
    "db": "a date of birth",
    "ct": "a city",
    "st": "a state or region",
    "zp": "a postcode",
    "country": "a country",
    "external_id": "a customer id",
    "lead_id": "a lead id",
    "fb_login_id": "a Facebook login id",
    "fbp": "a browser id (fbp)",
    "fbc": "a click id (fbc)",
    "client_ip_address": "an IP address",
    "client_user_agent": "a user agent",
}
# The key as a column head of two short lines at most.
HEADS = {
    "em": "Email",
    "ph": "Phone",
    "fn": "First name",
    "ln": "Last name",
    "ge": "Gender",
    "db": "Birth date",
    "ct": "City",
    "st": "State",
    "zp": "Post code",
    "country": "Country",
    "external_id": "Customer id",
    "lead_id": "Lead id",
    "fb_login_id": "Login id",
    "fbp": "Browser id",
    "fbc": "Click id",
    "client_ip_address": "IP address",
    "client_user_agent": "User agent",
}

ROWS_SHOWN = 30
"""Event names in one table. A log with one an order has thousands; those that matter come first."""

# Characters that a reader cannot see and that can turn the text around them: controls, direction marks and
# overrides, zero-width spaces, line separators, and halves of a surrogate pair, which no encoding can write.
# Joiners stay: some scripts need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


@dataclass(frozen=True)
class Piece:
    """Part of a sentence. `kind`: plain, log (text from the log), figure or code."""

    text: str
    kind: str = "plain"


Sentence = tuple[Piece, ...]


def log(text: str, limit: int = 64) -> Piece:
    """A name from the log, cut in the middle above `limit` characters, because endings tell names apart."""
    return Piece(shorten(text, limit), "log") if text.strip() else Piece("(no name)")


def file_name(path: str, limit: int = 64) -> Piece:
    """A log's name without the folders of the machine that read it: the report travels."""
    absolute = path.startswith(("/", "\\")) or path[1:3] in (":\\", ":/")
    return log(re.split(r"[/\\]", path)[-1] if absolute else path, limit)


def figure(text: str) -> Piece:
    return Piece(text, "figure")


def sentence(template: str, **parts: str | int | Piece | Sentence) -> Sentence:
    """The template with its {fields} filled in; text and numbers become plain pieces."""
    pieces: list[Piece] = []
    for words, field, _, _ in Formatter().parse(template):
        if words:
            pieces.append(Piece(words))
        if field is not None:
            part = parts[field]
            pieces += (
                part if isinstance(part, tuple) else (part if isinstance(part, Piece) else Piece(str(part)),)
            )
    return tuple(pieces)


def joined(parts: Iterable[Sentence], between: str) -> Sentence:
    pieces: list[Piece] = []
    for part in parts:
        pieces += (Piece(between), *part) if pieces else part
    return tuple(pieces)


def visible(document: str) -> str:
    """The text with □ for every character that cannot be seen, or that would turn its surroundings around."""
    return _UNSEEN.sub("□", document)


def shorten(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    tail = limit // 2
    return f"{name[: limit - tail - 1]}…{name[-tail:]}"


def count(number: int) -> str:
    return f"{number:,}"


def number(value: int) -> str:
    """Numbers up to twelve in words, others in figures."""
    return NUMBERS[value] if 0 <= value <= 12 else count(value)


def not_listed(total: int, shown: int = ROWS_SHOWN, what: str = "event name") -> str:
    """A note for a table that shows only the first rows; empty where nothing is cut."""
    more = total - shown
    if more <= 0:
        return ""
    names = counted(more, f"more {what}", f"more {what}s")
    return f"{names} not listed; the most valuable and most frequent come first."


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def plural(value: int, one: str, many: str | None = None) -> str:
    return one if value == 1 else (many or one + "s")


def counted(value: int, one: str, many: str | None = None) -> str:
    """`1,204 events`."""
    return f"{count(value)} {plural(value, one, many)}"


def percent(share: float) -> str:
    """A share (0-1) in whole percent. Only all is 100% and only nothing is 0%."""
    if 0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1:
        return "over 99%"
    return f"{round(100 * share)}%"


def of(part: int, whole: int) -> str:
    return f"{count(part)} of {count(whole)}"


def points(value: float) -> str:
    return f"{value:.1f}"


def gain(value: float) -> str:
    """`+1.3`; a small gain is never written as none."""
    return f"+{value:.1f}" if value >= 0.05 else "under 0.1"


def gained(before: float, after: float) -> str:
    """The gain between two estimates as they are written, so that 7.2 and 8.5 make +1.3; where both are written alike, what it is."""
    written = round(after, 1) - round(before, 1)
    return gain(written if after - before >= 0.05 and written >= 0.05 else after - before)


def side_events(side: str) -> str:
    return SIDE_EVENTS.get(side, "events")


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def moment(seconds: int) -> datetime | None:
    """Unix seconds as a time in UTC, or None for a number that is no date."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def day(seconds: int | None) -> str:
    """`3 October 2026`, in UTC; empty if unknown."""
    at = None if seconds is None else moment(seconds)
    return f"{at.day} {at:%B} {at.year}" if at else ""


def period(first: int | None, last: int | None) -> str:
    """`1–14 October 2026`, in UTC; empty if unknown."""
    start, end = (None if at is None else moment(at) for at in (first, last))
    if not start or not end:
        return ""
    if start.date() == end.date():
        return day(last)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day(last)}"
    if start.year == end.year:
        return f"{start.day} {start:%B} – {day(last)}"
    return f"{day(first)} – {day(last)}"


def with_code(words: str) -> Sentence:
    """Words of ours in which `backticks` mark what is typed as it stands."""
    parts = words.split("`")
    if len(parts) % 2 == 0:  # a lone backtick marks nothing
        return (Piece(words),)
    return tuple(Piece(part, "code" if at % 2 else "plain") for at, part in enumerate(parts) if part)
