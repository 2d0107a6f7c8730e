"""What-if: the score of one event if its match keys came with other shares of its events, while a slider is moved.

Computed from patterns (how many events have which keys usable), never from events, so that it takes as long for a large log
as for a small one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from markupsafe import Markup

from emq_audit import patterns
from emq_audit.app import page, parts, session
from emq_audit.app.words import between, label, shown
from emq_audit.match_keys import BY_KEY
from emq_audit.report import EventScore
from emq_audit.report.order import event_order, side_rank
from emq_audit.report.summary import standing
from emq_audit.report.words import percent, points, side_events
from emq_audit.score import SCORED_KEYS, TARGET, estimate, usable, what_if
from emq_audit.what_if import PRESETS

TODAY = "Today"
STARTS: Mapping[str, Mapping[str, float]] = {TODAY: {}, **{name.partition(":")[0]: shares for name, shares in PRESETS.items()}}
SECTIONS = (
    ("Customer", ("em", "ph", "fn", "ln", "ct", "zp", "country", "external_id")),
    ("Visitor and device", ("fbp", "fbc", "client_ip_address", "client_user_agent")),
)
RARE = tuple(key for key in SCORED_KEYS if not any(key in keys for _, keys in SECTIONS))
TONES = {"above": "good", "close": "close", "below": "poor"}
STANDINGS = {"above": "above target", "close": "close to target", "below": "below target"}
MOST = 5  # keys in the list of what would move the score most
SMALL = 0.05  # EMQ points: less would be written "+0.0"


@dataclass(frozen=True)
class Answer:
    """The estimate for `asked` (shares 0-1 of the keys that differ from today) beside today's, in EMQ points.

    `worth`: what the score would lose without each change. `most`: what each usual key could still add, were it on every event.
    """

    today: float
    emq: float
    low: float
    high: float
    worth: dict[str, float]
    most: dict[str, float]


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Patterns (patterns.load) of website events as `event_name, side, events` and a boolean per scored key: usable or not.

    A score depends on nothing else, and there are fewer rows than patterns.
    """
    website = patterns.scored(table)
    flags = website[["event_name", "side", "events"]].assign(**{key: usable(website[key]) for key in SCORED_KEYS})
    return flags.groupby(["event_name", "side", *SCORED_KEYS], as_index=False, observed=True)["events"].sum()


def coverage(rows: pd.DataFrame) -> dict[str, float]:
    """Share (0-1) of events on which each scored key is usable."""
    return _Rows(rows).today


def answer(rows: pd.DataFrame, asked: Mapping[str, float]) -> Answer:
    """The estimate for one event name and side: `rows` are its rows of `counted`."""
    scored = what_if(rows, asked).iloc[0]
    emq, each = float(scored["emq"]), _Rows(rows)
    now = {**each.today, **asked}
    return Answer(
        each.emq({}),
        emq,
        float(scored["low"]),
        float(scored["high"]),
        {key: emq - each.emq({k: share for k, share in asked.items() if k != key}) for key in asked},
        {key: each.emq({**asked, key: 1.0}) - emq for key in SCORED_KEYS if key not in RARE and now[key] < 1},
    )


class _Rows:
    """Rows of one event name and side, made ready to be scored thirty times for one move of a slider.

    The same numbers as score.what_if gives (tested), without its grouping and its range, which take most of its time.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.weights = (rows["events"] / rows["events"].sum()).to_numpy(dtype=float)
        self.flags = {key: rows[key].to_numpy(dtype=float) for key in SCORED_KEYS}
        self.today = {key: float(self.weights @ flag) for key, flag in self.flags.items()}

    def emq(self, asked: Mapping[str, float]) -> float:
        flags = {**self.flags, **{key: self._moved(key, share) for key, share in asked.items()}}
        fbc = np.full(len(self.weights), self.weights @ flags["fbc"])
        return float(self.weights @ estimate(flags, fbc))

    def _moved(self, key: str, share: float) -> np.ndarray:
        flag, today = self.flags[key], self.today[key]
        if share > today:
            return flag + (1 - flag) * (share - today) / (1 - today)
        return flag * share / today if share < today else flag


def start(today: Mapping[str, float], name: str) -> dict[str, int]:
    """Where the sliders stand at first, in percent. A setting that adds keys never takes from a key that has more."""
    wanted = STARTS[name]
    return {
        key: _slider(0 if wanted.get(key) == 0 else max(share, wanted.get(key, 0))) for key, share in today.items()
    }


def asked(today: Mapping[str, float], sliders: Mapping[str, int]) -> dict[str, float]:
    """The shares of the sliders that were moved; an untouched one stands at today's share, not at its rounding."""
    return {key: value / 100 for key, value in sliders.items() if value != _slider(today[key])}


def _slider(share: float) -> int:
    return round(share * 100)


def show() -> None:
    parts.show(
        parts.heading(
            "What-if",
            "Move a slider to see what a match key is worth.",
            "Each slider is the share of events with a value that Meta can use. The score is an estimate and follows at once; "
            "nothing is sent and no log is changed.",
        )
    )
    if all(score.emq is None for score in page.report().scores):
        parts.show(parts.calm("No score", "No event in this log can be scored, so there is nothing to try out.", "none"))
        return
    table = _table()
    if table is None:
        parts.show(parts.calm("The log is no longer open", session.GONE, "none"))
        return
    _try_out(table)


def _table() -> pd.DataFrame | None:
    """Read from the open audit once; it then stays with the report."""
    if "what_if" not in st.session_state and (audit := session.audit()):
        st.session_state["what_if"] = counted(patterns.load(audit.con))
    return st.session_state.get("what_if")


@st.fragment
def _try_out(table: pd.DataFrame) -> None:
    """A fragment: a moved slider runs this alone, not the whole page."""
    name, side, begin = _choices(table)
    rows = table[(table["event_name"] == name) & (table["side"] == side)]
    today = coverage(rows)
    _put_sliders(today, name, side, begin)
    left, right = st.columns([5, 7], gap="large")
    with right, st.container(key="emq-what-if-keys"):
        wanted = asked(today, _sliders(today))
    found = answer(rows, wanted)
    with left:
        with st.container(border=True, gap="small", key="emq-what-if-score"):
            parts.show(_score(found, name, side))
        with st.container(gap="small", key="emq-what-if-worth"):
            _worth(found, today, wanted)


def _choices(table: pd.DataFrame) -> tuple[str, str, str]:
    """Event name, side and what the sliders start from."""
    order = event_order(page.report())
    names = sorted(table["event_name"].unique(), key=lambda name: (order.get(name, len(order)), name))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = page.choose("Event", names, "what_if_event")
        sides = sorted(table.loc[table["event_name"] == name, "side"].unique(), key=side_rank)
        side = page.choose("Side", sides, "what_if_side") if len(sides) > 1 else sides[0]
        begin = page.choose("Start from", list(STARTS), "what_if_start")
        st.button("Undo moves", icon=":material/restart_alt:", key="what_if_again", on_click=_start_again)
    return name, side, begin


def _start_again() -> None:
    st.session_state.pop("what_if_for", None)


def _put_sliders(today: Mapping[str, float], name: str, side: str, begin: str) -> None:
    """Set every slider anew when another event or another start is chosen; else leave them as they are."""
    chosen = (name, side, begin)
    anew = st.session_state.get("what_if_for") != chosen
    for key, value in start(today, begin).items():
        if anew or _state(key) not in st.session_state:
            st.session_state[_state(key)] = value
    st.session_state["what_if_for"] = chosen


def _state(key: str) -> str:
    return f"what_if_{key}"


def _sliders(today: Mapping[str, float]) -> dict[str, int]:
    values: dict[str, int] = {}
    for title, keys in SECTIONS:
        parts.show(parts.section(title, small=True))
        values |= _pairs(today, keys)
    with st.expander("Rarely sent", type="compact"):
        values |= _pairs(today, RARE)
    return values


def _pairs(today: Mapping[str, float], keys: tuple[str, ...]) -> dict[str, int]:
    """Two sliders side by side, in rows, so that the keyboard goes through them as they are read."""
    values = {}
    for at in range(0, len(keys), 2):
        for column, key in zip(st.columns(2, gap="medium"), keys[at : at + 2], strict=False):
            words = f"{label(BY_KEY[key].label)}, today {percent(today[key])}"
            values[key] = column.slider(words, 0, 100, step=1, format="%d%%", key=_state(key), persist_state="session")
    return values


def _score(found: Answer, name: str, side: str) -> Markup:
    whole = EventScore(name, side, 0, found.emq, found.low, found.high, TARGET)
    stand = standing(whole)
    change = found.emq - found.today
    told = f"{_signed(change)} against today’s {points(found.today)}"
    if abs(change) < SMALL:
        told = f"less than 0.1 from today’s {points(found.today)}" if found.worth else "as today"
    return Markup(
        '<div class="emq-if" role="status"><p class="emq-note">Estimated score, {}, {}</p>'
        '<div class="emq-score"><b>{}</b><span>likely {}</span>{}</div>{}<p class="emq-note"><strong>{}</strong></p></div>'
    ).format(
        shown(name, 40),
        side_events(side),
        points(found.emq),
        between(found.low, found.high),
        parts.pill(STANDINGS[stand], TONES[stand]),
        _bar(found),
        told,
    )


def _bar(found: Answer) -> Markup:
    """From 0 to 10: the score, its range, today and the target."""
    words = (
        f"{points(found.emq)} of 10, likely {between(found.low, found.high)}; today {points(found.today)}; target {points(TARGET)}"
    )
    return Markup(
        '<div class="emq-if-bar" role="img" aria-label="{}"><span class="emq-if-range" style="left:{:.1f}%;width:{:.1f}%"></span>'
        '<span class="emq-if-score" style="width:{:.1f}%"></span><i class="emq-if-target" style="left:{:.1f}%"></i>'
        '<i class="emq-if-today" style="left:{:.1f}%"></i></div>'
        '<div class="emq-if-scale"><span style="left:{:.1f}%">target {}</span></div>'
    ).format(
        words, found.low * 10, (found.high - found.low) * 10, found.emq * 10, TARGET * 10, found.today * 10, TARGET * 10, f"{TARGET:g}"
    )  # fmt: skip


def _signed(value: float) -> str:
    if abs(value) < SMALL:
        return "under 0.1"
    return f"{'+' if value > 0 else '−'}{abs(value):.1f}"


def _worth(found: Answer, today: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    if found.worth:
        changes = sorted(found.worth.items(), key=lambda item: -abs(item[1]))
        rows = [
            (parts.two_lines(BY_KEY[key].label, f"{percent(today[key])} → {percent(wanted[key])}"), _signed(value))
            for key, value in changes
        ]
        columns = [parts.Column("Change"), parts.Column("Worth", numbers=True)]
        parts.show(parts.table(columns, rows, caption="What each change is worth, in points"))
        parts.show(parts.note("“Worth” is what the score would lose without that change. Changes overlap and do not add up."))
    now = {**today, **wanted}
    most = sorted(((key, gain) for key, gain in found.most.items() if gain >= SMALL), key=lambda item: -item[1])[:MOST]
    if most:
        rows = [
            (parts.two_lines(BY_KEY[key].label, f"{percent(now[key])} → 100%"), f"up to {_signed(gain)}") for key, gain in most
        ]
        columns = [parts.Column("What would move it most"), parts.Column("Worth", numbers=True)]
        parts.show(parts.table(columns, rows, caption="Keys that would move the score most, in points"))
        visits = " Only visitors who came from an ad have a click id." if "fbc" in dict(most) else ""
        parts.show(parts.note(f"Each alone, if every event carried it: the most it could bring.{visits}"))
