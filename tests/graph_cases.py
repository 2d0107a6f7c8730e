"""Fixtures and answers that the tests of emq_audit.graph share; tests/conftest.py hands the fixtures out."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emq_audit import audit
from emq_audit.errors import AuditError
from emq_audit.graph import load
from emq_audit.graph.client import Graph, Patience
from emq_audit.graph.quality import Quality
from emq_audit.report import Report
from tests.graph_server import DATASET, TOKEN, GraphServer, served
from tests.logs import pair, write_log

QUICK = Patience(timeout=10.0, attempts=3, wait=0.01, longest=1.0)
HASTY = Patience(timeout=0.15, attempts=2, wait=0.01, longest=1.0)
NOW = int(time.time())


@pytest.fixture(scope="session", name="running")
def graph_running() -> Iterator[GraphServer]:
    with served() as server:
        yield server


@pytest.fixture(name="server")
def graph_server(running: GraphServer) -> GraphServer:
    """The server, forgetful."""
    running.requests.clear()
    running.coming.clear()
    running.refuse.clear()
    running.pages[:] = [[]]
    running.unknown_fields.clear()
    running.unknown_fields.add("dedup_key_feedback")
    running.next_host, running.endless = None, False
    return running


def graph_of(server: GraphServer, patience: Patience = QUICK, token: str = TOKEN, **more: Any) -> Graph:
    return Graph(token, address=server.address, patience=patience, **more)


def ask(server: GraphServer, patience: Patience = QUICK, token: str = TOKEN, **more: Any) -> dict:
    with graph_of(server, patience, token, **more) as graph:
        return graph.get("dataset_quality", {"dataset_id": DATASET, "fields": "web{event_name}"})


def failure(server: GraphServer, patience: Patience = QUICK, token: str = TOKEN) -> AuditError:
    with pytest.raises(AuditError) as caught:
        ask(server, patience, token)
    return caught.value


def of(percentage: float) -> dict:
    return {"percentage": percentage, "description": "words"}


FULL = {
    "web": [
        {
            "event_name": "Purchase",
            "event_match_quality": {
                "composite_score": 6.2,
                "match_key_feedback": [
                    {"identifier": "email", "coverage": of(62.5), "potential_aly_acr_increase": of(58.96)},
                    {"identifier": "ip_address", "coverage": of(99.9), "potential_aly_acr_increase": of(20.65)},
                    {"identifier": "user_agent", "coverage": {"percentage": 100}},
                ],
                "diagnostics": [
                    {"name": "Server sending mismatched IP addresses", "description": "d", "solution": "s", "percentage": 61.5,
                     "affected_event_count": 19567, "total_event_count": 31830},
                ],
            },
            "event_coverage": {**of(34.1), "goal_percentage": 75, "potential_aly_acr_increase": of(35.8)},
            "dedupe_key_feedback": [
                {"dedupe_key": "event_id", "browser_events_with_dedupe_key": of(100), "server_events_with_dedupe_key": of(98),
                 "overall_browser_coverage_from_dedupe_key": of(14.8)},
            ],
            "data_freshness": {"upload_frequency": "real_time", "description": "d"},
            "acr": {"percentage": 37.9},
            "event_potential_aly_acr_increase": {"percentage": 32.9},
        }
    ]
}  # fmt: skip

# The faults of Meta's own sample answers: a comma after the last entry, braces left out, commas left out.
BROKEN = """
    Copied from the page:
    {
      "web": [
        {
          "event_match_quality":
            "composite_score": 6.2,
            "match_key_feedback": [
              {"identifier": "email", "potential_aly_acr_increase": {"percentage": 58.96, "description": "Similar advertisers ..."}},
              {"identifier": "ip_address", "coverage": {"percentage": 99.9,}},
            ]
          }
          "event_name": "Purchase"
        },
        {
          "event_match_quality": {"composite_score": 7.2,
          "event_name": "CompleteRegistration",
          "dedup_key_feedback": [{"dedup_key": "event_id", "browser_events_with_dedup_key": {"percentage": "100"}}]
        },
        {"event_name": "Lead" "event_coverage": {"percentage": 34.1 "goal_percentage": 75}
      ]
"""


def loaded(value: Any) -> Quality:
    return load(value if isinstance(value, bytes) else json.dumps(value).encode())


def events(name: str, count: int, **faults: Any) -> list[dict]:
    return [{"event_name": name, "event_id": f"{name}-{number}", **faults} for number in range(count)]


@pytest.fixture(scope="session", name="report")
def graph_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Purchases in pairs, half of them with an e-mail that is not hashed; Leads and AddToCarts from the server alone."""
    both = [
        event
        for number in range(20)
        for event in pair(f"p{number}", **({"em": ["jane.roe@example.com"]} if number < 10 else {}))
    ]
    for event in both[:20]:
        if event["_side"] == "browser":
            event["em"] = None
    log = [
        *both,
        *events("Lead", 40, em=None, ph=None, client_ip_address="10.0.0.7"),
        *events("AddToCart", 40, em=None, ph=None, fbc=None),
        {"event_name": "Purchase", "event_id": None},
    ]
    return audit([write_log(tmp_path_factory.mktemp("graph") / "log.ndjson", *log)])


def estimate_of(report: Report, name: str) -> float:
    return next(score.emq for score in report.scores if score.event_name == name and score.side == "server")


def scored(**points: float) -> Quality:
    return loaded(
        {
            "web": [
                {"event_name": name, "event_match_quality": {"composite_score": emq}}
                for name, emq in points.items()
            ]
        }
    )


def uplifted(identifier: str, percent: float, event_name: str = "Lead") -> dict:
    feedback = [
        {
            "identifier": identifier,
            "coverage": {"percentage": 1},
            "potential_aly_acr_increase": {"percentage": percent},
        }
    ]
    return {"event_name": event_name, "event_match_quality": {"match_key_feedback": feedback}}


SECRET = {
    "em": [" Canary.Bird@Cage.example "],
    "fn": "Canarius",
    "client_ip_address": "87.61.133.201",
    "external_id": "customer-canary-4471",
    "order_id": "order-canary-99812",
    "email": "canary.bird@cage.example",
}
SECRETS = ("canary.bird", "canarius", "133.201", "canary-4471", "canary-99812")


def fresh(**more: Any) -> dict:
    return {"event_time": NOW - 60, "fbc": None, "fbp": None} | more


@pytest.fixture(name="log")
def graph_log(tmp_path: Path) -> Path:
    return write_log(
        tmp_path / "log.ndjson",
        *(fresh(event_id=f"p{number}", event_time=NOW - 60 - number, **SECRET) for number in range(4)),
        fresh(event_name="Lead", event_id="l1", event_time=NOW - 30 * 86_400),
        fresh(event_name="AddToCart", event_id="c1", event_time=(NOW - 90) * 1000),
        fresh(_side="browser", event_id="b1"),
        fresh(event_id="u1", event_source_url="https://shop.example/?email=canary.bird@cage.example"),
        fresh(event_id="a1", action_source="app"),
        fresh(event_id="d1", data_processing_options=["LDU"]),
    )


def run(command: Any, *words: Any, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], input=stdin, catch_exceptions=False)


@pytest.fixture(name="at")
def graph_at(server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> GraphServer:
    """The commands talk to the server, with the token in the environment and without pauses."""
    monkeypatch.setenv("EMQ_AUDIT_GRAPH_ADDRESS", server.address)
    monkeypatch.setenv("META_ACCESS_TOKEN", f" {TOKEN}\n")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr("emq_audit.graph.client.sleep", lambda seconds: None)
    return server
