"""What the app says beyond the words it shares with the other reports, and how text from a log is made harmless.

Everything a log contains is hostile: event names, file names and ids may hold HTML, Markdown or control characters.
Static parts escape through `markupsafe`; `shown` comes first and takes out what cannot be seen; `label` is for the few
widget labels that Streamlit reads as Markdown, where an image address would otherwise be fetched.
"""

import re
from datetime import datetime

from emq_audit.report import words

SIDE_NAMES = {"server": "Server", "browser": "Browser", "offline": "Offline", "unknown": "Side not known"}
PLATFORMS = {
    "shopify": "Shopify",
    "gtm-server": "Server-side GTM",
    "partner": "Partner",
    "direct-api": "Direct API",
    "pixel": "Meta Pixel",
    "offline": "Offline upload",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=@/])")


def shown(text: object, limit: int = 64) -> str:
    """Text from a log, cut to `limit` characters and without what cannot be seen. It still needs escaping."""
    return words.visible(words.shorten(str(text), limit)).replace("\n", " ").replace("\t", " ")


def label(text: object, limit: int = 40) -> str:
    """Text from a log for a label that Streamlit reads as Markdown: every sign that could mean something is escaped."""
    return _MARKDOWN.sub(r"\\\1", shown(text, limit))


def sign_up(count: int) -> str:
    """The number at the head of a sentence: Three, or 13."""
    return words.capital(words.number(count))


def in_cell(share: float) -> str:
    """A share (0-1) as a whole percent without its sign; only all is 100 and only nothing is 0."""
    if 0 < share < 0.005:
        return "<1"
    return "99" if 0.995 <= share < 1 else f"{share * 100:.0f}"


def between(low: float, high: float) -> str:
    return f"{low:.1f}–{high:.1f}"


def clock(at: float | datetime | None) -> str:
    """`15 Nov 16:27:58` in UTC, from Unix seconds or a time; a dash where there is none or no calendar holds it."""
    if at is None or at != at:  # NaN and NaT differ from themselves
        return "–"
    moment = words.moment(int(at.timestamp() if isinstance(at, datetime) else at))
    return f"{moment.day} {moment:%b %H:%M:%S}" if moment else "–"


def span(seconds: int) -> str:
    """`6 days`, `3 hours`, `40 s`: how far apart events are."""
    for size, one in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return words.counted(round(seconds / size), one)
    return f"{seconds} s"


def plain(sentence: words.Sentence, limit: int = 400) -> str:
    """A sentence as one line of text, without what cannot be seen. It still needs escaping."""
    return shown("".join(piece.text for piece in sentence), limit)
