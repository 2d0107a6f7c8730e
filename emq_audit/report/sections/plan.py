"""Fix first: what to do, what each fix brings alone, how to do it, and who does it."""

from collections.abc import Mapping
from dataclasses import dataclass

from emq_audit.check import Check
from emq_audit.report import EventScore, Fix, Report, Snippet
from emq_audit.report.drawings import Axis, Lane, gain_axis, gain_lane, share_bar, today_lane, together_lane
from emq_audit.report.order import event_order, leading, main_event
from emq_audit.report.outcomes import Outcome
from emq_audit.report.path import Path, best_gain, of_event, other_side
from emq_audit.report.path import lifts as raises
from emq_audit.report.summary import again, lifted, name
from emq_audit.report.words import (
    METHODS,
    Piece,
    Sentence,
    capital,
    gain,
    gained,
    log,
    number,
    of,
    percent,
    points,
    sentence,
    with_code,
)

KINDS = {"forward": "Send more of what is known", "attach": "Send more of what is known", "collect": "Begin to collect: at most"}
"""What is said of a fix that repairs nothing; a repair needs no word."""
LANGUAGES = {"python": "Python", "javascript": "JavaScript", "php": "PHP", "nginx": "nginx"}
ALSO = {**LANGUAGES, "javascript": "Node"}
"""Names of the other languages: code beside Python runs on a server."""
POINTS_SHOWN, POINTS_KEPT = 6, 5  # up to 6 fixes with points in the plan; where there are more, the first 5
OTHERS_SHOWN, OTHERS_KEPT = 4, 3
GAINS_NAMED = 8  # event names listed beside one fix


@dataclass(frozen=True)
class Steps:
    method: str
    steps: tuple[Sentence, ...]
    code: str = ""
    language: str = ""
    note: Sentence = ()
    also: tuple[tuple[str, str], ...] = ()
    """The same code in other languages: name and code."""


@dataclass(frozen=True)
class FixView:
    """One fix.

    `kind` says what it is where it is no repair. `gain` is empty without points. `on` is the event it is about
    (`is_main`: the main event), `side` its side where that is not the one whose score stands for the event, `today`
    and `after` that event's estimates. `how` are the steps for the ways to send that the log shows, `elsewhere`
    those for the others.
    """

    number: str
    anchor: str
    title: Sentence
    kind: str
    gain: str
    on: Piece | None
    side: str
    is_main: bool
    today: str
    after: str
    affected: str
    counts: str
    affected_lane: Lane
    owner: str
    effort: str
    why: Sentence
    how: tuple[Steps, ...]
    elsewhere: tuple[Steps, ...]
    gains: tuple[tuple[Piece, str], ...]
    more_gains: int
    checks: tuple[str, ...]
    critical: bool
    lane: Lane


@dataclass(frozen=True)
class Plan:
    """`main` is the event the lanes are about, None without a score; `rest` are the fixes not in the plan.

    `path` are its estimates one fix after the other (6.1 → 7.4 → 8.6), empty where none moves it; `at_most` is where the
    path ends with what nobody sends yet, empty where that adds nothing.
    """

    title: Sentence
    main: Piece | None
    today: str
    possible: str
    path: str
    at_most: str
    axis: Axis | None
    today_lane: Lane
    together_lane: Lane
    with_points: tuple[FixView, ...]
    more_points: int
    others: tuple[FixView, ...]
    more_others: int
    rest: tuple[FixView, ...]


@dataclass(frozen=True)
class _Basis:
    """What every fix is seen against: the main event's score with its axis, the order of events, the checks.

    `critical` are failed checks of that severity; `methods` the ways to send that the log shows.
    """

    score: EventScore | None
    report: Report
    axis: Axis | None
    order: Mapping[str, int]
    checks: Mapping[str, Check]
    critical: frozenset[str]
    methods: frozenset[str]


def section(report: Report, found: tuple[Outcome, ...], checks: Mapping[str, Check]) -> Plan | None:
    if not report.fixes:
        return None
    main = main_event(report)
    score = next((score for score in leading(report) if score.event_name == main), None)
    failed = (outcome for outcome in found if outcome.status == "failed" and outcome.severity == "critical")
    basis = _Basis(
        score=score,
        report=report,
        axis=_axis(report, score) if score else None,
        order=event_order(report),
        checks=checks,
        critical=frozenset(outcome.check for outcome in failed),
        methods=frozenset({report.plan.method} if report.plan and report.plan.method else {m.method for m in report.setup.methods}),
    )
    gaining = [fix for fix in report.fixes if best_gain(fix, main)]
    others = [fix for fix in report.fixes if not best_gain(fix, main)]
    others.sort(key=lambda fix: basis.critical.isdisjoint(fix.checks))
    views = [_fix(place, fix, basis) for place, fix in enumerate([*gaining, *others], 1)]
    way = of_event(report, score) if score else Path(0, ())
    return _plan(_title(report, gaining, score), basis, way, views[: len(gaining)], views[len(gaining) :])


def _plan(
    title: Sentence, basis: _Basis, way: Path, with_points: list[FixView], others: list[FixView]
) -> Plan:
    score, axis = basis.score, basis.axis
    shown = with_points[: POINTS_SHOWN if len(with_points) <= POINTS_SHOWN else POINTS_KEPT]
    others_shown = others[: OTHERS_SHOWN if len(others) <= OTHERS_SHOWN else OTHERS_KEPT]
    possible = score.possible if score else None
    return Plan(
        title=title,
        main=log(score.event_name, 40) if score else None,
        today=points(score.emq) if score else "",
        possible="" if possible is None else points(possible),
        path=way.line(),
        at_most=points(way.end) if points(way.end) != points(way.known) else "",
        axis=axis,
        today_lane=today_lane(axis, score.emq) if axis else (),
        together_lane=together_lane(axis, score.emq, possible) if axis and possible is not None else (),
        with_points=tuple(shown),
        more_points=len(with_points) - len(shown),
        others=tuple(others_shown),
        more_others=len(others) - len(others_shown),
        rest=(*with_points[len(shown) :], *others[len(others_shown) :]),
    )


def _axis(report: Report, score: EventScore) -> Axis:
    ends = [
        fix.scores[score.event_name][1]
        for fix in report.fixes
        if score.event_name in fix.scores and raises(fix, score)
    ]
    return gain_axis(score.emq, max([score.emq, score.possible or 0, *ends]), score.target)


def _fix(place: int, fix: Fix, basis: _Basis) -> FixView:
    main = basis.score.event_name if basis.score else None
    told = best_gain(fix, main)
    on = told[0] if told else None
    today, after = fix.scores.get(on, (None, None)) if on else (None, None)
    # "6.1 → 6.2" beside "under 0.1", or "7.2 → 7.2" beside "+0.1", would look like a mistake.
    moved = after is not None and fix.gain[on] >= 0.05 and points(today) != points(after)
    raised = fix.scores[main][1] if basis.score and raises(fix, basis.score) else None
    gains = sorted(((e, g) for e, g in fix.gain.items() if g > 0), key=lambda item: _place(item[0], basis))
    named = gains[:GAINS_NAMED] if len(gains) > 1 else []
    how, elsewhere = _steps(fix, basis)
    share = fix.events / fix.in_scope if fix.in_scope else None
    return FixView(
        number=str(place),
        anchor=f"fix-{place}",
        title=with_code(fix.title),
        kind=KINDS.get(fix.kind, ""),
        gain=(gained(today, after) if moved else gain(fix.gain[on])) if on else "",
        on=log(on, 40) if on else None,
        side=other_side(basis.report, fix, on) if on else "",
        is_main=raised is not None and on == main,
        today=points(today) if moved else "",
        after=points(after) if moved else "",
        affected="" if share is None else percent(share),
        counts=of(fix.events, fix.in_scope),
        affected_lane=share_bar(share or 0),
        owner=capital(fix.owner),
        effort=capital(fix.effort),
        why=with_code(fix.why),
        how=how,
        elsewhere=elsewhere,
        gains=tuple((log(event, 40), gain(value)) for event, value in named),
        more_gains=max(0, len(gains) - GAINS_NAMED),
        checks=fix.checks,
        critical=not basis.critical.isdisjoint(fix.checks),
        lane=gain_lane(basis.axis, basis.score.emq, raised) if basis.axis else (),
    )


def _place(event_name: str, basis: _Basis) -> int:
    return basis.order.get(event_name, len(basis.order))


def _steps(fix: Fix, basis: _Basis) -> tuple[tuple[Steps, ...], tuple[Steps, ...]]:
    """Steps for the ways to send that the log shows, and for the others (all, if it shows none of them).

    A fix without steps says what its checks say.
    """
    if not fix.steps:
        remedies = [basis.checks[check].fix for check in fix.checks if check in basis.checks]
        unlike = tuple(with_code(remedy) for remedy in dict.fromkeys(remedies))
        return ((Steps("", unlike),) if unlike else ()), ()
    here, elsewhere = [], []
    for method, steps in fix.steps.items():
        more = fix.snippets.get(method, Snippet("", "", ""))
        view = Steps(
            METHODS.get(method, method),
            tuple(with_code(step) for step in steps),
            more.code,
            LANGUAGES.get(more.language, ""),
            with_code(more.note) if more.note else (),
            tuple((ALSO.get(language, language), code) for language, code in more.also.items()),
        )
        (here if method in basis.methods else elsewhere).append(view)
    return tuple(here), tuple(elsewhere)


def _title(report: Report, gaining: list[Fix], score: EventScore | None) -> Sentence:
    total = len(report.fixes)
    fixes = capital(number(total)) + (" fix" if total == 1 else " fixes")
    lifts, end = lifted(report, score) if score else (0, 0.0)
    if score and lifts and points(end) != points(score.emq):
        return sentence(
            "{fixes}; {which} {event} from {today} to about {end}",
            fixes=fixes,
            which=_which(lifts, total),
            event=again(score.event_name),
            today=points(score.emq),
            end=points(end),
        )
    if gaining:
        event, most = max((best_gain(fix, None) for fix in gaining), key=lambda found: found[1])
        return sentence(
            "{fixes}; the largest gain is {gain} on {event}", fixes=fixes, gain=gain(most), event=name(event)
        )
    none = "not" if total == 1 else "none of them"
    return sentence("{fixes}, {none} about the score", fixes=fixes, none=none)


def _which(lifts: int, total: int) -> str:
    if total == 1:
        return "it lifts"
    if lifts == total:
        return "together they lift"
    return f"{number(lifts)} of them {'lifts' if lifts == 1 else 'lift'}"
