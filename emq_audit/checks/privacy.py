"""Readable personal data where it must not be, and test codes left in a live log."""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.meta_pages import END_TO_END, PRIVACY_HELP, USING
from emq_audit.match_keys import KEYS

# The IP address and the user agent reach whoever answers a request; the other keys are sent because somebody chose to.
_CARRIES_KEYS = " OR ".join(
    f"{key}_state IN ('usable', 'raw')" for key in KEYS if key not in ("client_ip_address", "client_user_agent")
)

CHECKS = (
    Check(
        id="email-in-url",
        title="Page address shows an email address",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        when="url_state <> 'missing' OR email_in_url",
        fails="email_in_url",
        why="Anyone who reads the address, or the referrer, reads the email. Meta's terms forbid sending it unhashed, and Meta may block "
        "the event.",
        fix="Send forms with POST, and cut the parameter out of the page address before the event is sent.",
        source=PRIVACY_HELP,
        shows="event_source_url",
        bad=(
            {"event_source_url": "https://shop.example.com/tak?email=mette@shop.example.com"},
            {
                "event_source_url": "https://shop.example.com/tak?e=mette%40shop.example.com",
                "_side": "browser",
            },
            {"referrer_url": "https://shop.example.com/login?user=mette%40shop.example.com"},
        ),
        ok=(
            {"event_source_url": "https://shop.example.com/@mette?size=2%4010"},
            {"event_source_url": "https://shop.example.com/tak?email="},
        ),
    ),
    Check(
        id="email-in-custom-data",
        title="Custom data shows an email address",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        fails="email_in_custom",
        why="Custom data is not for personal data: it is not matched, anyone in Events Manager reads it, and Meta's terms forbid it.",
        fix="Take the address out of custom_data. Send its SHA-256 as em in user_data instead.",
        source=PRIVACY_HELP,
        bad=(
            {"customer_email": "mette@shop.example.com"},
            {"content_name": "Quote for mette@shop.example.com"},
        ),
        ok=({"content_name": "Meet @ the harbour"}, {"order_id": "1042@shop"}),
    ),
    Check(
        id="keys-without-consent",
        title="Match keys sent though consent was denied",
        severity=Severity.HIGH,
        evidence=Evidence.HEURISTIC,
        when="consent_state = 'denied'",
        fails=_CARRIES_KEYS,
        why="By gcs, gcd or a consent field, ad_storage or ad_user_data was denied, and the event carries cookies, ids or contact data. "
        "Meta asks servers to follow the Pixel's consent. What the signals mean is a judgement from common use.",
        fix="Compare these events with what your site promises the visitor, then hold them back or send them without match keys.",
        source=END_TO_END,
        bad=(
            {"consent": {"gcs": "G100"}},
            {"consent": {"gcd": "11p1p1p1p5"}, "_side": "browser"},
            {"consent": {"consent": {"ad_storage": "granted", "ad_user_data": "denied"}}},
        ),
        ok=(
            {"consent": {"gcs": "G111"}},
            {"consent": {"gcs": "G1--", "gcd": "13l3l3l3l1"}},
            {"consent": {"gcs": "G100", "gcd": "13t3t3t3t5"}},
            {"consent": {"consent": False}} | {key: None for key in KEYS if key not in ("client_ip_address", "client_user_agent")},
        ),
    ),
    Check(
        id="test-event-code",
        title="Event carries a test event code",
        severity=Severity.HIGH,
        evidence=Evidence.DOCUMENTED,
        fails="test_code",
        why="Events with a test code are not dropped: Meta uses them for targeting and measurement, so tests count as customers.",
        fix="Remove test_event_code from what the live system sends.",
        source=USING,
        shows="test_event_code",
        bad=({"test_event_code": "TEST48213"},),
        ok=({"test_event_code": None}, {"test_event_code": ""}),
    ),
)
