"""Every colour of the app, once, in a light and a dark tone.

`Palette.<name>` is a hex text. The style sheet takes the pairs as CSS variables, the charts take one palette, and
Streamlit's own parts take `.streamlit/config.toml`, which is written from here (see `theme`).

Contrast of text on the page is at least 4.5 : 1 in both themes (tested). `faint` and the marks are never text.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Palette:
    """Surfaces and text, the accent, and for each state a mark, a text on the page, a tint for fills and a pill background."""

    page: str
    panel: str
    sidebar: str
    text: str
    muted: str
    faint: str
    border: str
    grid: str
    accent: str
    accent_text: str  # on a surface filled with the accent
    accent_tint: str
    good: str
    good_text: str
    good_tint: str
    good_pill: str
    close: str
    close_text: str
    close_tint: str
    close_pill: str
    poor: str
    poor_text: str
    poor_tint: str
    poor_pill: str
    none: str
    none_pill: str
    hatch: str


LIGHT = Palette(
    page="#ffffff",
    panel="#f6f7f9",
    sidebar="#f6f7f9",
    text="#12161e",
    muted="#566070",
    faint="#8790a0",
    border="#e1e4ea",
    grid="#edeff3",
    accent="#4b4fd1",
    accent_text="#ffffff",
    accent_tint="#dcdcfa",
    good="#0e8f8a",
    good_text="#0b6f6b",
    good_tint="#b9e3e0",
    good_pill="#ddf2f0",
    close="#d08414",
    close_text="#8f4e00",
    close_tint="#fbdda8",
    close_pill="#fdefd6",
    poor="#a8203a",
    poor_text="#a8203a",
    poor_tint="#f7d5da",
    poor_pill="#fbe7ea",
    none="#b4bcc8",
    none_pill="#eef0f4",
    hatch="#b06a00",
)

DARK = Palette(
    page="#0f1217",
    panel="#171b22",
    sidebar="#14181f",
    text="#e9ecf1",
    muted="#a0a9b8",
    faint="#6f7988",
    border="#2a303a",
    grid="#20262f",
    accent="#8b91ff",
    accent_text="#0f1217",
    accent_tint="#2b2e63",
    good="#3fb9b4",
    good_text="#5fd0ca",
    good_tint="#14504e",
    good_pill="#103332",
    close="#f0b04e",
    close_text="#f2b457",
    close_tint="#553c10",
    close_pill="#38290f",
    poor="#e4576c",
    poor_text="#ff8b97",
    poor_tint="#4d1e28",
    poor_pill="#3c1820",
    none="#5e6878",
    none_pill="#222832",
    hatch="#f0b04e",
)


def css_variables() -> str:
    """`--good: light-dark(#0e8f8a, #3fb9b4); …` for each colour: the browser follows a change of theme by itself."""
    names = (field.name for field in fields(Palette))
    return " ".join(
        f"--{name.replace('_', '-')}: light-dark({getattr(LIGHT, name)}, {getattr(DARK, name)});"
        for name in names
    )
