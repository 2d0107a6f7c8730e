"""What can be taken away: the report for people, under the names of its agency and client, and the data for machines."""

import re
from datetime import UTC, datetime

import streamlit as st

from emq_audit.app import faults, parts
from emq_audit.errors import AuditError
from emq_audit.report import Report
from emq_audit.report.brand import LOGO_LIMIT, Brand

LONGEST_NAME = 80


@st.dialog("Export report")
def show(report: Report) -> None:
    """Whose report it is, and the two files; each is made when its button is clicked, not before."""
    _names()
    brand = _brand()
    name = file_name(brand.client if brand else "")
    with st.container(horizontal=True):
        st.download_button(
            "Report for people (HTML)", lambda: _html(report, brand), f"{name}.html", "text/html",
            key="html", on_click="ignore", type="primary", disabled=brand is None,
        )  # fmt: skip
        st.download_button(
            "Data for machines (JSON)", lambda: _json(report), f"{name}.json", "application/json", key="json", on_click="ignore"
        )
    parts.show(parts.note("Both hold masked values only. To get a PDF, open the HTML report and print it."))


def _names() -> None:
    """All of it optional. Names count while they are typed: else leaving a box starts a run, and a click on a download is lost to it."""
    for place, title, key in zip(st.columns(2), ("Client", "Agency"), ("brand_client", "brand_agency"), strict=True):
        place.text_input(title, key=key, max_chars=LONGEST_NAME, live=True, persist_state="session")
    colour, logo = st.columns([1, 3])
    colour.color_picker("Colour", Brand.accent, key="brand_accent", persist_state="session")
    with logo, st.container(key="emq-logo-drop"):
        file = st.file_uploader(
            "Agency’s logo", ["png", "jpg", "jpeg", "svg"], key=f"logo-{st.session_state.get('brand_logos', 0)}",
            max_upload_size=LOGO_LIMIT // 1_000_000, on_change=_keep_logo,
        )  # fmt: skip
        if file is None and st.session_state.get("brand_logo"):  # of the audit before
            st.button("Take the logo out", icon=":material/close:", key="logo_out", type="tertiary", on_click=_take_logo_out)
    parts.show(parts.note("They stand on the HTML report. Agency, colour and logo stay for your next audit in this tab."))


def _brand() -> Brand | None:
    """What was given about the report's makers, or None, with the reason on the page, where it cannot be used."""
    said = st.session_state.get
    try:
        return Brand(
            client=said("brand_client") or "", agency=said("brand_agency") or "",
            accent=said("brand_accent") or Brand.accent, logo=said("brand_logo"),
        )  # fmt: skip
    except AuditError as error:
        faults.tell(faults.problem(error))
        return None


def _keep_logo() -> None:
    """The uploader forgets its file as soon as it is off the page, so the picture is kept beside it."""
    file = st.session_state[f"logo-{st.session_state.get('brand_logos', 0)}"]
    st.session_state["brand_logo"] = file.getvalue() if file else None


def _take_logo_out() -> None:
    st.session_state["brand_logo"] = None
    st.session_state["brand_logos"] = st.session_state.get("brand_logos", 0) + 1  # a new key: an empty uploader


def file_name(client: str) -> str:
    """emq-audit-client-2026-11-24, without what a file system may not like."""
    slug = re.sub(r"[\W_]+", "-", client).strip("-").lower()[:40]
    return "-".join(filter(None, ("emq-audit", slug, f"{datetime.now(UTC):%Y-%m-%d}")))


def _html(report: Report, brand: Brand | None) -> str:
    from emq_audit.report.html import to_html

    return to_html(report, brand)


def _json(report: Report) -> str:
    from emq_audit.report.json import to_json

    return to_json(report)
