"""Hashes that give themselves away: of placeholder text, and of the wrong form of a value with few possible forms.

A SHA-256 cannot be reversed, but where only a few inputs are likely each can be hashed and compared. The dictionaries are made from
lists of texts when the audit starts; only the verdict leaves this module, never the text behind a hash.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache

import duckdb
import pandas as pd
import pycountry

HASHED_KEYS = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id")

NUMBERED = ("external_id", "zp")
"""Keys whose real values are often plain numbers: customer 1234 and postcode 12345 exist."""

_JUNK_TEXTS = """
null undefined none nan n/a nil unknown (not set) (none) (empty) empty [object Object] [] {} "" '' - -- _ . 0 00 000 0000 00000 1 -1
false true test testing tester guest anonymous anon user admin email e-mail mail phone name first last firstname lastname city state zip
country test@test.com test@test.test test@example.com example@example.com email@example.com info@example.com user@example.com a@a.com
a@b.com test@gmail.com test@email.com name@example.com noemail@example.com noreply@example.com no@email.com none@none.com
123 1234 12345 123456 1234567 12345678 123456789 1234567890 0123456789 00000000 000000000 0000000000 00000000000 +0000000000
1111111111 9999999999 +10000000000 5555555555 xxx xxxx x abc asdf qwerty {{email}} {{phone}} {{customer.email}} %email% ${email}
"""
_JUNK_WITH_SPACES = (
    "",
    " ",
    "not set",
    "not provided",
    "not available",
    "no email",
    "no phone",
    "first name",
    "last name",
    "n / a",
)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _spellings(text: str) -> set[str]:
    return {
        text,
        text.lower(),
        text.upper(),
        text.capitalize(),
        text.strip(),
        f" {text}",
        f"{text} ",
        f"+{text}",
    }


@cache
def junk_hashes(*, numbers: bool = True) -> frozenset[str]:
    """SHA-256 of every placeholder text in its usual spellings; without `numbers`, of digits only zeros."""
    texts = {*_JUNK_TEXTS.split(), *_JUNK_WITH_SPACES}
    if not numbers:
        texts = {text for text in texts if not re.fullmatch(r"[-+]?\d*[1-9]\d*", text)}
    return frozenset(_digest(spelling) for text in texts for spelling in _spellings(text))


def _country_forms() -> tuple[set[str], set[str]]:
    """Right: two small letters. Wrong: capitals, three letters, names. `uk` is left alone: Meta's libraries disagree on it."""
    right, wrong = {country.alpha_2.lower() for country in pycountry.countries} | {"uk"}, {"UK"}
    for country in pycountry.countries:
        names = {country.alpha_3, country.name, getattr(country, "common_name", country.name)}
        wrong |= {country.alpha_2} | {form for name in names for form in (name, name.lower(), name.upper())}
    wrong |= {form for name in ("USA", "United States of America", "England", "Danmark", "Deutschland", "Sverige", "Norge", "España") for
              form in (name, name.lower(), name.upper())}  # fmt: skip
    return right, wrong - right


def _gender_forms() -> tuple[set[str], set[str]]:
    words = "male female man woman mand kvinde men women mr mrs ms w d x other unknown mann frau homme femme hombre mujer".split()
    wrong = {form for word in words for form in (word, word.capitalize(), word.upper())} | {
        "M",
        "F",
        "0",
        "1",
        "2",
    }
    return {"m", "f"}, wrong


def _state_forms() -> tuple[set[str], set[str]]:
    """United States and Canada: two small letters. Only capitals are wrong for sure: elsewhere, and in Meta's own libraries, small
    names are accepted."""
    right, wrong = set(), set()
    for division in (
        *pycountry.subdivisions.get(country_code="US"),
        *pycountry.subdivisions.get(country_code="CA"),
    ):
        code = division.code.split("-")[1]
        right |= {code.lower(), division.name.lower()}
        wrong |= {code, division.name, division.name.upper()}
    return right, wrong - right


def _date_forms() -> tuple[set[str], set[str]]:
    """Right: YYYYMMDD. Wrong: the other orders and separators of the same dates, 1920 to 2015."""
    right, wrong = set(), set()
    for ordinal in range(date(1920, 1, 1).toordinal(), date(2016, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        y, m, d = str(day.year), f"{day.month:02}", f"{day.day:02}"
        right.add(y + m + d)
        wrong |= {
            f"{m}/{d}/{y}",
            f"{d}/{m}/{y}",
            f"{y}-{m}-{d}",
            f"{d}-{m}-{y}",
            f"{d}.{m}.{y}",
            m + d + y,
            d + m + y,
            f"{y}/{m}/{d}",
        }
    return right, wrong - right


# Each domain with the two sets of texts: the form Meta compares, and recognisable other forms of the same values.
SMALL_DOMAINS = {"country": _country_forms, "ge": _gender_forms, "st": _state_forms, "db": _date_forms}


@cache
def wrong_texts(key: str) -> frozenset[str]:
    """The recognisable wrong forms of a small domain; kept, because the app audits more than once."""
    right, wrong = SMALL_DOMAINS[key]()
    return frozenset(wrong - right)


@cache
def by_hash(key: str) -> Mapping[str, str]:
    """The wrong forms of a small domain by their SHA-256. Those of dates take a good part of a second to hash."""
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in wrong_texts(key)}


def define(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table `junk_hash` and the macro `is_currency`; the small domains follow only when a log holds them."""
    _table(con, "junk_hash", junk_hashes())
    _table(con, "junk_but_numbers", junk_hashes(numbers=False))
    codes = "|".join(sorted({currency.alpha_3 for currency in pycountry.currencies}))
    con.execute(f"CREATE MACRO is_currency(code) AS regexp_full_match(upper(trim(code)), '{codes}')")


def mark(con: duckdb.DuckDBPyConnection) -> None:
    """Turn `usable` hashes into `junk` or `wrong_form` in `event_rows` where a dictionary knows them."""
    for key in HASHED_KEYS:
        if not _any_hash(con, key):
            continue
        junk = "junk_but_numbers" if key in NUMBERED else "junk_hash"
        con.execute(
            f"UPDATE event_rows SET {key}_state = 'junk' WHERE {key}_state = 'usable' AND substr({key}, 1, 64) IN (FROM {junk})"
        )
        if key in SMALL_DOMAINS:
            _table(con, "wrong_hash", wrong_texts(key), "sha256(hash)")
            con.execute(
                f"""UPDATE event_rows SET {key}_state = 'wrong_form' WHERE {key}_state = 'usable'
                    AND substr({key}, 1, 64) IN (FROM wrong_hash)"""
            )


def _table(con: duckdb.DuckDBPyConnection, name: str, texts: Collection[str], value: str = "hash") -> None:
    """A table of one column, `hash`: `value` of each text. By way of a frame, because a long list as a parameter takes seconds."""
    con.register("hashes", pd.DataFrame({"hash": list(texts)}, dtype="str"))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {value} AS hash FROM hashes")
    con.unregister("hashes")


def _any_hash(con: duckdb.DuckDBPyConnection, key: str) -> bool:
    return (
        con.execute(f"SELECT 1 FROM event_rows WHERE {key}_state = 'usable' LIMIT 1").fetchone() is not None
    )
