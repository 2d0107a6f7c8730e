"""Hand-made reports: a believable shop, and one whose every name comes from somebody who wants to break the
page.

They need no pipeline: tests of the faces are about wording and layout, so the numbers only have to agree with
each other."""

from dataclasses import replace

from emq_audit.checks import ALL, CHECKS_BY_ID
from emq_audit.match_keys import KEYS
from emq_audit.report import (
    EventScore,
    Example,
    FileRead,
    Finding,
    Fix,
    Input,
    KeyCoverage,
    Method,
    PathStep,
    Rejection,
    Report,
    Setup,
    SharedId,
)
from tests.sample_pairing import DEDUP, closing, dedup_entry

CACHED = "Id stuck in a cached page"
SERVER_LOG, BROWSER_LOG = "capi_2026-10.ndjson.gz", "pixel_2026-10.csv"

# Server side: event, events, emq, low, high, possible.
SCORES = (
    ("Purchase", 2913, 6.12, 5.6, 6.6, 8.58),
    ("InitiateCheckout", 4596, 5.4, 4.9, 5.9, 7.91),
    ("AddToCart", 8047, 4.7, 4.1, 5.3, 6.82),
    ("ViewContent", 16685, 4.4, 3.9, 5.0, 6.4),
    ("Lead", 480, 7.2, 6.6, 7.7, 8.8),
)
# Share usable and faulty by key; the state a faulty value is in.
PURCHASE = {
    "em": (0.58, 0.40, "md5"),
    "ph": (0.0, 0.79, "raw"),
    "ct": (0.84, 0.12, "junk"),
    "zp": (0.96, 0.02, "wrong_form"),
    "country": (1.0, 0.0, ""),
    "external_id": (0.71, 0.0, ""),
    "fbp": (0.61, 0.27, "synthetic"),
    "fbc": (0.04, 0.03, "expired"),
    "client_ip_address": (0.55, 0.45, "private"),
    "client_user_agent": (1.0, 0.0, ""),
}
BROWSER = {
    "external_id": (0.12, 0.0, ""),
    "fbp": (0.97, 0.0, ""),
    "fbc": (0.22, 0.004, "malformed"),
    "client_ip_address": (1.0, 0.0, ""),
    "client_user_agent": (1.0, 0.0, ""),
}


def sample_report() -> Report:
    """A Danish shop with both sides, six event names, seven fixes and a few rejected rows."""
    scores = [
        EventScore(name, "server", events, emq, low, high, 6.0, possible)
        for name, events, emq, low, high, possible in SCORES
    ]
    scores += [
        EventScore("PageView", "browser", 61864, 5.8, 5.3, 6.2, 6.0, 5.83),
        *(
            EventScore(name, "browser", browser, 6.3, 5.7, 6.9, 6.0, 6.3)
            for name, browser, server, _ in DEDUP
            if server
        ),
        EventScore(
            "Contact",
            "server",
            14,
            None,
            None,
            None,
            6.0,
            None,
            "14 events are too few for an estimate; 50 are needed",
        ),
        EventScore(
            "StorePurchase",
            "offline",
            212,
            None,
            None,
            None,
            6.0,
            None,
            "sent from a physical shop; the score covers websites only",
        ),
    ]
    return Report(
        version="0.1.0",
        input=_input(),
        setup=Setup(
            "pixel+capi",
            (
                Method("pixel", None, 100_417),
                Method("gtm-server", "gtmss-1.0.0-0.0.2", 22_400),
                Method("direct-api", None, 10_335),
            ),
            ("1234567890123456",),
        ),
        scores=tuple(scores),
        coverage=_coverage(),
        dedup=tuple(dedup_entry(*row) for row in DEDUP),
        shared_ids=(
            SharedId(
                "AddToCart", "browser", "c4f1••••-••••-9e02", 61, 58, 777_600, True, 0, 31, 12, 60, CACHED
            ),
            SharedId(
                "AddToCart", "browser", "c4f1••••-••••-1b77", 58, 40, 770_000, True, 0, 22, 9, 57, CACHED
            ),
            SharedId("Lead", "server", "nl-••••3381", 3, 1, 360, False, cause="Sent again after a time-out"),
            SharedId(
                "Purchase", "server", "10••2", 2, 1, 41, False, 1, 1, 1, cause="Thank-you page opened again"
            ),
        ),
        findings=_findings(),
        fixes=_fixes(),
        path=_path(),
        notes=(
            "How many of these people have a Meta account: only Meta knows. To find out: Events Manager.",
            "Whether a hashed phone number had its country code: a hash cannot be read back. To find "
            "out: hash one known number and compare.",
            "Which events were lost before they reached the log. To find out: the server’s error log.",
        ),
        **closing(),
    )


def _input() -> Input:
    return Input(
        files=(
            FileRead(
                SERVER_LOG,
                "ndjson",
                33_033,
                32_921,
                112,
                "server",
                "action_source and the shape of user_data",
            ),
            FileRead(BROWSER_LOG, "csv", 100_603, 100_417, 186, "browser", "column ev"),
        ),
        events=133_338,
        rejected=298,
        rejections=tuple(
            [Rejection(SERVER_LOG, 40 + row, "No event name") for row in range(71)]
            + [Rejection(SERVER_LOG, 900 + row, "Not JSON") for row in range(41)]
            + [
                Rejection(BROWSER_LOG, 17 + row, "Cannot be read as a row of this table")
                for row in range(186)
            ]
        ),
        first=1_790_812_800,
        last=1_791_999_000,
        as_of=1_791_999_000,
    )


def _coverage() -> tuple[KeyCoverage, ...]:
    """Every key of every scored event, present or not."""
    entries = []
    for name, events, *_ in SCORES:
        for key in KEYS:
            usable, faulty, state = PURCHASE.get(key, (0.0, 0.0, ""))
            if name in ("AddToCart", "ViewContent") and key in ("em", "ph", "ct", "zp"):
                usable, faulty = usable / 9, faulty / 9 if key == "em" else 0.0
            if name == "Lead" and key in ("fn", "em"):
                usable, faulty, state = 0.9, 0.04, "md5"
            entries.append(coverage(name, "server", key, events, usable, faulty, state))
    for name, events in (("Purchase", 2478), ("ViewContent", 21831), ("PageView", 61864)):
        for key in KEYS:
            usable, faulty, state = BROWSER.get(key, (0.0, 0.0, ""))
            implicit = key.startswith("client_")
            entries.append(
                coverage(
                    name, "browser", key, events, usable, faulty, state, "implicit" if implicit else "usable"
                )
            )
    return tuple(entries)


def coverage(name, side, key, events, usable, faulty, state="", good="usable") -> KeyCoverage:
    counts = {good: round(usable * events), state: round(faulty * events)}
    counts["missing"] = events - sum(counts.values())
    states = {word: count for word, count in counts.items() if word and count > 0}
    return KeyCoverage(name, side, key, usable, faulty, max(0.0, 1 - usable - faulty), events, states)


# Checks that fail: at fault of the 2,913 purchases and of the 4,596 checkouts, and two masked values.
FAILED = (
    ("phone-not-hashed", 2301, 2390, ("+45 •• •• •• 17", "00 45 •• •• •• 88")),
    ("email-md5", 1165, 1425, ("9b74c9••••••••••••1f0a", "5d4140••••••••••••592e")),
    ("fbp-synthetic", 787, 1149, ("fb.1.17602••••••••.48••••31", "fb.1.17602••••••••.90••••77")),
    ("ip-private", 1311, 2022, ("10.0.4.•••", "10.0.4.•••")),
    ("place-junk-hash", 350, 276, ("e3b0c442••••b855", "e3b0c442••••b855")),
    ("fbc-expired", 87, 138, ("fb.1.16921••••••••.IwZX••••••", "fb.1.16883••••••••.IwAR••••••")),
    ("email-in-url", 217, 0, ("/tak?email=m•••@g•••.com", "/tak?email=k•••@h•••.dk")),
    ("event-id-reused", 9, 0, ("c4f1••••-••••-9e02", "c4f1••••-••••-1b77")),
)
INAPPLICABLE = ("lead-id-malformed", "login-id-malformed")


def _findings() -> tuple[Finding, ...]:
    """Eight checks fail, two do not apply, every other one of the catalogue passes."""
    findings = []
    for check, purchases, checkouts, values in FAILED:
        severity = str(CHECKS_BY_ID[check].severity) if check in CHECKS_BY_ID else "high"
        examples = tuple(
            Example(SERVER_LOG, row, event_id, value)
            for row, event_id, value in zip((10_482, 10_519), ("10••2", "10••7"), values, strict=True)
        )
        for name, events, faults, shown in (
            ("Purchase", 2913, purchases, examples),
            ("InitiateCheckout", 4596, checkouts, ()),
        ):
            status = "failed" if faults else "passed"
            findings.append(
                Finding(check, severity, status, name, "server", events, faults, faults / events, shown)
            )
    failed = {check for check, *_ in FAILED}
    for check in ALL:
        if check.id in INAPPLICABLE:
            findings.append(Finding(check.id, str(check.severity), "not applicable", None, None, 0, 0, None))
        elif check.id not in failed:
            findings.append(
                Finding(check.id, str(check.severity), "passed", "Purchase", "server", 2913, 0, 0.0)
            )
    return tuple(findings)


HASH_STEPS = {
    "gtm-server": (
        "In the server container open the Meta tag and set User Data to the event’s own values.",
        "Remove the variable that hashes with MD5; the tag hashes by itself.",
    ),
    "shopify": ("In the Meta channel set data sharing to Maximum.",),
    "partner": ("Ask the partner to send `em` and `ph` as SHA-256 of the normalised text.",),
    "direct-api": (
        "Trim and lower-case the email, strip the phone to digits with its country code.",
        "Hash each once with SHA-256 and send it as `em` and `ph`.",
    ),
}
COOKIE_STEPS = {
    "gtm-server": ("Let the web container send `_fbp` and `_fbc` along with every event.",),
    "direct-api": (
        "Read `_fbp` and `_fbc` from the request of every event.",
        "Delete the code that makes a new fbp when the cookie is absent; send nothing instead.",
    ),
}
ADDRESS_STEPS = {
    "gtm-server": ("Let the load balancer forward the visitor’s address in `X-Forwarded-For`.",),
    "direct-api": (
        "Let the load balancer forward the visitor’s address.",
        "Trust that one proxy, and no other.",
    ),
}


def fix(
    title: str, why: str, gain: dict[str, float], events: int, checks=("email-md5",), steps=None, **changed
) -> Fix:
    today = {name: emq for name, _, emq, *_ in SCORES}
    fields = {
        "fix": title.lower().replace(" ", "-"),
        "title": title,
        "why": why,
        "checks": checks,
        "gain": gain,
        "scores": {
            name: (today.get(name, 5.0), today.get(name, 5.0) + value) for name, value in gain.items()
        },
        "events": events,
        "in_scope": 32_721,
        "effort": "half a day",
        "owner": "back-end developer",
        "kind": "repair" if gain else "other",
        "steps": HASH_STEPS if steps is None else steps,
        "hours": 4.0,
        "worth": {name: value * events for name, value in gain.items()},
    }
    return Fix(**{**fields, **changed})


def _fixes() -> tuple[Fix, ...]:
    return (
        fix(
            "Send email and phone in the form Meta can read",
            "40% of the emails on Purchase are MD5 hashes (1,165 of 2,913), and 79% of the phone numbers are "
            "not hashed at all. Meta accepts neither, so the strongest match keys do no work.",
            {"Purchase": 1.32, "InitiateCheckout": 1.2, "Lead": 0.21},
            5960,
            ("email-md5", "phone-not-hashed"),
        ),
        fix(
            "Pass Meta’s two cookies from the browser to the server",
            "On one visit in four the server makes its own browser id. The browser knows the real one.",
            {"Purchase": 0.6, "InitiateCheckout": 0.6, "AddToCart": 1.3, "ViewContent": 1.2, "Lead": 0.5},
            11_290,
            ("fbp-synthetic", "fbc-expired"),
            COOKIE_STEPS,
            effort="1 day",
        ),
        fix(
            "Send the shopper’s IP address, not the load balancer’s",
            "45% of server events carry an address of your own network (10.0.4.•), the same for all.",
            {"Purchase": 0.43, "InitiateCheckout": 0.4, "AddToCart": 0.5},
            14_716,
            ("ip-private",),
            ADDRESS_STEPS,
            owner="hosting",
            effort="1–2 hours",
        ),
        fix(
            "Leave out empty fields",
            "The hash of an empty text is sent as city on 12% of purchases. It matches nobody.",
            {"Purchase": 0.03},
            350,
            ("place-junk-hash",),
            {},
            effort="1–2 hours",
        ),
        fix(
            "Give each sale one event id, the same in browser and server",
            "62 browser purchases have no event id.",
            {},
            62,
            ("event-id-missing",),
            {},
            in_scope=5391,
            owner="tag manager",
        ),
        fix(
            "Take email addresses out of page addresses",
            "217 purchases carry a readable address in event_source_url.",
            {},
            217,
            ("email-in-url",),
            {},
            in_scope=2913,
            owner="web developer",
        ),
        fix(
            "Stop reusing event ids from cached pages",
            "9 AddToCart ids were served to 98 shoppers.",
            {},
            119,
            ("event-id-reused",),
            {},
            in_scope=8987,
        ),
    )


def _path() -> tuple[PathStep, ...]:
    """The fixes one after the other, up to what is possible."""
    steps, done = [], dict.fromkeys((name for name, *_ in SCORES), 0.0)
    every = {name: sum(fix.gain.get(name, 0) for fix in _fixes()) for name in done}
    for item in _fixes():
        if item.gain:
            done = {name: gained + item.gain.get(name, 0) for name, gained in done.items()}
            steps.append(
                PathStep(
                    item.fix,
                    {name: emq + (best - emq) * done[name] / every[name] for name, _, emq, _, _, best in SCORES},
                )
            )
    return tuple(steps)


# A wide logo that tries to run, and a square one.
SVG = b"""<?xml version="1.0"?><!-- made by hand -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100"><script>alert(1)</script></svg>"""
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (48).to_bytes(4) + b"\x08\x06\0\0\0"

EVIL = (
    '<script>alert("1")</script><img src=x onerror=alert(1)>',
    "![x](http://evil.example/i.png) **bold** [link](javascript:alert(1)) `code` {{ 7*7 }} {% raw %}",
    "\u202eesrever\u202c \u2066اشترى الآن\u2069 \x1b[31mred\x00 \ud800",
    "CompleteRegistration_Newsletter_Autumn_Campaign_DK_2026_" + "very_long_" * 40 + "Z" * 120,
    "購入完了 🛒 " + "ゴ" * 60,
    "</style><style>*{display:none}</style>",
    '=HYPERLINK("http://evil.example";"x")',
    "a" * 3000,
)


def hostile_report() -> Report:
    """The sample with names, files, senders, reasons, ids and words replaced by attacks."""
    report = sample_report()
    names = dict(zip([name for name, *_ in DEDUP] + ["Contact", "StorePurchase"], EVIL, strict=True))

    def renamed(item):
        return replace(item, event_name=names.get(item.event_name, item.event_name))

    evil_example = Example(EVIL[0], 7, EVIL[2], EVIL[3])
    return replace(
        report,
        input=replace(
            report.input,
            files=tuple(
                replace(file, path=evil, side_from=EVIL[0], format=EVIL[5])
                for file, evil in zip(report.input.files, EVIL[2:], strict=False)
            ),
            rejections=tuple(Rejection(evil, 3, evil) for evil in EVIL),
        ),
        setup=Setup("pixel+capi", (Method("partner", EVIL[0], 3), Method(EVIL[5], EVIL[3], 2)), EVIL),
        scores=tuple(
            replace(renamed(score), reason=EVIL[0] if score.reason else None) for score in report.scores
        ),
        coverage=tuple(renamed(entry) for entry in report.coverage),
        dedup=tuple(
            replace(
                renamed(entry), unpaired=tuple(replace(miss, detail=EVIL[0][:20]) for miss in entry.unpaired)
            )
            for entry in report.dedup
        ),
        shared_ids=tuple(
            replace(renamed(item), event_id=EVIL[at], cause=EVIL[5])
            for at, item in enumerate(report.shared_ids)
        ),
        one_sided=tuple(
            replace(item, value=EVIL[0]) if item.by != "day" else item for item in report.one_sided
        ),
        doubles=tuple(
            replace(renamed(item), kind=EVIL[5], value={EVIL[0]: 1.5, EVIL[3]: -0.0})
            for item in report.doubles
        ),
        disagreements=tuple(replace(renamed(item), field=EVIL[0]) for item in report.disagreements),
        lacking=tuple(replace(renamed(item), key=EVIL[0]) for item in report.lacking),
        orders=replace(report.orders, notes=EVIL, matched_by=EVIL[0]),
        findings=tuple(
            replace(renamed(f), examples=(evil_example,) if f.examples else ()) if f.event_name else f
            for f in report.findings
        ),
        fixes=tuple(
            replace(
                item,
                title=EVIL[at],
                why=EVIL[0] + EVIL[3],
                owner=EVIL[5],
                effort=EVIL[0],
                gain={names[name]: value for name, value in item.gain.items()},
                scores={names[name]: value for name, value in item.scores.items()},
                steps={"partner": EVIL, EVIL[0]: (EVIL[1],)},
                checks=(*item.checks, '"><script>'),
            )
            for at, item in enumerate(report.fixes)
        ),
        path=tuple(
            replace(step, scores={names[name]: value for name, value in step.scores.items()})
            for step in report.path
        ),
        notes=EVIL,
    )
