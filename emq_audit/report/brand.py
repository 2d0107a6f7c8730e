"""Whose report it is: one record that every face with a look reads."""

import re
from dataclasses import dataclass

from emq_audit.errors import AuditError

LOGO_LIMIT = 1_000_000  # bytes
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SVG_START = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg[\s>]", re.S)


@dataclass(frozen=True)
class Brand:
    """`agency` made the report for `client`; `accent` is #rrggbb, `logo` the bytes of a PNG, JPEG or SVG.

    Raises AuditError for any other colour, and for a logo of another kind or above 1 MB.
    """

    agency: str = ""
    client: str = ""
    accent: str = "#00695c"
    logo: bytes | None = None

    def __post_init__(self) -> None:
        # The colour ends in a style sheet, where escaping for HTML protects nothing.
        if not _COLOUR.fullmatch(self.accent):
            raise AuditError(
                "The accent colour is not a colour code of six digits.",
                "Write it like #00695c: # and six digits from 0 to f.",
            )
        if self.logo is not None and len(self.logo) > LOGO_LIMIT:
            raise AuditError("The logo is larger than 1 MB.", "Save it smaller: 400 pixels wide is enough.")
        if self.logo is not None:
            logo_type(self.logo)


def logo_type(logo: bytes) -> str:
    """The media type of a picture, from its content. Raises AuditError for anything but PNG, JPEG and SVG."""
    if logo.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if logo.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if _SVG_START.match(logo.removeprefix(b"\xef\xbb\xbf")):
        return "image/svg+xml"
    raise AuditError("The logo is not a PNG, JPEG or SVG picture.", "Save it as PNG or SVG and try again.")


def logo_shape(logo: bytes) -> float | None:
    """Width divided by height, or None where the picture does not tell."""
    kind = logo_type(logo)
    if kind == "image/png":
        size = int.from_bytes(logo[16:20]), int.from_bytes(logo[20:24])
    elif kind == "image/jpeg":
        size = _jpeg_size(logo)
    else:
        size = _svg_size(logo)
    return size[0] / size[1] if size[0] > 0 and size[1] > 0 else None


def _jpeg_size(logo: bytes) -> tuple[float, float]:
    """Width and height from the first frame header (C0 to CF without C4, C8, CC); 0, 0 without one."""
    at = 2
    while at + 9 < len(logo) and logo[at] == 0xFF:
        marker = logo[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(logo[at + 7 : at + 9]), int.from_bytes(logo[at + 5 : at + 7])
        at += 2 + int.from_bytes(logo[at + 2 : at + 4])
    return 0, 0


def _svg_size(logo: bytes) -> tuple[float, float]:
    """Width and height from the viewBox, else from the attributes; 0, 0 if neither is in plain numbers."""
    start = logo[logo.find(b"<svg") :][:4000].split(b">", 1)[0].decode("utf-8", "replace")
    box = re.search(r"viewBox\s*=\s*[\"']\s*[-\d.e]+[\s,]+[-\d.e]+[\s,]+(\d*\.?\d+)[\s,]+(\d*\.?\d+)", start)
    if box:
        return float(box[1]), float(box[2])
    sides = [re.search(rf"\b{side}\s*=\s*[\"'](\d*\.?\d+)(px)?[\"']", start) for side in ("width", "height")]
    return (float(sides[0][1]), float(sides[1][1])) if all(sides) else (0, 0)
