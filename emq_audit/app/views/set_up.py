"""Set-up: what each side caught beside the rules of thumb, what the methods cost, and what an assumed saving would pay back."""

from dataclasses import replace
from functools import cache

import streamlit as st
from markupsafe import Markup

from emq_audit import next_step
from emq_audit.app import page, parts, session
from emq_audit.app.words import PLATFORMS, plain
from emq_audit.errors import AuditError
from emq_audit.next_step import COSTS, HOME, PUBLISHED_SAVING, Budget
from emq_audit.report import Report
from emq_audit.report.sections.next_step import NextStep, PaybackWords, section
from emq_audit.report.words import capital, percent

METHODS = [cost.method for cost in COSTS]
NEAR = ("DKK", "EUR", "SEK", "NOK", "GBP", "USD")  # first in the list
MOST_ASSUMED = 50  # percent
MOST_SPEND = 1e12


def show() -> None:
    settle()
    report = page.report()
    words = section(report)
    if words is None:
        parts.show(
            parts.heading("Set-up", "This report holds no plan for the set-up."),
            parts.calm("No plan", "Open the log again to get one.", "none"),
        )
        return
    parts.show(parts.heading("Set-up", capital(words.title.removeprefix("Next step: ")) + ".", plain(words.why)))
    parts.show(parts.section("What each set-up catches"), _typical(words), parts.note(words.typical_note))
    if words.seen:
        parts.show(_seen(words), parts.note(words.seen_note))
    if report.plan.next == "pair":
        page.link("deduplication", "Why events do not pair")
    if report.plan.next == "fix":
        page.link("fixes", "The fix list")
    parts.show(parts.section("What each method costs", words.costs_note))
    _choose_method(report)
    parts.show(_costs(words))
    parts.show(
        parts.section("Payback", "What an assumed lower cost per result would bring, set against these costs. Never a measurement.")
    )
    _inputs(report)
    with st.container(border=True, gap="small"):
        _payback(words.payback)


def _typical(words: NextStep) -> Markup:
    columns = [parts.Column("Set-up"), parts.Column("Typically", numbers=True), parts.Column("This log")]
    rows = [
        (parts.two_lines(row.name, "as in this log" if row.here else ""), row.typical, row.log) for row in words.typical
    ]
    return parts.table(columns, rows, caption="What each set-up typically catches, and what this log shows")


def _seen(words: NextStep) -> Markup:
    columns = [
        parts.Column("Event"), parts.Column("Actions", numbers=True), parts.Column("Came from the browser"),
        parts.Column("Came from the server"),
    ]  # fmt: skip
    rows = [
        (plain(row.name, 64), row.actions, _share(row.browser_share, "browser"), _share(row.server_share, "server"))
        for row in words.seen
    ]
    return parts.table(columns, rows, caption="Actions by event name, and the share that each side reported")


def _share(share: float, side: str) -> Markup:
    words = f"{percent(share)} came from the {side}"
    return Markup('<div class="emq-of">{}<b>{}</b></div>').format(parts.share(share, words), percent(share))


def _costs(words: NextStep) -> Markup:
    columns = [parts.Column("Method"), *(parts.Column(title, numbers=True) for title in ("A month", "To set up", "Time"))]
    rows = [
        (parts.two_lines(row.name, row.mark), row.monthly, row.once, row.hours)
        for row in words.costs
    ]
    return parts.table(columns, rows, caption="What each way to run the Conversions API usually costs")


def _payback(words: PaybackWords | None) -> None:
    if words is None:
        lacking = _spend() is not None
        parts.show(
            parts.note(
                f"Give the rate, how many DKK one {_currency()} costs, to set the spend against the costs."
                if lacking
                else "Give the ad spend a month to see it."
            )
        )
        return
    parts.show(
        Markup('<div class="emq-card"><h3>{}</h3><p>{}</p></div>').format(words.headline, words.assumption)
    )
    if words.rows:
        saving = any(row.left != "–" for row in words.rows)
        more = ("Left a month", "Set-up paid back in") if saving else ()
        columns = [parts.Column("Method"), *(parts.Column(title, numbers=True) for title in (*more, words.needed_title))]
        rows = [(row.name, *((row.left, row.months) if saving else ()), row.needed) for row in words.rows]
        parts.show(parts.table(columns, rows, caption="What each method would have to bring"))
    if words.note:
        parts.show(parts.note(words.note))


# What the user gives


def _choose_method(report: Report) -> None:
    """The method that the Fixes page shows steps for: one choice for both pages."""
    chosen = session.said_platform() or next_step.recognised(report.setup)
    st.session_state["set_up_method"] = chosen if chosen in METHODS else None
    st.segmented_control(
        "Your method", METHODS, format_func=lambda method: PLATFORMS[method], key="set_up_method", on_change=_chose, wrap=True
    )


def _chose() -> None:
    session.say_platform(st.session_state["set_up_method"])
    settle()


def _inputs(report: Report) -> None:
    published = report.setup.kind == "pixel"
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.number_input(
            "Ad spend a month", min_value=0.0, max_value=MOST_SPEND, value=None, step=1000.0, format="%.0f", placeholder="50000",
            key="set_up_spend", on_change=settle, persist_state="session", width=180,
        )  # fmt: skip
        st.selectbox(
            "Currency", _currencies(), key="set_up_currency", on_change=settle, persist_state="session", width=120,
        )  # fmt: skip
        code = _currency()
        if code != HOME:
            st.number_input(
                f"DKK for one {code}", min_value=0.0, max_value=1e6, value=None, step=0.01, format="%.4f", placeholder="7.46",
                key=_rate_key(code), on_change=settle, persist_state="session", width=160,
            )  # fmt: skip
        st.slider(
            "Assumed lower cost per result", 0, MOST_ASSUMED, round(100 * PUBLISHED_SAVING) if published else 0, format="%d%%",
            key="set_up_saving", on_change=settle, persist_state="session", width=280,
            help="13% is the published figure for adding the Conversions API to a pixel; change it to your own assumption."
            if published
            else "The published 13% is not about this set-up. Above 0%, your own assumption counts.",
        )  # fmt: skip


@cache
def _currencies() -> list[str]:
    import pycountry

    return [*NEAR, *sorted({currency.alpha_3 for currency in pycountry.currencies} - set(NEAR))]


def _currency() -> str:
    return st.session_state.get("set_up_currency") or HOME


def _rate_key(code: str) -> str:
    return f"set_up_rate_{code}"


def _spend() -> float | None:
    return st.session_state.get("set_up_spend") or None


def _budget(kind: str) -> Budget:
    """What was given so far. A spend in another currency waits for its rate; the published assumption stands as long as it is not moved."""
    code, spend, assumed = _currency(), _spend(), st.session_state.get("set_up_saving")
    rate = (st.session_state.get(_rate_key(code)) or None) if code != HOME else None
    if code != HOME and rate is None:
        spend = None
    stands = round(100 * PUBLISHED_SAVING) if kind == "pixel" else 0
    saving = assumed / 100 if spend and assumed is not None and assumed != stands else None
    return Budget(spend, code, rate, saving)


def settle() -> None:
    """Work out plan and payback for what was given, and keep them in the report, so that its exports say the same."""
    known = st.session_state["opened"]
    report = known.report
    if report.plan is None or not st.session_state.keys() & {"set_up_spend", "set_up_currency", "platform_said"}:
        return
    chosen = session.said_platform()
    method = chosen if chosen in METHODS else None
    try:
        budget = _budget(report.setup.kind)
    except AuditError:
        return
    plan = next_step.plan(report.setup, report.dedup, report.fixes, budget, method)
    payback = next_step.payback(report.setup, budget, method)
    if (plan, payback) != (report.plan, report.payback):
        st.session_state["opened"] = replace(known, report=replace(report, plan=plan, payback=payback))
