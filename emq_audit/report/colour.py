"""Four colours from one brand colour, readable on light and on dark paper.

brand is the raw colour, used only as a surface. accent is the same hue, moved until text in it is readable.
data is accent too, unless it would look like the colour of a fault. tint is paper with some data in it. Hues
are kept in OKLCH, where a step of lightness looks the same in every hue:
https://bottosson.github.io/posts/oklab/
"""

import math
from dataclasses import dataclass

INK = "#14181f"
SLATE_CHROMA = 0.03  # below this a colour is a grey to the eye


@dataclass(frozen=True)
class Paper:
    """One scheme. Text moves in `direction` until it reaches `contrast`; `tint` is a share of data."""

    paper: str
    wash: str
    fault: str
    slate: str
    direction: int
    contrast: float
    tint: float


LIGHT = Paper("#ffffff", "#f5f6f8", "#b3370d", "#3b4657", -1, 4.5, 0.24)
DARK = Paper("#12161c", "#1a2029", "#ff9a70", "#b9c3d1", 1, 6.5, 0.34)


def surface(brand: str) -> dict[str, str]:
    """brand, the colour of writing on it, and its outline where it hardly differs from the paper."""
    return {
        "brand": brand,
        "on-brand": "#ffffff" if contrast(brand, "#ffffff") >= 4.5 else INK,
        "brand-edge": mix(brand, INK, 0.35) if contrast(brand, LIGHT.paper) < 1.5 else brand,
        "brand-edge-dark": mix(brand, "#ffffff", 0.35) if contrast(brand, DARK.paper) < 1.5 else brand,
    }


def palette(brand: str, scheme: Paper) -> dict[str, str]:
    """accent, data and tint of a scheme."""
    accent = readable(brand, scheme)
    data = scheme.slate if _looks_like_fault(accent, scheme) else accent
    return {"accent": accent, "data": data, "tint": mix(scheme.paper, data, scheme.tint)}


def readable(brand: str, scheme: Paper) -> str:
    """The brand's hue, no further from the brand's lightness than contrast with paper and wash asks for."""
    light, chroma, hue = to_oklch(brand)
    moved = False
    while True:
        candidate = _fit(light, chroma, hue)
        if min(contrast(candidate, scheme.paper), contrast(candidate, scheme.wash)) >= scheme.contrast:
            return scheme.slate if moved and chroma < SLATE_CHROMA else candidate
        moved = True
        light += 0.005 * scheme.direction
        if not 0 <= light <= 1:
            return scheme.slate


def _looks_like_fault(colour: str, scheme: Paper) -> bool:
    _, chroma, hue = to_oklch(colour)
    distance = abs(hue - to_oklch(scheme.fault)[2])
    return chroma >= SLATE_CHROMA and min(distance, 360 - distance) <= 32


def contrast(one: str, other: str) -> float:
    """WCAG contrast, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` of `other`, mixed in sRGB."""
    return _hex([a + (b - a) * share for a, b in zip(_channels(one), _channels(other), strict=True)])


def to_oklch(colour: str) -> tuple[float, float, float]:
    """Lightness 0-1, chroma, hue in degrees."""
    r, g, b = (_linear(c) for c in _channels(colour))
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    light = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _fit(light: float, chroma: float, hue: float) -> str:
    """The colour as sRGB; chroma shrinks until it fits."""
    while True:
        rgb = _from_oklch(light, chroma, hue)
        if chroma <= 0.001 or all(-0.0005 <= c <= 1.0005 for c in rgb):
            return _hex(rgb)
        chroma *= 0.97


def _from_oklch(light: float, chroma: float, hue: float) -> list[float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear]


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _luminance(colour: str) -> float:
    r, g, b = (_linear(c) for c in _channels(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _hex(rgb: list[float]) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, c))):02x}" for c in rgb)
