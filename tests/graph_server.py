"""A Graph API on the loopback, behaving as Meta documents it, and misbehaving where a test asks for that.

Answers: https://developers.facebook.com/docs/graph-api/guides/error-handling,
https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api and …/dataset-quality-api.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "EAACanaryZAx7TokenThatNobodyMayEverSee0123456789ZD"
DATASET = "1234567890123"
OTHER_FIELDS = {"dedup_key_feedback"}
"""Names from Meta's page that its API does not have."""


@dataclass
class Next:
    """How one coming request is answered instead. `body` is sent as it is; `drip`: seconds between its bytes; `cut`: bytes promised and
    not sent; `hang_up`: the connection closes without a word."""

    status: int = 200
    body: bytes | dict = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    cut: int = 0
    hang_up: bool = False


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GraphServer:
    """`pages` are the answers to dataset_quality, one a page; `requests` all that arrived; `coming` what is answered next instead."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.coming: list[Next] = []
        self.pages: list[list[dict]] = [[]]
        self.unknown_fields: set[str] = set(OTHER_FIELDS)
        self.next_host: str | None = None
        self.endless = False
        self.refuse: dict[str, dict] = {}
        handler = type("Handler", (_Handler,), {"graph": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def events(self) -> list[dict]:
        """Events that were accepted or refused, as they arrived."""
        return [
            event for request in self.requests if request.method == "POST" for event in request.json["data"]
        ]

    def answer(self, request: Request) -> tuple[int, dict]:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            return 401, _error(190, f"Malformed access token {given}")
        path = urlsplit(request.path).path
        if request.method == "GET" and re.fullmatch(r"/v\d+\.\d+/dataset_quality", path):
            return self._quality(request)
        if request.method == "POST" and (found := re.fullmatch(r"/v\d+\.\d+/(\d+)/events", path)):
            return self._events(found[1], request)
        return 400, _error(2500, "Unknown path components")

    def _quality(self, request: Request) -> tuple[int, dict]:
        query = request.query
        if query.get("dataset_id") != DATASET:
            return 400, _error(
                100, f"Unsupported get request. Object with ID '{query.get('dataset_id')}' does not exist", 33
            )
        for name in re.findall(r"[a-z_]+", query["fields"]):
            if name in self.unknown_fields:
                return 400, _error(
                    100,
                    f"(#100) Tried accessing nonexisting field ({name}) on node type (AdsPixelCAPIIntegrationQuality)",
                )
        page = int(query.get("after", 0))
        answer: dict[str, Any] = {"web": self.pages[page]}
        if page + 1 < len(self.pages) or self.endless:
            after = 0 if self.endless else page + 1
            host = self.next_host or self.address
            following = f"{host}/v26.0/dataset_quality?dataset_id={DATASET}&fields={query['fields']}&after={after}&access_token={TOKEN}"
            answer["paging"] = {"cursors": {"after": str(after)}, "next": following}
        return 200, answer

    def _events(self, dataset: str, request: Request) -> tuple[int, dict]:
        if dataset != DATASET:
            return 400, _error(100, f"Object with ID '{dataset}' does not exist", 33)
        for event in request.json["data"]:
            if event["event_name"] in self.refuse:
                return 400, self.refuse[event["event_name"]]
            if event.get("event_time", 0) < time.time() - 7 * 86_400:
                return 400, _error(100, "Invalid parameter", 2804003, "Event Timestamp Too Old")
            if not event.get("user_data"):
                return 400, _error(100, "Invalid parameter", 2804050, "Too little customer information")
            for key in ("em", "ph", "fn", "ln", "ct", "zp", "country"):
                values = event["user_data"].get(key, [])
                if not all(
                    re.fullmatch("[0-9a-f]{64}", value)
                    for value in ([values] if isinstance(values, str) else values)
                ):
                    return 400, _error(100, "Invalid parameter", 2804016, f"The {key} parameter isn't hashed")
        return 200, {"events_received": len(request.json["data"]), "messages": [], "fbtrace_id": "AbCdEf"}


def _error(code: int, message: str, subcode: int | None = None, said: str | None = None) -> dict:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "AbCdEf",
    }
    if subcode:
        error |= {"error_subcode": subcode, "is_transient": False}
    if said:
        error |= {"error_user_title": said, "error_user_msg": f"{said}."}
    return {"error": error}


error = _error


class _Handler(BaseHTTPRequestHandler):
    graph: GraphServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body
        )
        self.graph.requests.append(request)
        if self.graph.coming:
            self._misbehave(self.graph.coming.pop(0))
        else:
            status, answer = self.graph.answer(request)
            self._send(Next(status, answer))

    def _misbehave(self, coming: Next) -> None:
        time.sleep(coming.delay)
        if coming.hang_up:
            self.close_connection = True
            self.connection.close()
            return
        self._send(coming)

    def _send(self, coming: Next) -> None:
        body = json.dumps(coming.body).encode() if isinstance(coming.body, dict) else coming.body
        try:
            self.send_response(coming.status)
            for name, value in {"Content-Type": "application/json", **coming.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + coming.cut))
            self.end_headers()
            if coming.drip:
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(coming.drip)
            else:
                self.wfile.write(body)
            if coming.cut:
                self.close_connection = True
        except OSError:  # the client has gone, as some tests want it to
            self.close_connection = True

    def log_message(self, *words: object) -> None:
        """Say nothing: the token stands in the headers."""


@contextmanager
def served() -> Iterator[GraphServer]:
    server = GraphServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
