"""No raw personal data in any output: a log of canaries is audited and every face is searched for them."""

import json
from time import perf_counter

import pytest
from click.testing import CliRunner

from emq_audit import open_audit
from emq_audit.checks import ALL
from emq_audit.cli import main
from emq_audit.lookup import find_events, one_event, samples
from emq_audit.mask import mask_email, mask_value
from emq_audit.match_keys import KEYS
from emq_audit.report.html import to_html
from emq_audit.report.json import to_json
from tests.logs import write_log

CANARIES = {
    "em": "canary.bird@cage.example",
    "ph": "+4520998877",
    "fn": "Canarius",
    "ln": "Yellowfeather",
    "ct": "Cageville",
    "zp": "CAG3 77X",
    "db": "19770813",
    "external_id": "customer-canary-4471",
    "fbp": "fb.1.1793913600000.4466778899",
    "fbc": "fb.1.1793913600000.IwCanaryClickIdentifierThatIsLong",
    "client_ip_address": "87.61.133.201",
    "event_id": "order-canary-99812",
    "event_source_url": "https://shop.example/thanks?email=canary.bird@cage.example&name=Yellowfeather",
}
SECRETS = (
    "canary.bird", "20998877", "998877", "Canarius", "Yellowfeather", "Cageville", "CAG3", "19770813", "canary-4471", "4466778899",
    "CanaryClick", "133.201", "canary-99812",
)  # fmt: skip


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every face of two audits in which the canaries are at fault in many ways."""
    folder = tmp_path_factory.mktemp("canaries")
    faulty = [
        CANARIES,
        CANARIES | {"_side": "browser"},
        CANARIES | {"fbp": "x" + CANARIES["fbp"], "fbc": CANARIES["fbc"] + ".9.9", "client_ip_address": "10.1.133.201"},
        CANARIES | {"email": "canary.bird@cage.example", "description": "canary.bird@cage.example"},
        CANARIES | {"_side": "unknown", "ph": "20998877"},
    ] * 3  # fmt: skip
    log = write_log(folder / "log.ndjson", *faulty)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(CANARIES)[:60] + "\n")
    found: dict[str, str] = {}
    with open_audit([log]) as audit:
        found["json"], found["html"] = to_json(audit.report), to_html(audit.report)
        events = find_events(audit)
        found["events"] = events.to_csv()
        found["one event"] = str([one_event(audit, row.file, row.row) for row in events.itertuples()])
        found["samples"] = "".join(samples(audit, "Purchase", side, key).to_csv() for key in KEYS for side in ("server", "browser"))
    found["terminal"] = CliRunner().invoke(main, ["audit", str(log)]).output
    found["inspect"] = CliRunner().invoke(main, ["inspect", str(log)]).output
    return found


def test_the_canaries_were_at_fault(outputs: dict[str, str]) -> None:
    failed = {finding["check"] for finding in json.loads(outputs["json"])["findings"] if finding["at_fault"]}
    assert {"email-not-hashed", "phone-not-hashed", "name-not-hashed", "email-in-url", "fbp-malformed", "ip-private"} <= failed


@pytest.mark.parametrize("face", ["json", "html", "events", "one event", "samples", "terminal", "inspect"])
def test_no_canary_gets_out(outputs: dict[str, str], face: str) -> None:
    text = outputs[face]
    assert len(text) > 200
    assert [secret for secret in SECRETS if secret.lower() in text.lower()] == []


def test_every_column_that_an_example_shows_is_masked() -> None:
    for check in ALL:
        if check.shows in CANARIES:
            shown = mask_value(check.shows, CANARIES[check.shows])
            assert not any(secret in shown for secret in SECRETS), check.id


@pytest.mark.parametrize("column", ["em", "event_id", "event_source_url", "event_name", "client_user_agent", "fbp"])
def test_masks_carry_no_control_characters(column: str) -> None:
    assert (mask_value(column, "a\x1b[31m\r\n\u202eb" * 5) or "").isprintable()


@pytest.mark.parametrize("text", ["a" * 300_000, "a." * 150_000, "a@b" + ".1" * 150_000, "a@" * 150_000])
def test_masking_a_long_word_does_not_take_its_square(text: str) -> None:
    began = perf_counter()
    mask_email(text)
    assert perf_counter() - began < 2
