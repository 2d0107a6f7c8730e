"""Set-up and payback: what each side caught, the next step and its cost, and an assumption that is never told as a result."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from streamlit.testing.v1 import AppTest

from emq_audit import audit, next_step
from emq_audit.cli import main
from emq_audit.errors import AuditError
from emq_audit.next_step import COSTS, Budget, read_amount, read_budget, read_rate, read_saving
from emq_audit.report import DedupEntry, Method, Orders, Report, Setup
from emq_audit.report.html import to_html
from emq_audit.report.money import money, two_figures
from emq_audit.report.sections.next_step import section
from emq_audit.report.terminal_plan import setup_block
from emq_audit.setup import alone
from tests.html_page import Page
from tests.logs import pair, write_log
from tests.sample_report import EVIL, hostile_report, sample_report
from tests.test_app import ALLOWED, shown, tags


def entry(name: str, pairs: int, browser_only: int, server_only: int, twice: int = 0, fallback: int = 0) -> DedupEntry:
    browser, server = pairs + browser_only, pairs + server_only
    return DedupEntry(
        name, browser, server, browser, server, pairs, browser_only, server_only, pairs / browser if browser else None, 0, 0, 0,
        dropped={"fallback": fallback}, counted_twice=twice,
    )  # fmt: skip


PIXEL, BOTH = Setup("pixel", (Method("pixel", None, 9),)), Setup("pixel+capi", (Method("gtm-server", "stape-gtmss-2.1", 9),))


def planned(report: Report, setup: Setup, budget: Budget | None = None, dedup=None) -> Report:
    """The report with a plan and a payback for this set-up."""
    dedup = report.dedup if dedup is None else dedup
    return replace(
        report, setup=setup, dedup=dedup, plan=next_step.plan(setup, dedup, report.fixes, budget), payback=next_step.payback(setup, budget)
    )


def terminal(report: Report) -> str:
    console = Console(width=200, record=True, file=StringIO())
    console.print(setup_block(report))
    return console.export_text()


# What the log shows


def test_shares_are_of_the_actions_under_names_that_both_sides_send():
    # Purchase: 50 + 30 + 20 actions, Lead: 10 + 0 + 90; PageView comes from the browser alone and says nothing about the server.
    assert alone([entry("Purchase", 50, 30, 20), entry("Lead", 10, 0, 90), entry("PageView", 0, 800, 0)]) == (30 / 200, 110 / 200)
    assert alone([entry("PageView", 0, 800, 0)]) == (None, None)
    assert alone([]) == (None, None)


def test_a_log_with_both_sides_gives_its_shares(tmp_path: Path):
    alone_here = [{"_side": "browser", "event_id": "b1"}] + [{"_side": "server", "event_id": f"s{n}"} for n in range(4)]
    log = write_log(tmp_path / "log.ndjson", *pair("a"), *pair("b"), *pair("c"), *alone_here)
    report = audit([log])
    setup = report.setup
    assert setup.same_days == 1 and "days" not in section(report).seen_note
    assert (setup.kind, setup.browser_only_share, setup.server_only_share) == ("pixel+capi", 1 / 8, 4 / 8)
    prefixed = audit([write_log(tmp_path / "near.ndjson", *pair("a"), {"_side": "browser", "event_id": "id-77"}, {"event_id": "#id-77"})])
    assert [miss.reason for miss in prefixed.dedup[0].unpaired] == ["prefix", "prefix"]
    assert (prefixed.setup.browser_only_share, prefixed.setup.server_only_share) == (0, 0)
    one_side = audit([write_log(tmp_path / "one.ndjson", *alone_here[1:])]).setup
    assert (one_side.kind, one_side.browser_only_share, one_side.server_only_share, one_side.same_days) == ("capi", None, None, None)


def test_logs_of_unlike_days_are_told(tmp_path: Path):
    later = [{"_side": "server", "event_id": f"s{n}", "event_time": 1_794_600_000 + 86_400 * n} for n in range(1, 7)]
    log = write_log(tmp_path / "log.ndjson", *pair("a", event_time=1_794_600_000), *later)
    report = audit([log], as_of=1_795_400_000)
    assert report.setup.same_days == pytest.approx(2 / 8)
    assert "Only 25% of the events are from days on which both sides sent some" in section(report).seen_note


def test_reports_that_only_ids_keep_apart_are_one_action():
    # 53 pairs, 13 and 23 alone, 9 of them the same purchases under two ids: 53 + 9 of 80 actions came from both.
    whole, purchase, lead = next_step.plan(BOTH, [entry("Lead", 20, 0, 0), entry("Purchase", 53, 13, 23, twice=9)], ()).seen
    assert (purchase.event_name, purchase.actions) == ("Purchase", 80)
    assert (purchase.both, purchase.browser_only, purchase.server_only) == (62, 4, 14)
    assert (purchase.browser, purchase.server) == (66 / 80, 76 / 80)
    assert (whole.event_name, whole.actions, whole.browser) == (None, 100, 86 / 100)
    assert lead.browser == lead.server == 1
    (_, by_visitor) = next_step.plan(BOTH, [entry("Purchase", 0, 10, 10, fallback=6)], ()).seen
    assert (by_visitor.actions, by_visitor.both) == (14, 6)


@pytest.mark.parametrize(
    ("setup", "dedup", "fixes", "step"),
    [
        (PIXEL, [entry("Purchase", 0, 9, 0)], (), "add-capi"),
        (Setup("capi", ()), [entry("Purchase", 0, 0, 9)], (), "add-pixel"),
        (Setup("offline", ()), [], (), "add-website"),
        (Setup("unknown", ()), [], (), "name-side"),
        (BOTH, [entry("Purchase", 0, 9, 0), entry("Lead", 0, 0, 9)], (), "pair"),
        (BOTH, [entry("Purchase", 74, 26, 0), entry("PageView", 99, 1, 0)], (), "pair"),
        (BOTH, [entry("Purchase", 75, 25, 0)], sample_report().fixes, "fix"),
        (BOTH, [entry("Purchase", 75, 25, 0)], (), "keep"),
    ],
)
def test_the_next_step_follows_from_the_set_up(setup, dedup, fixes, step):
    found = next_step.plan(setup, dedup, fixes)
    assert found.next == step
    report = planned(replace(sample_report(), fixes=tuple(fixes)), setup, dedup=tuple(dedup))
    assert section(report).title.startswith("Next step: ") and terminal(report)


def test_the_method_is_the_one_that_sends_most():
    many = Setup("capi", (Method("capi", None, 99), Method("partner", "x", 5), Method("gtm-server", "gtmss", 7)))
    assert next_step.recognised(many) == "gtm-server"
    assert next_step.recognised(Setup("pixel", (Method("pixel", "plShopify2", 4),))) == "shopify"
    assert next_step.recognised(PIXEL) is None
    costs = next_step.plan(BOTH, (), ()).costs
    assert [cost.method for cost in costs if cost.here] == ["gtm-server"]
    chosen = replace(sample_report(), setup=BOTH, plan=next_step.plan(BOTH, (), (), None, "partner"))
    assert {row.method: row.mark for row in section(chosen).costs if row.mark} == {"gtm-server": "in this log", "partner": "your choice"}


def test_orders_are_the_yardstick_for_both_sides():
    report = replace(planned(sample_report(), BOTH), orders=Orders(200, 180, 10, 0, 10, 0, 0, 0))
    assert section(report).typical[2].log == "95% of the shop’s 200 orders arrived"
    assert "no log" in section(replace(report, orders=None)).typical[2].log


# What it costs


def test_costs_in_kroner_are_the_published_ones():
    rows = {row.method: (row.monthly, row.once, row.hours) for row in section(planned(sample_report(), PIXEL)).costs}
    assert rows == {
        "shopify": ("0 DKK", "0 DKK", "15–30 minutes"),
        "gtm-server": ("150–800 DKK", "3,000–8,000 DKK", "2–5 hours"),
        "partner": ("100–500 DKK", "2,000–5,000 DKK", "1–3 hours"),
        "direct-api": ("not named", "10,000–25,000 DKK", "10–20+ hours"),
    }


def test_costs_follow_the_rate():
    # 150 / 7.46 = 20.1, 800 / 7.46 = 107.2, 3000 / 7.46 = 402.1, 8000 / 7.46 = 1072.4
    words = section(planned(sample_report(), PIXEL, read_budget(None, "eur", "7,46")))
    gtm = next(row for row in words.costs if row.method == "gtm-server")
    assert (gtm.monthly, gtm.once) == ("about 20–110 EUR", "about 400–1,100 EUR")
    assert "Converted from DKK at 7.46 DKK for one EUR" in words.costs_note
    assert words.costs[0].once == "0 EUR"


def test_without_a_rate_costs_stay_in_kroner_and_say_so():
    words = section(planned(sample_report(), PIXEL, read_budget(None, "EUR")))
    assert words.costs[1].once == "3,000–8,000 DKK"
    assert "Costs stay in DKK: no rate for EUR was given." in words.costs_note


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 0), (1072.4, 1100), (107.2, 110), (0.0456, 0.046), (-669, -670), (99.6, 100), (12_345_678, 12_000_000)]
)
def test_two_figures(value, rounded):
    assert two_figures(value) == pytest.approx(rounded)


@pytest.mark.parametrize(
    ("span", "about", "written"),
    [
        ((3000, 8000), False, "3,000–8,000 DKK"), ((0, 0), True, "0 DKK"), (6500.0, True, "about 6,500 DKK"),
        ((2.7, 11), True, "about 2.7–11 DKK"),
        ((-670, -20), True, "about −670 to −20 DKK"), (1.5, False, "1.5 DKK"),
    ],
)  # fmt: skip
def test_money(span, about, written):
    assert money(span, "DKK", about=about) == written


# Payback


def test_payback_of_adding_the_conversions_api():
    found = next_step.payback(PIXEL, Budget(20_000))
    assert (found.saving, found.assumption, found.applies, found.saved) == (0.13, "published", True, 2600)
    by_method = {row.method: row for row in found.methods}
    assert list(by_method) == [cost.method for cost in COSTS]
    gtm = by_method["gtm-server"]  # 2,600 less 150 to 800 a month; 3,000 of 2,450 and 8,000 of 1,800
    assert gtm.left == (1800, 2450) and gtm.months == pytest.approx((3000 / 2450, 8000 / 1800))
    assert gtm.needed == pytest.approx(((3000 / 12 + 150) / 20_000, (8000 / 12 + 800) / 20_000))
    assert by_method["shopify"].months == (0, 0) and by_method["shopify"].needed == (0, 0)
    assert by_method["direct-api"].months == pytest.approx((10_000 / 2600, 25_000 / 2600))


def test_a_small_spend_never_pays_back_and_says_so():
    found = next_step.payback(PIXEL, Budget(1_000))  # 130 a month
    by_method = {row.method: row.months for row in found.methods}
    assert by_method["gtm-server"] is None  # 150 a month at least
    assert by_method["partner"] == (pytest.approx(2000 / 30), None)
    rows = {row.name: (row.months, row.needed) for row in section(planned(sample_report(), PIXEL, Budget(1_000))).payback.rows}
    assert rows["Server-side GTM"] == ("never", "40% to over 100%")
    assert rows["Partner platform"][0] == "67 months or never"


def test_payback_in_another_currency_is_the_same_business():
    kroner, euro = next_step.payback(PIXEL, Budget(74_600)), next_step.payback(PIXEL, Budget(10_000, "EUR", 7.46))
    for one, other in zip(kroner.methods, euro.methods, strict=True):
        assert one.months == pytest.approx(other.months) and one.needed == pytest.approx(other.needed)
        assert one.left == pytest.approx(tuple(7.46 * end for end in other.left))
    assert euro.saved == 1300


def test_who_has_both_sides_is_not_promised_the_published_saving():
    found = next_step.payback(BOTH, Budget(50_000))
    assert (found.applies, found.saved) == (False, None)
    (running,) = found.methods  # the server container that already runs: its fee alone
    assert (running.left, running.months, running.needed) == (None, None, (150 / 50_000, 800 / 50_000))
    report = planned(sample_report(), BOTH, Budget(50_000))
    for told in (terminal(report), Page(to_html(report)).text):
        assert "No saving is assumed".lower() in told.lower() and "both already send" in told
        assert "6,500" not in told


@pytest.mark.parametrize("kind", ["capi", "offline", "unknown"])
def test_the_published_saving_is_for_pixels_only(kind):
    found = next_step.payback(Setup(kind, ()), Budget(50_000))
    assert (found.applies, found.saved, found.methods) == (False, None, ())


def test_an_assumption_of_the_users_own_is_told_as_theirs():
    found = next_step.payback(BOTH, Budget(50_000, saving=0.05))
    assert (found.saved, found.assumption, found.applies) == (2500, "yours", False)
    words = section(planned(sample_report(), BOTH, Budget(50_000, saving=0.05))).payback
    assert words.headline == "About 2,500 DKK less a month, if the assumption holds"
    assert words.assumption.startswith("Your assumption, not a measurement: the cost per result falls by 5%.")
    assert next_step.payback(PIXEL, Budget(50_000, saving=0.05)).saved == 2500


def test_the_saving_is_called_an_assumption_wherever_it_stands():
    report = planned(sample_report(), PIXEL, Budget(50_000))
    for told in (terminal(report), Page(to_html(report)).text):
        assert "bout 6,500 DKK less a month, if the assumption holds" in " ".join(told.split())
        assert "Assumption, not a measurement" in told and "Published rules of thumb, not quotes" in told


def test_no_payback_without_a_spend():
    assert next_step.payback(PIXEL, None) is None and next_step.payback(PIXEL, Budget(currency="EUR", rate=7.46)) is None
    assert "Payback" not in terminal(planned(sample_report(), PIXEL))


# What people type


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50000", 50_000), ("50,000", 50_000), ("50.000", 50_000), ("50 000", 50_000), ("50\u00a0000", 50_000), ("50.000,50", 50_000.5),
        ("1,250,000.75", 1_250_000.75), ("99,5", 99.5), (" 7 ", 7), ("1'200", 1200),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text, value):
    assert read_amount(text) == value


BAD_AMOUNTS = (
    "", "0", "-5", "abc", "nan", "inf", "1e9", "1.2.3", "50,00,0", "1.000,000", "\u0663\u0664", "9" * 400, "5 DKK", "1" + ",000" * 9,
    "\x1b[31m5",
)  # fmt: skip


@pytest.mark.parametrize("text", BAD_AMOUNTS)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(AuditError) as told:
        read_amount(text)
    assert "\x1b" not in told.value.problem and len(told.value.problem) < 80 and told.value.hint


def test_savings_and_rates():
    assert (read_saving("13%"), read_saving("0.13"), read_saving("2,5 %"), read_saving("0")) == pytest.approx((0.13, 0.13, 0.025, 0))
    assert (read_rate("7.46"), read_rate("0,00042")) == (7.46, 0.00042)
    for text in ("13", "100%", "-1%", "abc", "", "1e-3", "%"):
        with pytest.raises(AuditError, match="no share"):
            read_saving(text)
    for text in ("0", "-7", "abc", "", "9999999", "7.4.6"):
        with pytest.raises(AuditError, match="no exchange rate"):
            read_rate(text)


@pytest.mark.parametrize(
    "given",
    [
        {"spend": 0}, {"spend": -1}, {"spend": float("nan")}, {"spend": float("inf")}, {"spend": 5, "currency": "EUR"}, {"rate": 7.46},
        {"saving": 0.1}, {"spend": 5, "saving": 1.0}, {"spend": 5, "saving": float("nan")}, {"currency": "EUR", "rate": 0},
    ],
)  # fmt: skip
def test_a_budget_that_does_not_go_together_is_refused(given):
    with pytest.raises(AuditError):
        Budget(**given)


@pytest.fixture(scope="module")
def pixel_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("log") / "pixel.ndjson", *({"_side": "browser", "event_id": f"b{n}"} for n in range(5)))


def run(*words: object):
    return CliRunner().invoke(main, ["audit", *map(str, words)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--spend", "lots"], "“lots” is no amount of ad spend."),
        (["--spend", "100", "--currency", "EUR"], "The ad spend is in EUR, but the methods' costs are known in Danish kroner (DKK) only."),
        (["--currency", "<script>alert(1)"], "There is no currency “<script>alert(1)”."),
        (["--currency", "'; DROP TABLE events; --"], "There is no currency “'; DROP TABLE events; --”."),
        (["--currency", "XQZ"], "There is no currency “XQZ”."),
        (["--rate", "7.46"], "A rate was given, but no other currency than DKK."),
        (["--assumed-saving", "13%"], "An assumed saving says nothing without the ad spend."),
        (["--spend", "100", "--assumed-saving", "150%"], "“150%” is no share of the cost per result."),
    ],
)
def test_bad_options_end_in_one_sentence(pixel_log: Path, options: list[str], problem: str):
    result = run(pixel_log, *options)
    assert result.exit_code == 2 and result.output.splitlines()[0] == f"Error: {problem}"
    assert len(result.output.splitlines()) == 2 and "Traceback" not in result.output


def test_a_hostile_currency_cannot_steer_the_terminal(pixel_log: Path):
    result = run(pixel_log, "--currency", "\x1b]0;evil\x07\u202eRUE")
    assert result.exit_code == 2 and not {"\x1b", "\x07", "\u202e"} & set(result.output)


def test_json_carries_plan_and_payback(pixel_log: Path):
    document = json.loads(run(pixel_log, "--json", "--spend", "50.000", "--currency", "eur", "--rate", "7,46").stdout)
    assert {"kind", "browser_only_share", "server_only_share"} <= set(document["setup"])
    assert document["setup"]["browser_only_share"] is None
    assert (document["plan"]["next"], document["plan"]["currency"], document["plan"]["rate"]) == ("add-capi", "EUR", 7.46)
    assert [row["kind"] for row in document["plan"]["typical"]] == ["pixel", "capi", "pixel+capi"]
    assert document["payback"]["saved"] == pytest.approx(6500) and document["payback"]["assumption"] == "published"


# Faces


def test_the_terminal_says_what_is_a_rule_of_thumb():
    told = terminal(planned(sample_report(), PIXEL))
    assert "pixel only 60–75%; Conversions API only 80–90%; both 95%+ (published rules of thumb)" in told
    assert "Set-up. Next step: add the Conversions API, unless it already sends" in told


def test_the_html_report_sets_the_log_beside_the_rules():
    report = planned(sample_report(), BOTH, dedup=(entry("Purchase", 50, 30, 20), entry("Lead", 40, 10, 50)))
    # 90 of 200 actions from both, 40 from the browser alone and 70 from the server alone.
    told = Page(to_html(report)).text
    assert "Pixel only60–75%65% came from the browser" in told and "Conversions API only80–90%80% came from the server" in told


def test_names_from_the_log_stay_text():
    report = planned(hostile_report(), BOTH, dedup=(entry(EVIL[0], 1, 9, 9),))
    assert "<script" not in to_html(report) and "\x1b" not in terminal(report)
    for element in shown(report, "set_up").html:
        assert tags(element.body) <= ALLOWED


# The app


def body(test: AppTest) -> str:
    assert not test.exception and not test.error
    return "".join(element.body for element in test.html)


def test_the_page_answers_at_once():
    test = shown(planned(sample_report(), PIXEL), "set_up")
    assert "Give the ad spend a month to see it." in body(test) and "6,500" not in body(test)
    test.number_input(key="set_up_spend").set_value(50_000).run()
    assert "About 6,500 DKK less a month, if the assumption holds" in body(test)
    test.slider(key="set_up_saving").set_value(5).run()
    assert "About 2,500 DKK less a month" in body(test) and "Your assumption" in body(test)
    assert test.session_state["opened"].report.payback.saved == 2500  # what an export will say


def test_the_page_waits_for_the_rate():
    test = shown(planned(sample_report(), PIXEL), "set_up")
    test.number_input(key="set_up_spend").set_value(10_000)
    test.selectbox(key="set_up_currency").set_value("EUR").run()
    assert "Give the rate, how many DKK one EUR costs" in body(test) and "3,000–8,000 DKK" in body(test)
    test.number_input(key="set_up_rate_EUR").set_value(7.46).run()
    assert "About 1,300 EUR less a month" in body(test) and "about 400–1,100 EUR" in body(test)
    test.selectbox(key="set_up_currency").set_value("SEK").run()
    assert "Give the rate, how many DKK one SEK costs" in body(test)  # the euro's rate is not the krona's


def test_the_page_promises_nothing_to_who_has_both():
    test = shown(planned(sample_report(), BOTH), "set_up")
    test.number_input(key="set_up_spend").set_value(50_000).run()
    assert "No saving is assumed" in body(test) and "6,500" not in body(test)
    assert "0.3–1.6%" in body(test)  # 150 to 800 of 50,000


def test_the_method_is_one_choice_with_the_fixes_page():
    test = shown(planned(sample_report(), PIXEL), "set_up")
    assert test.segmented_control(key="set_up_method").value is None
    test.segmented_control(key="set_up_method").set_value("partner").run()
    assert "your choice" in body(test) and test.session_state["platform"] == "partner"
    test = shown(planned(sample_report(), PIXEL), "fixes", "set_up")
    assert test.segmented_control(key="platform").value and "your choice" not in body(test), "what Fixes shows first is no choice"
    test = shown(planned(sample_report(), BOTH), "fixes", "set_up")
    test.segmented_control(key="platform").set_value("shopify").run()
    assert test.segmented_control(key="set_up_method").value == "shopify"
    assert test.session_state["opened"].report.plan.method == "shopify"


@pytest.mark.parametrize("kind", ["pixel", "pixel+capi", "capi", "offline", "unknown"])
def test_the_page_for_every_set_up(kind):
    setup = Setup(kind, ())
    test = shown(planned(sample_report(), setup), "set_up")
    test.number_input(key="set_up_spend").set_value(50_000).run()
    assert "<h1>" in body(test) and "Typically" in body(test)
    for element in test.html:
        assert tags(element.body) <= ALLOWED or element.body.startswith("<style>")


def test_a_report_without_a_plan_is_told_so():
    assert "holds no plan" in body(shown(sample_report(), "set_up"))


def test_costs_of_all_methods_are_shown_where_one_has_to_be_chosen():
    sound = (entry("Purchase", 90, 10, 10),)
    assert [row.method for row in section(planned(sample_report(), BOTH, dedup=sound)).asked_costs] == ["gtm-server"]
    unnamed = planned(sample_report(), Setup("pixel+capi", ()), dedup=sound)
    assert section(unnamed).asked_costs == () and "Direct API" not in terminal(unnamed)
    assert len(section(planned(sample_report(), PIXEL)).asked_costs) == 4
