"""Score: today's estimate of each event with its range, and what repairs can reach."""

from collections import Counter
from dataclasses import dataclass

from emq_audit.report import EventScore, Report
from emq_audit.report.drawings import Axis, Lane, score_axis, score_lane
from emq_audit.report.order import event_order, leading, side_rank
from emq_audit.report.summary import again, standing
from emq_audit.report.words import (
    ROWS_SHOWN,
    Piece,
    Sentence,
    capital,
    count,
    counted,
    log,
    not_listed,
    number,
    points,
    sentence,
    side_events,
)

OTHERS_SHOWN = 12
STANDINGS = {
    "below": ("▼", "Below target"),
    "close": ("◆", "Too close to call"),
    "above": ("▲", "Above target"),
}


@dataclass(frozen=True)
class ScoreRow:
    """One estimate. `against` is below, close or above, `sign` and `status` are how it is written."""

    name: Piece
    events: str
    today: str
    range: str
    possible: str
    against: str
    sign: str
    status: str
    lane: Lane


@dataclass(frozen=True)
class Unscored:
    name: Piece
    events: str
    reason: str


@dataclass(frozen=True)
class Scores:
    """`rows` holds one estimate an event name, `others` the same events on their other side."""

    title: Sentence
    axis: Axis | None
    rows: tuple[ScoreRow, ...]
    others: tuple[ScoreRow, ...]
    unscored: tuple[Unscored, ...]
    more_rows: str
    more_others: str
    more_unscored: str


def section(report: Report) -> Scores | None:
    if not report.scores:
        return None
    first = leading(report)
    order = event_order(report)
    scored = sorted(
        (s for s in report.scores if s.emq is not None),
        key=lambda s: (order[s.event_name], side_rank(s.side)),
    )
    silent = sorted(
        (s for s in report.scores if s.emq is None), key=lambda s: (order[s.event_name], side_rank(s.side))
    )
    leads = set(first)
    others = [score for score in scored if score not in leads]
    axis = score_axis(first[0].target) if first else None
    return Scores(
        title=_title(first),
        axis=axis,
        rows=tuple(_row(score, axis) for score in first[:ROWS_SHOWN]),
        others=tuple(_row(score, axis) for score in others[:OTHERS_SHOWN]),
        unscored=tuple(_unscored(score) for score in silent[:ROWS_SHOWN]),
        more_rows=not_listed(len(first)),
        more_others=not_listed(len(others), OTHERS_SHOWN),
        more_unscored=not_listed(len(silent)),
    )


def _row(score: EventScore, axis: Axis) -> ScoreRow:
    against = standing(score)
    sign, status = STANDINGS[against]
    known = score.low is not None and score.high is not None
    return ScoreRow(
        name=log(score.event_name),
        events=f"{count(score.events)} {side_events(score.side)}",
        today=points(score.emq),
        range=f"{points(score.low)}–{points(score.high)}" if known else "",
        possible="–" if score.possible is None else points(score.possible),
        against=against,
        sign=sign,
        status=status,
        lane=score_lane(axis, score.emq, score.low, score.high, score.possible),
    )


def _unscored(score: EventScore) -> Unscored:
    where = counted(score.events, side_events(score.side).removesuffix("s"))
    return Unscored(log(score.event_name), where, (score.reason or "no estimate is possible").rstrip("."))


def _title(scores: tuple[EventScore, ...]) -> Sentence:
    if not scores:
        return sentence("No event could be scored")
    total, target = len(scores), points(scores[0].target)
    tally = Counter(standing(score) for score in scores)
    if total == 1:
        where = {"below": "below", "close": "too close to call against", "above": "above"}[
            standing(scores[0])
        ]
        return sentence(
            "{event} is {where} Meta’s target of {target}",
            event=capital_piece(again(scores[0].event_name)),
            where=where,
            target=target,
        )
    if tally["below"] == total:
        return sentence(
            "All {total} scored events are below Meta’s target of {target}",
            total=number(total),
            target=target,
        )
    if tally["below"]:
        one = "is" if tally["below"] == 1 else "are"
        return sentence(
            "{below} of {total} scored events {one} below Meta’s target of {target}",
            below=capital(number(tally["below"])),
            total=number(total),
            one=one,
            target=target,
        )
    if tally["close"]:
        one = "is" if tally["close"] == 1 else "are"
        return sentence(
            "{close} of {total} scored events {one} too close to the target of {target} to call",
            close=capital(number(tally["close"])),
            total=number(total),
            one=one,
            target=target,
        )
    return sentence(
        "All {total} scored events are above Meta’s target of {target}", total=number(total), target=target
    )


def capital_piece(piece: Piece) -> Piece:
    return piece if piece.kind == "log" else Piece(capital(piece.text), piece.kind)
