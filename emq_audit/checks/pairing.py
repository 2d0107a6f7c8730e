"""Pairs: do the two reports of an action find each other, and do they say the same?

What is accused of not pairing are events without a partner that still show one; those that nothing answers, and those without an id,
are no fault of these checks.
"""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.examples import EMAIL, MOMENT, fbp, sha256
from emq_audit.checks.meta_pages import DEDUPLICATION, DEDUPLICATION_HELP
from emq_audit.match_keys import KEYS

BROWSER = {"_side": "browser"}
HAS_ID = "id_state = 'present' AND source_state <> 'business_messaging'"
LIKENESS = (
    "Meta compares ids to the letter, so it takes the two reports for two events and may count both. That they are one is a judgement "
    "from how alike the ids are."
)
WRONG_NAME = "name_state IN ('ga4', 'misspelt', 'missing')"
KEPT_ONE = "Meta counts one of the two reports and drops the other, so"
TELLING = ("em", "external_id", "fbc")
"""Keys that tie an event to a person or a click; `lacks` has one bit for each of KEYS."""
TELLING_BITS = sum(1 << KEYS.index(key) for key in TELLING)

CHECKS = (
    Check(
        id="event-id-differs-in-case",
        title="Ids of both sides differ in capital letters only",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails="reason = 'case'",
        why=LIKENESS,
        fix="Send the id with the same capital letters from both sides.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_id": "ORDER-7"}, BROWSER | {"event_id": "order-7"}),
        ok=({"event_id": "order-7"}, BROWSER | {"event_id": "order-7"}, BROWSER | {"event_id": "other-8"}),
    ),
    Check(
        id="event-id-with-addition",
        title="One side adds something to the id",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails="reason IN ('prefix', 'suffix')",
        why=LIKENESS,
        fix="Take away what one side puts in front of the id or behind it, such as # or .0, or put it there on both sides.",
        source="https://www.wittelsbach.ai/post/meta-pixel-showing-duplicate-purchase-events-the-deduplication-diagnostic-for-d2c",
        shows="event_id",
        bad=({"event_id": "1042"}, BROWSER | {"event_id": "#1042"}),
        ok=({"event_id": "1042"}, BROWSER | {"event_id": "10423"}, BROWSER | {"event_id": "2041"}),
    ),
    Check(
        id="event-id-spelled-otherwise",
        title="Ids differ in spaces, leading zeros or encoding only",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails="reason IN ('whitespace', 'leading-zeros', 'encoding')",
        why=LIKENESS,
        fix="Treat the id as text on both sides, without spaces around it, and decode it once if it was part of an address.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_id": "001042"}, BROWSER | {"event_id": "1042"}),
        ok=({"event_id": "1042"}, BROWSER | {"event_id": "1420"}),
    ),
    Check(
        id="event-id-of-two-kinds",
        title="Browser and server make their ids in different ways",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails="reason = 'other-id-family'",
        why="Meta joins the two reports of an event by their id, so it may count both. That these ids were made apart, one by each side, "
        "is a judgement from their form, and from the visitors that they share.",
        fix="Make the id once, in one place, and hand the same one to both sides.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_id": "1042"}, BROWSER | {"event_id": "8a3c1e52-91c6-4f3a-8e27-c15d6a90f2b8"}),
        ok=({"event_id": "1042"}, BROWSER | {"event_id": "2041"}),
    ),
    Check(
        id="event-name-differs-by-side",
        title="The two sides send one id under different event names",
        severity=Severity.MEDIUM,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails=f"reason = 'other-event-name' AND event_id NOT IN (SELECT event_id FROM misses WHERE event_id IS NOT NULL AND {WRONG_NAME})",
        why="Meta joins two reports only if id and event name are the same. That these are reports of one event is a judgement: an id may "
        "also stand for a whole page.",
        fix="Send the event under one name from both sides. If they are two events, give each an id of its own.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_name": "CompleteRegistration", "event_id": "s-7"}, BROWSER | {"event_name": "Lead", "event_id": "s-7"}),
        ok=(
            {"event_id": "s-8"},
            BROWSER | {"event_id": "s-8", "event_name": "purchase"},
            {"event_id": "s-9"},
            BROWSER | {"event_id": "s-9"},
            BROWSER | {"event_id": "s-9", "event_name": "AddPaymentInfo"},
        ),
    ),
    Check(
        id="pixel-differs-by-side",
        title="The two sides send one event to different pixels",
        severity=Severity.MEDIUM,
        evidence=Evidence.HEURISTIC,
        over="misses",
        when=HAS_ID,
        fails="reason = 'other-pixel'",
        why="Meta joins the two reports of an event within one pixel (dataset) only. That both were meant for the same one is a judgement: "
        "they carry the same name and id, and neither pixel has both.",
        fix="Send browser and server events of a website to the same pixel, or to all of its pixels from both sides.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"pixel_id": "222"}, BROWSER | {"pixel_id": "111"}),
        ok=({"pixel_id": "111"}, {"pixel_id": "222"}, BROWSER | {"pixel_id": "111"}),
    ),
    Check(
        id="pair-value-differs",
        title="Browser and server report different values",
        severity=Severity.MEDIUM,
        evidence=Evidence.DOCUMENTED,
        over="compared",
        when="value_differs IS NOT NULL",
        fails="value_differs",
        why=f"{KEPT_ONE} which value is reported depends on which comes first.",
        fix="Take the value of both sides from one place, and decide once whether it holds tax and shipping.",
        source=DEDUPLICATION_HELP,
        bad=({"value": 249.0}, BROWSER | {"value": 199.2}),
        ok=(
            {"value": 249.0},
            BROWSER | {"value": "249.00"},
            {"event_id": "2", "value": 249.0},
            BROWSER | {"event_id": "2", "value": None},
        ),
    ),
    Check(
        id="pair-currency-differs",
        title="Browser and server report different currencies",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        over="compared",
        when="currency_differs IS NOT NULL",
        fails="currency_differs",
        why=f"{KEPT_ONE} revenue depends on which comes first.",
        fix="Send the currency that belongs to the value, the one the customer pays in, from both sides.",
        source=DEDUPLICATION_HELP,
        bad=({"currency": "DKK"}, BROWSER | {"currency": "EUR"}),
        ok=({"currency": "DKK"}, BROWSER | {"currency": "dkk"}, {"event_id": "2"}, BROWSER | {"event_id": "2", "currency": "kr."}),
    ),
    Check(
        id="pair-email-differs",
        title="Browser and server report different emails",
        severity=Severity.MEDIUM,
        evidence=Evidence.HEURISTIC,
        over="compared",
        when="email_differs IS NOT NULL",
        fails="email_differs",
        why=f"{KEPT_ONE} one email is never matched. Either the id is shared by two people or one side holds another address; that this is "
        "not meant is a judgement.",
        fix="Hand both sides the same address, such as the one typed at the checkout. Look for an id that two people share.",
        source=DEDUPLICATION_HELP,
        bad=({"em": EMAIL}, BROWSER | {"em": sha256("anders@shop.example.com")}),
        ok=({"em": EMAIL}, BROWSER | {"em": "Mette.Holm@shop.example.com"}, {"event_id": "2"}, BROWSER | {"event_id": "2", "em": None}),
    ),
    Check(
        id="pair-products-differ",
        title="Browser and server report different products",
        severity=Severity.LOW,
        evidence=Evidence.DOCUMENTED,
        over="compared",
        when="contents_differ IS NOT NULL",
        fails="contents_differ",
        why=f"{KEPT_ONE} catalogue ads may learn of products that the shop's catalogue does not hold.",
        fix="Send the product ids of your catalogue from both sides, of products or of variants but not of both.",
        source=DEDUPLICATION_HELP,
        bad=({}, BROWSER | {"contents": [{"id": "7", "quantity": 1}]}),
        ok=({}, BROWSER | {"contents": None, "content_ids": ["SKU-7"]}, {"event_id": "2"}, BROWSER | {"event_id": "2", "contents": None}),
    ),
    Check(
        id="pair-counted-without-keys",
        title="The counted report lacks keys that the dropped one has",
        severity=Severity.INFO,
        evidence=Evidence.HEURISTIC,
        over="compared",
        fails=f"lacks & {TELLING_BITS} <> 0",
        why="Of these pairs only the dropped report carries the email, customer id or click id. Meta does not say whether it adds them to "
        "the one it counts; that they may be lost is a judgement.",
        fix="Send email, customer id (external_id) and click id (fbc) from both sides, the browser's by advanced matching of the pixel.",
        source="https://www.ablecdp.com/q/purchase-event-missing-some-deduplication-parameters",
        bad=({}, BROWSER | {"em": None}),
        ok=(
            {},
            BROWSER,
            {"event_id": "2", "em": None},
            BROWSER | {"event_id": "2"},
            {"event_id": "3", "received_at": MOMENT},
            BROWSER | {"event_id": "3", "em": None, "received_at": MOMENT + 600},
            {"event_id": "4", "fbp": fbp(MOMENT)},
            BROWSER | {"event_id": "4", "fbp": None},
        ),
    ),
)
