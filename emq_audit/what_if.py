"""What-if: the estimates if match keys were sent with other shares of events, without another look at the events."""

from collections.abc import Mapping

import pandas as pd

from emq_audit.errors import AuditError
from emq_audit.event_names import importance
from emq_audit.match_keys import BY_KEY
from emq_audit.report import WhatIf
from emq_audit.report.order import side_rank
from emq_audit.score import SCORED_KEYS, score
from emq_audit.score import what_if as rescored

PRESETS = {
    "Rule of thumb: fbp, fbc, email, IP address and user agent": {
        "fbp": 0.95, "fbc": 0.4, "em": 0.95, "client_ip_address": 1.0, "client_user_agent": 1.0,
    },
    "Add phone and external_id": {"ph": 0.9, "external_id": 0.95},
    "Without consent: no cookies, no contact data": {
        "fbp": 0.0, "fbc": 0.0, "external_id": 0.0, "em": 0.0, "ph": 0.0, "fn": 0.0, "ln": 0.0, "ge": 0.0, "db": 0.0, "ct": 0.0, "st": 0.0,
        "zp": 0.0, "country": 0.0,
    },
}  # fmt: skip
"""Named settings: share of events (0-1) by key. The shares are examples to start from, not Meta's."""


def read_shares(text: str) -> dict[str, float]:
    """`em=0.95,fbc=40%` as shares by key. Raises AuditError where a key is unknown or a share is none."""
    shares: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _, number = (piece.strip() for piece in part.partition("="))
        if key not in BY_KEY or key not in SCORED_KEYS:
            raise AuditError(f"There is no match key {key!r}.", f"Write em=0.95,fbc=0.4; keys are {', '.join(SCORED_KEYS)}.")
        try:
            share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise AuditError(f"{part} is no share of events.", "Write a number from 0 to 1, or a percentage: em=0.95 or em=95%.")
        if key in shares:
            raise AuditError(f"{key} has two shares.", "Name each key once: em=0.95,fbc=0.4.")
        shares[key] = share
    if not shares:
        raise AuditError("The what-if names no key.", "Write em=0.95,fbc=0.4.")
    return shares


def what_if(patterns: pd.DataFrame, shares: Mapping[str, float]) -> tuple[WhatIf, ...]:
    """One entry per event name and side, the most valuable event first; `patterns` as patterns.scored gives them."""
    today = {(row.event_name, row.side): row.emq for row in score(patterns).itertuples()}
    rows = [
        WhatIf(row.event_name, row.side, dict(shares), round(today[row.event_name, row.side], 4), round(row.emq, 4), round(row.low, 4),
               round(row.high, 4))
        for row in rescored(patterns, shares).itertuples()
    ]  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (importance(row.event_name), row.event_name, side_rank(row.side))))
