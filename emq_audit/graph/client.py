"""Talking to Meta's Graph API: one place for its address, its version, the token, patience and paging.

The token travels as `Authorization: Bearer`, never in an address, so that no log, proxy or error text can hold it. Meta's pages show it
as the parameter access_token; the Graph API takes it either way.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from emq_audit.errors import AuditError
from emq_audit.graph.errors import GraphRefused, MetaError, error_in

API_VERSION = "v26.0"
"""Of July 2026. Meta answers a version for at least two years: https://developers.facebook.com/docs/graph-api/changelog"""

ADDRESS = "https://graph.facebook.com"
ADDRESS_VARIABLE = "EMQ_AUDIT_GRAPH_ADDRESS"
"""Environment variable with another address, for tests: taken only where it is this computer, such as http://127.0.0.1:8000."""

TOKEN_VARIABLE = "META_ACCESS_TOKEN"
LARGEST_ANSWER = 50 * 1024 * 1024
MOST_PAGES = 100


class Token:
    """An access token that no print, traceback or log shows. Raises AuditError for a text that cannot be one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        if not re.fullmatch(r"[\x21-\x7e]+", self._text):
            raise AuditError(
                "This is no access token: it is empty, or holds blanks or letters that a token cannot have.",
                "Copy it again, whole, from Events Manager.",
            )

    def __repr__(self) -> str:
        return "Token(•••)"

    def __reduce__(self) -> Any:
        raise TypeError("a token is not written anywhere")

    def reveal(self) -> str:
        """The text itself: for the request, and for taking it out of what Meta answers."""
        return self._text


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to ask, in seconds: `timeout` for one answer, whole; `wait` after the first failure, doubled after
    each further one. A wait that Meta names is kept to, unless it is longer than `longest`: then the user is told."""

    timeout: float = 30.0
    attempts: int = 4
    wait: float = 1.0
    longest: float = 60.0


@dataclass(frozen=True)
class _Failure:
    """Why an attempt brought no answer. `again`: is another attempt safe and sensible? `after`: seconds that Meta asks to wait."""

    problem: str
    hint: str
    again: bool
    after: float | None = None
    error: MetaError | None = None


def address_from(given: str | None = None) -> str:
    """Where to send calls: `given`, else the environment variable, else Meta. Only Meta and this computer are taken."""
    address = (given or os.environ.get(ADDRESS_VARIABLE) or ADDRESS).rstrip("/")
    if address == ADDRESS or _is_this_computer(address):
        return address
    raise AuditError(
        f"{ADDRESS_VARIABLE} names another computer; a token is sent to Meta only.",
        "Remove it, or name an address of this computer, such as http://127.0.0.1:8000.",
    )


def _is_this_computer(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "http"
            and not parts.username
            and not parts.password
            and not (parts.path or parts.query or parts.fragment)
            and ip_address(parts.hostname or "").is_loopback
            and parts.port is not None
        )
    except ValueError:
        return False


class Graph:
    """Calls with one token. Use it as a context manager. `told` hears, in words, when an attempt failed and another will follow."""

    def __init__(
        self,
        token: Token | str,
        *,
        address: str | None = None,
        patience: Patience = Patience(),
        told: Callable[[str], None] = lambda words: None,
    ) -> None:
        import httpx  # only here: an audit never loads it

        for library in (
            "httpx",
            "httpcore",
        ):  # at DEBUG they write down headers of answers, whatever these repeat
            logging.getLogger(library).setLevel(logging.WARNING)
        self.address = address_from(address)
        self._token = token if isinstance(token, Token) else Token(token)
        self._patience = patience
        self._told = told
        self._http = httpx.Client(
            headers={
                "Authorization": f"Bearer {self._token.reveal()}",
                "User-Agent": "emq-audit",
                "Accept": "application/json",
            },
            timeout=patience.timeout,
            verify=_tls(),
            follow_redirects=False,  # a redirect could carry the token elsewhere
            trust_env=self.address == ADDRESS,  # proxies of the company, but not for this computer
        )

    def __enter__(self) -> "Graph":
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.close()

    def __repr__(self) -> str:
        return f"Graph({self.address})"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._token.reveal(),)

    def url(self, path: str) -> str:
        """The whole address of a call, without parameters."""
        return f"{self.address}/{API_VERSION}/{path.lstrip('/')}"

    def get(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        """The answer to a question. Raises GraphRefused where Meta refuses, AuditError where no answer can be had."""
        return self._asked("GET", self.url(path), {"params": parameters}, safe=True)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to what is sent. An attempt after which nobody knows whether it arrived is not repeated."""
        return self._asked("POST", self.url(path), {"json": body}, safe=False)

    def pages(self, path: str, parameters: dict[str, str], edge: str) -> Iterator[dict[str, Any]]:
        """Every page of an answer. A next page is named beside the list or beside `edge`, by an address that holds the token: only its
        path and its other parameters are used, never its host."""
        url, seen = self.url(path), set()
        for _ in range(MOST_PAGES):
            asked = (url, tuple(sorted(parameters.items())))
            if asked in seen:
                return
            seen.add(asked)
            answer = self._asked("GET", url, {"params": parameters}, safe=True)
            yield answer
            following = _next_page(answer, edge)
            if following is None:
                return
            path, parameters = following
            url = f"{self.address}{path}"
        self._told(f"Meta's answer has more than {MOST_PAGES} pages; the rest is not read.")

    def _asked(self, method: str, url: str, content: dict[str, Any], *, safe: bool) -> dict[str, Any]:
        patience, wait = self._patience, self._patience.wait
        for attempt in range(1, patience.attempts + 1):
            result = self._attempt(method, url, content, safe)
            if not isinstance(result, _Failure):
                return result
            pause = max(wait, result.after or 0)
            if not result.again or attempt == patience.attempts or pause > patience.longest:
                break
            self._told(f"{result.problem} Trying again in {pause:.0f} s.")
            sleep(pause)
            wait *= 2
        later = _later(result.after) if result.after else ""
        if result.error is not None:
            raise GraphRefused(result.error, later)
        tries = f" Tried {attempt} times." if attempt > 1 else ""
        raise AuditError(result.problem + tries, f"{later} {result.hint}".strip())

    def _attempt(
        self, method: str, url: str, content: dict[str, Any], safe: bool
    ) -> dict[str, Any] | _Failure:
        """One request. Failures are returned, not raised: an exception of httpx would carry the request, and the token, along."""
        import httpx

        ends = monotonic() + self._patience.timeout
        try:
            with self._http.stream(method, url, **content) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        return _Failure(
                            "Meta's answer is larger than any that is expected.",
                            "Try again later.",
                            again=False,
                        )
                    if monotonic() > ends:
                        return _slow(safe)
                return self._judged(response.status_code, response.headers, bytes(body))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
            return _Failure(
                f"{urlsplit(self.address).hostname} cannot be reached.",
                "Check the network, a proxy or a firewall.",
                again=True,
            )
        except httpx.TimeoutException:
            return _slow(safe)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL):
            return _Failure(
                "The connection to Meta broke off before its answer was whole.", _unsure(safe), again=safe
            )

    def _judged(self, status: int, headers: Any, body: bytes) -> dict[str, Any] | _Failure:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        after = _wait_named(headers)
        if error := error_in(answer, self.secrets):
            return _Failure(
                error.problem, error.hint, error.passing or status == 429 or status >= 500, after, error
            )
        if 200 <= status < 300 and isinstance(answer, dict):
            return answer
        if status == 429:
            return _Failure(
                "Meta has had too many calls (HTTP 429).", "Wait, then ask again.", again=True, after=after
            )
        if status >= 500:
            return _Failure(
                f"Meta's API is not available for the moment (HTTP {status}).",
                "Try again in a few minutes.",
                True,
                after,
            )
        if 300 <= status < 400:
            return _Failure(
                "The address answers with a redirect, which is not followed.", _BETWEEN, again=False
            )
        if status >= 400:
            return _Failure(
                f"Meta refused the call without saying why (HTTP {status}).", _BETWEEN, again=False
            )
        return _Failure("The answer is not one of Meta's API.", _BETWEEN, again=False)


@cache
def _tls() -> Any:
    """Certificates are read once; that takes longer than a call on this computer."""
    import httpx

    return httpx.create_ssl_context()


_BETWEEN = "A proxy or a sign-in page may stand between this computer and Meta."


def _slow(safe: bool) -> _Failure:
    return _Failure("Meta did not answer in time.", _unsure(safe), again=safe)


def _unsure(safe: bool) -> str:
    return (
        "Try again later."
        if safe
        else "What was sent may have arrived: look in Test Events before sending it again."
    )


def _next_page(answer: dict[str, Any], edge: str) -> tuple[str, dict[str, str]] | None:
    """Path and parameters of the next page. https://developers.facebook.com/docs/graph-api/results"""
    part = answer.get(edge)
    holders = [answer, part if isinstance(part, dict) else {}]
    paging = next((holder["paging"] for holder in holders if isinstance(holder.get("paging"), dict)), {})
    following = paging.get("next")
    if not isinstance(following, str):
        return None
    try:
        parts = urlsplit(following)
    except ValueError:
        return None
    if not re.fullmatch(r"(/[A-Za-z0-9_.\-]+){1,6}", parts.path):
        return None
    return parts.path, {name: value for name, value in parse_qsl(parts.query) if name != "access_token"}


def _wait_named(headers: Any) -> float | None:
    """Seconds until Meta answers again, where a header says so. https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    found = [_number(headers.get("retry-after"))]
    for usage in _usages(headers.get("x-business-use-case-usage")):
        found.append(60 * _number(usage.get("estimated_time_to_regain_access")))  # minutes
    for usage in _usages(headers.get("x-ad-account-usage")):
        full = _number(usage.get("acc_id_util_pct")) >= 100
        found.append(_number(usage.get("reset_time_duration")) if full else 0)
    return max(found) or None


def _usages(header: str | None) -> Iterator[dict[str, Any]]:
    try:
        waiting = [json.loads(header or "null")]
    except (ValueError, RecursionError):
        return
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except ValueError:
        return 0.0
    return number if 0 <= number < 1e7 else 0.0


def _later(seconds: float) -> str:
    when = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    return f"Meta answers again in about {when}."
