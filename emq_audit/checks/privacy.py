"""Readable personal data where it must not be, and test codes left in a live log."""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.meta_pages import PRIVACY_HELP, USING

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
