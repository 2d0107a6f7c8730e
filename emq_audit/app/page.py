"""What every page needs from Streamlit: the palette of the theme in use, charts, and a choice among events."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from emq_audit.app.charts import CONFIG
from emq_audit.app.palette import DARK, LIGHT, Palette
from emq_audit.app.words import label, shown
from emq_audit.report import Report

MANY = 6  # names that stand side by side as buttons; more go into a list


def report() -> Report:
    return st.session_state["opened"].report


def palette() -> Palette:
    return DARK if theme() == "dark" else LIGHT


def theme() -> str | None:
    return st.context.theme.type


@st.fragment(run_every=20)
def follow_theme() -> None:
    """Charts are coloured here, not in the browser: draw them again when the system changes between light and dark."""
    drawn = st.session_state.get("theme")
    st.session_state["theme"] = theme()
    if drawn is not None and drawn != theme():
        st.rerun()


def draw(figure: go.Figure, alt: str, key: str, **more: object) -> None:
    """A chart in our own colours: Streamlit's chart theme would also replace texts that look like colours."""
    st.plotly_chart(figure, theme=None, config=CONFIG, alt=alt, key=key, **more)


def choose(title: str, names: Sequence[str], key: str) -> str:
    """One of `names`, as buttons if they are few and short, else from a list."""
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    if len(names) <= MANY and sum(len(name) for name in names) <= 80:
        return st.segmented_control(
            title, names, format_func=label, required=True, key=key, wrap=True, persist_state="session"
        )
    return st.selectbox(title, names, format_func=shown, key=key, width=320, persist_state="session")


def link(page: str, words: str) -> None:
    """A quiet way to another page, with an arrow."""
    st.page_link(
        st.session_state["pages"][page], label=words, icon=":material/arrow_forward:", icon_position="right"
    )
