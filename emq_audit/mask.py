"""Masks: what of a value may be shown. Enough to recognise a fault and find the row, never enough to know the person."""

import re

DOTS = "•••"
LONGEST = 80

# Tried once a word and never taken back, or a long word would take the square of its length.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._+-])([A-Za-z0-9._+-])[A-Za-z0-9._+-]*+(@|%40)([A-Za-z0-9-])[A-Za-z0-9-]*((?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})",
    re.I,
)


def printable(text: str) -> str:
    """The text without characters that a terminal or a browser would act on, cut in the middle if it is long."""
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST // 2]}…{clean[-LONGEST // 2 + 1 :]}"


def printable_sentence(words: str) -> str:
    """Our own sentence, in which names from the log may stand: control characters out, nothing cut."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def mask_text(text: str | None) -> str | None:
    """An id or other free text: its shape stays, most of its middle goes. e-mails inside are masked as such."""
    if text is None:
        return None
    if _EMAIL.search(text):
        return printable(mask_email(text))
    if len(text) <= 4:
        return printable(text[:1] + DOTS) if text else ""
    keep = 2 if len(text) < 12 else 4
    return f"{printable(text[:keep])}{DOTS}{printable(text[-3:])}"


def mask_email(text: str) -> str:
    """jane.doe@example.com becomes j•••@e•••.com, also inside a longer text."""
    return _EMAIL.sub(lambda m: f"{m[1]}{DOTS}{m[2]}{m[3]}{DOTS}.{m[4].rsplit('.', 1)[1]}", text)


def mask_phone(text: str) -> str:
    """+45 20 12 34 56 becomes +•• •• •• •• 56: signs stay, because they are often the fault."""
    last = len(re.findall(r"\d", text)) - 2
    seen = iter(range(len(text)))
    return printable(re.sub(r"\d", lambda m: m[0] if next(seen) >= last else "•", text))


def mask_ip(text: str) -> str:
    """The network part: two numbers of an IPv4 address, two groups of an IPv6 one."""
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", text):
        return ".".join(text.split(".")[:2]) + f".{DOTS}"
    if re.match(r"(?i)^::ffff:\d", text):
        return f"::ffff:{text[7:].split('.')[0]}.{DOTS}"
    if ":" in text:
        return ":".join(text.split(":")[:2]) + f":{DOTS}"
    return (
        ", ".join(mask_ip(part.strip()) for part in text.split(",")[:3])
        if "," in text
        else mask_text(text) or ""
    )


def mask_cookie(text: str) -> str:
    """fbp and fbc: prefix, level and the start of the creation time; of the id three characters."""
    parts = text.split(".")
    if len(parts) < 4 or parts[0] != "fb":
        return mask_text(text) or ""
    tail = f".{printable('.'.join(parts[4:]))[:12]}" if len(parts) > 4 else ""
    return f"fb.{printable(parts[1])[:3]}.{printable(parts[2])[:16]}.{printable(parts[3][:3])}{DOTS}{tail}"


def mask_url(text: str) -> str:
    """Host and path; query values are dropped but for their names, e-mails masked wherever they stand."""
    address, _, query = text.partition("?")
    names = [part.partition("=") for part in query.split("&")[:6]] if query else []
    shown = "&".join(
        f"{mask_email(name)}={mask_email(value) if _EMAIL.search(value) else '…' if value else ''}"
        for name, _, value in names
    )
    return printable(mask_email(address) + (f"?{shown}" if shown else ""))


def mask_agent(text: str) -> str:
    """A user agent names no person; only its length is limited."""
    return printable(text)


def mask_value(column: str, text: str | None) -> str | None:
    """The value of a column of `events`, masked as its kind needs. Hashes keep their first eight characters."""
    if text is None:
        return None
    text = str(text)
    if re.fullmatch(r"\s*[0-9A-Fa-f]{32,128}(\.[A-Za-z0-9_-]{2,8})?\s*", text):
        return printable(text.strip()[:8]) + "…" + ("." + text.rsplit(".", 1)[1] if "." in text else "")
    masks = {
        "em": lambda t: mask_email(t) if _EMAIL.search(t) else mask_text(t),
        "ph": mask_phone,
        "client_ip_address": mask_ip,
        "client_user_agent": mask_agent,
        "fbp": mask_cookie,
        "fbc": mask_cookie,
        "event_source_url": mask_url,
        "referrer_url": mask_url,
    }
    plain = {
        "event_name",
        "event_time",
        "action_source",
        "value_text",
        "currency",
        "test_event_code",
        "time_text",
        "pixel_id",
    }
    return printable(mask_email(text)) if column in plain else masks.get(column, mask_text)(text)
