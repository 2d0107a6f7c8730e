"""The app's style sheet as one block: the fonts, the palette as variables, and style.css.

The fonts travel inside it (80 kB). Streamlit serves a folder of files only from beside the script that was started, and
that is a different script for `streamlit run app.py` and for `emq-audit app`.
"""

import base64
from functools import cache
from pathlib import Path

from emq_audit.app.palette import css_variables

HERE = Path(__file__).parent
REPORT_FONTS = HERE.parent / "report" / "fonts"
FACES = (
    ("Inter", 400, REPORT_FONTS / "Inter-Regular.woff2"),
    ("Inter", 500, HERE / "fonts" / "Inter-Medium.woff2"),
    ("Inter", 600, REPORT_FONTS / "Inter-SemiBold.woff2"),
    ("JetBrains Mono", 400, HERE / "fonts" / "JetBrainsMono-Regular.woff2"),
)


@cache
def sheet(theme: str | None) -> str:
    """A <style> element for a page in the `theme` light or dark. It holds nothing from a log.

    Streamlit tells the browser the theme inside its page alone; dialogs and popovers lie beside it.
    """
    fonts = "\n".join(_face(*face) for face in FACES)
    rules = (HERE / "style.css").read_text(encoding="utf-8")
    scheme = "dark" if theme == "dark" else "light"
    return f"<style>\n{fonts}\n:root {{ color-scheme: {scheme}; {css_variables()} }}\n{rules}</style>"


def _face(family: str, weight: int, file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode("ascii")
    # 600 also serves what the framework sets in 700.
    weights = "600 700" if weight == 600 else weight
    return (
        f"@font-face {{ font-family: '{family}'; font-weight: {weights}; font-display: swap; "
        f"src: url(data:font/woff2;base64,{data}) format('woff2'); }}"
    )
