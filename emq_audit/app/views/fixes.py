"""Fixes: what to do, in which order, who does it and how, and what each brings."""

import streamlit as st

from emq_audit.app import answers, cards, page, parts
from emq_audit.app.charts import gains
from emq_audit.app.charts.gains import Step
from emq_audit.app.words import PLATFORMS, label, shown
from emq_audit.report import EventScore, Fix, Report, Snippet
from emq_audit.report.order import leading, main_event
from emq_audit.report.words import counted, points

IN_CHART = 6  # fixes


def show() -> None:
    report = page.report()
    parts.show(parts.heading("Fixes", *answers.fixes(report)))
    if not report.fixes:
        parts.show(
            parts.calm("All well", "No check found a fault that can be repaired in what is sent.", "good")
        )
        return
    event = platform = None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        raised = [score.event_name for score in leading(report) if answers.fixes_of(report, score)]
        if raised:
            event = page.choose("What each fix brings to", raised, "fixes_event")
        platforms = _platforms(report)
        if platforms:
            platform = _choose_platform(report, platforms)
    if event:
        _chart(report, event)
    _list(report, event, platform)


def _platforms(report: Report) -> list[str]:
    """The ways to send events that some fix has steps for, in their usual order."""
    known = {method for fix in report.fixes for method in fix.steps}
    return [method for method in PLATFORMS if method in known] + sorted(known - set(PLATFORMS))


def _choose_platform(report: Report, platforms: list[str]) -> str:
    """The user's platform; at first the one that sends most events in this log."""
    if st.session_state.get("platform") not in platforms:
        usual = "direct-api" if "direct-api" in platforms else platforms[0]
        used = sorted(report.setup.methods, key=lambda method: -method.events)
        st.session_state["platform"] = next((m.method for m in used if m.method in platforms), usual)
    return st.segmented_control(
        "Your platform",
        platforms,
        format_func=_platform,
        required=True,
        key="platform",
        wrap=True,
        persist_state="session",
    )


def _platform(method: str) -> str:
    return PLATFORMS.get(method) or label(method)


def _chart(report: Report, event: str) -> None:
    score = next(score for score in leading(report) if score.event_name == event)
    if score.possible is None:
        return
    brought = answers.fixes_of(report, score)
    place = {fix.fix: number for number, fix in enumerate(report.fixes, 1)}
    steps = [Step(f"{place[fix.fix]}  {fix.title}", _after(fix, score)) for fix in brought[:IN_CHART]]
    more = f" {counted(len(brought) - IN_CHART, 'smaller one')} left out." if len(brought) > IN_CHART else ""
    parts.show(
        parts.section(
            f"{shown(event, 40)} from {points(score.emq)} to {points(score.possible)}",
            f"Each fix alone, then all of them together; they overlap, so gains do not simply add up. The scale is cut.{more}",
        )
    )
    figure = gains.chart(score.emq, steps, score.possible, score.target, page.palette())
    page.draw(figure, gains.alt(score.emq, steps, score.possible), "gains")


def _after(fix: Fix, score: EventScore) -> float:
    return (
        fix.scores[score.event_name][1]
        if score.event_name in fix.scores
        else score.emq + fix.gain[score.event_name]
    )


def _list(report: Report, event: str | None, platform: str | None) -> None:
    first = event or main_event(report)
    lifting = [fix for fix in report.fixes if any(value > 0 for value in fix.gain.values())]
    place = {fix.fix: number for number, fix in enumerate(report.fixes, 1)}
    others = [fix for fix in report.fixes if fix not in lifting]
    for title, note, group in (
        ("Fixes that raise a score", "Ranked by what they bring and to how many events.", lifting),
        (
            "No points, but still needed",
            "They concern counting, reporting or the rules for sending data.",
            others,
        ),
    ):
        if group:
            parts.show(parts.section(title, note))
            for fix in group:
                _card(place[fix.fix], fix, first, platform)


def _snippet(snippet: Snippet) -> None:
    if snippet.code:
        st.code(snippet.code, language=None)  # highlighted code has too little contrast
    if snippet.note:
        parts.show(parts.note(parts.with_code(snippet.note)))


def _card(place: int, fix: Fix, first: str | None, platform: str | None) -> None:
    with st.container(border=True, gap="small"):
        parts.show(cards.wide(place, fix, first))
        lines = fix.steps.get(platform or "")
        if lines:
            with st.expander(f"Steps for {_platform(platform)}", type="compact", expanded=place == 1):
                parts.show(parts.steps(lines))
                if snippet := fix.snippets.get(platform or ""):
                    _snippet(snippet)
        elif fix.steps:
            parts.show(parts.note(f"Nothing to do in {PLATFORMS.get(platform, shown(platform))}."))
