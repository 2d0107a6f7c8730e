"""Event ids that are missing or stand for too much, and values shared by too many: are events lost, or taken for another's?"""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.examples import DAY, HOUR, MOMENT, fbp, sha256
from emq_audit.checks.meta_pages import DEDUPLICATION, DEDUPLICATION_HELP

TWO_SIDED = "side IN ('browser', 'server')"
# What an id stands for, where it comes more than once; the first that applies is told.
ONE_PAGE = "side = 'browser' AND people > 2 AND pages BETWEEN 1 AND people // 2"
WHOLE_VISIT = "people = 1 AND orders = 0 AND pages > 2"

SHOP = "https://shop.example.com"
CACHED = tuple({"_side": "browser", "event_id": "cached-2", "fbp": fbp(MOMENT - DAY, number)} for number in range(4))

CHECKS = (
    Check(
        id="event-id-missing",
        title="Event has no event_id",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        when=f"both_sides AND {TWO_SIDED} AND scored AND name_state <> 'automatic'",
        fails="id_state IN ('missing', 'empty')",
        why="This log has browser and server events. Meta recognises the two reports of one event by name and event_id; without the id it "
        "may count the event twice.",
        fix="Make one id for each event and send it from both sides: as event_id in the Conversions API, as eventID in the pixel.",
        source=DEDUPLICATION,
        bad=({"event_id": None}, {"event_id": ""}, {"event_id": None, "_side": "browser"}),
        ok=(
            {"event_id": 1042},
            {"event_id": None, "event_name": "SubscribedButtonClick", "_side": "browser"},
            {"event_id": None, "action_source": "physical_store"},
            {"event_id": None, "_side": "unknown"},
        ),
    ),
    Check(
        id="event-id-placeholder",
        title="Event id is placeholder text",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        when=f"{TWO_SIDED} AND id_state NOT IN ('missing', 'empty')",
        fails="id_state = 'placeholder'",
        why="Text such as 'undefined' makes different events look like one, and Meta drops all but the first. That the text stands for "
        "nothing is a judgement from the pattern, not a rule of Meta's.",
        fix="Find where the id gets lost on its way into the event, and send a new id for each event.",
        source=DEDUPLICATION_HELP,
        shows="event_id",
        bad=(
            {"event_id": "undefined"},
            {"event_id": "null", "_side": "browser"},
            {"event_id": "{{event_id}}"},
        ),
        ok=(
            {"event_id": "10042"},
            {"event_id": "purchase-null-7"},
            {"event_id": "null", "_side": "offline"},
        ),
    ),
    Check(
        id="event-id-reused",
        title="One event id is used for different people",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        over="ids",
        fails=f"people > 1 AND NOT ({ONE_PAGE})",
        why="Meta takes events with one name and id for repeats and keeps the first, so the conversions of the others are lost. A cached "
        "page that holds the id is the usual cause.",
        fix="Make the id in the visitor's browser or on the server when the event happens, and keep it out of cached pages.",
        source=DEDUPLICATION_HELP,
        shows="event_id",
        bad=(
            {"event_id": "cached-1", "em": sha256("mette@shop.example.com")},
            {"event_id": "cached-1", "em": sha256("anders@shop.example.com")},
        ),
        ok=(
            {"event_id": "retried-1"},
            {"event_id": "retried-1"},
            {"event_id": "retried-1", "em": None},
            {"event_id": "retried-1", "_side": "browser"},
            {"event_id": "retried-1", "event_name": "Lead", "em": sha256("anders@shop.example.com")},
            *CACHED,
        ),
    ),
    Check(
        id="event-id-in-cached-page",
        title="Visitors of one page share one event id",
        severity=Severity.CRITICAL,
        evidence=Evidence.OBSERVED,
        over="ids",
        fails=ONE_PAGE,
        why="Meta keeps the first event of an id, so the conversions of all other visitors are lost. It looks like this where a page is "
        "cached together with the id that was made for its first visitor.",
        fix="Make the id in the visitor's browser when the event happens, or take the page out of the cache.",
        source="https://github.com/facebookarchive/facebook-for-magento2/issues/44",
        shows="event_id",
        bad=CACHED,
        ok=(
            *({"_side": "browser", "event_id": "pair-1", "fbp": fbp(MOMENT - DAY, number)} for number in (1, 2)),
            *(
                {"_side": "browser", "event_id": "many-1", "fbp": fbp(MOMENT - DAY, number), "event_source_url": f"{SHOP}/p/{number}"}
                for number in range(3)
            ),
            *({"event_id": "server-1", "fbp": fbp(MOMENT - DAY, number)} for number in range(4)),
            *({"_side": "browser", "event_id": f"own-{number}", "fbp": fbp(MOMENT - DAY, number)} for number in range(4)),
        ),
    ),
    Check(
        id="event-id-for-whole-visit",
        title="One visitor's events on several pages share one id",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="ids",
        fails=WHOLE_VISIT,
        why="Meta drops events with one name and id as repeats, so all but the visitor's first are lost. That events of three or more "
        "pages are different ones is a judgement from the pattern, not a rule of Meta's.",
        fix="Make a new id for each event. An id made once for a session, a visitor or a customer cannot tell their events apart.",
        source=DEDUPLICATION_HELP,
        shows="event_id",
        bad=tuple(
            {"event_name": "AddToCart", "event_id": "session-7", "order_id": None, "event_source_url": f"{SHOP}/p/{number}"}
            for number in range(3)
        ),
        ok=(
            *({"event_id": "order-7", "event_source_url": f"{SHOP}/order/{number}"} for number in range(3)),
            *(
                {"event_name": "AddToCart", "event_id": "cart-7", "order_id": None, "event_source_url": f"{SHOP}/p/7{query}"}
                for query in ("", "?utm_source=facebook", "")
            ),
        ),
    ),
    Check(
        id="event-id-covers-values",
        title="One event id is used for different values",
        severity=Severity.MEDIUM,
        evidence=Evidence.HEURISTIC,
        over="ids",
        fails=f"amounts > 1 AND people = 1 AND orders = 0 AND pages <= 2 AND seconds <= {2 * DAY}",
        why="Meta keeps the first event of an id for 48 hours, so the other values are lost. That they belong to different actions is a "
        "judgement: one action can also be sent again with a corrected value.",
        fix="Make a new id for each event, and send the order number (order_id) with purchases, so that they can be told apart.",
        source=DEDUPLICATION_HELP,
        shows="event_id",
        bad=(
            {"event_id": "basket-1", "order_id": None, "value": 249.0},
            {"event_id": "basket-1", "order_id": None, "value": 99.0},
        ),
        ok=(
            {"event_id": "basket-2", "order_id": None},
            {"event_id": "basket-2", "order_id": None},
            {"event_id": "o-1043", "value": 249.0},
            {"event_id": "o-1043", "value": 299.0},
            {"event_id": "basket-3", "order_id": None, "value": 249.0},
            {"event_id": "basket-3", "order_id": None, "value": 259.0, "_side": "browser"},
        ),
    ),
    Check(
        id="event-id-covers-orders",
        title="One event id is used for different orders",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        over="ids",
        when="event_name = 'Purchase'",
        fails="orders > 1 AND people = 1",
        why="Meta takes events with one name and id for repeats and keeps the first, so the later orders are lost.",
        fix="Make the id from the order number, or make a new one for each order.",
        source=DEDUPLICATION_HELP,
        shows="event_id",
        bad=({"event_id": "session-1", "order_id": "1041"}, {"event_id": "session-1", "order_id": "1042"}),
        ok=(
            {"event_id": "o-1041", "order_id": "1041"},
            {"event_id": "o-1041", "order_id": "1041"},
            {"event_id": "o-7", "order_id": "7"},
        ),
    ),
    Check(
        id="event-id-comes-back-late",
        title="One side sends an event again after 48 hours",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        over="ids",
        fails=f"seconds > {2 * DAY} AND people = 1 AND orders <= 1 AND NOT ({WHOLE_VISIT})",
        why="Meta recognises a repeat for 48 hours only. Later the same event counts again, as when a customer opens the order page days "
        "later.",
        fix="Send the event once, when the order is placed, not each time the thank-you page is shown.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=({"event_id": "page-1"}, {"event_id": "page-1", "event_time": MOMENT - 3 * DAY}),
        ok=(
            {"event_id": "page-2"},
            {"event_id": "page-2", "event_time": MOMENT - DAY},
            {"event_id": "page-3"},
        ),
    ),
    Check(
        id="pair-outside-window",
        title="Browser and server event are over 48 hours apart",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        over="pairs",
        when="browser_first IS NOT NULL AND server_first IS NOT NULL",
        fails=f"abs(server_first - browser_first) > {2 * DAY}",
        why="Meta joins the two reports of an event for 48 hours only, so this one counts twice.",
        fix="Send the server's event when it happens. Do not wait for the payment or for a nightly run.",
        source=DEDUPLICATION,
        shows="event_id",
        bad=(
            {"event_id": "slow-1", "_side": "browser"},
            {"event_id": "slow-1", "received_at": MOMENT + 3 * DAY},
        ),
        ok=(
            {"event_id": "quick-1", "_side": "browser"},
            {"event_id": "quick-1", "received_at": MOMENT + 47 * HOUR},
        ),
    ),
    Check(
        id="email-on-many-visitors",
        title="One email comes from many different visitors",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="people",
        fails="visitors >= 20 AND (side = 'browser' OR addresses >= 20)",
        why="Twenty browsers with one email are seldom one person: a cached page may send one customer's email for others, or the shop "
        "puts in its own. This is a judgement from the pattern, not a rule of Meta's.",
        fix="Keep the customer's data out of cached pages, and look for an address that is fixed in the code.",
        source="https://github.com/facebookarchive/facebook-for-magento2/issues/44",
        shows="em",
        bad=tuple(
            {"client_ip_address": f"87.49.146.{n}", "fbp": fbp(MOMENT - DAY, 1000 + n)} for n in range(1, 26)
        ),
        ok=tuple(
            {"client_ip_address": f"87.49.146.{n}", "fbp": fbp(MOMENT - DAY, 1000 + n % 3)}
            for n in range(1, 26)
        ),
    ),
    Check(
        id="ip-on-many-visitors",
        title="One IP address stands for many different visitors",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        over="addresses",
        when="side = 'server'",
        fails="visitors >= 50 OR (visitors >= 20 AND share >= 0.1)",
        why="Dozens of browsers share this address, and much of the log comes from it: it may be your server's or a proxy's. "
        "This is a judgement from the pattern, not a rule of Meta's.",
        fix="Compare the address with those of your servers and your CDN. If it is one of them, send the visitor's from X-Forwarded-For.",
        source="https://github.com/SparkDevNetwork/Rock/pull/3255",
        shows="client_ip_address",
        bad=tuple({"fbp": fbp(MOMENT - DAY, 1000 + n)} for n in range(60)),
        ok=tuple({"fbp": fbp(MOMENT - DAY, 1000 + n % 12)} for n in range(60)),
    ),
)
