"""The pieces of a page that are plain HTML: headings, the strip of numbers, tables, pills, bars and notes.

Each function returns `Markup`; whatever is handed in as ordinary text is escaped by it. A view joins pieces and passes
them to `show`. Static HTML rather than Streamlit's own elements, because it wraps, scrolls and is read aloud as meant,
and because escaping HTML is simpler and safer than escaping Markdown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from markupsafe import Markup, escape

from emq_audit.report.words import visible

Tone = Literal["good", "close", "poor", "none"]
GLYPHS: dict[Tone, str] = {"good": "●", "close": "▲", "poor": "▼", "none": "○"}


def show(*pieces: str, fit: bool = False) -> None:
    """Put pieces on the page, over the whole width or, with `fit`, as wide as they are. What cannot be seen is taken out."""
    st.html(visible(Markup("").join(pieces)), width="content" if fit else "stretch")


def heading(page: str, verdict: str, scope: str = "") -> Markup:
    """The page's name in small, the finding as its heading, one line of scope and caveat."""
    below = Markup('<p class="emq-scope">{}</p>').format(scope) if scope else ""
    above = Markup('<p class="emq-page">{}</p>').format(page) if page else ""
    return Markup('<header class="emq-head">{}<h1>{}</h1>{}</header>').format(above, verdict, below)


def section(title: str, note: str = "", *, small: bool = False) -> Markup:
    below = Markup('<p class="emq-note">{}</p>').format(note) if note else ""
    return Markup('<div class="emq-section{}"><h2>{}</h2>{}</div>').format(
        " emq-small" if small else "", title, below
    )


def note(text: str) -> Markup:
    return Markup('<p class="emq-note">{}</p>').format(text)


def glyph(tone: Tone) -> Markup:
    """The shape of a state. Words always stand beside it, so it is hidden from screen readers."""
    return Markup('<span class="emq-glyph emq-{0}" aria-hidden="true">{1}</span>').format(tone, GLYPHS[tone])


def pill(text: str, tone: Tone) -> Markup:
    return Markup('<span class="emq-pill emq-{0}">{1} {2}</span>').format(tone, glyph(tone), text)


def tags(texts: Iterable[str]) -> Markup:
    items = Markup("").join(Markup('<li class="emq-tag">{}</li>').format(text) for text in texts if text)
    return Markup('<ul class="emq-tags">{}</ul>').format(items)


def mono(text: str) -> Markup:
    return Markup('<span class="emq-mono">{}</span>').format(text)


def two_lines(first: str, second: str) -> Markup:
    return Markup('{}<span class="emq-second">{}</span>').format(first, second) if second else escape(first)


@dataclass(frozen=True)
class Figure:
    """One number of the strip: 71% · goal 75% · ▲ 118 probably counted twice."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: Tone | None = None


def strip(figures: Sequence[Figure]) -> Markup:
    """Up to four numbers side by side; two by two on a narrow screen."""
    cells = Markup("").join(
        Markup(
            '<div><dt>{}</dt><dd><span class="emq-big">{}</span> <span class="emq-unit">{}</span>'
            '<span class="emq-under">{} {}</span></dd></div>'
        ).format(f.label, f.value, f.unit, glyph(f.tone) if f.tone else "", f.note)
        for f in figures
    )
    return Markup('<dl class="emq-strip">{}</dl>').format(cells)


@dataclass(frozen=True)
class Column:
    """A column of a table: its title and whether it holds numbers (right-aligned)."""

    title: str
    numbers: bool = False
    width: str = ""


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], *, caption: str, plain: bool = False
) -> Markup:
    """A short table in a box that scrolls sideways. The first cell of a row names it. `caption` is for screen readers;
    `plain` sets the names of rows in ordinary weight."""
    head = Markup("").join(
        Markup('<th scope="col" class="{}" style="{}">{}</th>').format(
            "emq-num" if c.numbers else "", f"width:{c.width}" if c.width else "", c.title
        )
        for c in columns
    )
    return Markup(
        '<div class="emq-scroll" tabindex="0" role="region" aria-label="{0}"><table class="emq-table{3}">'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(
        caption, head, Markup("").join(_row(columns, row) for row in rows), " emq-plain" if plain else ""
    )


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    named = [("emq-num" if column.numbers else "", cell) for column, cell in zip(columns, cells, strict=True)]
    return Markup('<tr><th scope="row" class="{}">{}</th>{}</tr>').format(
        *named[0], Markup("").join(Markup('<td class="{}">{}</td>').format(*cell) for cell in named[1:])
    )


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """A list of names with a value at the right end, hairlines between."""
    items = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in rows
    )
    return Markup('<dl class="emq-facts">{}</dl>').format(items)


def bar(shares: Sequence[tuple[float, Literal["good", "faulty", "none", "poor"]]], words: str) -> Markup:
    """One bar cut into shares of 1. `words` say the same to a screen reader."""
    pieces = Markup("").join(
        Markup('<span class="emq-{}" style="flex-grow:{:.4f}"></span>').format(kind, share)
        for share, kind in shares
        if share > 0
    )
    return Markup('<div class="emq-bar" role="img" aria-label="{}">{}</div>').format(words, pieces)


def meter(share: float, goal: float, tone: Tone, words: str) -> Markup:
    """A share as a bar with the goal marked on it."""
    return Markup(
        '<div class="emq-meter" role="img" aria-label="{0}"><span class="emq-{1}" style="width:{2:.1f}%"></span>'
        '<i style="left:{3:.1f}%"></i></div>'
    ).format(words, tone, min(share, 1) * 100, goal * 100)


def share(share: float, words: str) -> Markup:
    """A share of something that is no fault by itself, as a short bar. `words` say the same to a screen reader."""
    return Markup(
        '<div class="emq-share" role="img" aria-label="{}"><span style="width:{:.1f}%"></span></div>'
    ).format(words, min(share, 1) * 100)


def change(text: str, effect: str, tone: Tone) -> Markup:
    """What to change, after a pill with what happens otherwise."""
    return Markup('<p class="emq-change">{} {}</p>').format(pill(effect.lower(), tone), text)


def calm(title: str, text: str, tone: Tone | None = None) -> Markup:
    """What is absent or fine, why, and what to do, in a quiet box."""
    return Markup('<div class="emq-calm"><h2>{} {}</h2><p>{}</p></div>').format(
        glyph(tone) if tone else "", title, text
    )


def handle(text: str) -> Markup:
    """Something to focus in a box that scrolls, so that the keyboard can move it; seen only when focused."""
    return Markup('<span class="emq-handle" tabindex="0">{}</span>').format(text)


def legend(items: Sequence[tuple[str, str]]) -> Markup:
    """(class of the swatch, word): what the marks of a chart mean."""
    entries = Markup("").join(
        Markup('<li><span class="emq-swatch emq-{}" aria-hidden="true"></span>{}</li>').format(kind, word)
        for kind, word in items
    )
    return Markup('<ul class="emq-legend">{}</ul>').format(entries)


def steps(lines: Iterable[str]) -> Markup:
    """Numbered instructions; what stands between backticks is code."""
    items = Markup("").join(Markup("<li>{}</li>").format(with_code(line)) for line in lines)
    return Markup('<ol class="emq-steps">{}</ol>').format(items)


def with_code(line: str) -> Markup:
    """Words of ours; what stands between backticks is code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(line.split("`"))
    )


def lede(text: str) -> Markup:
    return Markup('<p class="emq-lede">{}</p>').format(text)


def two_columns(left: str, right: str) -> Markup:
    return Markup('<div class="emq-two"><div>{}</div><div>{}</div></div>').format(left, right)
