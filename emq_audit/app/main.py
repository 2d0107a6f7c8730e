"""The app: one script that Streamlit runs from top to bottom whenever something is clicked. Start reading here."""

from pathlib import Path

import streamlit as st

from emq_audit.app import faults, page, serve, session, sidebar, style
from emq_audit.app.views import coverage, deduplication, events, fixes, meta, overview, set_up, start, what_if

BRAND = Path(__file__).parent / "brand"
SIDEBAR = 248  # pixels


def main() -> None:
    # An image: the icon of a page would otherwise be fetched from another site.
    st.set_page_config(
        "emq-audit",
        page_icon=str(BRAND / "icon.png"),
        layout="wide",
        initial_sidebar_state=SIDEBAR,
        menu_items={},
    )
    st.html(style.sheet(page.theme()))
    st.logo(str(BRAND / "logo.svg"), size="medium")
    with faults.told():
        _show()


def _show() -> None:
    audit = [
        st.Page(
            overview.show, title="Overview", icon=":material/dashboard:", url_path="overview", default=True
        ),
        st.Page(coverage.show, title="Coverage", icon=":material/grid_on:", url_path="coverage"),
        st.Page(
            deduplication.show, title="Deduplication", icon=":material/join_inner:", url_path="deduplication"
        ),
        st.Page(events.show, title="Events", icon=":material/list_alt:", url_path="events"),
        st.Page(meta.show, title=meta.PAGE, icon=":material/balance:", url_path="meta"),
    ]
    improve = [
        st.Page(fixes.show, title="Fixes", icon=":material/build:", url_path="fixes"),
        st.Page(what_if.show, title="What-if", icon=":material/tune:", url_path="what-if"),
        st.Page(set_up.show, title="Set-up", icon=":material/route:", url_path="set-up"),
    ]
    # One flat list: Streamlit puts the headings of groups inside the list, which screen readers cannot make sense of.
    pages = [*audit, *improve]
    st.session_state["pages"] = {each.url_path or "overview": each for each in pages}
    # The first element of every run: it clears the start page before the first line of a result is drawn.
    whole = st.empty()
    if session.opened():
        chosen = st.navigation(pages, position="sidebar", expanded=True)
        sidebar.show()
        page.follow_theme()
        chosen.run()
        return
    st.navigation(pages, position="hidden")
    if given := serve.not_yet_opened():
        start.open_given(whole, given)
    start.show(whole)
