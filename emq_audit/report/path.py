"""The path of one event: its score after the first fix, after the first two, and so on, in every face the same."""

from dataclasses import dataclass

from emq_audit.report import EventScore, Fix, Report
from emq_audit.report.order import leading
from emq_audit.report.words import points

MOVES = 0.005  # EMQ points: less is rounding
SHOWN = 0.05  # EMQ points: less would be written "+0.0"
SAME_SCORE = 0.005  # EMQ points: what rounding may change


@dataclass(frozen=True)
class Step:
    """One fix on the path: the estimate with all fixes before it, and with it."""

    fix: Fix
    before: float
    after: float

    @property
    def at_most(self) -> bool:
        """Nobody sends these keys yet, and not every customer will give them."""
        return self.fix.kind == "collect"


@dataclass(frozen=True)
class Path:
    """The `steps` that raise one estimate from `today`, best first; what nobody sends yet comes last."""

    today: float
    steps: tuple[Step, ...]

    @property
    def known(self) -> float:
        """The end without what nobody sends yet."""
        return max((step.after for step in self.steps if not step.at_most), default=self.today)

    @property
    def end(self) -> float:
        return self.steps[-1].after if self.steps else self.today

    @property
    def large(self) -> tuple[Step, ...]:
        """Steps of which the reader sees the difference; all, where no step is large."""
        return tuple(step for step in self.steps if step.after - step.before >= SHOWN) or self.steps

    def line(self) -> str:
        """`6.1 → 7.4 → 8.6`, what is known already and each stand once; empty where nothing moves."""
        known = [step.after for step in self.large if not step.at_most]
        stands = dict.fromkeys(points(value) for value in (self.today, *known, self.known))
        return " → ".join(stands) if len(stands) > 1 else ""


def best_gain(fix: Fix, first: str | None) -> tuple[str, float] | None:
    """(event name, points) a fix is announced with: the event `first` if the reader sees its gain, else where it gains most."""
    gains = {name: value for name, value in fix.gain.items() if value > 0}
    if not gains:
        return None
    best = max(gains, key=gains.__getitem__)
    name = first if first in gains and (gains[first] >= SHOWN or gains[best] < SHOWN) else best
    return name, gains[name]


def lifts(fix: Fix, score: EventScore) -> bool:
    """Does the fix raise this very estimate? Its gain may be that of the same event's other side."""
    if fix.gain.get(score.event_name, 0) <= 0:
        return False
    today = fix.scores.get(score.event_name, (score.emq, score.emq))[0]
    return abs(today - score.emq) < SAME_SCORE


def of_event(report: Report, score: EventScore) -> Path:
    """The steps of Report.path that move this very estimate: `score` is the leading one of its event (order.leading)."""
    fixes = {fix.fix: fix for fix in report.fixes}
    before, steps = score.emq, []
    for stand in report.path:
        after = stand.scores.get(score.event_name, before)
        if stand.fix in fixes and after - before >= MOVES:
            steps.append(Step(fixes[stand.fix], before, after))
            before = after
    return Path(score.emq, tuple(steps))


def other_side(report: Report, fix: Fix, event_name: str) -> str:
    """The side on which a fix raises an event, where that is not the one whose score stands for the event; else empty."""
    score = next((score for score in leading(report) if score.event_name == event_name), None)
    if score is None or event_name not in fix.scores or lifts(fix, score):
        return ""
    today = fix.scores[event_name][0]
    others = [s for s in report.scores if s.event_name == event_name and s.side != score.side and s.emq is not None]
    return next((other.side for other in others if abs(other.emq - today) < SAME_SCORE), "")
