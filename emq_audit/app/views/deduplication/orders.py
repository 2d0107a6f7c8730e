"""The shop's own orders against what Meta counts: the offer to compare them, and the result."""

import streamlit as st
from markupsafe import Markup

from emq_audit.app import faults, parts, session
from emq_audit.app.words import shown
from emq_audit.report import Orders, Report
from emq_audit.report.pairing import orders_rows, orders_title
from emq_audit.report.words import count


def show(report: Report) -> None:
    """The comparison, or the place to drop the orders where the log holds purchases."""
    if report.orders:
        _card(report.orders)
    elif session.audit() is not None and any(entry.event_name == "Purchase" for entry in report.dedup):
        _offer()


def _offer() -> None:
    fault = st.session_state.get("orders_problem")
    with st.expander("Compare with your shop’s orders", key="emq-orders-drop", expanded=fault is not None):
        parts.show(
            parts.note(
                "Drop the orders that your shop exports (Shopify, WooCommerce, or any table with an order id) to see which Meta counts "
                "once, twice or not at all. The file is read, counted and dropped."
            )
        )
        faults.tell(fault)
        key = f"orders-{st.session_state.get('order_uploads', 0)}"
        file = st.file_uploader("Orders of the shop", key=key, label_visibility="collapsed")
    if file is not None:
        with faults.kept("orders_problem"):
            session.add_orders(file)
        st.rerun()


def _card(found: Orders) -> None:
    """The shop's own orders against what Meta counts."""
    shares = [
        (found.counted_once, "good", "counted once"), (found.duplicated, "faulty", "counted more than once"),
        (found.missing, "poor", "missing"),
    ]  # fmt: skip
    told = "; ".join(f"{count(events)} {words}" for events, _, words in shares)
    whole = max(found.orders, 1)
    ink = Markup('<span class="{}">{}</span>')
    rows = [
        (parts.two_lines(name, meaning), ink.format("emq-faulty" if fault and events else "", count(events)))
        for name, meaning, events, fault in orders_rows(found)
    ]
    half = (len(rows) + 1) // 2
    first, *others = (*found.notes, "") if found.notes else ("",)
    parts.show(
        parts.section(
            orders_title(found), f"Purchases that Meta counts, against the orders file. {shown(first, 400)}"
        ),
        parts.bar([(events / whole, kind) for events, kind, _ in shares], told),
        parts.two_columns(parts.facts(rows[:half]), parts.facts(rows[half:])),
    )
    st.button("Take the orders out", key="orders-out", type="tertiary", on_click=session.take_orders_out)
    if notes := [note for note in others if note]:
        with st.expander("What these counts leave out", key="emq-orders"):
            parts.show(*(parts.note(shown(note, 400)) for note in notes))
