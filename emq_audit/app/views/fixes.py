"""Fixes: what to do, in which order, who does it and how, and what each brings."""

import streamlit as st

from emq_audit.app import answers, cards, page, parts, session
from emq_audit.app.charts import gains
from emq_audit.app.charts.gains import Step
from emq_audit.app.views import set_up
from emq_audit.app.words import PLATFORMS, label, shown
from emq_audit.event_names import importance
from emq_audit.report import EventScore, Fix, Report, Snippet, path
from emq_audit.report.order import main_event
from emq_audit.report.words import counted, points
from emq_audit.weights import EVENT_WEIGHTS

IN_CHART = 8  # steps
WEIGHED = 8  # events
GROUPS = (
    (("repair",), "Repair what is sent", "Values that are sent and that Meta cannot use."),
    (
        ("forward", "attach"),
        "Send more of what you know",
        "Nothing is wrong with what is sent; the log shows values that are known elsewhere.",
    ),
    (
        ("collect",),
        "Begin to collect",
        "Nobody sends these yet. Each gain is what it could bring at most: if every customer gave it.",
    ),
    (("other",), "No points, but still needed", "They concern counting, reporting or the rules for sending data."),
)
"""The groups of the list: kinds of Fix, heading, note."""

SERVER_LANGUAGES = {"python": "Python", "javascript": "Node", "php": "PHP"}
"""What the languages of code that runs on a server are called."""


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
        raised = answers.raised(report)
        if raised:
            event = page.choose("Path for", [score.event_name for score in raised], "fixes_event")
        platforms = _platforms(report)
        if platforms:
            platform = _choose_platform(report, platforms)
        _weigh(report)
    if event:
        _chart(report, next(score for score in raised if score.event_name == event))
    _list(report, event, platform)


def _platforms(report: Report) -> list[str]:
    """The ways to send events that some fix has steps for, in their usual order."""
    known = {method for fix in report.fixes for method, lines in fix.steps.items() if lines}
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
        on_change=_said,
        wrap=True,
        persist_state="session",
    )


def _said() -> None:
    session.say_platform(st.session_state["platform"])
    set_up.settle()


def _weigh(report: Report) -> None:
    """What an event is worth, for those who know their business better than we do."""
    names = sorted({name for fix in report.fixes for name in fix.gain}, key=lambda name: (importance(name), name))[:WEIGHED]
    if len(names) < 2 or session.audit() is None:
        return
    with st.popover("Weigh events", icon=":material/balance:"):
        parts.show(parts.note("What one event is worth beside a page view. Only the order of the fixes depends on it."))
        for name in names:
            usual = float(EVENT_WEIGHTS.get(name, 1))
            key = f"weight of {name}"
            st.session_state.setdefault(key, usual)
            st.number_input(
                label(name), 0.0, 1e6, step=1.0, format="%g", key=key, on_change=_reweigh, args=(names,), persist_state="session"
            )


def _reweigh(names: list[str]) -> None:
    session.weigh({name: st.session_state[f"weight of {name}"] for name in names})


def _platform(method: str) -> str:
    return PLATFORMS.get(method) or label(method)


def _chart(report: Report, score: EventScore) -> None:
    way = path.of_event(report, score)
    place = {fix.fix: number for number, fix in enumerate(report.fixes, 1)}
    steps = [
        Step(f"{place[step.fix.fix]}  {step.fix.title}", step.before, step.after, step.at_most)
        for step in way.large[:IN_CHART]
    ]
    left = len(way.steps) - len(steps)
    more = f" {counted(left, 'smaller step')} not drawn." if left else ""
    parts.show(
        parts.section(
            _title(way, score),
            f"Each step on top of those before it, in the order of the numbers; only steps that raise this event. The scale is cut.{more}",
        )
    )
    figure = gains.chart(way.today, steps, score.target, page.palette())
    page.draw(figure, gains.alt(way.today, steps), "gains")


def _title(way: path.Path, score: EventScore) -> str:
    """Purchase from 7.2 to 9.2, and where the path ends if what nobody sends yet is collected too."""
    name = shown(score.event_name, 40)
    at_most = points(way.end) != points(way.known)
    if points(way.known) == points(way.today):
        return f"{name} from {points(way.today)} to {points(way.end)}{' at most' if at_most else ''}"
    more = f"; {points(way.end)} at most with what nobody sends yet" if at_most else ""
    return f"{name} from {points(way.today)} to {points(way.known)}{more}"


def _list(report: Report, event: str | None, platform: str | None) -> None:
    first = event or main_event(report)
    place = {fix.fix: number for number, fix in enumerate(report.fixes, 1)}
    groups = sorted(GROUPS, key=lambda group: min((place[fix.fix] for fix in report.fixes if fix.kind in group[0]), default=0))
    for kinds, title, note in groups:
        group = [fix for fix in report.fixes if fix.kind in kinds]
        if group:
            parts.show(parts.section(title, note))
            for fix in group:
                _card(place[fix.fix], fix, first, platform)


def _snippet(snippet: Snippet) -> None:
    # No highlighting: its colours have too little contrast.
    if snippet.also:
        codes = {snippet.language: snippet.code, **snippet.also}
        tabs = st.tabs([SERVER_LANGUAGES.get(language, language) for language in codes])
        for tab, code in zip(tabs, codes.values(), strict=True):
            tab.code(code, language=None, wrap_lines=True)
    elif snippet.code:
        st.code(snippet.code, language=None, wrap_lines=True)
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
        elif any(fix.steps.values()):
            parts.show(parts.note(f"Nothing to do in {PLATFORMS.get(platform, shown(platform))}."))
