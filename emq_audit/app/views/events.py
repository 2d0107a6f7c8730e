"""Events: single events, masked, with what Meta can use of each."""

from collections.abc import Callable

import pandas as pd
import streamlit as st
from markupsafe import Markup

from emq_audit import lookup
from emq_audit.app import answers, page, parts, session
from emq_audit.app.views.coverage import TONES
from emq_audit.app.words import SIDE_NAMES, between, clock, shown
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.pipeline import Audit
from emq_audit.reasons import REASON_BY_ID
from emq_audit.report import Report
from emq_audit.report.words import count, counted, plural, points

LIMIT = 500
ROW = 38


def show() -> None:
    report, audit = page.report(), session.audit()
    total = report.input.events
    if audit is None:
        parts.show(parts.heading("Events", "Single events can no longer be looked up.", session.GONE))
        return
    parts.show(
        parts.heading(
            "Events", _finding(report, audit), "Values are masked. Pick a row to see what Meta can use of it."
        )
    )
    wanted = _filters(report)
    found = lookup.find_events(audit, **wanted, limit=LIMIT)
    left, right = st.columns([21, 9], gap="small")
    with left:
        # Another search is another table: a row picked in the old one means nothing in the new one.
        key = f"events_table_{hash(tuple(wanted.values()))}"
        picked = _table(found, lookup.count_events(audit, **wanted), total, key)
    with right:
        _one(audit, found, picked)


def _finding(report: Report, audit: Audit) -> str:
    total = report.input.events
    faulty = lookup.failing(audit, _failed(report))
    if not faulty:
        return f"{counted(total, 'event')}, and no check finds a fault in any of them."
    return (
        f"{count(faulty)} of {counted(total, 'event')} {plural(faulty, 'fails', 'fail')} at least one check."
    )


def _failed(report: Report) -> list[str]:
    return sorted(
        {finding.check for finding in report.findings if finding.status == "failed"} & set(CHECKS_BY_ID)
    )


def _filters(report: Report) -> dict[str, str | None]:
    """What the user looks for, as `find_events` takes it."""
    checks = sorted(_failed(report), key=lambda check: CHECKS_BY_ID[check].title)
    with st.container(horizontal=True, gap="small"):
        event = _pick("Event", answers.events_in_order(report), "Any event", shown, 150)
        side = _pick("Side", answers.sides(report), "Any side", lambda side: SIDE_NAMES.get(side, side), 120)
        check = _pick("Fault", checks, "With or without", lambda check: CHECKS_BY_ID[check].title, 225)
        reason = _pick(
            "Pairing", _reasons(report), "Paired or not", lambda reason: REASON_BY_ID[reason].title, 225
        )
        event_id = st.text_input(
            "Event id",
            placeholder="Search by event id",
            key="events_id",
            persist_state="session",
            icon=":material/search:",
            width=170,
        )
    return {
        "event_name": event,
        "side": side,
        "check": check,
        "event_id": event_id.strip() or None,
        "reason": reason,
    }


def _reasons(report: Report) -> list[str]:
    """Why events have no partner, as far as that occurs, in the order in which it is asked."""
    found = {miss.reason for entry in report.dedup for miss in entry.unpaired}
    return [reason for reason in REASON_BY_ID if reason in found]


def open_with(words: str, *, event_name: str, side: str | None, reason: str) -> None:
    """A way to this page with its filters set."""
    if st.button(
        words, icon=":material/arrow_forward:", icon_position="right", type="tertiary", key="open_events"
    ):
        report = page.report()
        for title, options, wanted in (
            ("event", answers.events_in_order(report), event_name), ("side", answers.sides(report), side), ("fault", [], None),
            ("pairing", _reasons(report), reason),
        ):  # fmt: skip
            st.session_state[f"events_{title}"] = options.index(wanted) + 1 if wanted in options else 0
        st.session_state["events_id"] = ""
        st.switch_page(st.session_state["pages"]["events"])


def _pick(title: str, options: list[str], every: str, named: Callable[[str], str], width: int) -> str | None:
    """One of the options, or None for `every` one."""
    place = st.selectbox(
        title,
        range(len(options) + 1),
        format_func=lambda place: named(options[place - 1]) if place else every,
        key=f"events_{title.lower()}",
        persist_state="session",
        width=width,
    )
    return options[place - 1] if place else None


def _table(found: pd.DataFrame, matching: int, total: int, key: str) -> int | None:
    """The rows found; the place of the picked one."""
    if found.empty:
        parts.show(parts.calm("No event fits", "Loosen a filter above to see events again."))
        return None
    of = f"{count(matching)} of {counted(total, 'event')}"
    parts.show(
        parts.note(f"{of}, newest first" if matching <= LIMIT else f"{of}; the newest {LIMIT} are listed")
    )
    frame = pd.DataFrame(
        {
            "Time (UTC)": [clock(time) for time in found["time"]],
            "Event": [shown(name) for name in found["event_name"]],
            "Side": found["side"].tolist(),
            "Score": found["emq"].tolist(),
            "First fault": [fault or "–" for fault in found["first_fault"]],
            "Pair": [pair or "–" for pair in found["pair"]],
            "Event id": [
                shown(event_id) if isinstance(event_id, str) else "–" for event_id in found["event_id"]
            ],
        }
    )
    state = st.dataframe(
        frame, hide_index=True, row_height=ROW, height=ROW * min(len(frame), 14) + ROW, key=key, on_select="rerun",
        selection_mode="single-row", alt="Events found",
        column_config={
            "Time (UTC)": st.column_config.TextColumn(width=122),
            "Event": st.column_config.TextColumn(width=104),
            "Side": st.column_config.TextColumn(width=70),
            "Score": st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=10, width=88),
            "First fault": st.column_config.TextColumn(width=170),
            "Pair": st.column_config.TextColumn(width=62),
        },
    )  # fmt: skip
    return state.selection.rows[0] if state.selection.rows else None


def _one(audit: Audit, found: pd.DataFrame, picked: int | None) -> None:
    if found.empty:
        return
    row = found.iloc[picked if picked is not None and picked < len(found) else 0]
    event = lookup.one_event(audit, row["file"], int(row["row"]))
    if event is None:
        return
    with st.container(border=True):
        parts.show(_score(event), _id(event), _keys(event), *_faults(event))


def _score(event: lookup.EventView) -> Markup:
    where = f"{shown(event.event_name, 40)}, {SIDE_NAMES.get(event.side, event.side).lower()}, {clock(event.time)}"
    if event.emq is None:
        return parts.note(where) + Markup(
            '<p class="emq-score"><b>–</b><span>no score for this event</span></p>'
        )
    likely = (
        f"likely {between(event.low, event.high)}"
        if event.low is not None and event.high is not None
        else "estimate"
    )
    return parts.note(where) + Markup('<p class="emq-score"><b>{}</b><span>{}</span></p>').format(
        points(event.emq), likely
    )


def _id(event: lookup.EventView) -> Markup:
    """What a developer looks for in their own log; the table has no room for all of it."""
    found = parts.mono(shown(event.event_id, 64)) if event.event_id else "none sent"
    return Markup('<p class="emq-note">Event id {}</p>').format(found)


def _keys(event: lookup.EventView) -> Markup:
    present = [key for key in event.keys if key.status != "missing"]
    absent = [key.label for key in event.keys if key.status == "missing"]
    rows = parts.facts((_key(key), "") for key in present)
    return rows + parts.note(f"Not sent: {', '.join(absent)}." if absent else "Every match key is sent.")


def _key(key: lookup.KeyView) -> Markup:
    words = Markup('<span class="{}">{}</span>').format(
        "emq-faulty" if key.status == "faulty" else "", key.words
    )
    below = [parts.mono(shown(key.value, 30))] if key.value else []
    if key.status == "faulty" or not key.value:
        below.append(words)
    value = Markup('<span class="emq-second">{}</span>').format(Markup(" ").join(below))
    return Markup("{} {}{}").format(parts.glyph(TONES[key.status]), key.label, value)


def _faults(event: lookup.EventView) -> list[Markup]:
    known = [CHECKS_BY_ID[check] for check in event.faults if check in CHECKS_BY_ID]
    if not known:
        return [parts.note("No check of single events finds a fault in this one.")]
    return [
        parts.section("Faults", small=True),
        parts.facts((parts.two_lines(check.title, check.fix), "") for check in known),
    ]
