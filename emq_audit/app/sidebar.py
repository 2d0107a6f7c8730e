"""The sidebar below the list of pages: what is open, the reports to take away, and how to close it."""

from datetime import UTC, datetime

import streamlit as st
from markupsafe import Markup

from emq_audit.app import parts, session
from emq_audit.app.words import shown
from emq_audit.report import Report
from emq_audit.report.words import counted, period

MANY = 3


def show() -> None:
    opened = session.opened()
    report = opened.report
    with st.sidebar:
        parts.show(_file(opened))
        with st.popover("Export report", icon=":material/download:", width="stretch"):
            _exports(report)
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


def _exports(report: Report) -> None:
    """The files are made when a button is clicked, not before."""
    name = f"emq-audit-{datetime.now(UTC):%Y-%m-%d}"
    st.download_button(
        "Report for people (HTML)",
        lambda: _html(report),
        f"{name}.html",
        "text/html",
        key="html",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        "Data for machines (JSON)",
        lambda: _json(report),
        f"{name}.json",
        "application/json",
        key="json",
        on_click="ignore",
        width="stretch",
    )


def _html(report: Report) -> str:
    from emq_audit.report.html import to_html

    return to_html(report)


def _json(report: Report) -> str:
    from emq_audit.report.json import to_json

    return to_json(report)
