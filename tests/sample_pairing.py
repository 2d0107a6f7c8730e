"""The deduplication of the hand-made shop: every count agrees with every other."""

from dataclasses import replace
from typing import Any

from emq_audit.report import DedupEntry, Disagreement, Double, KeyUse, Lacking, OneSided, Orders, Unpaired

# Event, browser, server, pairs.
DEDUP = (
    ("Purchase", 2478, 2913, 2108),
    ("InitiateCheckout", 4801, 4596, 4300),
    ("AddToCart", 8987, 8047, 6356),
    ("ViewContent", 21831, 16685, 16058),
    ("Lead", 456, 480, 431),
    ("PageView", 61864, 0, 0),
)
# Purchase: why 370 browser and 805 server events have no partner, as (side, reason, events, detail).
MISSES = (
    ("browser", "prefix", 118, "#"),
    ("browser", "other-event-name", 14, None),
    ("browser", "outside-window", 56, None),
    ("browser", "no-id-here", 62, None),
    ("browser", "no-counterpart", 120, None),
    ("server", "prefix", 118, "#"),
    ("server", "outside-window", 56, None),
    ("server", "no-id-there", 40, None),
    ("server", "no-counterpart", 591, None),
)
LAGS_OF_PURCHASE = (61, 612, 884, 296, 141, 78, 26, 10, 56)  # 2,108 pairs and 56 too far apart


def dedup_entry(name: str, browser: int, server: int, pairs: int) -> DedupEntry:
    purchase, both = name == "Purchase", browser and server
    dropped = {"pair": pairs, "repeat": 1, "fallback": 12} if purchase else {"pair": pairs} if pairs else {}
    counted = browser + server - sum(dropped.values())
    misses = MISSES if purchase else _no_counterpart(browser - pairs, server - pairs)
    return DedupEntry(
        event_name=name,
        browser=browser,
        server=server,
        browser_with_id=browser - (62 if purchase else 0),
        server_with_id=server,
        pairs=pairs,
        browser_only=browser - pairs,
        server_only=server - pairs,
        event_coverage=pairs / browser if both else None,
        reused_ids={"AddToCart": 9, "Lead": 1, "Purchase": 1}.get(name, 0),
        collisions=9 if name == "AddToCart" else 0,
        outside_window=56 if purchase else 0,
        received=browser + server,
        deduplicated=sum(dropped.values()),
        counted=counted,
        dropped=dropped,
        kept={
            side: events for side, events in (("browser", browser), ("server", counted - browser)) if events
        },
        by_key=_by_key(browser, server, pairs),
        unpaired=tuple(Unpaired(*miss) for miss in misses),
        counted_twice=202 if purchase else 0,
        lags=LAGS_OF_PURCHASE if purchase else (0, 0, pairs, 0, 0, 0, 0, 0, 0) if pairs else (),
        timed_by="both" if purchase else "event_time",
    )


def _no_counterpart(browser: int, server: int) -> tuple[tuple[str, str, int, None], ...]:
    alone = (("browser", browser), ("server", server))
    return tuple((side, "no-counterpart", events, None) for side, events in alone if events)


def _by_key(browser: int, server: int, pairs: int) -> dict[str, KeyUse]:
    if not server:
        return {
            "event_id": KeyUse(1.0, None, None, None), "external_id": KeyUse(0.12, None, None, None),
            "fbp": KeyUse(0.97, None, None, None),
        }  # fmt: skip
    return {
        "event_id": KeyUse(0.975, 1.0, pairs / min(browser, server), pairs / browser),
        "external_id": KeyUse(0.12, 0.71, 0.09, 0.08),
        "fbp": KeyUse(0.97, 0.61, 0.55, 0.54),
    }


def one_side(entry: DedupEntry, side: str) -> DedupEntry:
    """The entry as it would be if the log held that side only."""
    other = {"browser": "server", "server": "browser"}[side]
    events = getattr(entry, side)
    return replace(
        entry, **{other: 0, f"{other}_with_id": 0, f"{other}_only": 0, f"{side}_only": events}, pairs=0,
        event_coverage=None, outside_window=0, received=events, deduplicated=0, counted=events, dropped={},
        kept={side: events}, by_key={key: replace(use, **{other: None}, overlap=None, browser_covered=None)
        for key, use in entry.by_key.items()}, unpaired=(), counted_twice=0, lags=(),
    )  # fmt: skip


# side, by, value, events without a partner, events: what the other side would have missed.
ONE_SIDED = (
    ("browser", "browser", "Safari", 2_310, 41_200),
    ("browser", "browser", "Chrome", 4_902, 38_330),
    ("browser", "browser", "Facebook app", 1_120, 9_876),
    ("server", "browser", "Safari", 2_640, 16_015),
    ("server", "browser", "Chrome", 640, 12_990),
    ("server", "browser", "Firefox", 388, 1_960),
    ("server", "browser", "unknown", 240, 1_756),
    ("browser", "os", "iOS", 2_900, 44_310),
    ("browser", "os", "Android", 3_100, 30_040),
    ("browser", "os", "Windows", 2_332, 15_056),
    ("server", "os", "iOS", 2_400, 17_901),
    ("server", "os", "Android", 610, 9_020),
    ("server", "os", "Windows", 898, 5_800),
    *(("browser", "day", f"2026-10-{day:02}", 560 + 11 * day, 6_900 + 40 * day) for day in range(1, 15)),
    *(
        ("server", "day", f"2026-10-{day:02}", 1_400 if day == 9 else 190 + 3 * day, 2_330 + 3 * day)
        for day in range(1, 15)
    ),
)


def closing() -> dict[str, Any]:
    """The fields of the report about the whole log."""
    return {
        "one_sided": tuple(OneSided(*row) for row in ONE_SIDED),
        "doubles": (
            Double("Purchase", "two-sides", 37, {"DKK": 29_460.5, "EUR": 120.0}),
            Double("Purchase", "same-purchase", 12, {"DKK": 8_800.0}),
        ),
        "disagreements": (
            Disagreement("Purchase", "value", 2_108, 96),
            Disagreement("Purchase", "currency", 2_108, 0),
            Disagreement("Purchase", "em", 1_204, 31),
        ),
        "lacking": (
            Lacking("Purchase", "em", 2_108, 1_412),
            Lacking("Purchase", "external_id", 2_108, 1_230),
            Lacking("AddToCart", "external_id", 6_356, 2_500),
        ),
        "orders": Orders(
            2_996, 2_744, 38, 11, 214, 24, 96, 3,
            notes=(
                "Orders are recognised by the column Name of the file and the order_id of the events.",
                "18 rows without an order id were left out.",
            ),
        ),
    }  # fmt: skip
