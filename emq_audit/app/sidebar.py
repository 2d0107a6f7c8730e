"""The sidebar below the list of pages: what is open, the reports to take away, and how to close it."""

import streamlit as st
from markupsafe import Markup

from emq_audit.app import exports, parts, session
from emq_audit.app.words import shown
from emq_audit.report.words import counted, period

MANY = 3


def show() -> None:
    opened = session.opened()
    report = opened.report
    with st.sidebar:
        parts.show(_file(opened))
        if st.button("Export report", icon=":material/download:", width="stretch", key="export"):
            exports.show(report)
        if st.button("New audit", icon=":material/refresh:", type="tertiary", key="new"):
            session.close()
            st.rerun()
        parts.show(Markup('<p class="emq-side">Everything stays on this computer.</p>'))


def _file(opened: session.Opened) -> Markup:
    names = [shown(name, 48) for name in opened.names[:MANY]]
    if len(opened.names) > MANY:
        names.append(f"and {len(opened.names) - MANY} more")
    read = opened.report.input
    return Markup('<div class="emq-side">{}{}<br>{}</div>').format(
        Markup("").join(Markup("<b>{}</b>").format(name) for name in names),
        counted(read.events, "event"),
        period(read.first, read.last),
    )
