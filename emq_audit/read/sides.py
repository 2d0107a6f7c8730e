"""Which side a log comes from, told by the user, by a column, or by the shape of the events; never guessed."""

import re

_BROWSER = r"browser|pixel|web|client|javascript|fbq|(meta|facebook|fb|browser|web)[ _-]?pixel|client[ _-]?side|browser[ _-]event"
_SERVER = r"server|capi|conversions?[ _-]?api|s2s|server[ _-]?(side|event|to[ _-]server)|cloud|(meta|facebook)[ _-]conversions?[ _-]api"
_OFFLINE = r"offline|in[ _-]?store|store|offline[ _-]?(events?|conversions?)"

_WORDS = {"browser": _BROWSER, "server": _SERVER, "offline": _OFFLINE}


def side_of(word: object) -> str | None:
    """The side a cell such as 'Conversions API' means, or None."""
    text = str(word).strip().lower()
    return next((side for side, words in _WORDS.items() if re.fullmatch(words, text)), None)


def side_sql(text: str, otherwise: str = "unknown") -> str:
    """SQL: the side that the text expression `text` names, else `otherwise`."""
    cases = " ".join(
        f"WHEN regexp_full_match(trim(lower({text})), '{words}') THEN '{side}'"
        for side, words in _WORDS.items()
    )
    return f"CASE {cases} ELSE '{otherwise}' END"


def names_sides(values: list[object]) -> bool:
    """Do these cells of a column tell sides? Nearly all must, or the column is about something else (a traffic source, say)."""
    told = [value for value in values if value is not None and str(value).strip()]
    return bool(told) and sum(side_of(value) is not None for value in told) >= 0.9 * len(told)
