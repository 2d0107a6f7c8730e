"""Right forms: the one text of each value that Meta compares, or hashes and compares.

A rule takes a text without blanks around it and answers the form and what was done, or None and why there is no form. It never guesses:
a wrong country code or birth date would match somebody else. Rules are those of
https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters

Where that page is silent, Meta's own libraries differ (the Business SDKs trim and lower-case, Parameter Builder and the pixel strip
more). Chosen here:
  fn ln    spaces inside a name go, as in the pixel and Parameter Builder, so that browser and server send one hash;
  ct       accents stay (UTF-8), as in the Business SDKs; digits go: a postcode is no part of a city;
  zp       a dash goes and what follows it stays, but in the United States, where only the first five digits are compared.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

import phonenumbers
import pycountry


class About(NamedTuple):
    """What is known beside the value: country of phone numbers (DK), country of the event (dk), time of the event (Unix seconds)."""

    region: str | None = None
    country: str | None = None
    time: int | None = None


Ruled = tuple[str | None, str]

BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u3000\ufeff\u200b\u2060"
APPENDIX = r"\.(?:[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]{2})"
SHA256 = re.compile(rf"([0-9A-Fa-f]{{64}})({APPENDIX})?")
OTHER_HASH = re.compile(
    rf"(?:[0-9A-Fa-f]{{32}}|[0-9A-Fa-f]{{40}}|[0-9A-Fa-f]{{56}}|[0-9A-Fa-f]{{96}}|[0-9A-Fa-f]{{128}})(?:{APPENDIX})?"
)
_HASHED = (None, "hashed, though it must be sent as it is")


# Contact -----------------------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAMED_EMAIL = re.compile(r"[^<>]*<([^<>]+)>|(?i:mailto:)(.+)")
_EXTENSION = re.compile(r"(?i)[\s;,]*(?:ext\w*|x|#)[\s.:=]*\d{1,6}$")
_SPREADSHEET = re.compile(r"[+-]?\d([.,]\d+)?[eE]\+?\d+")


def email(text: str, about: About) -> Ruled:
    named = _NAMED_EMAIL.fullmatch(text)
    form = ((named[1] or named[2]) if named else text).strip(BLANKS).lower()
    return (form, "trimmed and lower-cased") if _EMAIL.fullmatch(form) else (None, "not an e-mail address")


def phone(text: str, about: About) -> Ruled:
    """Digits with country code. A code is added only for the region that was named, where the number could be one of it."""
    if _SPREADSHEET.fullmatch(text):
        return None, "digits lost in a spreadsheet"
    signs = "".join(
        f"{unicodedata.decimal(c, '+')}"
        for c in _EXTENSION.sub("", _whole(text))
        if c.isdecimal() or c in "+＋"
    )
    international = signs.startswith(("+", "00"))
    digits = signs.replace("+", "")
    bare = digits.lstrip("0")
    if not 6 <= len(bare) <= 16:
        return None, "not a phone number: too few or too many digits"
    if not international and (national := _dialled(digits, about.region, phonenumbers.is_valid_number)):
        return national, "digits only" if national == bare else "country code added, digits only"
    # One leading zero is how a number is dialled inside its country: whatever its digits would be elsewhere, they are not meant.
    if international or not digits.startswith("0"):
        if known := _dialled(f"+{bare}", None, phonenumbers.is_valid_number):
            return known, "digits only"
        if (
            international
        ):  # Meta asks for no number in use, and lists of those lag behind: Mexico's old 521, new ranges.
            return bare, "digits only"
    if national := _dialled(digits, about.region, phonenumbers.is_possible_number):
        return national, "digits only" if national == bare else "country code added, digits only"
    if len(bare) > 10 and not digits.startswith("0"):
        return bare, "digits only"
    return (
        None,
        "no phone number of the named country"
        if about.region
        else "country code missing: name the country with --region",
    )


def _dialled(
    number: str, region: str | None, verdict: Callable[[phonenumbers.PhoneNumber], bool]
) -> str | None:
    """Country code and national number, without a zero that is only dialled inside the country; None if the verdict is no."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return (
        f"{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"
        if verdict(parsed)
        else None
    )


def _whole(text: str) -> str:
    """4520123456.0, as a table with gaps writes a number, without its fraction."""
    return re.sub(r"(?<=\d)\.0$", "", text)


# Person ------------------------------------------------------------------------------------------------------------------

_MALE = (
    "m male man men boy mr mister sir gentleman mand dreng hr herre herr mann männlich homme monsieur hombre"
)
_FEMALE = (
    "f female woman women girl mrs ms miss madam lady kvinde pige fru frøken frau weiblich femme madame mujer"
)
_GENDERS = dict.fromkeys(_MALE.split(), "m") | dict.fromkeys(_FEMALE.split(), "f")


def name(text: str, about: About) -> Ruled:
    form = _stripped(text)
    return (form, "lower-cased, without punctuation and spaces") if form else (None, "no letters")


def _stripped(text: str) -> str:
    """Small letters and digits without spaces and punctuation. Accents stay, and the marks and joiners that some scripts need."""
    return "".join(
        c
        for c in text.lower()
        if not (c.isspace() or c in BLANKS or c in "$+<=>^`|~" or unicodedata.category(c)[0] == "P")
    )


def gender(text: str, about: About) -> Ruled:
    form = _GENDERS.get(_stripped(text))
    return (form, "written as f or m") if form else (None, "Meta compares only f and m")


def birth_date(text: str, about: About) -> Ruled:
    """YYYYMMDD, where the text can be read as one date only. A clock time other than midnight may have moved the day."""
    match = re.fullmatch(
        r"(\d+)(?:([-/. ])(\d+)\2(\d+))?(?:[T ]([\d:.]+)(?:Z|[+-][\d:]+)?)?", _whole(text), re.ASCII
    )
    if not match:
        return None, "not a date"
    if match[5] and re.search(r"[1-9]", match[5]):
        return None, "date with a time of day, which another time zone may have moved by a day"
    a, b, c = match[1], match[3], match[4]
    if b is None:
        readings = (
            [(a[:4], a[4:6], a[6:]), (a[4:], a[2:4], a[:2]), (a[4:], a[:2], a[2:4])] if len(a) == 8 else []
        )
    elif len(a) == 4:
        readings = [(a, b, c)] if _dates(a, b, c) else [(a, c, b)]
    else:
        readings = [(c, b, a), (c, a, b), (a, b, c)]
    dates = {day for reading in readings for day in _dates(*reading)}
    if len(dates) == 1:
        return dates.pop(), "written as YYYYMMDD"
    return None, "day, month and year cannot be told apart" if dates else "not a date of birth"


def _dates(year: str, month: str, day: str) -> list[str]:
    """The days from 1900 to today that this may be, as YYYYMMDD: a year of two digits may be of two centuries."""
    found = []
    for century in {2: ("19", "20"), 4: ("",)}.get(len(year), ()):
        try:
            found.append(date(int(century + year), int(month), int(day)))
        except (ValueError, OverflowError):
            continue
    return [born.isoformat().replace("-", "") for born in found if born.year >= 1900 and born <= date.today()]


# Place -------------------------------------------------------------------------------------------------------------------

_COUNTRY_NAMES = dict(pair.split(":") for pair in """
uk:gb england:gb scotland:gb wales:gb northernireland:gb greatbritain:gb danmark:dk sverige:se norge:no suomi:fi island:is deutschland:de
osterreich:at schweiz:ch suisse:ch svizzera:ch belgie:be belgique:be nederland:nl holland:nl espana:es italia:it polska:pl brasil:br
cesko:cz ceskarepublika:cz magyarorszag:hu eesti:ee latvija:lv lietuva:lt russia:ru turkey:tr korea:kr macedonia:mk swaziland:sz
capeverde:cv ivorycoast:ci vatican:va easttimor:tl brunei:bn burma:mm democraticrepublicofthecongo:cd unitedstatesofamerica:us
virginislandsus:vi virginislandsbritish:vg
""".split())  # fmt: skip
_MORE_STATES = {"us": {"washingtondc": "dc"}, "ca": {"newfoundland": "nl"}}


def _plain(text: str) -> str:
    """Letters alone, without case and accents: only to look a name up."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold().replace("ø", "o")) if c.isalpha())


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Codes and names of countries, plain, to two small letters."""
    # "Bolivia, Plurinational State of" is also looked for without its second half, where that leaves one country.
    shorts = Counter(country.name.split(",")[0] for country in pycountry.countries)
    found = {}
    for country in pycountry.countries:
        if shorts[short := country.name.split(",")[0]] == 1:
            found[_plain(short)] = country.alpha_2.lower()
    for country in pycountry.countries:
        names = [
            getattr(country, kind, "")
            for kind in ("alpha_2", "alpha_3", "name", "official_name", "common_name")
        ]
        found |= {_plain(name): country.alpha_2.lower() for name in names if name}
    return found | _COUNTRY_NAMES


@lru_cache(maxsize=2)
def _states(country: str) -> dict[str, str]:
    """Codes and names of the states of us or ca, plain, to two small letters."""
    found = dict(_MORE_STATES[country])
    for state in pycountry.subdivisions.get(country_code=country.upper()):
        code = state.code[3:].lower()
        found |= {code: code, country + code: code, _plain(state.name): code}
    return found


def country(text: str, about: About) -> Ruled:
    form = _countries().get(_plain(text))
    return (form, "written as two small letters (ISO 3166)") if form else (None, "not a country")


def state(text: str, about: About) -> Ruled:
    named = re.fullmatch(r"(?i)(US|CA)-[A-Z]{2}", text)
    where = named[1].lower() if named else about.country
    if where in _MORE_STATES:
        form = _states(where).get(_plain(text))
        return (
            (form, "written as two small letters")
            if form
            else (None, "no state or province of the event's country")
        )
    return city(text, about)


def city(text: str, about: About) -> Ruled:
    form = "".join(c for c in _stripped(text) if not c.isdecimal())
    return (form, "lower-cased, without punctuation, digits and spaces") if form else (None, "no letters")


def postcode(text: str, about: About) -> Ruled:
    form = "".join(c for c in _whole(text).lower() if not c.isspace() and unicodedata.category(c) != "Pd")
    if about.country == "us" or (about.country is None and re.fullmatch(r"[0-9]{5}-[0-9]{4}", text)):
        match = re.fullmatch(r"([0-9]{3,5})([0-9]{4})?", form)
        if not match:
            return None, "not a ZIP code of the United States"
        five = match[1].zfill(5)
        return five, "first five digits" + (
            "" if five == match[1] else ", with the leading zero that was lost"
        )
    return (
        (form, "lower-cased, without spaces and dash")
        if sum(map(str.isalnum, form)) >= 2
        else (None, "not a postcode")
    )


# Ids and device ----------------------------------------------------------------------------------------------------------

_COOKIE = re.compile(rf"fb\.([0-9]+)\.([0-9]+)\.([^.\s]+)((?:{APPENDIX})?)")
_FRACTION = re.compile(rf"fb\.([0-9]+)\.([0-9]{{13}})\.[0-9]{{1,9}}\.([^.\s]{{20,}})((?:{APPENDIX})?)")
_CLICK_ID = re.compile(r"(?:fbclid=)?((?:Iw[A-Z]|PA)[A-Za-z0-9_-]{17,})")
_CLOCK_DIFFERENCE = 600
_CLICK_LIFE = 90 * 86_400


def browser_id(text: str, about: About) -> Ruled:
    return _cookie(_COOKIE.fullmatch(text), text, about)


def click_id(text: str, about: About) -> Ruled:
    """A bare fbclid is written as the cookie would be; Meta asks for the time it was first seen, and the event's is the best known."""
    if bare := _CLICK_ID.fullmatch(text):
        if about.time is None:
            return None, "bare click id: the time of the event is needed to write it as fbc"
        return f"fb.1.{about.time * 1000}.{bare[1]}", "written as fb.1.<time of the event>.<click id>"
    return _cookie(_COOKIE.fullmatch(text) or _FRACTION.fullmatch(text), text, about, life=_CLICK_LIFE)


def _cookie(match: re.Match[str] | None, text: str, about: About, life: int | None = None) -> Ruled:
    """fb.<level>.<creation time in ms>.<id>, and the id is never touched. `life`: seconds that it may be older than the event.

    https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
    """
    if SHA256.fullmatch(text) or OTHER_HASH.fullmatch(text):
        return _HASHED
    if match is None or len(match[2]) not in (10, 13, 16, 19):  # seconds, milli-, micro-, nanoseconds
        return None, "not in the form fb.<level>.<time>.<id>"
    ms = match[2].ljust(13, "0")[:13]
    if about.time is not None and int(ms) > (about.time + _CLOCK_DIFFERENCE) * 1000:
        return None, "created after the event"
    if about.time is not None and life is not None and int(ms) < (about.time - life) * 1000:
        return None, "click more than 90 days before the event"
    form = f"fb.{match[1]}.{ms}.{match[3]}{match[4]}"
    return form, "sent as it is" if form == text else "creation time written in milliseconds"


# The ranges that vocabulary.sql calls loopback, private and reserved.
_NOT_PUBLIC = tuple(map(ip_network, """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 ::/127 100::/16 2001:db8::/32 3fff::/16 fc00::/7 fe80::/10 ff00::/8
""".split()))  # fmt: skip


def ip(text: str, about: About) -> Ruled:
    """The first public address of the value: a list comes from X-Forwarded-For, where the visitor stands first."""
    if SHA256.fullmatch(text) or OTHER_HASH.fullmatch(text):
        return _HASHED
    addresses = [found for part in re.split(r"[,;\s]+", text) if (found := _address(part))]
    public = next(
        (shown for shown, address in addresses if not any(address in net for net in _NOT_PUBLIC)), None
    )
    if public is None:
        return None, "private or reserved address, not the visitor's" if addresses else "not an IP address"
    return public, "sent as it is" if public == text else "only the visitor's public address kept"


def _address(part: str) -> tuple[str, IPv4Address | IPv6Address] | None:
    """The text to send and the address in it, freed of port, brackets and IPv4-in-IPv6; an appendix of Parameter Builder stays."""
    end = re.search(rf"{APPENDIX}$", part)
    for bare, appendix in ((part, ""), (part[: end.start()], end[0])) if end else ((part, ""),):
        with_port = re.fullmatch(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+", bare)
        shown = (with_port[1] or with_port[2]) if with_port else bare
        try:
            address = ip_address(shown)
        except ValueError:
            continue
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return None if "%" in shown else ((str(mapped) if mapped else shown) + appendix, mapped or address)
    return None


def user_agent(text: str, about: About) -> Ruled:
    return _HASHED if SHA256.fullmatch(text) or OTHER_HASH.fullmatch(text) else (text, "sent as it is")


def external_id(text: str, about: About) -> Ruled:
    return text, "sent as it is"


def lead_id(text: str, about: About) -> Ruled:
    """Exports of lead ads write l:123."""
    return _number(text, r"(?:l:)?([0-9]{13,20})")


def login_id(text: str, about: About) -> Ruled:
    return _number(text, r"([1-9][0-9]{0,19})")


def _number(text: str, pattern: str) -> Ruled:
    match = re.fullmatch(pattern, _whole(text))
    if not match:
        return None, "not a number that Meta issues"
    return match[1], "sent as it is" if match[1] == text else "digits only"


RULES: dict[str, Callable[[str, About], Ruled]] = {
    "em": email, "ph": phone, "fn": name, "ln": name, "ge": gender, "db": birth_date, "ct": city, "st": state, "zp": postcode,
    "country": country, "external_id": external_id, "lead_id": lead_id, "fb_login_id": login_id, "fbp": browser_id, "fbc": click_id,
    "client_ip_address": ip, "client_user_agent": user_agent,
}  # fmt: skip
