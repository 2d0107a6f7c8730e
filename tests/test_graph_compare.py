"""Meta's answer beside an audit: scores, coverage, diagnostics, fixes, and the estimate calibrated to the site."""

import json
from dataclasses import asdict

import pytest

from emq_audit.calibration.fit import independent, load_points, shares
from emq_audit.checks import CHECKS_BY_ID
from emq_audit.graph import calibrated, compare
from emq_audit.graph.compare import BELIEF, SCATTER
from emq_audit.graph.diagnostics import KNOWN, known
from emq_audit.graph.quality import Quality
from emq_audit.report import Report
from emq_audit.score import _FITTED
from tests.graph_cases import FULL, estimate_of, loaded, scored, uplifted


def test_scores_stand_side_by_side(report: Report) -> None:
    beside = compare(report, loaded(FULL))
    purchase = beside.events[0]
    assert (purchase.event_name, purchase.side, purchase.meta) == ("Purchase", "server", 6.2)
    assert purchase.estimate == estimate_of(report, "Purchase")
    assert purchase.difference == pytest.approx(6.2 - purchase.estimate, abs=1e-4)
    assert purchase.within is (purchase.low - 0.05 <= 6.2 <= purchase.high + 0.05)
    assert {event.event_name for event in beside.events} == {"Purchase", "Lead", "AddToCart"}
    assert next(event for event in beside.events if event.event_name == "Lead").within is None


def test_coverage_of_keys_and_events_stands_side_by_side(report: Report) -> None:
    purchase = compare(report, loaded(FULL)).events[0]
    email = next(key for key in purchase.keys if key.key == "em")
    assert email.meta == 0.625 and email.sent == 1 and email.usable == pytest.approx(11 / 21)
    assert email.uplift == 0.5896 and "some of the values" in email.words
    assert (purchase.coverage, purchase.coverage_meta, purchase.coverage_goal) == (1.0, 0.341, 0.75)
    assert (purchase.dedupe[0].browser, purchase.dedupe[0].browser_meta, purchase.dedupe[0].covered_meta) == (
        1,
        1,
        0.148,
    )


@pytest.mark.parametrize(
    ("usable", "sent", "meta", "says"),
    [
        (0.5, 1.0, 0.98, "faulty"),
        (0.5, 0.5, 0.9, "more than the log"),
        (0.9, 0.9, 0.4, "less than the log"),
        (0.6, 0.6, 0.63, ""),
    ],
)
def test_a_difference_of_coverage_is_explained(usable: float, sent: float, meta: float, says: str) -> None:
    from emq_audit.graph.compare import _difference

    words = _difference("em", usable, sent, meta)
    assert says in words and bool(words) is bool(says)


def diagnosed(name: str, event_name: str = "Lead") -> Quality:
    return loaded(
        {
            "web": [
                {
                    "event_name": event_name,
                    "event_match_quality": {"diagnostics": [{"name": name, "percentage": 50}]},
                }
            ]
        }
    )


@pytest.mark.parametrize(
    ("name", "event_name", "status", "check"),
    [
        ("Server sending mismatched IP addresses", "Lead", "found", "ip-private"),
        ("Server sending expired fbclid value in fbc parameter", "Lead", "not found", "fbc-expired"),
        ("Server sending modified fbclid value in fbc parameter", "Lead", "not found", "fbc-changed-case"),
        ("s2s_pii_not_hashed", "Purchase", "found", "email-not-hashed"),
        ("Purchase Missing Some Deduplication Parameters", "Purchase", "found", "event-id-missing"),
        ("Same Event ID Received for Many Event Instances", "Lead", "not found", "event-id-reused"),
        ("s2s_invalid_lead_id", "Lead", "not asked", "lead-id-malformed"),
        ("A diagnostic of next year", "Lead", "unknown", None),
    ],
)
def test_diagnostics_meet_our_checks(
    report: Report, name: str, event_name: str, status: str, check: str | None
) -> None:
    beside = compare(report, diagnosed(name, event_name))
    (found,) = next(event for event in beside.events if event.event_name == event_name).diagnostics
    assert found.status == status
    assert check is None or check in found.checks
    assert (found.at_fault > 0) is (status == "found")


def test_every_check_that_a_diagnostic_names_exists() -> None:
    assert {check for entry in KNOWN for check in entry.checks} <= set(CHECKS_BY_ID)
    assert known("Update your IPv4 IP addresses to IPv6 IP addresses").checks == ()


def test_fixes_are_ranked_by_what_meta_expects(report: Report) -> None:
    plain = [fix.fix for fix in report.fixes]
    email = compare(report, loaded({"web": [uplifted("email", 40, "Purchase")]})).fixes
    address = compare(report, loaded({"web": [uplifted("ip_address", 40, "Lead")]})).fixes
    assert email[0].fix == "hash-before-sending" and address[0].fix == "visitor-ip-address"
    assert email[0].uplift == {"Purchase": pytest.approx(0.4 * 10 / 21, abs=1e-3)}
    assert address[0].uplift == {"Lead": pytest.approx(0.4)}
    for fixes in (email, address):
        assert sorted(fix.rank for fix in fixes) == list(range(1, len(plain) + 1))
        assert [fix.fix for fix in fixes if not fix.uplift] == [
            fix for fix in plain if fix not in {f.fix for f in fixes if f.uplift}
        ]
        assert all(plain[fix.rank_before - 1] == fix.fix for fix in fixes)


def test_sending_more_of_what_is_known_counts_too(report: Report) -> None:
    fixes = compare(report, loaded({"web": [uplifted("phone", 12, "Lead")]})).fixes
    first = fixes[0]
    assert first.kind in ("forward", "attach", "collect") and 0 < first.uplift["Lead"] <= 0.12
    assert all(not fix.uplift for fix in fixes if fix.kind == "repair")


def test_event_coverage_counts_only_where_ids_are_at_fault(report: Report) -> None:
    def web(name: str, covered: float) -> Quality:
        coverage = {
            "percentage": covered,
            "goal_percentage": 75,
            "potential_aly_acr_increase": {"percentage": 35.8},
        }
        return loaded({"web": [{"event_name": name, "event_coverage": coverage}]})

    pairing = {"same-event-id-on-both-sides"}
    assert {fix.fix for fix in compare(report, web("Purchase", 34)).fixes if fix.uplift} == pairing
    assert not [fix for fix in compare(report, web("Purchase", 90)).fixes if fix.uplift]
    assert not [fix for fix in compare(report, web("Lead", 34)).fixes if fix.uplift]
    assert compare(report, web("Lead", 34)).expected[0].fix is None


def test_what_no_fix_brings_is_expected_still(report: Report) -> None:
    beside = compare(report, loaded({"web": [uplifted("phone", 12, "Purchase"), uplifted("ip_address", 40)]}))
    assert [(one.event_name, one.key, one.fix) for one in beside.expected] == [
        ("Purchase", "ph", None),
        ("Lead", "client_ip_address", "visitor-ip-address"),
    ]


def test_one_real_score_moves_the_other_estimates_half_way(report: Report) -> None:
    ours = estimate_of(report, "Purchase")
    found = calibrated(report, scored(Purchase=ours - 2))
    assert (found.points, found.difference) == (1, pytest.approx(-2, abs=1e-3))
    assert found.shift == pytest.approx(-2 / (1 + BELIEF), abs=1e-3)
    by_name = {event.event_name: event for event in found.events}
    assert by_name["Purchase"].meta and by_name["Purchase"].emq == pytest.approx(ours - 2)
    lead = by_name["Lead"]
    assert not lead.meta and lead.emq == pytest.approx(estimate_of(report, "Lead") + found.shift, abs=1e-3)
    assert lead.low < lead.emq < lead.high
    assert found.shifts["Lead"] == found.shift
    assert (
        "2.0 points below" in found.text
        and "1 event name)" in found.text
        and "-1.0" in found.text
        and "estimates still" in found.text
    )


def test_more_scores_move_them_further(report: Report) -> None:
    two = calibrated(
        report, scored(Purchase=estimate_of(report, "Purchase") - 2, Lead=estimate_of(report, "Lead") - 1)
    )
    assert two.points == 2 and two.shift == pytest.approx(-1.5 * 2 / 3, abs=1e-3)
    assert (two.least, two.most) == (pytest.approx(-2, abs=1e-3), pytest.approx(-1, abs=1e-3))
    assert "2 event names" in two.text and "from -2.0 to -1.0" in two.text


def test_chance_moves_nothing(report: Report) -> None:
    found = calibrated(report, scored(Purchase=estimate_of(report, "Purchase") + 0.9 * SCATTER))
    assert found.shift == 0 and "stay as they are" in found.text


def test_without_a_real_score_nothing_moves(report: Report) -> None:
    found = calibrated(report, scored(Subscribe=8.0))
    assert (found.points, found.difference, found.shift) == (0, None, 0)
    assert "stay as they are" in found.text


def test_a_calibrated_estimate_stays_between_0_and_10(report: Report) -> None:
    for emq in (0, 10):
        for event in calibrated(report, scored(AddToCart=emq)).events:
            assert 0 <= event.low <= event.emq <= event.high <= 10


def test_the_scatter_is_that_of_the_published_scores() -> None:
    rows, _ = load_points()
    folds = _FITTED["left_one_out"]
    rows["miss"] = 0.0
    for site, group in rows.groupby("site"):
        strengths = {**_FITTED["strengths"], **_FITTED["assumed"], **folds[site]}
        rows.loc[group.index, "miss"] = group["emq"] - independent(shares(group), strengths)
    inside = rows["miss"] - rows.groupby("site")["miss"].transform("mean")
    measured = (inside.pow(2).sum() / (len(rows) - rows["site"].nunique())) ** 0.5
    assert pytest.approx(measured, abs=0.02) == SCATTER


def test_notes_say_when_log_and_answer_do_not_fit(report: Report) -> None:
    late = loaded({"fetched_at": "2036-01-01T00:00:00+00:00", "web": [{"event_name": "Purchase"}]})
    assert any("days before Meta was asked" in note for note in compare(report, late).notes)
    assert any("the log of this dataset?" in note for note in compare(report, scored(Subscribe=5)).notes)
    assert any("no web event" in note for note in compare(report, loaded({"web": []})).notes)


def test_a_comparison_can_be_written_as_json(report: Report) -> None:
    assert json.loads(json.dumps(asdict(compare(report, loaded(FULL)))))["calibration"]["points"] == 1
