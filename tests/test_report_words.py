"""What the report is made of: order of events, numbers, names, rejected rows, and the brand's colours and logo."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from emq_audit.errors import AuditError
from emq_audit.report import terminal
from emq_audit.report.brand import Brand, logo_shape, logo_type
from emq_audit.report.colour import DARK, LIGHT, contrast, palette
from emq_audit.report.order import event_order, main_event
from emq_audit.report.words import file_name, gain, gained, percent, period, shorten
from tests.sample_report import PNG, SVG, sample_report


def test_main_event_is_the_most_valuable_one_with_a_score():
    report = sample_report()
    assert main_event(report) == "Purchase"
    assert list(event_order(report))[:4] == ["Purchase", "Lead", "Contact", "InitiateCheckout"]
    without = replace(
        report, scores=tuple(score for score in report.scores if score.event_name != "Purchase")
    )
    assert main_event(without) == "Lead"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0%"), (0.004, "under 1%"), (0.126, "13%"), (0.996, "over 99%"), (0.9899, "99%"), (1, "100%")],
)
def test_percent(share, words):
    assert percent(share) == words


def test_gain_is_never_written_as_none():
    assert [gain(value) for value in (0.04, 0.05, 1.32)] == ["under 0.1", "+0.1", "+1.3"]


def test_a_gain_is_the_difference_that_the_reader_sees():
    between = {(7.17, 8.53): "+1.3", (6.14, 6.26): "+0.2", (9.16, 9.24): "+0.1", (7.0, 7.04): "under 0.1"}
    assert [gained(*ends) for ends in between] == list(between.values())


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (1_790_812_800, 1_791_999_000, "1–14 October 2026"),
        (1_790_812_800, 1_790_812_900, "1 October 2026"),
        (1_790_700_000, 1_790_812_900, "29 September – 1 October 2026"),
        (None, 1_790_812_900, ""),
        (0, 10**18, ""),
    ],
)
def test_period(first, last, words):
    assert period(first, last) == words


def test_names_keep_their_end():
    assert shorten("Purchase", 16) == "Purchase"
    assert shorten("order status changed/delivered", 16) == "order s…elivered"


@pytest.mark.parametrize("accent", ["red", "#12345", "#1234567", "#12345g", "#fff;}*{display:none"])
def test_accent_must_be_a_colour(accent):
    with pytest.raises(AuditError):
        Brand(accent=accent)


@pytest.mark.parametrize(
    "logo", [b"GIF89a....", b"<html><svg>", b"", b"\x89PNG\r\n\x1a\n" + bytes(1_000_001)]
)
def test_logo_must_be_a_small_picture(logo):
    with pytest.raises(AuditError):
        Brand(logo=logo)


def test_logo_is_known_by_content():
    assert (logo_type(SVG), logo_shape(SVG)) == ("image/svg+xml", 3.0)
    assert (logo_type(PNG), logo_shape(PNG)) == ("image/png", 1.0)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08\x00\x32\x00\x64" + bytes(12)
    assert (logo_type(jpeg), logo_shape(jpeg)) == ("image/jpeg", 2.0)


@pytest.mark.parametrize(
    "accent", ["#ffe600", "#c6ff00", "#ffb3d1", "#e30613", "#ffffff", "#000000", "#00695c"]
)
def test_every_brand_colour_becomes_readable(accent):
    for scheme in (LIGHT, DARK):
        colours = palette(accent, scheme)
        for ground in (scheme.paper, scheme.wash):
            assert (
                min(contrast(colours["accent"], ground), contrast(colours["data"], ground)) >= scheme.contrast
            )


def test_a_red_brand_never_makes_a_gain_look_like_a_fault():
    assert palette("#e30613", LIGHT) == {"accent": "#e30613", "data": LIGHT.slate, "tint": "#d0d3d7"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/mette/client/capi.ndjson", "capi.ndjson"),
        ("C:\\Users\\mette\\pixel.csv", "pixel.csv"),
        ("october/capi.ndjson", "october/capi.ndjson"),
        ("logs.zip › server.ndjson", "logs.zip › server.ndjson"),
    ],
)
def test_file_names_leave_out_the_folders_of_this_machine(path, shown):
    assert file_name(path).text == shown


def test_rejected_rows_stand_below_their_own_file() -> None:
    report, console = sample_report(), Console(width=200, record=True, file=StringIO())
    terminal.show(report, console)
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    input_of = lines[lines.index("Input"):]
    for file in report.input.files:
        at = input_of.index(file.path)
        own = [rejection for rejection in report.input.rejections if rejection.file == file.path]
        assert input_of[at + 2 : at + 5] == [f"   row {rejection.row}: {rejection.reason}" for rejection in own[:3]]
        assert input_of[at + 5] == f"   and {file.rejected - 3} more"
