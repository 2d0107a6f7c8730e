"""Overview: how well each event matches, what was found, and what to do first."""

from pathlib import Path

import streamlit as st
from markupsafe import Markup

from emq_audit.app import answers, cards, page, parts
from emq_audit.app.charts import scores as chart
from emq_audit.app.parts import Figure
from emq_audit.app.words import SIDE_NAMES, between, plain, shown
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.match_keys import BY_KEY
from emq_audit.report import EventBeside, EventScore, Report
from emq_audit.report.order import leading, main_event
from emq_audit.report.outcomes import outcomes, with_status
from emq_audit.report.sections import consent
from emq_audit.report.summary import both_sides, main_entry, standing
from emq_audit.report.words import METHODS, count, counted, percent, plural, points

SHOWN = 12  # rows of the chart; a log can hold hundreds of event names
FIRST_REASONS = 4
FILES = 6


def show() -> None:
    report = page.report()
    parts.show(parts.heading("Overview", *answers.overview(report)), _strip(report))
    left, right = st.columns([19, 8], gap="large")
    with left:
        _scores(report)
    with right:
        parts.show(*_set_up(report), *_input(report))
    _first_fixes(report)
    _unknown(report)
    _checks(report)


def _strip(report: Report) -> Markup:
    figures = (_main_score(report), _below(report), _paired(report), _worst(report))
    return parts.strip([figure for figure in figures if figure])


def _main_score(report: Report) -> Figure:
    score = next((s for s in leading(report) if s.event_name == main_event(report)), None)
    if score is None:
        return Figure("Score", "–", "", "no event of this log has one")
    name = f"{shown(score.event_name, 24)} score, estimate"
    likely = f"likely {between(score.low, score.high)}"
    own = next((event.meta for event in _scored_by_meta(report) if event.event_name == score.event_name), None)
    told = f"{likely}; Meta says {points(own)}" if own is not None else likely
    return Figure(name, points(score.emq), "of 10", told, chart.tone(score))


def _scored_by_meta(report: Report) -> list[EventBeside]:
    return [event for event in report.meta.events if event.meta is not None] if report.meta else []


def _below(report: Report) -> Figure:
    scores = leading(report)
    names = {
        kind: [shown(s.event_name, 20) for s in scores if standing(s) == kind] for kind in ("below", "close")
    }
    told = [
        f"{', '.join(found[:2])}{f' and {len(found) - 2} more' if len(found) > 2 else ''}{words}"
        for found, words in ((names["below"], ""), (names["close"], " close to it"))
        if found
    ]
    tone = "poor" if names["below"] else "close" if names["close"] else "good"
    if not scores:
        return Figure("Events below target", "–", "", "nothing to compare")
    return Figure(
        "Events below target",
        count(len(names["below"])),
        f"of {len(scores)}",
        "; ".join(told) or "all are above",
        tone,
    )


def _paired(report: Report) -> Figure:
    entry = main_entry(report)
    if entry is None:
        return Figure("Browser events paired", "–", "", "one side only, nothing to pair", "none")
    share, name = entry.event_coverage, shown(entry.event_name, 24)
    if entry.counted_twice:
        told, tone = f"{count(entry.counted_twice)} probably counted twice", "close"
    else:
        told, tone = "browser events also sent by the server", "good" if share >= COVERAGE_GOAL else "close"
    return Figure(f"{name} paired", percent(share), f"goal {percent(COVERAGE_GOAL)}", told, tone)


def _worst(report: Report) -> Figure:
    cell = answers.worst_cell(report, report.coverage)
    if cell is None:
        return Figure("Faulty values", "0", "", "every value that is sent can be used", "good")
    of = f"{count(round(cell.faulty * cell.events))} of {count(cell.events)}"
    return Figure(
        f"Faulty {BY_KEY[cell.key].label.lower() if cell.key != 'client_ip_address' else 'IP address'}", percent(cell.faulty),
        f"of {shown(cell.event_name, 20)}", f"{of} {cell.side} events" if cell.side in ("browser", "server") else of, "close",
    )  # fmt: skip


def _scores(report: Report) -> None:
    scores = leading(report)
    title = parts.section("Match quality by event")
    if scores:
        entries = [("dot", "estimate, bar = likely range")]
        if any(chart.has_gain(score) for score in scores):
            entries.append(("diamond", "possible after the repairs"))
        parts.show(title, parts.legend(entries))
        page.draw(chart.chart(scores[:SHOWN], page.palette()), chart.alt(scores[:SHOWN]), "scores")
        if len(scores) > SHOWN:
            parts.show(
                parts.note(f"{counted(len(scores) - SHOWN, 'more event name')} in the exported report.")
            )
    else:
        parts.show(title)
    if unscored := answers.unscored(report):
        parts.show(_without_score(unscored))
    elif not scores:
        parts.show(
            parts.calm(
                "No event in this log",
                "Nothing that was read is an event. See what was rejected under Input.",
            )
        )


def _without_score(scores: list[EventScore]) -> Markup:
    rows = [
        (
            parts.two_lines(shown(s.event_name, 40), f"{counted(s.events, 'event')}. {s.reason or ''}"),
            parts.pill("no score", "none"),
        )
        for s in scores[:SHOWN]
    ]
    more = parts.note(f"And {count(len(scores) - SHOWN)} more.") if len(scores) > SHOWN else ""
    return parts.facts(rows) + more


def _set_up(report: Report) -> list[Markup]:
    kinds = {"pixel+capi": ("pixel", "capi"), "pixel": ("pixel",), "capi": ("capi",), "offline": ("offline",)}
    found = kinds.get(report.setup.kind, ())
    methods = [m for m in report.setup.methods if m.method != "pixel"]
    through = "; ".join(
        METHODS.get(m.method, m.method) + (f" ({shown(m.sender, 30)})" if m.sender else "")
        for m in methods[:3]
    )
    pixels = ", ".join(shown(pixel, 24) for pixel in report.setup.pixels[:3])
    rows = [
        (parts.two_lines("Meta Pixel", f"dataset {pixels}" if pixels else ""), _found("pixel" in found)),
        (parts.two_lines("Conversions API", through), _found("capi" in found)),
    ]
    if "offline" in found:
        rows = [(parts.two_lines("Offline events", through), _found(True))]
    if "pixel" in found and "capi" in found:
        rows.append(_both_sides(report))
    rows += [*_consent(report), *_meta(report)]
    box = [parts.section("Set-up found"), parts.facts(rows)]
    if report.setup.kind == "unknown":
        box.append(
            parts.note(
                "The log does not say which side its events come from. Choose the side on the start page."
            )
        )
    return box


def _both_sides(report: Report) -> tuple[Markup, Markup]:
    single = [entry for entry in answers.paired_events(report) if not both_sides(entry)]
    only = "; ".join(
        f"{shown(e.event_name, 24)}: {'browser' if e.browser else 'server'} only" for e in single[:3]
    )
    more = f" and {len(single) - 3} more" if len(single) > 3 else ""
    told = f"{len(report.dedup) - len(single)} of {counted(len(report.dedup), 'event')}"
    return parts.two_lines("From both sides", only + more), parts.pill(told, "close" if single else "good")


def _consent(report: Report) -> list[tuple[Markup, Markup]]:
    """What the log says about consent, in a line; nothing where it says nothing."""
    if not report.consent:
        return []
    denied = next((entry for entry in report.consent if entry.state == "denied"), None)
    refused = f"{percent(denied.share)} denied" if denied else "none denied"
    pill = parts.pill(refused, "close" if denied and denied.with_keys else "none")
    return [(parts.two_lines("Consent", plain(consent.headline(report))), pill)]


def _meta(report: Report) -> list[tuple[Markup, Markup]]:
    """Meta's own scores in a line, where its answer was given, and how many the estimate's range holds."""
    scored = _scored_by_meta(report)
    if not scored:
        return []
    named = [f"{shown(event.event_name, 24)} {points(event.meta)}" for event in scored[:3]]
    more = f" and {len(scored) - 3} more" if len(scored) > 3 else ""
    judged = [event.within for event in scored if event.within is not None]
    within = f"{sum(judged)} of {len(judged)} in range" if judged else "not estimated"
    tone = "none" if not judged else "good" if all(judged) else "close"
    return [(parts.two_lines("Meta’s own scores", ", ".join(named) + more), parts.pill(within, tone))]


def _found(present: bool) -> Markup:
    return parts.pill("found", "good") if present else parts.pill("not in this log", "none")


def _input(report: Report) -> list[Markup]:
    read = report.input
    total = read.events + read.rejected
    bar = parts.bar(
        [(read.events / total, "good"), (read.rejected / total, "poor")] if total else [],
        f"{count(read.events)} events read, {count(read.rejected)} rows rejected",
    )
    rows = [("Events read", count(read.events)), *_files(report), ("Rows rejected", count(read.rejected))]
    reasons: dict[str, int] = {}
    for rejection in read.rejections:
        reasons[rejection.reason] = reasons.get(rejection.reason, 0) + 1
    rows += [
        (parts.two_lines("", f"{shown(reason)}, first in row {_first_row(report, reason)}"), _quiet(n))
        for reason, n in sorted(reasons.items(), key=lambda item: -item[1])[:FIRST_REASONS]
    ]
    return [parts.section("Input"), bar, parts.facts(rows)]


def _files(report: Report) -> list[tuple[Markup, Markup]]:
    """Each log with its side and where that is known from; left out when there is only one."""
    files = report.input.files
    if len(files) < 2:
        return []
    rows = [
        (
            parts.two_lines(
                "", f"{shown(Path(file.path).name, 34)}, {SIDE_NAMES.get(file.side, file.side).lower()}"
            ),
            _quiet(file.events),
        )
        for file in files[:FILES]
    ]
    if len(files) > FILES:
        rows.append(
            (
                parts.two_lines("", f"and {len(files) - FILES} more"),
                _quiet(sum(file.events for file in files[FILES:])),
            )
        )
    return rows


def _quiet(number: int) -> Markup:
    return Markup('<span class="emq-quiet">{}</span>').format(count(number))


def _first_row(report: Report, reason: str) -> str:
    """`1,966`, with its file where there are several."""
    first = next(rejection for rejection in report.input.rejections if rejection.reason == reason)
    named = f" of {shown(Path(first.file).name, 34)}" if len(report.input.files) > 1 else ""
    return count(first.row) + named


def _first_fixes(report: Report) -> None:
    first = answers.top_fixes(report)
    if not first:
        parts.show(
            parts.section("Fix these first"),
            parts.calm("Nothing to repair", "Every check that applies to this log passed.", "good"),
        )
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        parts.show(
            parts.section(
                "Fix these first", "Ranked by what they bring and to how many events. Gains are estimates."
            )
        )
        page.link(
            "fixes", f"All {count(len(report.fixes))} fixes" if len(report.fixes) > 1 else "How to do it"
        )
    parts.show(cards.row(first, main_event(report)))


def _unknown(report: Report) -> None:
    if report.notes:
        rows = [(shown(sentence, 300), "") for sentence in report.notes]
        parts.show(parts.section("What this log cannot tell"), parts.facts(rows))


def _checks(report: Report) -> None:
    found = outcomes(report)
    passed, absent, broken = (with_status(found, status) for status in ("passed", "not applicable", "error"))
    told = f"{counted(len(passed), 'check')} passed, {count(len(absent))} {plural(len(absent), 'does', 'do')} not apply"
    if broken:
        told += f", {count(len(broken))} could not run"
    with st.expander(told):
        parts.show(
            parts.facts(
                (_title(outcome.check), parts.pill(words, tone))
                for group, words, tone in (
                    (broken, "could not run", "poor"),
                    (passed, "passed", "good"),
                    (absent, "does not apply", "none"),
                )
                for outcome in group
            )
        )


def _title(check: str) -> str:
    return CHECKS_BY_ID[check].title if check in CHECKS_BY_ID else check
