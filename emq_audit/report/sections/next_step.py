"""The next step in words: what each side caught beside the rules of thumb, what each method costs, and the payback of an assumption.

The terminal, the HTML report and the app place these words; none of them adds a number.
"""

from dataclasses import dataclass

from emq_audit.next_step import HOME, PUBLISHED_SAVING
from emq_audit.report import Report
from emq_audit.report.money import money, two_figures
from emq_audit.report.plan import MethodCost, MethodPayback, Payback, Plan, Span, Typical
from emq_audit.report.words import (
    METHODS,
    ROWS_SHOWN,
    Piece,
    Sentence,
    capital,
    count,
    counted,
    listed,
    log,
    percent,
    sentence,
)

KINDS = {"pixel": "Pixel only", "capi": "Conversions API only", "pixel+capi": "Both"}
TITLES = {
    "add-capi": "Next step: add the Conversions API, unless it already sends",
    "add-pixel": "Next step: add the pixel, unless one already sends",
    "pair": "Next step: make both sides report the same events",
    "fix": "Next step: work through the fix list",
    "keep": "Next step: keep the set-up as it is",
    "name-side": "Next step: say which side sent the events",
    "add-website": "Next step: add a log of website events",
}
WHY = {
    "add-capi": "This log holds browser events only: as far as it shows, nobody reports visitors whose browser stops the pixel. If the "
    "Conversions API already sends, add its log: the plan is for a site without it.",
    "add-pixel": "This log holds server events only. A pixel sees visits that no server request shows, and sets the cookies that match "
    "them. If a pixel already sends, add its log. Costs are published for the Conversions API only, not for a pixel.",
    "fix": "Both sides send, and enough of their events pair. What is left to gain stands in the fix list.",
    "keep": "Both sides send, enough of their events pair, and no check found a fault that can be repaired.",
    "name-side": "Until it is known whether browser or server sent these events, nothing can be said about the set-up. Name the side with "
    "--side, or on the start page of the app.",
    "add-website": "Offline events show nothing about the pixel and the Conversions API on the website.",
}
TYPICAL_NOTE = "Typically: published rules of thumb, shares of all events that happened; nothing here measures them."
SEEN_NOTE = (
    "This log: shares of the actions that either side reported. What neither saw is in no log, so the two columns are near, not equal."
)
NOT_TOLD = {
    "pixel": "needs both sides",
    "capi": "needs both sides",
    "pixel+capi": "no event name from both",
    "offline": "no website events",
}
"""What a log that cannot tell is short of, by its set-up."""
COSTS_NOTE = "Published rules of thumb, not quotes."
PUBLISHED = f"The published {percent(PUBLISHED_SAVING)} lower cost per result is about adding the Conversions API to a pixel."
SAME_DAYS = 0.9
"""Below this share of events from days with both sides, the shares of each side compare unlike periods."""
FEW_ACTIONS = 30
"""Below this many actions a share is hardly more than chance."""
LONG = 120  # months
CHOOSING = ("add-capi", "pair")
"""The next steps for which a method has to be chosen or thought over."""


@dataclass(frozen=True)
class TypicalRow:
    """`kind` is one of KINDS; `here` marks the set-up of this log; `log` says what it shows."""

    kind: str
    name: str
    typical: str
    log: str
    here: bool


@dataclass(frozen=True)
class SeenRow:
    name: Sentence
    actions: str
    browser: str
    server: str
    browser_share: float
    server_share: float


@dataclass(frozen=True)
class CostRow:
    """`mark`: in this log, your choice, or empty."""

    method: str
    name: str
    monthly: str
    once: str
    hours: str
    mark: str


@dataclass(frozen=True)
class PaybackRow:
    name: str
    left: str
    months: str
    needed: str


@dataclass(frozen=True)
class PaybackWords:
    """`headline` is the amount assumed to be saved, or that none is; `rows` are empty where no method has to pay back."""

    headline: str
    assumption: str
    rows: tuple[PaybackRow, ...]
    needed_title: str
    note: str


@dataclass(frozen=True)
class NextStep:
    """`asked_costs` are the rows of `costs` that matter for this step: all where a method has to be chosen, else the one in use."""

    title: str
    why: Sentence
    typical: tuple[TypicalRow, ...]
    typical_note: str
    seen: tuple[SeenRow, ...]
    seen_note: str
    costs: tuple[CostRow, ...]
    asked_costs: tuple[CostRow, ...]
    costs_note: str
    payback: PaybackWords | None


def section(report: Report) -> NextStep | None:
    if report.plan is None:
        return None
    plan = report.plan
    costs = tuple(_cost(cost, plan) for cost in plan.costs)
    return NextStep(
        title=TITLES[plan.next],
        why=why(plan),
        typical=tuple(_typical(row, report, plan) for row in plan.typical),
        typical_note=f"{TYPICAL_NOTE} {SEEN_NOTE}" if plan.seen else TYPICAL_NOTE,
        seen=_seen(plan),
        seen_note=_seen_note(report, plan),
        costs=costs,
        asked_costs=tuple(row for row in costs if row.mark or plan.next in CHOOSING),
        costs_note=_costs_note(plan),
        payback=_payback(report.payback, report.setup.kind) if report.payback else None,
    )


def why(plan: Plan) -> Sentence:
    if plan.next != "pair":
        return sentence("{words}", words=WHY[plan.next])
    if plan.pairing_of is None:
        return sentence("Both sides send, but no event name comes from both. Meta cannot join them, and each side’s gaps stay open.")
    return sentence(
        "Both sides send, but {share} of the browser’s {event} events have a partner from the server; Meta’s goal is 75%. Deduplication "
        "names the reasons.",
        share="only " + percent(plan.pairing or 0) if plan.pairing else "none",
        event=log(plan.pairing_of, 40),
    )


def _typical(row: Typical, report: Report, plan: Plan) -> TypicalRow:
    share = f"{percent(row.low)}+" if row.high is None else f"{percent(row.low).rstrip('%')}–{percent(row.high)}"
    return TypicalRow(row.kind, KINDS[row.kind], share, _in_log(row.kind, report, plan), row.kind == report.setup.kind)


def _in_log(kind: str, report: Report, plan: Plan) -> str:
    if not plan.seen:
        return NOT_TOLD.get(report.setup.kind, "side not known")
    if kind == "pixel+capi":
        return _orders(report) or "what neither saw is in no log"
    whole = plan.seen[0]
    share, side = (whole.browser, "the browser") if kind == "pixel" else (whole.server, "the server")
    return f"{percent(share)} came from {side}"


def _orders(report: Report) -> str:
    """The one yardstick from outside the log: the shop's own orders, if they were given."""
    orders = report.orders
    if orders is None or not orders.orders or report.setup.kind != "pixel+capi":
        return ""
    return f"{percent(1 - orders.missing / orders.orders)} of the shop’s {counted(orders.orders, 'order')} arrived"


def _seen(plan: Plan) -> tuple[SeenRow, ...]:
    return tuple(
        SeenRow(
            name=sentence("All together") if row.event_name is None else (log(row.event_name),),
            actions=count(row.actions),
            browser=percent(row.browser),
            server=percent(row.server),
            browser_share=row.browser,
            server_share=row.server,
        )
        for row in (plan.seen[1:] if len(plan.seen) == 2 else plan.seen[: ROWS_SHOWN + 1])
    )


def _seen_note(report: Report, plan: Plan) -> str:
    if not plan.seen:
        return ""
    notes = ["Event names that both sides send; two reports of one action count once, also where only their ids keep them apart."]
    same = report.setup.same_days
    if same is not None and same < SAME_DAYS:
        notes.append(
            f"Only {percent(same)} of the events are from days on which both sides sent some, so these shares compare unlike periods: "
            "give logs of the same days."
        )
    if plan.seen[0].actions < FEW_ACTIONS:
        notes.append(f"{counted(plan.seen[0].actions, 'action')} are too few for more than a first look.")
    return " ".join(notes)


def _cost(cost: MethodCost, plan: Plan) -> CostRow:
    about = plan.currency != HOME
    return CostRow(
        method=cost.method,
        name=METHODS[cost.method],
        monthly=money(cost.monthly, plan.currency, about=about) if cost.monthly else "not named",
        once=money(cost.once, plan.currency, about=about),
        hours=_hours(cost),
        mark="in this log" if cost.here else "your choice" if cost.method == plan.method else "",
    )


def _hours(cost: MethodCost) -> str:
    low, high = cost.hours
    if high < 1:
        return f"{low * 60:.0f}–{high * 60:.0f} minutes"
    return f"{low:g}–{high:g}{'+' if cost.more_hours else ''} hours"


def _costs_note(plan: Plan) -> str:
    notes = [COSTS_NOTE, "Shopify: only for shops that run on it. Direct API: hosting and upkeep come on top; no figure is published."]
    if plan.asked_currency != plan.currency:
        notes.append(f"Costs stay in DKK: no rate for {plan.asked_currency} was given.")
    elif plan.currency != HOME:
        notes.append(f"Converted from DKK at {plan.rate:g} DKK for one {plan.currency}, to two figures.")
    if plan.method is None and plan.next in ("add-capi", "pair", "fix", "keep"):
        notes.append("The log does not say which of them you use.")
    return " ".join(notes)


def _payback(payback: Payback, kind: str) -> PaybackWords:
    spend = money(payback.spend, payback.currency)
    if payback.saved is None:
        headline = "No saving is assumed"
    else:
        headline = capital(f"{_about(payback.saved, payback.currency)} less a month, if the assumption holds")
    return PaybackWords(
        headline=headline,
        assumption=_assumption(payback, kind, spend),
        rows=tuple(_payback_row(row, payback) for row in payback.methods),
        needed_title="Pays back in a year from a saving of" if payback.applies else "Running cost is covered by a saving of",
        note=_payback_note(payback, kind),
    )


def _assumption(payback: Payback, kind: str, spend: str) -> str:
    share = _share(payback.saving)
    if payback.applies and payback.assumption == "published":
        return (
            f"Assumption, not a measurement: adding the Conversions API to a pixel lowers the cost per result by {share}. That is a "
            f"published figure about other advertisers; yours may be less or none. The same results would then cost that much less of "
            f"{spend} a month."
        )
    own = (
        f"Your assumption, not a measurement: the cost per result falls by {share}. The same results would then cost that much less of "
        f"{spend} a month."
    )
    if payback.applies:
        return own
    about = {
        "pixel+capi": "Here both already send: what that brought is in your results already, and better data promises no such figure "
        "again.",
        "capi": "It says nothing about adding a pixel to the Conversions API.",
    }.get(kind, "This log does not show whether that is your case.")
    about = f"{PUBLISHED} {about}"
    return f"{own} {about}" if payback.assumption == "yours" else about


def _payback_row(row: MethodPayback, payback: Payback) -> PaybackRow:
    return PaybackRow(
        name=METHODS[row.method],
        left=_about(row.left, payback.currency) if row.left else "–",
        months=_months(row) if row.left else "–",
        needed=_shares(row.needed),
    )


def _about(span: Span | float, currency: str) -> str:
    """Amounts that follow from an assumption, to two figures."""
    rounded = tuple(map(two_figures, span)) if isinstance(span, tuple) else two_figures(span)
    return money(rounded, currency, about=True)


def _months(row: MethodPayback) -> str:
    if row.months is None:
        return "never"
    soon, late = row.months
    if late == 0:
        return "at once"
    first = _one(soon)
    if late is None:
        return f"{first} months or never"
    if late < 1:
        return "within a month"
    if late > LONG:
        return "over 10 years" if soon > LONG else f"{first} months to over 10 years"
    return f"about {first}–{_one(late)} months" if first != _one(late) else f"about {first} months"


def _one(months: float) -> str:
    return f"{months:.1f}" if months < 10 else f"{months:.0f}"


def _share(share: float) -> str:
    """A share of cost in percent, with a decimal where it is small; `13%`, `1.5%`."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%" if share >= 0.0005 or share == 0 else "under 0.1%"


def _shares(span: Span) -> str:
    """`0.8–2.9%`; what costs nothing needs nothing, and no saving is more than all."""
    low, high = (_share(end) for end in span)
    if span[0] > 1:
        return "over 100%"
    if span[1] > 1:
        return f"{low} to over 100%"
    return high if low == high else f"{low.rstrip('%')}–{high}"


def _payback_note(payback: Payback, kind: str) -> str:
    if not payback.methods:
        own = payback.saved is not None and kind == "pixel+capi"
        return "Fixes cost work, not fees: the fix list names the effort of each." if own else ""
    if not payback.applies:
        return ""
    direct = " Direct API: without hosting and upkeep." if any(row.method == "direct-api" for row in payback.methods) else ""
    return f"Left a month: the assumed saving less the monthly cost.{direct} Hours of your own are not counted."


def line(plan: Plan) -> Sentence:
    """Who saw what, in one sentence, for faces with little room; empty where one side is missing."""
    if not plan.seen:
        return ()
    whole = plan.seen[0]
    names = listed([f"{percent(whole.browser)} came from the browser", f"{percent(whole.server)} from the server"])
    return (Piece(f"Of {counted(whole.actions, 'action')} that either side reported, {names}."),)
