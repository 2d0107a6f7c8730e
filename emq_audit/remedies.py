"""REMEDIES: the things one can do, each settling a group of checks that share one cause and one cure.

A remedy with `repairs` brings points: the named keys become usable wherever they are in one of the named states. Only states whose
real value the sender must have are listed: a placeholder or an empty field hides a value nobody may know, so curing it brings no points.
Steps for each platform stand in playbooks/<method>.toml under the same id.
"""

from dataclasses import dataclass, field

from emq_audit.match_keys import MATCH_KEYS, Hashing

HASHED = tuple(key.key for key in MATCH_KEYS if key.hashing is Hashing.REQUIRED)


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One thing to do. `title` is an order in plain words, `because` what the fault costs; `hours` a rough effort for ranking."""

    id: str
    title: str
    because: str
    owner: str
    effort: str
    hours: float
    repairs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    checks: tuple[str, ...] = ()


def _all(keys: tuple[str, ...], *states: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(keys, states)


REMEDIES = (
    Remedy(
        id="hash-before-sending",
        title="Hash contact data with SHA-256 before it is sent",
        because="Meta does not accept contact data that is not hashed, so these values match nobody, and they travel readable.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs=_all(HASHED, "raw"),
        checks=(
            "email-not-hashed",
            "phone-not-hashed",
            "name-not-hashed",
            "place-not-hashed",
            "birth-data-not-hashed",
        ),
    ),
    Remedy(
        id="use-sha256",
        title="Use SHA-256 in small hex letters for every hash",
        because="Meta compares SHA-256 in small hex letters only; any other digest looks like data and matches nobody.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs=_all(HASHED, "md5", "sha1", "other_hash", "base64", "uppercase"),
        checks=(
            "email-md5",
            "email-other-hash",
            "email-base64",
            "email-uppercase-hash",
            "phone-md5",
            "phone-other-hash",
            "phone-base64",
            "phone-uppercase-hash",
            "name-wrong-hash",
            "place-wrong-hash",
            "birth-data-wrong-hash",
        ),
    ),
    Remedy(
        id="right-form-before-hashing",
        title="Bring values into Meta's form before hashing",
        because="A hash of 'Denmark' or 'female' never equals the hash of 'dk' or 'f' that Meta holds.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs=_all(("country", "ge", "st", "db"), "wrong_form"),
        checks=(
            "country-wrong-form",
            "gender-wrong-form",
            "state-wrong-form",
            "birth-date-wrong-form",
        ),
    ),
    Remedy(
        id="phone-country-code",
        title="Send phone numbers with the country code",
        because="Meta stores numbers with their country code; without it the hash belongs to no account.",
        owner="developer",
        effort="30 minutes",
        hours=0.5,
        repairs={"ph": ("no_country_code",)},
        checks=("phone-no-country-code",),
    ),
    Remedy(
        id="visitor-ip-address",
        title="Send the visitor's IP address, not the server's",
        because="These addresses lead to a server, a proxy or nowhere, so Meta learns nothing about the visitor from them.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs={
            "client_ip_address": (
                "private",
                "loopback",
                "reserved",
                "mapped",
                "list",
                "hashed",
                "junk",
                "malformed",
            )
        },
        checks=(
            "ip-private",
            "ip-loopback",
            "ip-reserved",
            "ip-mapped",
            "ip-list",
            "ip-hashed",
            "ip-malformed",
        ),
    ),
    Remedy(
        id="visitor-user-agent",
        title="Send the visitor's user agent, not the program's",
        because="The user agent names the program that sent the event instead of the visitor's browser, so it describes nobody.",
        owner="developer",
        effort="half a day",
        hours=4,
        repairs={"client_user_agent": ("http_library", "webhook", "hashed", "junk", "malformed")},
        checks=(
            "user-agent-http-library",
            "user-agent-webhook",
            "user-agent-hashed",
            "user-agent-malformed",
        ),
    ),
    Remedy(
        id="browser-id-as-it-is",
        title="Send the browser id (fbp) exactly as the cookie holds it",
        because="A browser id that is rebuilt, cut or hashed is unknown to Meta.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs={"fbp": ("malformed", "hashed", "seconds", "future", "synthetic", "click_id", "junk")},
        checks=(
            "fbp-malformed",
            "fbp-hashed",
            "fbp-time-in-seconds",
            "fbp-in-the-future",
            "fbp-synthetic",
            "fbp-placeholder",
        ),
    ),
    Remedy(
        id="click-id-as-it-is",
        title="Send the click id (fbc) exactly as Meta formed it",
        because="A click id in another form is ignored, and with it the tie to the ad that was clicked.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        repairs={"fbc": ("malformed", "hashed", "seconds", "future", "click_id", "junk")},
        checks=(
            "fbc-malformed",
            "fbc-hashed",
            "fbc-time-in-seconds",
            "fbc-in-the-future",
            "fbc-bare-click-id",
            "fbc-placeholder",
        ),
    ),
    Remedy(
        id="same-event-id-on-both-sides",
        title="Send the same event id from browser and server",
        because="Without a shared event id Meta cannot tell that two reports are one event, and may count it twice.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "event-id-missing",
            "event-id-placeholder",
            "event-id-differs-in-case",
            "event-id-with-addition",
            "event-id-spelled-otherwise",
            "event-id-of-two-kinds",
            "order-counted-on-both-sides",
            "pair-outside-window",
        ),
    ),
    Remedy(
        id="same-report-from-both-sides",
        title="Let browser and server say the same about an event",
        because="Meta counts one of two reports that it joins and drops the other, and joins none that differ in event name or pixel.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "event-name-differs-by-side",
            "pixel-differs-by-side",
            "pair-value-differs",
            "pair-currency-differs",
            "pair-email-differs",
            "pair-products-differ",
            "pair-counted-without-keys",
        ),
    ),
    Remedy(
        id="report-each-action-once",
        title="Report each order and each action once",
        because="Meta recognises a repeat by event name and event id, for 48 hours; what comes under another id or later counts again.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "order-counted-again",
            "order-from-two-senders",
            "event-id-comes-back-late",
            "purchase-seems-repeated",
            "event-sent-in-bursts",
            "server-ids-of-two-kinds",
        ),
    ),
    Remedy(
        id="new-event-id-for-each-event",
        title="Make a new event id for every event",
        because="Meta drops every later event that carries an id it has seen within 48 hours, so conversions vanish.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "event-id-reused",
            "event-id-in-cached-page",
            "event-id-covers-orders",
            "event-id-for-whole-visit",
            "event-id-covers-values",
        ),
    ),
    Remedy(
        id="leave-empty-fields-out",
        title="Leave fields out when there is nothing to send",
        because="Empty fields and hashed placeholder text look like data, match nobody, and raise warnings in Events Manager.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        checks=(
            "email-junk-hash",
            "phone-junk-hash",
            "name-junk-hash",
            "place-junk-hash",
            "birth-data-junk-hash",
            "email-empty",
            "phone-empty",
            "person-key-empty",
            "id-empty",
            "ip-empty",
            "external-id-placeholder",
        ),
    ),
    Remedy(
        id="correct-personal-data",
        title="Correct or leave out personal data that cannot be right",
        because="Values that cannot be an email, a number or an id match nobody and hide how much is really sent.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "email-malformed",
            "phone-malformed",
            "person-key-malformed",
            "lead-id-malformed",
            "login-id-malformed",
        ),
    ),
    Remedy(
        id="meta-parameter-names",
        title="Send enough match keys, under Meta's names",
        because="Meta reads match keys only under its own names, and refuses events whose customer data is too weak.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "key-name-ignored",
            "no-match-key",
            "no-person-key",
            "no-usable-match-key",
            "match-keys-too-weak",
        ),
    ),
    Remedy(
        id="fresh-click-ids",
        title="Stop sending click ids that no longer count",
        because="A click older than 90 days, or one whose text was changed on the way, is not credited to an ad.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        checks=(
            "fbc-expired",
            "fbc-changed-case",
            "fbc-cut-short",
            "fbc-differs-from-url",
        ),
    ),
    Remedy(
        id="keep-bots-out",
        title="Keep bots and shared addresses out of the events",
        because="Events of crawlers, or of many visitors under one address, teach Meta nothing about buyers.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        checks=(
            "user-agent-bot",
            "ip-on-many-visitors",
            "email-on-many-visitors",
        ),
    ),
    Remedy(
        id="event-time-in-seconds",
        title="Send event times as Unix seconds, soon after the event",
        because="Meta refuses whole requests with times it cannot place, and late events train the ads less.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        checks=(
            "event-time-milliseconds",
            "event-time-as-text",
            "event-time-divided-twice",
            "event-time-missing",
            "event-time-unreadable",
            "event-in-the-future",
            "event-too-old",
            "event-late-a-day",
            "event-late-two-hours",
        ),
    ),
    Remedy(
        id="standard-event-names",
        title="Use Meta's standard event names",
        because="Meta takes any other spelling for a custom event: campaigns that optimise for the standard one never see it.",
        owner="marketer",
        effort="30 minutes",
        hours=0.5,
        checks=(
            "event-name-ga4",
            "event-name-misspelt",
            "event-name-missing",
        ),
    ),
    Remedy(
        id="required-event-fields",
        title="Fill in what Meta requires of a website event",
        because="Meta requires a source, a page address and a user agent on website events; without them events are limited or refused.",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
        checks=(
            "action-source-missing",
            "action-source-unknown",
            "page-address-missing",
            "page-address-malformed",
            "page-address-local",
            "user-agent-missing",
        ),
    ),
    Remedy(
        id="value-and-currency",
        title="Send value as a number and currency as a three-letter code",
        because="Without both Meta cannot report or optimise for the money a purchase brings.",
        owner="marketer",
        effort="30 minutes",
        hours=0.5,
        checks=(
            "value-not-a-number",
            "value-negative",
            "value-without-currency",
            "currency-unknown",
            "currency-without-value",
            "purchase-without-value",
            "purchase-without-currency",
            "purchase-value-zero",
            "contents-broken",
        ),
    ),
    Remedy(
        id="personal-data-out-of-sight",
        title="Take readable personal data out of addresses and properties",
        because="Readable personal data where it does not belong breaks Meta's terms and, in most countries, the law.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=(
            "email-in-url",
            "email-in-custom-data",
        ),
    ),
    Remedy(
        id="consent-respected",
        title="Let consent decide what each event carries",
        because="The log says of these visitors that they denied consent to advertising, and their events carry match keys all the same.",
        owner="developer",
        effort="half a day",
        hours=4,
        checks=("keys-without-consent",),
    ),
    Remedy(
        id="no-test-code-in-production",
        title="Remove the test event code from live events",
        because="Meta does not drop test events: they are used for ads and reports like all others.",
        owner="marketer",
        effort="30 minutes",
        hours=0.5,
        checks=("test-event-code",),
    ),
)
BY_ID = {remedy.id: remedy for remedy in REMEDIES}
REMEDY_OF = {check: remedy.id for remedy in REMEDIES for check in remedy.checks}
