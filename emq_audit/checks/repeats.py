"""Repeats: is one conversion counted, or sent, more than once?

Purchases of one order that count again for a reason that other checks name (ids that differ, ids that are missing, a repeat after 48
hours) are not accused here a second time; table `doubles` holds them all.
"""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.examples import DAY, HOUR, MINUTE, MOMENT, fbp
from emq_audit.checks.meta_pages import DEDUPLICATION

BROWSER = {"_side": "browser"}
UNEXPLAINED = "coalesce(reason, 'no-counterpart') = 'no-counterpart'"
CART = {"event_name": "AddToCart", "order_id": None}
UNKNOWN = {"order_id": None}

CHECKS = (
    Check(
        id="order-counted-on-both-sides",
        title="An order counts from the browser and from the server",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        over="counted_purchases",
        fails=f"kind = 'two-sides' AND {UNEXPLAINED}",
        why="Both reports name the same order but not the same event id. Meta joins them by the event id; by the order number it does so "
        "for a few partners only. So it counts the order twice.",
        fix="Send the Purchase under one event id from both sides, such as the order number.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_id": "paid-k3v9"}, BROWSER | {"event_id": "thanks-x7q2"}),
        ok=(
            {},
            BROWSER,
            {"event_id": "#1043", "order_id": "1043"},
            BROWSER | {"event_id": "1043", "order_id": "1043"},
            {"event_id": "paid-k3v8", "order_id": "1044"},
            BROWSER | {"event_id": "thanks-x7q1", "order_id": "1045"},
        ),
    ),
    Check(
        id="order-from-two-senders",
        title="Two programs on the server report the same order",
        severity=Severity.CRITICAL,
        evidence=Evidence.OBSERVED,
        over="counted_purchases",
        when="side = 'server'",
        fails="kind = 'two-senders'",
        why="Two programs that call themselves by different names send the same order under different event ids, so Meta counts it from "
        "each.",
        fix="Let one of the two integrations send Purchase and switch it off in the other.",
        source="https://seresa.io/seed/ad-performance-data-gaps/meta-one-click-capi-duplicate-events-existing-plugin",
        shows="event_id",
        bad=({"event_id": "shop-1042", "sender": "woocommerce"}, {"event_id": "8d21c", "sender": "stape"}),
        ok=(
            {"sender": "woocommerce"},
            {"sender": "stape"},
            {"event_id": "1043", "order_id": "1043", "sender": "woocommerce"},
            {"event_id": "1044", "order_id": "1044", "sender": "stape"},
        ),
    ),
    Check(
        id="order-counted-again",
        title="One side sends the same order more than once",
        severity=Severity.CRITICAL,
        evidence=Evidence.OBSERVED,
        over="counted_purchases",
        fails="kind = 'again'",
        why="The order comes again from the same side, but not under the same event id, so Meta counts it again: the thank-you page was "
        "shown again, or two pieces of code send the order.",
        fix="Make the event id from the order number, and send Purchase once, when the order is placed.",
        source="https://github.com/facebook/facebook-for-woocommerce/issues/706",
        shows="event_id",
        bad=(BROWSER | {"event_id": "load-1"}, BROWSER | {"event_id": "load-2", "event_time": MOMENT - 3 * DAY}),
        ok=(
            BROWSER,
            BROWSER | {"event_time": MOMENT - HOUR},
            BROWSER | {"event_id": "load-3", "order_id": "1043"},
            BROWSER | {"event_id": "load-4", "order_id": "1044"},
            {"event_id": "main-5", "order_id": "1045", "value": 249.0},
            {"event_id": "addition-5", "order_id": "1045", "value": 49.0},
        ),
    ),
    Check(
        id="purchase-seems-repeated",
        title="A purchase seems to be counted twice",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="counted_purchases",
        fails=f"kind = 'same-purchase' AND {UNEXPLAINED}",
        why="Meta counts two purchases of one visitor and value within ten minutes. That they are one is a judgement: with at least one of "
        "them no order number is sent that could tell.",
        fix="Send the order number (order_id) with every Purchase, and make the event id from it.",
        source="https://github.com/facebook/facebook-for-woocommerce/issues/2474",
        shows="event_id",
        bad=(UNKNOWN | {"event_id": "load-1"}, UNKNOWN | {"event_id": "load-2", "event_time": MOMENT - 5 * MINUTE}),
        ok=(
            UNKNOWN | {"event_id": "load-3"},
            UNKNOWN | {"event_id": "load-4", "event_time": MOMENT - 11 * MINUTE},
            UNKNOWN | {"event_id": "load-5", "value": 99.0},
            UNKNOWN | {"event_id": "load-6", "fbp": fbp(MOMENT - DAY, 7), "em": None, "external_id": None},
            {"event_id": "two-1", "order_id": "1043", "value": 12.0},
            {"event_id": "two-2", "order_id": "1044", "value": 12.0},
        ),
    ),
    Check(
        id="event-sent-in-bursts",
        title="One action is sent several times within a second",
        severity=Severity.MEDIUM,
        evidence=Evidence.HEURISTIC,
        over="bursts",
        fails="again",
        why="A visitor's events of one name, value and product come within a second or two, each under an id of its own, so all count. "
        "That a person does not act so fast is a judgement: a double click may be two actions.",
        fix="Look for code that runs twice, or two tags on one button, and let the button wait until its first click is handled.",
        source="https://github.com/facebook/facebook-for-woocommerce/pull/3939",
        shows="event_id",
        bad=(CART | BROWSER | {"event_id": "a"}, CART | BROWSER | {"event_id": "b", "event_time": MOMENT - 1}),
        ok=(
            CART | BROWSER | {"event_id": "c"},
            CART | BROWSER | {"event_id": "c"},
            CART | BROWSER | {"event_id": "d", "event_time": MOMENT - 2},
            CART | BROWSER | {"event_id": "e", "contents": [{"id": "SKU-8", "quantity": 1}]},
            CART | BROWSER | {"event_id": "f", "fbp": fbp(MOMENT - DAY, 7)},
            CART | {"event_id": "g"},
            *({"event_name": "PageView", "event_id": f"page-{number}"} for number in range(3)),
        ),
    ),
    Check(
        id="server-ids-of-two-kinds",
        title="The server's purchases carry two kinds of ids",
        severity=Severity.LOW,
        evidence=Evidence.HEURISTIC,
        over="id_makers",
        fails="others >= 10 AND others >= 0.2 * events",
        why="A program makes its ids in one way, such as UUIDs or order numbers. Two ways at the same time speak for two programs that "
        "both send purchases; this is a judgement from the pattern.",
        fix="See which integrations send Purchase to this pixel. If two report the same orders, switch it off in one of them.",
        source="https://seresa.io/blog/data-quality-validation/facebook-capi-and-pixel-are-counting-your-purchases-twice",
        bad=tuple(
            {"event_id": f"{number:08x}-91c6-4f3a-8e27-c15d6a90f2b8" if number % 2 else str(1000 + number),
             "order_id": str(number), "event_time": MOMENT - number}
            for number in range(30)
        ),
        ok=(
            *({"event_id": str(1000 + number), "order_id": str(number), "event_time": MOMENT - number} for number in range(30)),
            *({"event_id": f"{number:032x}", "order_id": f"n{number}", "event_time": MOMENT - DAY - number} for number in range(30)),
        ),
    ),
)  # fmt: skip
