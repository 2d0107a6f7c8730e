"""The report as one HTML file that opens without network: no script, no outside reference.

It places what `view` says. Log text is escaped by Jinja, stands in `<bdi>`, and never gets into style sheets
or addresses.
"""

import re
from base64 import b64encode
from dataclasses import replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.report import Report
from emq_audit.report.brand import Brand, logo_shape, logo_type
from emq_audit.report.colour import DARK, LIGHT, palette, surface
from emq_audit.report.drawings import Box, Dot, Lane, Level, Mark
from emq_audit.report.sections.limits import range_words
from emq_audit.report.sections.meta import RANKED, UPLIFT
from emq_audit.report.view import view
from emq_audit.report.words import Piece, Sentence, visible

# Family, weight, file.
FONTS = (
    ("Inter", 400, "Inter-Regular"),
    ("Inter", 600, "Inter-SemiBold"),
    ("Inter Display", 600, "InterDisplay-SemiBold"),
)
# Where a long name may break: after a separator, and before a capital that follows a small letter.
_BREAK = re.compile(r"(?<=[_./\\:?&=@-])(?=[^_./\\:?&=@-])|(?<=[a-z])(?=[A-Z])")
_UNBROKEN = 14  # characters that fit the narrowest column in one line


def to_html(report: Report, brand: Brand | None = None) -> str:
    """The whole document. `brand` gives agency, client, logo and colour; without one the tool's own."""
    brand = brand or Brand()
    document = _template().render(
        view=view(report, CHECKS_BY_ID),
        brand=replace(brand, agency=brand.agency.strip(), client=brand.client.strip()),
        logo=_logo(brand.logo),
        style=Markup(_style(brand.accent)),
        range_words=range_words(),
        meta_uplift=UPLIFT,
        meta_ranked=RANKED,
    )
    return visible(document).lstrip()


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"say": _say, "lane": _lane, "bar": _bar, "link": _link}
    return environment.from_string(_text("template.html"))


def _text(name: str) -> str:
    return (files("emq_audit.report") / name).read_text("utf-8")


# ---- words


def _say(words: Sentence | Piece | str) -> Markup:
    """Pieces of a sentence as HTML, each set as its kind asks."""
    if isinstance(words, str):
        return escape(words)
    pieces = (words,) if isinstance(words, Piece) else words
    return Markup("").join(_piece(piece) for piece in pieces)


def _piece(piece: Piece) -> Markup:
    if piece.kind == "log":
        return Markup("<bdi>{}</bdi>").format(_breakable(piece.text))
    if piece.kind == "figure":
        return Markup('<span class="figure">{}</span>').format(piece.text)
    if piece.kind == "code":
        return Markup("<code>{}</code>").format(piece.text)
    return escape(piece.text)


def _breakable(name: str) -> Markup:
    return escape(name) if len(name) <= _UNBROKEN else Markup("<wbr>").join(_BREAK.split(name))


def _link(address: str) -> str:
    """The address if it is one of the web, else nothing: anything else could run on a click."""
    return address if re.fullmatch(r"https://[^\s<>\"']+", address or "") else ""


# ---- drawings


def _lane(lane: Lane) -> Markup:
    """Marks as an SVG that stretches with its cell: positions in percent, sizes in pixels."""
    marks = "".join(_mark(mark) for mark in lane)
    return Markup(f"<svg class=lane aria-hidden=true>{marks}</svg>") if lane else Markup("")


def _mark(mark: Mark) -> str:
    if isinstance(mark, Box):
        size = f"width={_share(mark.width)} y=50% height={mark.height:g} rx={mark.round:g}"
        middle = f'transform="translate(0 {-mark.height / 2:g})"'
        return f"<rect class={mark.look} x={_share(mark.x)} {size} {middle} />"
    if isinstance(mark, Dot):
        return f"<circle class={mark.look} cx={_share(mark.x)} cy=50% r={mark.radius:g} />"
    if isinstance(mark, Level):
        shift = f' transform="translate(0 {-mark.above:g})"' if mark.above else ""
        ends = f"x1={_share(mark.x)} x2={_share(mark.x + mark.width)}"
        return f"<line class={mark.look} {ends} y1=50% y2=50%{shift} />"
    top, bottom = {"full": ("0", "100%"), "upper": ("0", "50%"), "lower": ("50%", "100%")}[mark.half]
    return f"<line class={mark.look} x1={_share(mark.x)} x2={_share(mark.x)} y1={top} y2={bottom} />"


def _bar(lane: Lane) -> Markup:
    """Boxes as high as their cell, in as few bytes as can be: coverage tables hold hundreds of them."""
    boxes = "".join(
        f"<rect class={mark.look}{f' x={_share(mark.x)}' if mark.x else ''} width={_share(mark.width)} />"
        for mark in lane
    )
    return Markup(f"<svg class=k>{boxes}</svg>")


def _share(position: float) -> str:
    return f"{100 * position:.2f}".rstrip("0").rstrip(".") + "%"


# ---- look


def _style(accent: str) -> str:
    light = {**surface(accent), **palette(accent, LIGHT)}
    dark = {"brand-edge": light.pop("brand-edge-dark"), **palette(accent, DARK)}
    return "\n".join(
        (
            _fonts(),
            f":root{{{_variables(light)}}}",
            _text("style.css"),
            # On screen only: a person with a dark desktop still prints on white paper.
            f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}",
        )
    )


def _variables(colours: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())


@cache
def _fonts() -> str:
    faces = []
    for family, weight, file in FONTS:
        data = b64encode((files("emq_audit.report") / "fonts" / f"{file}.woff2").read_bytes()).decode()
        source = f'url("data:font/woff2;base64,{data}") format("woff2")'
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:swap;src:{source}}}'
        )
    return "".join(faces)


def _logo(logo: bytes | None) -> dict[str, str] | None:
    """Address and size in pixels: the same visual weight for every shape, so area counts, not height."""
    if logo is None:
        return None
    shape = min(20.0, max(0.2, logo_shape(logo) or 1.0))
    height = min(48.0, max(22.0, (4900 / shape) ** 0.5))
    width = min(210.0, height * shape)
    return {
        "address": f"data:{logo_type(logo)};base64,{b64encode(logo).decode()}",
        "width": f"{width:.0f}",
        "height": f"{width / shape:.0f}",
        "with_name": "yes" if shape < 1.6 else "",
    }
