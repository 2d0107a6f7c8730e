"""Sending test events, one request each, so that every event has its own answer.

https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api#testEvents
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from emq_audit.errors import AuditError
from emq_audit.graph.client import Graph
from emq_audit.graph.errors import GraphRefused, clean
from emq_audit.graph.outgoing import Outgoing
from emq_audit.graph.quality import dataset_id

LOOK_FOR = (
    "Open Events Manager, the dataset, Test events; an event shows within a minute.",
    "Received from: Server for each event sent here. To see its pair, trigger the same event in the browser on the Test events page: it "
    "shows as Browser.",
    "Deduplicated beside one of the two says that Meta knows them as one event: same event_name and same event_id within 48 hours.",
    "Two rows without Deduplicated: compare their event_id, letter by letter.",
    "An accepted event says nothing about matching; external_id is not shown there.",
)
"""What to look for afterwards."""

ALL_THE_SAME = {"token", "permission", "dataset", "version", "limit"}
"""Kinds of refusal that would meet every further event too."""


@dataclass(frozen=True)
class Answer:
    """Meta's answer to one event: `received` events, its `messages`, its `trace` for Meta's support; or `problem` and `hint`."""

    event_name: str
    received: int | None = None
    messages: tuple[str, ...] = ()
    trace: str = ""
    problem: str = ""
    hint: str = ""

    @property
    def accepted(self) -> bool:
        return self.received is not None and self.received > 0


def code_for_tests(text: str | None) -> str:
    """The code that marks test events. Raises AuditError where there is none: without it events are live."""
    code = (text or "").strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{4,40}", code):
        raise AuditError(
            "Nothing is sent without a test event code; without one these would be live events.",
            "Copy it from Events Manager, the dataset, Test events (it looks like TEST12345), and give it as --code.",
        )
    return code


def path(dataset: str) -> str:
    return f"{dataset_id(dataset)}/events"


def body(event: Outgoing, code: str) -> dict[str, Any]:
    """The request body: one event and the code."""
    return {"data": [event.payload], "test_event_code": code_for_tests(code)}


def send(graph: Graph, dataset: str, code: str, events: Iterable[Outgoing]) -> Iterator[Answer]:
    """Send each event and give Meta's answer to it. Raises GraphRefused where a refusal would meet all further events too (token,
    permission, limit), and AuditError where Meta cannot be reached."""
    where = path(dataset)
    for event in events:
        hide = (*graph.secrets, *event.secrets)
        try:
            answer = graph.post(where, body(event, code))
        except GraphRefused as refused:
            if refused.error.kind in ALL_THE_SAME:
                raise
            yield Answer(
                event.event_name,
                problem=clean(refused.problem, hide),
                hint=clean(refused.hint, hide),
                trace=refused.error.trace,
            )
            continue
        received, messages = answer.get("events_received"), answer.get("messages")
        yield Answer(
            event.event_name,
            received=received if isinstance(received, int) and not isinstance(received, bool) else 0,
            messages=tuple(clean(str(one), hide) for one in messages) if isinstance(messages, list) else (),
            trace=clean(answer.get("fbtrace_id"), graph.secrets),
        )
