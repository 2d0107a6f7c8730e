"""Amounts of money as every face writes them: 3,000–8,000 DKK, and "about 400 EUR" where a rate or an assumption made the number."""

from math import floor, log10

from emq_audit.report.plan import Span


def two_figures(amount: float) -> float:
    """The amount to two significant figures: 1,072 is 1,100."""
    return round(amount, 1 - floor(log10(abs(amount)))) if amount else 0.0


def amount(value: float) -> str:
    """`1,100`; below ten with what decimals it has, two at most."""
    if abs(value) < 10 and round(value, 2) != round(value):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return f"{value:,.0f}".replace("-", "−")


def money(span: Span | float, currency: str, *, about: bool = False) -> str:
    """`3,000–8,000 DKK`, one number where both ends are written the same, "to" where one is negative; nothing is "about" zero."""
    low, high = span if isinstance(span, tuple) else (span, span)
    ends = [amount(low), amount(high)]
    between = " to " if low < 0 or high < 0 else "–"
    words = ends[0] if ends[0] == ends[1] else between.join(ends)
    return f"{'about ' if about and words != '0' else ''}{words} {currency}"
