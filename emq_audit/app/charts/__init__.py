"""Charts: each module turns a part of the Report into one plotly figure. No Streamlit here, so they are tested without it.

What they share: no title (the page has one above), no legend inside, no axis lines, no drag or zoom, fixed margins, an
explicit height, and texts from the log cut and escaped, because plotly reads some HTML.
"""

from html import escape

import plotly.graph_objects as go

from emq_audit.app.palette import Palette
from emq_audit.app.words import shown

FONT = "Inter, system-ui, sans-serif"
CONFIG = {
    "displayModeBar": False,
    "doubleClick": False,
    "scrollZoom": False,
    "showTips": False,
    "responsive": True,
}
CLEAR = "rgba(0,0,0,0)"
# A hover text as it stands: in a template of its own, what a log holds could be read as a field.
HOVER = "%{hovertext}<extra></extra>"


def blank(
    colour: Palette, height: int, *, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0
) -> go.Figure:
    """An empty figure in the house style; margins and height in pixels."""
    axis = {"visible": False, "fixedrange": True, "zeroline": False, "showgrid": False}
    return go.Figure(
        layout={
            "height": height,
            "margin": {"l": left, "r": right, "t": top, "b": bottom, "pad": 0},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"family": FONT, "size": 13, "color": colour.text},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "clickmode": "event+select",
            "barmode": "overlay",
            "bargap": 0,
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": colour.page,
                "bordercolor": colour.border,
                "align": "left",
                "font": {"family": FONT, "size": 13, "color": colour.text},
            },
        }
    )


def name(text: str, limit: int = 18) -> str:
    """A name from the log for a place where plotly reads HTML: cut and escaped."""
    return escape(shown(text, limit), quote=False)
