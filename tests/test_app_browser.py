"""The app in a real browser: the journeys of a user, nothing asked of any other computer, and the keyboard."""

import json
import re
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from emq_audit.demo import write_demo
from tests.conftest import PRIVATE, served
from tests.sample_report import PNG

PAGES = ("Overview", "Coverage", "Deduplication", "Events", "Meta’s numbers", "Fixes", "What-if", "Set-up")
LONG = 60_000  # milliseconds: an audit on a busy machine


class Watched:
    """A browser page that notes what it asks of others and what goes wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.outside, self.errors = page, [], []
        own = (address, address.replace("http", "ws", 1), "data:", "blob:")
        page.on(
            "request",
            lambda request: None if request.url.startswith(own) else self.outside.append(request.url),
        )
        page.on(
            "websocket",
            lambda socket: None if socket.url.startswith(own) else self.outside.append(socket.url),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(address)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run to its end."""
        done = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
        expect(self.page.locator(done)).to_be_visible(timeout=LONG)

    def open(self, name: str) -> None:
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
        expect(self.page.locator("p.emq-page")).to_have_text(name, timeout=LONG)
        self.settle()

    def demo(self) -> None:
        self.page.get_by_role("button", name="Try the demo shop").click()
        verdict = self.page.get_by_role("heading", level=1).filter(has_text="Purchase")  # for a moment beside that of the start page
        expect(verdict).to_be_visible(timeout=LONG)
        self.settle()


@pytest.fixture
def watched(page: Page, app_url: str) -> Iterator[Watched]:
    page.set_viewport_size({"width": 1280, "height": 900})
    seen = Watched(page, app_url)
    yield seen
    assert seen.outside == []
    assert seen.errors == []


@pytest.fixture
def tab(browser: Browser, app_url: str) -> Iterator[Callable[..., Watched]]:
    """Opens a tab of its own kind, and closes it however the test ends: what an open tab keeps would disturb other tests."""
    opened = []

    def new(**options: object) -> Watched:
        opened.append(browser.new_context(**options))
        return Watched(opened[-1].new_page(), app_url)

    yield new
    for context in opened:
        context.close()


# Streamlit's own drop zone: a labelled section that calls itself presentation.
FRAMEWORK = {"presentation-role-conflict"}


def barriers(page: Page) -> set[str]:
    """What axe finds that hinders people, by the ids of its rules."""
    return {violation["id"] for violation in Axe().run(page).response["violations"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_demo_shows_every_page(tab: Callable[..., Watched], scheme: str):
    watched = tab(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    assert barriers(watched.page) <= FRAMEWORK
    watched.demo()
    for name in PAGES:
        watched.open(name)
        expect(watched.page.get_by_role("heading", level=1)).to_have_count(1)
        expect(watched.page.get_by_test_id("stAlert")).to_have_count(0)
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 1280, f"{name} is too wide"
        assert barriers(watched.page) <= FRAMEWORK, name
    fonts = watched.page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert any("Inter" in font for font in fonts), "the shipped font is not used"
    assert (watched.outside, watched.errors) == ([], [])


def test_a_click_on_the_grid_shows_that_cell(watched: Watched):
    watched.demo()
    watched.open("Coverage")
    grid = watched.page.locator(".st-key-emq-grid").get_by_test_id("stPlotlyChart").bounding_box()
    watched.page.mouse.click(grid["x"] + 60, grid["y"] + 42 + 2 * 31 + 12 + 15)  # third row: first name
    chosen = watched.page.get_by_role("combobox", name="Match key")
    expect(chosen).to_have_value("First name", timeout=LONG)


def test_a_reason_opens_to_its_events(watched: Watched):
    watched.demo()
    watched.open("Deduplication")
    page = watched.page
    bars = page.get_by_test_id("stPlotlyChart").nth(1)
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    page.mouse.click(box["x"] + 40, box["y"] + 2 * 46 + 23)  # third row
    chosen = page.get_by_role("combobox", name="Reason")
    expect(chosen).to_have_value(re.compile("Same id, but another event name"), timeout=LONG)
    page.get_by_role("button", name="See them on the Events page").click()
    expect(page.locator("p.emq-page")).to_have_text("Events", timeout=LONG)
    watched.settle()
    expect(page.get_by_role("combobox", name="Event", exact=True)).to_have_value("Purchase")
    expect(page.get_by_role("combobox", name="Pairing")).to_have_value("Same id, but another event name")
    expect(page.locator("p.emq-note").first).to_contain_text("5 of ")


def test_two_small_logs_give_a_score(watched: Watched, tmp_path: Path):
    write_demo(tmp_path)
    logs = [str(tmp_path / name) for name in ("capi_server.ndjson", "pixel_browser.csv")]
    watched.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(logs)
    expect(watched.page.get_by_role("heading", level=1)).to_contain_text(
        re.compile(r"\d\.\d of 10"), timeout=LONG
    )
    expect(watched.page.locator(".emq-side b")).to_have_text(["capi_server.ndjson", "pixel_browser.csv"])


def test_closing_the_tab_deletes_what_was_kept(browser: Browser, app_url: str, app_home: Path):
    context = browser.new_context()
    Watched(context.new_page(), app_url).demo()
    assert kept(app_home), "the audit keeps its events somewhere else: this test watches the wrong folder"
    context.close()
    end = time.monotonic() + 30
    while kept(app_home) and time.monotonic() < end:
        time.sleep(0.2)
    assert kept(app_home) == []


def kept(home: Path) -> list[Path]:
    return list((home / PRIVATE).glob("emq-audit-*"))


def test_a_bad_upload_gets_a_sentence(watched: Watched, tmp_path: Path):
    bad = tmp_path / "holiday.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    watched.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(bad))
    message = watched.page.get_by_test_id("stAlert")
    expect(message).to_be_visible(timeout=LONG)
    expect(message).not_to_contain_text("Traceback")
    expect(watched.page.get_by_role("button", name="Try the demo shop")).to_be_visible()


HOSTILE = (
    b'{"event_name": "![x](http://evil.example/i.png)<img src=http://evil.example/j.png>", "event_time": 1794182400,'
    b' "action_source": "website", "event_id": "<script>alert(1)</script>", "user_data": {"em": ["![x](http://evil.example/k.png)"],'
    b' "client_ip_address": "203.0.113.9", "client_user_agent": "<b>Mozilla/5.0</b>"}}\n'
)


def test_a_hostile_log_is_only_text(watched: Watched, tmp_path: Path):
    log = tmp_path / "![x](http:evil.example) <img src=x>.ndjson"
    log.write_bytes(HOSTILE * 60)
    watched.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(log))
    expect(watched.page.locator("p.emq-page")).to_have_text("Overview", timeout=LONG)
    for name in PAGES:
        watched.open(name)
        assert watched.page.locator("img[src*=evil], b:has-text('Mozilla')").count() == 0


EVIL = "![x](http://evil.example/i.png)<img src=http://evil.example/j.png>"
ANSWER = {
    "web": [
        {
            "event_name": name,
            "event_match_quality": {
                "composite_score": 8.2,
                "match_key_feedback": [{"identifier": "email", "coverage": 40, "potential_aly_acr_increase": 9}],
                "diagnostics": [{"name": EVIL, "solution": EVIL, "percentage": 5}],
            },
            "event_coverage": {"percentage": 60, "goal_percentage": 75},
        }
        for name in ("Purchase", EVIL)
    ]
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_metas_answer_stands_beside_the_audit_and_nobody_is_asked(tab: Callable[..., Watched], tmp_path: Path, scheme: str):
    saved = tmp_path / "meta.json"
    saved.write_text(json.dumps(ANSWER), encoding="utf-8")
    watched = tab(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = watched.page
    watched.demo()
    watched.open("Meta’s numbers")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(saved))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Meta scores Purchase 8.2", timeout=LONG)
    watched.settle()
    expect(page.get_by_text("are moved by")).to_be_visible()
    assert page.locator("img[src*=evil]").count() == 0
    assert barriers(page) <= FRAMEWORK
    page.get_by_role("button", name="Take the answer out").click()
    expect(page.get_by_text("emq-audit quality DATASET")).to_be_visible(timeout=LONG)
    assert (watched.outside, watched.errors) == ([], [])


def test_a_file_that_is_no_answer_of_meta_gets_a_sentence(watched: Watched, tmp_path: Path):
    wrong = tmp_path / "orders.csv"
    wrong.write_text("order,total\n1,2\n", encoding="utf-8")
    watched.demo()
    watched.open("Meta’s numbers")
    watched.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(str(wrong))
    expect(watched.page.get_by_test_id("stAlert")).to_contain_text("holds no answer of Meta", timeout=LONG)


def test_the_report_can_be_taken_away(watched: Watched):
    watched.demo()
    watched.page.get_by_role("button", name="Export report").click()
    for kind, start in (("HTML", "<!doctype html>"), ("JSON", "{")):
        with watched.page.expect_download(timeout=LONG) as download:
            watched.page.get_by_role("button", name=kind).click()
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert text.lower().lstrip().startswith(start)


def test_the_report_stands_under_the_names_of_client_and_agency(watched: Watched):
    page = watched.page
    watched.demo()
    page.get_by_role("button", name="Export report").click()
    page.get_by_label("Client", exact=True).fill("Hygge & <b>Søn</b>")
    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": b"hello"}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(logo)
    expect(page.get_by_test_id("stAlert")).to_contain_text("not a PNG, JPEG or SVG", timeout=LONG)
    expect(page.get_by_role("button", name="HTML")).to_be_disabled()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files({**logo, "buffer": PNG})
    expect(page.get_by_test_id("stAlert")).to_have_count(0, timeout=LONG)
    page.get_by_label("Agency", exact=True).fill("Nordlys")
    page.wait_for_timeout(1000)  # the time a hand needs from the keyboard to the button, which it clicks without leaving the box first
    with page.expect_download(timeout=LONG) as download:
        page.get_by_role("button", name="HTML").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "hygge" in download.value.suggested_filename
    picture = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert all(said in text for said in ("Hygge &amp; &lt;b&gt;Søn&lt;/b&gt;", "Nordlys", picture))
    watched.settle()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="New audit").click()
    watched.demo()
    page.get_by_role("button", name="Export report").click()
    expect(page.get_by_label("Agency", exact=True)).to_have_value("Nordlys", timeout=LONG)
    expect(page.get_by_label("Client", exact=True)).to_have_value("")
    page.get_by_role("button", name="Take the logo out").click()
    expect(page.get_by_role("button", name="Take the logo out")).to_have_count(0, timeout=LONG)


def test_the_keyboard_reaches_demo_and_pages(watched: Watched):
    page = watched.page
    expect(page.get_by_role("button", name="Try the demo shop")).to_be_visible(timeout=LONG)
    watched.settle()
    reached = ""
    for _ in range(40):  # a late redraw of the page may send the focus back to its start
        page.keyboard.press("Tab")
        reached = page.evaluate(
            "document.activeElement.matches('button') ? document.activeElement.innerText : ''"
        )
        if reached == "Try the demo shop":
            break
    assert reached == "Try the demo shop"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Purchase", timeout=LONG)
    watched.settle()
    links = page.get_by_test_id("stSidebarNavLink")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("p.emq-page")).to_have_text("Coverage", timeout=LONG)


def test_nothing_is_wider_than_a_telephone(tab: Callable[..., Watched]):
    watched = tab(viewport={"width": 420, "height": 900}, color_scheme="dark")
    watched.demo()
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 420
    dark = watched.page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert dark == "rgb(15, 18, 23)"
    assert watched.outside == []


def test_started_by_command_with_logs_from_another_folder(page: Page, tmp_path: Path):
    write_demo(tmp_path)
    start = (
        "import sys; from emq_audit.app import run; run(sys.argv[2:], port=int(sys.argv[1]), headless=True)"
    )

    def command(port: int) -> list[str]:
        return [sys.executable, "-c", start, str(port), "capi_server.ndjson"]

    with served(command, tmp_path, tmp_path) as address:
        watched = Watched(page, address)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Purchase", timeout=LONG)
        paint = page.evaluate(
            "getComputedStyle(document.querySelector('[data-testid=stSidebar]')).backgroundColor"
        )
        assert paint == "rgb(246, 247, 249)", "the theme was not passed on"
        assert watched.outside == []
        assert kept(tmp_path)
    assert kept(tmp_path) == [], "stopping the server leaves the log behind"
