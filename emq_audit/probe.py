"""Probe: in which form does a value that somebody knows stand in a log?

A form is a spelling of the value (SPELLINGS) in a writing (WRITINGS): "capital letters" in "MD5". Every spelling is written in every
writing, and the results are looked for among the values of the log. The value itself stays in this process: it is compared by way of bind
parameters, never part of a query, a file or an error.
"""

import base64
import hashlib
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import phonenumbers

from emq_audit import events, read
from emq_audit.errors import AuditError
from emq_audit.fields import field_for
from emq_audit.match_keys import BY_KEY
from emq_audit.read import MISNAMED_KEYS
from emq_audit.right_forms import BLANKS, RULES, About

KEYS = ("em", "ph", "fn", "ln", "external_id")
"""Match keys that can be probed for."""
_NAMES = ("fn", "ln")


@dataclass(frozen=True)
class Known:
    """The value as it was typed. `right` is the form Meta asks for (before hashing), None where it cannot be told; of a phone number
    `code` and `national` are its halves, `code` empty where nobody said the country."""

    key: str
    typed: str = field(repr=False)
    right: str | None = field(repr=False, default=None)
    code: str = field(repr=False, default="")
    national: str = field(repr=False, default="")

    @property
    def plain(self) -> tuple[str, ...]:
        """The value as typed and in its right form."""
        return tuple(dict.fromkeys(filter(None, (self.right, self.typed.strip(BLANKS)))))


@dataclass(frozen=True)
class Spelling:
    """One way to spell a value: `texts` gives those of them that differ only in detail. `keys`: where it makes sense."""

    id: str
    words: str
    keys: tuple[str, ...]
    texts: Callable[[Known], Iterable[str]]


@dataclass(frozen=True)
class Writing:
    """One way to write a text down: as it is, or as a digest of it. `hashed`: blanks and an appendix around it are not looked at."""

    id: str
    words: str
    hashed: bool
    write: Callable[[str], Iterable[str]]


def _gmail(known: Known) -> Iterable[str]:
    local, _, domain = (known.right or "").partition("@")
    if domain in ("gmail.com", "googlemail.com"):
        bare = local.partition("+")[0]
        for name in (local.replace(".", ""), bare.replace(".", "")):
            yield from (f"{name}@gmail.com", f"{name}@googlemail.com")
        yield from (f"{local}@gmail.com", f"{local}@googlemail.com")


def _without_tag(known: Known) -> Iterable[str]:
    local, at, domain = (known.right or "").partition("@")
    if "+" in local:
        yield local.partition("+")[0] + at + domain


_BLANKS_AROUND = (*((blank, "") for blank in " \n\t\u00a0"), *(("", blank) for blank in (*" \n\t\u00a0", "\r\n")), (" ", " "))


def _around(known: Known) -> Iterable[str]:
    texts = (*known.plain, *(text.upper() for text in known.plain))
    texts += (f"+{known.right}", known.national) if known.key == "ph" else ()
    for text in filter(None, texts):
        yield from (f"{before}{text}{behind}" for before, behind in _BLANKS_AROUND)


def _wrapped(known: Known) -> Iterable[str]:
    for text in known.plain:
        yield from (f'"{text}"', f"'{text}'", f'["{text}"]', f"<{text}>", f"mailto:{text}", f"tel:{text}", f"tel:+{text}")


def _in_groups(known: Known) -> list[str]:
    """The number as it is dialled at home: in pairs and in the groups of its country."""
    texts = [" ".join(re.findall(r"\d{1,2}", known.national))]
    if known.code:
        number = phonenumbers.PhoneNumber(country_code=int(known.code), national_number=int(known.national))
        texts.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
    return texts


def _other_signs(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from (text, text.replace(" ", "-"), text.replace(" ", "."), re.sub(r"[ -]", "", text))


def _grouped(known: Known) -> Iterable[str]:
    leads = ((f"+{known.code} ", f"{known.code} ", f"00{known.code} ", f"(+{known.code}) ", f"+{known.code} (0) ", f"+{known.code}(0)")
             if known.code else ())  # fmt: skip
    return _other_signs(lead + local for lead in leads for local in (*_in_groups(known), known.national))


def _grouped_at_home(known: Known) -> Iterable[str]:
    return _other_signs(_in_groups(known))


def _accents_gone(text: str) -> str:
    replaced = text.translate(str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "å": "a", "Å": "A"}))
    return "".join(sign for sign in unicodedata.normalize("NFKD", replaced) if not unicodedata.combining(sign))


def _of_plain(change: Callable[[str], str]) -> Callable[[Known], Iterable[str]]:
    return lambda known: map(change, known.plain)


def _number(pattern: str) -> Callable[[Known], Iterable[str]]:
    """A phone number put together from its code {c} and national part {n}; nothing where its country is not known."""
    return lambda known: [pattern.format(c=known.code, n=known.national)] if known.code else []


# fmt: off
SPELLINGS = (
    Spelling("right", "in the form Meta asks for", KEYS, lambda known: [known.right] if known.right else []),
    Spelling("plus", "with a plus sign", ("ph",), _number("+{c}{n}")),
    Spelling("double-zero", "with 00 in front", ("ph",), _number("00{c}{n}")),
    Spelling("no-country-code", "without country code", ("ph",), lambda known: [known.national]),
    Spelling("leading-zero", "without country code, with a zero in front", ("ph",), lambda known: [f"0{known.national}"]),
    Spelling("code-and-zero", "with country code and the zero that is only dialled at home", ("ph",), _number("{c}0{n}")),
    Spelling("code-twice", "with the country code twice", ("ph",), _number("{c}{c}{n}")),
    Spelling("grouped", "with country code and spaces, dashes, dots or brackets", ("ph",), _grouped),
    Spelling("grouped-at-home", "without country code, with spaces, dashes, dots or brackets", ("ph",), _grouped_at_home),
    Spelling("no-dots", "without the dots or the tag that Gmail ignores, or in Gmail's other domain", ("em",), _gmail),
    Spelling("no-tag", "without the tag after the plus sign", ("em",), _without_tag),
    Spelling("capitals", "in capital letters", ("em", *_NAMES, "external_id"), _of_plain(str.upper)),
    Spelling("first-capital", "with a capital first letter", ("em", *_NAMES), lambda known: [
        *(text.capitalize() for text in known.plain), *(text.title() for text in known.plain)]),
    Spelling("small", "in small letters", ("external_id",), _of_plain(str.lower)),
    Spelling("inner-signs", "in small letters, with the spaces and signs inside", _NAMES, _of_plain(str.lower)),
    Spelling("no-accents", "without accents", _NAMES, lambda known: [
        spelled for text in known.plain for spelled in (_accents_gone(text), _accents_gone(text).lower(), _accents_gone(text).upper())]),
    Spelling("number", "as a number with a fraction, as spreadsheets write it", ("ph", "external_id"), lambda known: [
        f"{text}.0" for text in (*known.plain, known.national) if text.isdigit()]),
    Spelling("typed", "as you typed it", KEYS, lambda known: [known.typed.strip(BLANKS)]),
    Spelling("untrimmed", "with blanks or a line end around it", KEYS, _around),
    Spelling("wrapped", "with quotation marks, brackets or mailto: around it", KEYS, _wrapped),
)
OTHERWISE = Spelling("otherwise", "in another spelling", KEYS, lambda known: [])
"""What a readable value is called that is none of these, and the same but for capitals, blanks and signs."""
# fmt: on


def _hex(name: str, encoding: str = "utf-8") -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(encoding, "ignore"), usedforsecurity=False).hexdigest()


_SHA, _MD5, _SHA1 = _hex("sha256"), _hex("md5"), _hex("sha1")


def _base64(data: bytes) -> tuple[str, ...]:
    standard, safe = base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()
    return standard, standard.rstrip("="), safe, safe.rstrip("=")


# fmt: off
WRITINGS = (
    Writing("sha256", "SHA-256", True, lambda text: [_SHA(text)]),
    Writing("readable", "not hashed", False, lambda text: [text]),
    Writing("sha256-capitals", "SHA-256 in capital letters", True, lambda text: [_SHA(text).upper()]),
    Writing("sha256-twice", "hashed twice: SHA-256 of the SHA-256", True, lambda text: [_SHA(_SHA(text)), _SHA(_SHA(_SHA(text)))]),
    Writing("sha256-of-capitals", "hashed twice: SHA-256 of the SHA-256 in capital letters", True, lambda text: [_SHA(_SHA(text).upper())]),
    Writing("sha256-of-md5", "hashed twice: SHA-256 of the MD5", True, lambda text: [_SHA(_MD5(text)), _SHA(_MD5(text).upper())]),
    Writing("sha256-of-base64", "hashed twice: SHA-256 of the SHA-256 written as base64", True, lambda text: [
        _SHA(written) for written in _base64(bytes.fromhex(_SHA(text)))]),
    Writing("sha256-base64", "SHA-256 written as base64", True, lambda text: _base64(bytes.fromhex(_SHA(text)))),
    Writing("sha256-marked", "SHA-256 with something in front of it", True, lambda text: [
        front + _SHA(text) for front in ("0x", "sha256:", "sha256=", "sha256-", "\\x", '"')]),
    Writing("sha256-utf16", "SHA-256 of the text in another encoding", True, lambda text: [
        *(_hex("sha256", encoding)(text) for encoding in ("utf-16-le", "utf-16-be", "utf-16")),
        *(_hex("sha256", encoding)(text) for encoding in ("latin-1",) if not text.isascii())]),
    Writing("md5", "MD5", True, lambda text: [_MD5(text), _MD5(text).upper(), *_base64(bytes.fromhex(_MD5(text)))]),
    Writing("sha1", "SHA-1", True, lambda text: [_SHA1(text), _SHA1(text).upper(), *_base64(bytes.fromhex(_SHA1(text)))]),
    Writing("other-hash", "SHA-224, SHA-384, SHA-512 or SHA-3", True, lambda text: [
        written for name in ("sha224", "sha384", "sha512", "sha3_256") for written in (_hex(name)(text), _hex(name)(text).upper())]),
    Writing("base64", "as base64, which anybody can read", False, lambda text: _base64(text.encode())),
    Writing("url-encoded", "not hashed, percent-encoded", False, lambda text: [
        written for written in (quote(text), quote(text, safe=""), quote(text).lower()) if written != text]),
)
# fmt: on
_PIXEL_TAKES = ("right", "plus", "double-zero", "grouped", "capitals", "first-capital", "untrimmed")
"""Spellings of a readable value that the Pixel brings into the right form."""
_SPELLING = {spelling.id: spelling for spelling in (*SPELLINGS, OTHERWISE)}
_WRITING = {writing.id: writing for writing in WRITINGS}


def known(text: str, key: str | None = None, region: str | None = None) -> Known:
    """The value somebody typed. `key` is one of KEYS, guessed for emails and phone numbers; `region` the ISO country of a phone number
    without country code. Raises AuditError, which does not hold the value."""
    bare = text.strip(BLANKS)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AuditError("What you typed cannot be read as text.", "Type it again, in UTF-8.") from None
    if not bare or len(bare) > 500:
        raise AuditError("No value was given.", "Type the email or phone number to look for.")
    key = key or _guess(bare)
    right, _ = RULES[key](bare, About(region.upper() if region else None, None, None))
    if right is None and key == "em":
        raise AuditError("This is not an email address.", "Name another key with --key.")
    if key != "ph":
        return Known(key, text, right)
    digits = re.sub(r"\D", "", bare).lstrip("0")
    if not 5 <= len(digits) <= 20:
        raise AuditError("This is not a phone number.", "Name another key with --key.")
    try:
        parsed = phonenumbers.parse(f"+{right}", None) if right else None
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None:
        return Known(key, text, right, "", digits)
    return Known(key, text, right, str(parsed.country_code), phonenumbers.national_significant_number(parsed))


def _guess(bare: str) -> str:
    if "@" in bare:
        return "em"
    if re.fullmatch(r"[+\d\s().\-/]{6,}", bare):
        return "ph"
    raise AuditError("This is neither an email address nor a phone number.", f"Name its key with --key: {', '.join(KEYS)}.")


def forms(value: Known) -> dict[tuple[str, bool], tuple[str, str]]:
    """Every text to look for, and whether it is a digest: its spelling and its writing by id. Of two forms with one text, the plainer."""
    found: dict[tuple[str, bool], tuple[str, str]] = {}
    for writing in WRITINGS:
        for spelling in SPELLINGS:
            if value.key in spelling.keys:
                for text in spelling.texts(value):
                    for written in writing.write(text) if text else ():
                        found.setdefault((written, writing.hashed), (spelling.id, writing.id))
    return found


# Looking ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sighting:
    """The value in one form: `field` is the name it stands under, `spelling` and `writing` ids of the tables above. `first` and `last`:
    event times in Unix seconds, None where they cannot be read."""

    field: str
    spelling: str
    writing: str
    event_name: str
    side: str
    events: int
    first: int | None
    last: int | None

    @property
    def words(self) -> str:
        """The form in words."""
        return f"{_WRITING[self.writing].words}, {_SPELLING[self.spelling].words}"

    @property
    def compared(self) -> bool:
        """Is this what Meta compares with its accounts? A browser may show the value: the Pixel hashes it."""
        if self.field not in KEYS:
            return False
        if self.writing == "readable":
            spelt = self.spelling in _PIXEL_TAKES or (self.field != "ph" and self.spelling in ("typed", "otherwise"))
            return spelt and (self.side == "browser" or self.field == "external_id")
        return self.spelling == "right" and self.writing == "sha256"


@dataclass(frozen=True)
class Found:
    """What `events` events show of a value. `carrying`: how many values of its key they carry at all, in whatever form. `elsewhere`: events
    in whose page address or custom data the email can be read."""

    key: str
    sightings: tuple[Sighting, ...]
    carrying: int
    elsewhere: int
    events: int


def probe(logs: Sequence[Any], value: Known, *, side: str | None = None, progress: Callable[[float, str], None] | None = None) -> Found:
    """Look for the value in the logs; `side` as for pipeline.open_audit. Raises AuditError when nothing can be read."""
    tell = progress or (lambda share, words: None)
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    con: duckdb.DuckDBPyConnection | None = None
    try:
        tell(0.02, "Looking at the files")
        reading = read.read(logs, folder, side=side)
        size = sum(path.stat().st_size for path in reading.paths if path.is_file())
        con = events.connect(folder, size)
        con.execute("SET temp_directory = ''")  # what is compared with the log must not be spilt
        tell(0.1, "Reading events")
        for number, source in enumerate(reading.sources):
            verb = "INSERT INTO shown" if number else "CREATE TABLE shown AS"
            con.execute(f"{verb} {_shown(source.sql, value.key)}")
            tell(0.1 + 0.7 * (number + 1) / len(reading.sources), "Reading events")
        return _found(con, value)
    except duckdb.Error:
        # Its words may hold what was asked.
        raise AuditError("The log could not be searched.", "Audit it first: emq-audit audit says what is wrong with it.") from None
    finally:
        if con is not None:
            con.close()
        shutil.rmtree(folder, ignore_errors=True)
        tell(1, "")


def _shown(source: str, key: str) -> str:
    """SQL: what the events of a source say under the key, and under the names of it that Meta ignores. One row a value, and for each event
    one row more (without `field`), with what else of it may show an email."""
    names = [key, *(name for name in MISNAMED_KEYS if field_for(name) == key)]
    beside = "concat_ws(' ', CAST(event_source_url AS VARCHAR), CAST(referrer_url AS VARCHAR), CAST(custom_data AS VARCHAR))"
    shows = f"CASE WHEN contains({beside}, '@') OR contains({beside}, '%40') THEN lower({beside}) END" if key == "em" else "NULL::VARCHAR"
    parts = [f"{{'field': NULL::VARCHAR, 'leaf': NULL::JSON, 'elsewhere': {shows}}}"]
    parts += [f"{{'field': '{name}', 'leaf': user_data.\"{name}\", 'elsewhere': NULL::VARCHAR}}" for name in names]
    return f"""
        SELECT side, event_name, seconds, part.field AS field, part.elsewhere AS elsewhere,
               unnest(CASE WHEN CAST(part.leaf AS VARCHAR)[1] = '[' AND json_array_length(part.leaf) > 0
                           THEN json_extract_string(part.leaf, '$[*]') ELSE [part.leaf ->> '$'] END) AS text
        FROM (SELECT side, coalesce(first_text(event_name), '') AS event_name, unnest([{", ".join(parts)}]) AS part,
                     unix_seconds(first_text(event_time), TRY_CAST(first_text(event_time) AS DOUBLE)) AS seconds
              FROM ({source})
              WHERE event_name IS NOT NULL OR event_time IS NOT NULL OR event_id IS NOT NULL OR user_data IS NOT NULL)
        WHERE part.field IS NULL OR part.leaf IS NOT NULL"""


_BARE_HASH = r"regexp_replace(stripped(text), '^([0-9A-Fa-f]{64})\.([A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2})$', '\1')"
_SIMPLE = {
    "ph": "regexp_replace(text, '[^0-9]', '', 'g')",
    "fn": "regexp_replace(lower(text), '[^\\pL\\pN]', '', 'g')",
    "ln": "regexp_replace(lower(text), '[^\\pL\\pN]', '', 'g')",
}
"""SQL: a readable value without what spellings differ in."""


def _found(con: duckdb.DuckDBPyConnection, value: Known) -> Found:
    sought = forms(value)
    texts = [(text, hashed, *form) for (text, hashed), form in sought.items()]
    exact = [[row[part] for row in texts if not row[1]] for part in (0, 2, 3)]
    hashes = [[row[part] for row in texts if row[1]] for part in (0, 2, 3)]
    simple = _SIMPLE.get(value.key, "lower(stripped(text))")
    alike = [text for (text, _), form in sought.items() if form[1] == "readable" and form[0] not in ("wrapped", "number")]
    unnested = "SELECT unnest(?::VARCHAR[]) AS sought, unnest(?::VARCHAR[]) AS spelling, unnest(?::VARCHAR[]) AS writing"
    rows = con.execute(
        f"""
        WITH exact AS ({unnested}), hashes AS ({unnested}),
             alike AS (SELECT DISTINCT {simple} AS sought FROM (SELECT unnest(?::VARCHAR[]) AS text)),
             seen AS (SELECT * FROM shown JOIN exact ON text = sought
                      UNION ALL SELECT * FROM shown JOIN hashes ON {_BARE_HASH} = sought WHERE text IS NOT NULL
                      UNION ALL SELECT *, 'otherwise', 'readable' FROM shown JOIN alike ON {simple} = sought
                      WHERE text NOT IN (SELECT sought FROM exact))
        SELECT field, spelling, writing, event_name, CAST(side_state(side) AS VARCHAR), count(*) AS events, min(seconds), max(seconds)
        FROM seen GROUP BY ALL ORDER BY ALL""",
        [*exact, *hashes, alike],
    ).fetchall()
    number, carrying = con.execute("SELECT count(*) FILTER (field IS NULL), count(*) FILTER (text <> '') FROM shown").fetchone()
    elsewhere = 0
    if value.key == "em" and value.right:
        spelled = [value.right, quote(value.right, safe="").lower(), value.right.replace("@", "%40")]
        (elsewhere,) = con.execute(
            "SELECT count(*) FROM shown WHERE contains(elsewhere, ?) OR contains(elsewhere, ?) OR contains(elsewhere, ?)", spelled
        ).fetchone()
    order = {spelling.id: place for place, spelling in enumerate((*SPELLINGS, OTHERWISE))}
    sightings = [Sighting(*row) for row in rows]
    sightings.sort(key=lambda seen: (not seen.compared, list(_WRITING).index(seen.writing), order[seen.spelling], seen.field, -seen.events))
    return Found(value.key, tuple(sightings), carrying, elsewhere, number)


def label(key: str) -> str:
    """What users call a key."""
    return BY_KEY[key].label.split(" (")[0]
