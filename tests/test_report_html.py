"""The HTML face: what a reader sees, and what no log can make it do."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from markupsafe import escape

from emq_audit.checks import CHECKS_BY_ID
from emq_audit.report.brand import Brand
from emq_audit.report.html import to_html
from tests.html_page import Page, sections
from tests.sample_report import EVIL, FAILED, PNG, SVG, hostile_report, sample_report

TAGS = set(
    "html head meta title style body a svg defs pattern rect line circle div span header p img main section "
    "h1 h2 h3 h4 ul ol li b u i em small nav dl dt dd table caption colgroup col thead tbody tr th td bdi "
    "wbr article details summary code footer".split()
)
LOADING = ("src", "data", "srcset", "poster", "action", "formaction", "background", "xlink:href")


@pytest.fixture(scope="module")
def document() -> str:
    return to_html(sample_report(), Brand(agency="Nordlys", client="Fjord & Fyr"))


@pytest.fixture(scope="module")
def shop(document) -> Page:
    return Page(document)


@pytest.fixture(scope="module")
def hostile() -> str:
    return to_html(hostile_report(), Brand(agency=EVIL[0], client=EVIL[5], logo=SVG))


# ---- one file, no network, no script


@pytest.mark.parametrize("which", ["document", "hostile"])
def test_nothing_is_loaded_from_elsewhere(which, request):
    source = request.getfixturevalue(which)
    found = Page(source)
    for tag, attributes in found.elements:
        assert tag in TAGS
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name == "href":
                assert tag == "a" and value.startswith(("#", "https://")), value
            if name in LOADING:
                assert tag == "img" and name == "src" and value.startswith("data:image/"), value
            if name == "style":
                assert re.fullmatch(r"left:[\d.]+%", value), value
    style = "".join(text for tag, text in found.texts if tag == "style")
    assert set(re.findall(r"url\(\"?([a-z]+:|#)", style)) == {"data:", "#"}
    assert "@import" not in style and "http" not in style


def test_strict_content_policy(shop):
    policy = next(
        meta["content"] for meta in shop.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'", "style-src": "'unsafe-inline'", "img-src": "data:", "font-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip


def test_well_formed_and_small(document, shop):
    assert document.startswith("<!doctype html>")
    assert shop.open == []
    assert len(document.encode()) < 300_000


def test_same_report_same_bytes(document):
    assert to_html(sample_report(), Brand(agency="Nordlys", client="Fjord & Fyr")) == document


# ---- what it says


def test_verdict_facts_and_scores(shop):
    for words in (
        "Purchase stands at about 6.1 of 10, too close to the target of 6.0 to be safe; four fixes can lift "
        "it to about 8.6.",
        "3 of 6scored events are below 6.0; two are too close to call, one is above.",
        "202Purchase events are probably counted twice, most because one side puts “#” in front of the id.",
        "Three of six scored events are below Meta’s target of 6.0",
        "2,913 server events6.15.6–6.68.6◆Too close to call",
        "Lead480 server events7.26.6–7.78.8▲Above target",
        "Contact 14 server events; 14 events are too few",
        "Range, right in about",
    ):
        assert words in shop.text


def test_fixes_say_what_each_brings_alone(shop):
    text = shop.text
    assert "Seven fixes; four of them lift Purchase from 6.1 to about 8.6" in text
    assert "gains overlap and do not add up" in text
    assert "Gain per event: Purchase +1.3 · Lead +0.2 · InitiateCheckout +1.2" in text
    assert "under 0.1" in text and "+0.0" not in text
    assert (
        text.index("Leave out empty fields")
        < text.index("No points, but still needed")
        < text.index("Give each sale one event id")
    )


def test_a_fix_that_hardly_moves_the_main_event_names_the_one_it_moves():
    report = sample_report()
    fix = report.fixes[1]
    low, _ = fix.scores["Purchase"]
    hardly = replace(
        fix, gain={"Purchase": 0.02, "AddToCart": 1.3}, scores={**fix.scores, "Purchase": (low, low + 0.02)}
    )
    row = Page(to_html(replace(report, fixes=(hardly,), path=()))).text
    assert "+1.3on AddToCart" in row and "under 0.1" not in row.split("Gain per event")[0]


def test_steps_for_the_set_up_found_stand_open_others_folded(document):
    first = document[document.index('id="fix-1"') : document.index('id="fix-2"')]
    folded = first[first.index("<details>") :]
    assert "Server-side GTM" not in folded and "Server-side GTM" in first
    assert "<summary>Shopify</summary>" in folded and "<summary>Shopify</summary>" not in first.replace(
        folded, ""
    )


def test_coverage_pairs_setup_and_appendix_numbers(shop):
    text = shop.text
    for words in (
        "79% of Purchase server events carry a phone number that Meta cannot use",
        "58% usable ×40% faulty",
        "MD5 instead of SHA-256",
        "202 Purchase events are probably counted twice, most because one side puts “#” in front of the id",
        "71%▼Below goal",
        "298 of 133,636 rows could not be read as events (under 1%)",
        "No event name71",
        "c4f1••••-••••-9e02",
        "591 Purchase events came from the server only",
        "Eight failed checks, with rows",
        "row 10,482",
    ):
        assert words in text


def test_deduplication_says_what_is_counted_and_why(shop):
    text = shop.text
    for words in (
        "Of 5,391 Purchase events received, Meta counts 3,270 and drops 2,121: 2,108 as the other side’s report of a pair, 1 as a "
        "repeat of an id already counted and 12 without an id",
        "In the typical pair the server’s event comes 1–5 s after the browser’s.",
        "Times are those of receipt where the log has them",
        "One side puts “#” in front of the idTake it away there",
        "118118Counted twice",
        "The browser reported nothing that fitsExpected",
        "–591Expected",
        "AddToCart: The server reported nothing that fits",
        "Event id98%100%85%85%",
        "92% of 2,996 true orders are counted exactly once",
        "Counted more than oncetrue orders214",
        "49 conversions, worth 38,260 DKK and 120 EUR, counted again",
        "Browser and server both count: they share no event idSend the Purchase under one id",
        "no order id (heuristic)",
        "29,460 DKK and 120 EUR",
        "ValuePurchase96 of 2,1085%",
        "Email in 1,412 of 2,108",
        "Id stuck in a cached page",
    ):
        assert words in text, words
    assert "Currency" not in text[text.index("Pairs whose two reports disagree") :][:300], (
        "fields that agree are no news"
    )


def test_deduplication_is_silent_about_what_is_not_there():
    bare = replace(sample_report(), doubles=(), disagreements=(), lacking=(), orders=None)
    text = Page(to_html(bare)).text
    for words in ("counted again", "two reports disagree", "true orders"):
        assert words not in text


def test_appendix_shows_condition_and_evidence(document):
    appendix = document[document.index('id="appendix"') :]
    shown = [CHECKS_BY_ID[check] for check, *_ in FAILED if check in CHECKS_BY_ID]
    assert len(shown) > 5
    for check in shown:
        assert f'id="check-{check.id}"' in appendix
        for words in (check.title, check.fails, check.fix):
            assert str(escape(words)) in appendix
    assert "In scope" in appendix and "At fault" in appendix


def test_sections_are_numbered_without_gaps_when_some_drop_out(shop):
    assert sections(shop) == [
        "score",
        "plan",
        "coverage",
        "pairs",
        "setup",
        "fine",
        "expected",
        "unknown",
        "method",
        "appendix",
    ]
    lean = replace(sample_report(), coverage=(), dedup=(), shared_ids=(), notes=())
    source = to_html(lean)
    assert sections(Page(source)) == ["score", "plan", "setup", "fine", "expected", "method", "appendix"]
    assert re.findall(r'<p class="rail"><span>(\w+)</span>', source) == ["1", "2", "3", "4", "5", "6", "A"]
    assert re.findall(r'<a href="#\w+"><span>(\w+)</span>', source) == ["1", "2", "3", "4", "5", "6", "A"]


# ---- reading it without eyes or mouse


@pytest.mark.parametrize("which", ["document", "hostile"])
def test_structure(which, request):
    found = Page(request.getfixturevalue(which))
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in found.all("a"):
        assert not link["href"].startswith("#") or link["href"][1:] in ids
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for region in found.all("section"):
        assert region.get("aria-label") or region["aria-labelledby"] in ids
    assert len(found.all("main")) == len(found.all("nav")) == len(found.all("footer")) == 1
    assert found.all("a")[0] == {"class": "skip", "href": "#main"}


def test_tables_have_captions_and_roles(shop):
    assert len(shop.all("table")) == len(shop.all("caption")) > 8
    roles = {
        "table": {"table"},
        "tr": {"row"},
        "td": {"cell"},
        "th": {"columnheader", "rowheader"},
        "tbody": {"rowgroup"},
    }
    for tag, allowed in roles.items():
        assert {attributes.get("role") for attributes in shop.all(tag)} == allowed


def test_dark_colours_are_for_screens_only(document):
    queries = re.findall(r"@media ([^{]+)\{", document)
    assert any("prefers-color-scheme" in query for query in queries)
    assert all("screen and" in query for query in queries if "prefers-color-scheme" in query)


# ---- hostile logs


def test_log_text_stays_text(hostile):
    found = Page(hostile)
    assert not found.all("script") and len(found.all("style")) == 1
    names = "".join(text for tag, text in found.texts if tag == "bdi")
    assert EVIL[0] in names and EVIL[5] in names
    assert "{{ 7*7 }}" in found.text and "=HYPERLINK(" in found.text
    for link in found.all("a"):
        assert "evil" not in link["href"] and "javascript:" not in link["href"]


def test_characters_that_cannot_be_seen_are_shown_as_boxes(hostile):
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]", hostile)
    assert "□esrever□" in hostile
    hostile.encode("utf-8")


def test_long_names_are_cut_in_the_middle_and_the_file_stays_small(hostile):
    names = [text for tag, text in Page(hostile.replace("<wbr>", "")).texts if tag == "bdi"]
    assert max(map(len, names)) == 64
    assert any(
        name.startswith("CompleteRegistration") and name.endswith("ZZZ") and "…" in name for name in names
    )
    assert len(hostile.encode()) < 400_000


# ---- brand


def test_logo_stands_with_the_name_only_if_it_is_compact():
    wide, square = (Page(to_html(sample_report(), Brand(agency="Nordlys", logo=logo))) for logo in (SVG, PNG))
    assert wide.all("img")[0]["alt"] == "Nordlys"
    assert square.all("img")[0]["alt"] == ""


def test_accent_reaches_the_style_sheet():
    assert "--brand:#ffe600" in to_html(sample_report(), Brand(accent="#ffe600"))


# ---- in a browser


@pytest.mark.parametrize("width", [1200, 800, 420])
def test_nothing_is_asked_for_and_nothing_sticks_out(browser, tmp_path, hostile, width):
    file = tmp_path / "report.html"
    file.write_text(hostile, "utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.fonts.check('600 44px \"Inter Display\"')")
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (420, "dark")])
def test_axe_finds_nothing(browser, tmp_path, document, width, scheme):
    file = tmp_path / "report.html"
    file.write_text(document, "utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(file.as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
