"""The next step for the set-up: pixel, Conversions API or both, what the methods cost, and what an assumed saving would pay back.

The figures are published rules of thumb, in Danish kroner. None of them is measured here, and none is Meta's promise; the report labels
them so. What the log itself shows stands beside them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from emq_audit.dedup import COVERAGE_GOAL
from emq_audit.errors import AuditError
from emq_audit.event_names import importance
from emq_audit.mask import printable
from emq_audit.report import DedupEntry, Fix, Setup
from emq_audit.report.money import two_figures
from emq_audit.report.plan import MethodCost, MethodPayback, Payback, Plan, Seen, Span, Typical

HOME = "DKK"
"""The currency of COSTS."""

TYPICAL = (Typical("pixel", 0.60, 0.75), Typical("capi", 0.80, 0.90), Typical("pixel+capi", 0.95, None))

# Method, a month, once, hours. Shopify's own channel is part of the shop; the direct API's hosting and upkeep are not in the figures.
COSTS = (
    MethodCost("shopify", (0, 0), (0, 0), (0.25, 0.5)),
    MethodCost("gtm-server", (150, 800), (3_000, 8_000), (2, 5)),
    MethodCost("partner", (100, 500), (2_000, 5_000), (1, 3)),
    MethodCost("direct-api", None, (10_000, 25_000), (10, 20), more_hours=True),
)

PUBLISHED_SAVING = 0.13
"""Lower cost per result of advertisers who added the Conversions API to a pixel, as published; Meta's training slides "Performance
Fundamentals: Conversions API" name the same figure. It is about others: an assumption here, never a result."""

NEXT = ("add-capi", "add-pixel", "pair", "fix", "keep", "name-side", "add-website")
"""Add the other side; make both sides report the same events; repair; nothing; say which side sent; add a log of website events."""

YEAR = 12  # months
MOST = 1e12  # of ad spend a month: more is a typing error

_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,'’ \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]{1,2})?")
_PLAIN = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,2})?")
_RATE = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,8})?")
_SHARE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,6})?")


@dataclass(frozen=True)
class Budget:
    """What the user says about money: ad `spend` a month in `currency` (ISO code), `rate` in DKK for one unit of it, and the assumed
    lower cost per result (`saving`, a share; None: the published one). Raises AuditError where these do not go together."""

    spend: float | None = None
    currency: str = HOME
    rate: float | None = None
    saving: float | None = None

    def __post_init__(self) -> None:
        if self.spend is not None and not 0 < self.spend <= MOST:
            raise AuditError("The ad spend is not above zero.", "Give the spend a month as a number, for example 50000.")
        if self.saving is not None and not 0 <= self.saving < 1:
            raise AuditError("The assumed saving is no share of the cost per result.", "Give it as 13% or 0.13; it is below 100%.")
        if self.saving is not None and self.spend is None:
            raise AuditError("An assumed saving says nothing without the ad spend.", "Add the ad spend a month: --spend 50000.")
        if self.rate is not None and not 0 < self.rate <= 1e6:
            raise AuditError("The exchange rate is not above zero.", f"Give how many DKK one {self.currency} costs.")
        if self.currency == HOME and self.rate not in (None, 1):
            raise AuditError(
                "A rate was given, but no other currency than DKK.", "Name the currency too, for example --currency EUR --rate 7.46."
            )
        if self.spend is not None and self.currency != HOME and self.rate is None:
            raise AuditError(
                f"The ad spend is in {self.currency}, but the methods' costs are known in Danish kroner (DKK) only.",
                f"Say how many DKK one {self.currency} costs with --rate; for a euro that is about 7.46.",
            )


def read_budget(spend: str | None = None, currency: str | None = None, rate: str | None = None, saving: str | None = None) -> Budget:
    """The budget from what was typed. Raises AuditError, in one sentence and a hint, for what is no amount, currency, rate or share."""
    return Budget(
        None if spend is None else read_amount(spend),
        read_currency(currency or HOME),
        None if rate is None else read_rate(rate),
        None if saving is None else read_saving(saving),
    )


def read_amount(text: str) -> float:
    """`50000`, `50,000`, `50.000,00` or `50 000`: a point or comma before three digits groups thousands. Raises AuditError."""
    clean = text.strip()
    value = 0.0
    if grouped := _GROUPED.fullmatch(clean):
        bare = clean.replace(grouped[1], "").replace(",", ".")
        value = float(bare) if len(bare) <= 15 else 0.0
    elif _PLAIN.fullmatch(clean):
        value = float(clean.replace(",", "."))
    if not 0 < value <= MOST:
        raise AuditError(f"“{_said(text)}” is no amount of ad spend.", "Write the spend a month as a number above zero, for example 50000.")
    return value


def read_saving(text: str) -> float:
    """`13%` or `0.13` as a share from 0 to under 1. Raises AuditError."""
    clean = text.strip()
    number = clean.removesuffix("%").rstrip()
    value = float(number.replace(",", ".")) / (100 if clean.endswith("%") else 1) if _SHARE.fullmatch(number) else -1.0
    if not 0 <= value < 1:
        raise AuditError(f"“{_said(text)}” is no share of the cost per result.", "Write the assumed saving as 13% or 0.13.")
    return value


def read_currency(text: str) -> str:
    """`EUR` from `eur`. Raises AuditError for letters that are no ISO 4217 code."""
    import pycountry

    code = text.strip().upper()
    if not re.fullmatch("[A-Z]{3}", code) or pycountry.currencies.get(alpha_3=code) is None:
        raise AuditError(f"There is no currency “{_said(text)}”.", "Write its three letters, for example DKK, EUR or SEK.")
    return code


def read_rate(text: str) -> float:
    """`7.46` or `7,46`: DKK for one unit of the currency. Raises AuditError."""
    clean = text.strip()
    value = float(clean.replace(",", ".")) if _RATE.fullmatch(clean) else 0.0
    if not 0 < value <= 1e6:
        raise AuditError(f"“{_said(text)}” is no exchange rate.", "Write how many DKK one unit of the currency costs, for example 7.46.")
    return value


def _said(text: str) -> str:
    return printable(text.strip()[:24])


def plan(
    setup: Setup, dedup: Sequence[DedupEntry], fixes: Sequence[Fix], budget: Budget | None = None, method: str | None = None
) -> Plan:
    """What to do next with this set-up, and what each method costs, in the budget's currency where a rate is given.

    `method` is the user's choice; without one it is what the log shows.
    """
    budget = budget or Budget()
    rate = budget.rate if budget.currency != HOME else 1.0
    shared = shared_names(dedup)
    main = min(shared, key=lambda entry: (importance(entry.event_name), -entry.browser), default=None)
    named = recognised(setup)
    return Plan(
        next=_next(setup.kind, main, fixes),
        method=method or named,
        typical=TYPICAL,
        seen=seen(shared) if setup.kind == "pixel+capi" else (),
        costs=tuple(replace(_converted(cost, rate or 1.0), here=cost.method == named) for cost in COSTS),
        currency=budget.currency if rate else HOME,
        rate=rate or 1.0,
        asked_currency=budget.currency,
        pairing=main.event_coverage if main else None,
        pairing_of=main.event_name if main else None,
    )


def shared_names(dedup: Iterable[DedupEntry]) -> list[DedupEntry]:
    """The event names that both sides sent: only there can one side miss what the other has."""
    return [entry for entry in dedup if entry.browser and entry.server]


def recognised(setup: Setup) -> str | None:
    """The method that most server events name; for a log of browser events, Shopify where the pixel names it. Else None."""
    known = {cost.method for cost in COSTS}
    used = sorted((m for m in setup.methods if m.method in known), key=lambda m: -m.events)
    if used:
        return used[0].method
    by_shopify = any(m.method == "pixel" and m.sender and "shopify" in m.sender.lower() for m in setup.methods)
    return "shopify" if by_shopify else None


def _next(kind: str, main: DedupEntry | None, fixes: Sequence[Fix]) -> str:
    one_sided = {"pixel": "add-capi", "capi": "add-pixel", "offline": "add-website", "pixel+capi": ""}.get(kind, "name-side")
    if one_sided:
        return one_sided
    if main is None or (main.event_coverage or 0) < COVERAGE_GOAL:
        return "pair"
    return "fix" if fixes else "keep"


def seen(shared: Sequence[DedupEntry]) -> tuple[Seen, ...]:
    """All names together, then each, the most valuable first."""
    rows = [
        (entry.event_name, _both(entry), entry.browser_only - _joined(entry), entry.server_only - _joined(entry))
        for entry in sorted(shared, key=lambda entry: (importance(entry.event_name), -entry.browser - entry.server, entry.event_name))
    ]
    whole = (None, *(sum(row[at] for row in rows) for at in (1, 2, 3)))
    return tuple(_seen_one(*row) for row in (whole, *rows) if sum(row[1:]))


def _joined(entry: DedupEntry) -> int:
    """Actions of which both sides have a report that the event id does not join."""
    return min(entry.counted_twice + entry.dropped.get("fallback", 0), entry.browser_only, entry.server_only)


def _both(entry: DedupEntry) -> int:
    return entry.pairs + _joined(entry)


def _seen_one(name: str | None, both: int, browser_only: int, server_only: int) -> Seen:
    actions = both + browser_only + server_only
    shares = ((both + only) / actions for only in (browser_only, server_only))
    return Seen(name, actions, both, browser_only, server_only, *shares)


def _in(span: Span, rate: float) -> Span:
    return span[0] / rate, span[1] / rate


def _converted(cost: MethodCost, rate: float) -> MethodCost:
    """The cost by a rate in DKK for one unit, rounded to two figures; unchanged in DKK."""
    if rate == 1:
        return cost
    monthly, once = (span and tuple(two_figures(end) for end in _in(span, rate)) for span in (cost.monthly, cost.once))
    return replace(cost, monthly=monthly, once=once)


def payback(setup: Setup, budget: Budget | None, method: str | None = None) -> Payback | None:
    """What the assumption would bring for the budget's spend, against the cost of each method; None without a spend.

    The published saving is about adding the Conversions API to a pixel, so it is set against costs for such a set-up only; where both sides
    already send it is no gain still to come. A saving of the user's own is taken at their word. `method` as for `plan`.
    """
    if budget is None or budget.spend is None:
        return None
    rate = (budget.rate or 1.0) if budget.currency != HOME else 1.0
    applies = setup.kind == "pixel"
    own = budget.saving is not None
    saving = PUBLISHED_SAVING if budget.saving is None else budget.saving
    saved = budget.spend * saving if applies or own else None
    return Payback(
        spend=budget.spend,
        currency=budget.currency,
        rate=rate,
        saving=saving,
        assumption="yours" if own else "published",
        applies=applies,
        saved=saved,
        methods=_method_paybacks(setup, method or recognised(setup), budget.spend, rate, saved),
    )


def _method_paybacks(
    setup: Setup, used: str | None, spend: float, rate: float, saved: float | None
) -> tuple[MethodPayback, ...]:
    """Every method for a pixel without the Conversions API; the one in use, if it has a running cost, where both sides send."""
    if setup.kind == "pixel":
        return tuple(_adding(cost, spend, rate, saved or 0.0) for cost in COSTS)
    if setup.kind != "pixel+capi":
        return ()
    running = [cost for cost in COSTS if cost.method == used and cost.monthly and any(cost.monthly)]
    return tuple(MethodPayback(cost.method, None, None, tuple(end / spend for end in _in(cost.monthly, rate))) for cost in running)


def _adding(cost: MethodCost, spend: float, rate: float, saved: float) -> MethodPayback:
    monthly, once = _in(cost.monthly or (0.0, 0.0), rate), _in(cost.once, rate)
    left = saved - monthly[1], saved - monthly[0]
    soon, late = _months(once[0], left[1]), _months(once[1], left[0])
    needed = tuple((total / YEAR + running) / spend for total, running in zip(once, monthly, strict=True))
    return MethodPayback(cost.method, left, None if soon is None else (soon, late), needed)


def _months(once: float, left: float) -> float | None:
    """Months until `once` is paid from what is left a month; None if never."""
    if once == 0 and left >= 0:
        return 0.0
    return once / left if left > 0 else None
