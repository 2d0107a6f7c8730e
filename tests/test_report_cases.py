"""The HTML face where there is little to say, or very much."""

from dataclasses import replace

import pytest

from emq_audit.report import DedupEntry, EventScore, FileRead, Input, Method, Rejection, Report, Setup
from emq_audit.report.html import to_html
from tests.html_page import Page, sections
from tests.sample_report import coverage, fix, sample_report


def nothing_read() -> Report:
    refused = tuple(Rejection("x.json", row, "Not JSON") for row in (1, 2, 3))
    read = Input((FileRead("x.json", "json", 3, 0, 3),), 0, 3, refused, None, None, None)
    return Report("0.1.0", read, Setup("unknown", ()), (), (), (), (), (), ())


def offline_only() -> Report:
    report = sample_report()
    unscored = replace(
        report.scores[0],
        side="offline",
        emq=None,
        low=None,
        high=None,
        possible=None,
        reason="sent from a physical shop",
    )
    return replace(
        report,
        scores=(unscored,),
        coverage=tuple(replace(entry, side="offline") for entry in report.coverage if entry.side == "server"),
        dedup=(),
        shared_ids=(),
        setup=Setup("offline", (Method("offline", None, 2913),)),
        fixes=tuple(replace(item, gain={}, scores={}, kind="other") for item in report.fixes[:1]),
    )


def server_only() -> Report:
    report = sample_report()
    entry = DedupEntry("Purchase", 0, 2913, 0, 2900, 0, 0, 2913, None, 0, 0, 0)
    method = Method("shopify", "shopify", 2913)
    return replace(
        report,
        scores=report.scores[:1],
        dedup=(entry,),
        shared_ids=(),
        setup=Setup("capi", (method,)),
        fixes=report.fixes[:1],
    )


def all_fine() -> Report:
    report = sample_report()
    return replace(
        report,
        scores=tuple(
            replace(score, emq=9.0, low=8.5, high=9.3, possible=9.0) for score in report.scores if score.emq
        ),
        coverage=tuple(
            replace(entry, usable=1.0, faulty=0.0, missing=0.0, states={"usable": entry.events})
            for entry in report.coverage
        ),
        findings=tuple(
            replace(finding, status="passed", at_fault=0, share=0.0, examples=())
            for finding in report.findings
        ),
        fixes=(),
        shared_ids=(),
        dedup=tuple(replace(entry, collisions=0, reused_ids=0) for entry in report.dedup),
    )


def unknown_side() -> Report:
    report = sample_report()
    score = EventScore(
        "Purchase", "unknown", 20, None, None, None, 6.0, None, "the log does not say which side sent it"
    )
    unsided = tuple(replace(entry, side="unknown") for entry in report.coverage if entry.side == "server")
    return replace(
        report,
        scores=(score,),
        coverage=unsided,
        setup=Setup("unknown", ()),
        dedup=(),
        shared_ids=(),
        fixes=(),
    )


CASES = (
    (
        nothing_read,
        ("No event could be read from these logs.", "3 of 3 rows could not be read"),
        {"score", "plan", "pairs", "fine"},
    ),
    (
        offline_only,
        ("No event in this log can be scored: sent from a physical shop.", "One fix, not about the score"),
        {"pairs"},
    ),
    (
        server_only,
        ("5.6–6.6is the range of the estimate for Purchase", "so nothing can be paired", "1 of 2"),
        set(),
    ),
    (
        all_fine,
        ("clear of the target of 6.0.", "All six scored events are above", "Meta can use every match key"),
        {"plan", "appendix"},
    ),
    (unknown_side, ("the log does not say which side sent it", "Side not known"), {"plan", "pairs"}),
)


@pytest.mark.parametrize(("case", "words", "absent"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_cases_with_little_in_them(case, words, absent):
    found = Page(to_html(case()))
    assert found.open == []
    assert not absent & set(sections(found))
    for word in words:
        assert word in found.text


def test_thirty_events_and_forty_fixes():
    names = [f"Custom_{place}" for place in range(30)]
    report = sample_report()
    report = replace(
        report,
        scores=tuple(
            EventScore(name, "server", 900 - place, 5.0, 4.5, 5.5, 6.0, 7.0)
            for place, name in enumerate(names)
        ),
        coverage=tuple(
            coverage(name, "server", key, 900, 0.5, 0.2, "md5")
            for name in names
            for key in ("em", "ph", "fbp")
        ),
        fixes=tuple(
            fix(f"Do thing {place}", "Why.", {"Custom_0": 0.4} if place < 28 else {}, 10)
            for place in range(40)
        ),
    )
    found = Page(to_html(report))
    assert all(name in found.text for name in names)
    assert "40 fixes; 28 of them lift Custom_0 from 5.0 to about 7.0" in found.text
    assert "23 more fixes" in found.text and "9 more fixes" in found.text
    badges = [attributes for attributes in found.all("article") if attributes.get("class") == "fix"]
    assert len(badges) == 5 + 3
    assert {f"fix-{place}" for place in range(1, 41)} <= {
        attributes.get("id") for _, attributes in found.elements
    }


def test_a_log_with_thousands_of_event_names_makes_no_giant_report():
    scores = tuple(
        EventScore(f"Order_{place}", "server", 1, 5.0, 4.0, 6.5, 6.0, 5.0) for place in range(5000)
    )
    source = to_html(replace(sample_report(), scores=scores))
    assert len(source.encode()) < 400_000
    assert "4,970 more event names not listed" in source
