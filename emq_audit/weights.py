"""EVENT_WEIGHTS: what one event of a kind is worth beside a page view. They rank the fixes and nothing else; users set their own."""

from collections.abc import Mapping

from emq_audit.errors import AuditError

EVENT_WEIGHTS: Mapping[str, float] = {
    "Purchase": 20, "Subscribe": 20, "StartTrial": 15, "Lead": 10, "CompleteRegistration": 8, "InitiateCheckout": 4, "AddPaymentInfo": 4,
    "AddToCart": 2,
}  # fmt: skip
"""Weights by event name; every other event weighs 1. A judgement, not a measurement."""


def read_weights(text: str) -> dict[str, float]:
    """`Lead=30,Purchase=5` as weights by event name. Raises AuditError where one is no number from 0 on."""
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, number = (piece.strip() for piece in part.rpartition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if not (sign and name and "=" not in name and 0 <= weight < 1e9):
            raise AuditError(f"{part!r} is no weight of an event.", "Write an event name and a number: Lead=30,Purchase=5.")
        weights[name] = weight
    if not weights:
        raise AuditError("The weights name no event.", "Write an event name and a number: Lead=30,Purchase=5.")
    return weights
