"""The replay of Meta's deduplication: against the oracle of plain_dedup.py on random logs, and on logs whose truth was planted.

To look further than a test run: HYPOTHESIS_LOGS=50000 pytest tests/test_replay.py -k oracle
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from emq_audit import audit, dedup, events, read, relations
from emq_audit.dedup import LAGS
from emq_audit.reasons import REASONS
from emq_audit.report import DedupEntry
from tests.plain_dedup import Truth, truth
from tests.sound import MOMENT, fbp, sha256

FEW = 350
LOGS = int(os.environ.get("HYPOTHESIS_LOGS", FEW))
PACK = 350
MINUTE, HOUR, DAY = 60, 3600, 86_400
Event = dict[str, Any]
ORDER = [(side, reason.id) for side in ("browser", "server") for reason in REASONS]
USER = ("fbp", "external_id", "em")


# From events to files and back -----------------------------------------------------------------------------------------------


def body(event: Event, *, source: bool = True) -> str:
    """The event as a line of NDJSON; `source` says whether the line names its side."""
    line = {
        field: value
        for field, value in event.items()
        if value is not None and field not in (*USER, "order_id", "side")
    }
    line["user_data"] = {key: event[key] for key in USER if event.get(key) is not None}
    if event.get("order_id") is not None:
        line["custom_data"] = {"order_id": event["order_id"]}
    return json.dumps(line | {"source": event["side"]} if source else line) + "\n"


def request(event: Event) -> str:
    """The event as the address that the pixel calls."""
    sent = {"id": event.get("pixel_id"), "ev": event["event_name"], "eid": event.get("event_id"), "fbp": event.get("fbp")}
    sent |= {"ts": event["event_time"] * 1000} if event.get("event_time") else {}
    sent |= {f"ud[{key}]": event.get(key) for key in ("external_id", "em")} | {"cd[order_id]": event.get("order_id")}
    told = {name: value for name, value in sent.items() if value is not None}
    return f"https://www.facebook.com/tr/?{urlencode(told)}\n"


def write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(lines), encoding="utf-8")
    return path


def replayed(*logs: Path | str) -> dict[str, DedupEntry]:
    """Event name → entry, by the stages up to deduplication: those after it take far longer where names are many."""
    with tempfile.TemporaryDirectory() as folder:
        sources = read.read(logs, Path(folder)).sources
        con = events.connect(folder)
        try:
            events.build(con, sources)
            relations.build(con)
            return {entry.event_name: entry for entry in dedup.dedup(con)}
        finally:
            con.close()


def replay(folder: Path, log: list[Event]) -> dict[str, DedupEntry]:
    return replayed(write(folder / "log.ndjson", map(body, log)))


def audited(folder: Path, logs: Sequence[list[Event]]) -> dict[str, DedupEntry]:
    """The same of a whole audit of several logs in one. They get names and pixels of their own by their place, so that none sees another:
    Purchase of the third log is Purchase 2."""
    apart = [
        event | {"event_name": f"{event['event_name']} {place}", "pixel_id": f"{place}.{event.get('pixel_id', '')}"}
        for place, log in enumerate(logs)
        for event in log
    ]
    report = audit([write(folder / "apart.ndjson", map(body, apart))], select=("event-id-reused",))
    return {entry.event_name: entry for entry in report.dedup}


def as_truth(entry: DedupEntry) -> Truth:
    """The entry in the words of the oracle."""
    counts = {field: getattr(entry, field) for field in Truth.__dataclass_fields__ if hasattr(entry, field)}
    unpaired = {(of.side, of.reason): of.events for of in entry.unpaired}
    assert [(of.side, of.reason) for of in entry.unpaired] == sorted(unpaired, key=ORDER.index), "another order, or one twice"
    assert sum(entry.dropped.values()) == entry.deduplicated
    keys = {key: tuple(asdict(use).values()) for key, use in entry.by_key.items()}
    kept = {side: entry.kept.get(side, 0) for side in ("browser", "server")}
    return Truth(**counts | {"by_fallback": entry.dropped["fallback"], "unpaired": unpaired, "by_key": keys, "kept": kept})


def differences(ours: dict[str, Truth], theirs: dict[str, DedupEntry]) -> dict[str, list[str]]:
    """Event name → what oracle and audit say differently about it."""
    found: dict[str, list[str]] = {}
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            found[name] = [f"only the {'oracle' if name in ours else 'audit'} has it"]
            continue
        said = asdict(as_truth(theirs[name]))
        different = [
            f"{field}: oracle {value}, audit {said[field]}"
            for field, value in asdict(ours[name]).items()
            if said[field] != value
        ]
        if different:
            found[name] = different
    return found


# Random logs -----------------------------------------------------------------------------------------------------------------

# Ids of one random log; {n} is its number, so that logs in one file share none.
IDS = (
    *["order-{n}"] * 6, *["shop:{n}b"] * 3, "ORDER-{n}", "{n:06}", "{n}000", "1760{n:06}123", "word {n} word",
    "00000000-0000-4000-8000-{n:012}", "{n:040x}", *[None] * 4, "", "  ", "undefined", "null",
)  # fmt: skip
STEPS = (0, 0, 1, 7, 299, 300, 301, 5 * HOUR, 2 * DAY - 1, 2 * DAY, 2 * DAY + 1)
TIMES = (
    *[start + step for start in (0, 0, HOUR, 2 * DAY, 4 * DAY) for step in STEPS], 90 * DAY, 90 * DAY + 1,
)  # fmt: skip
VISITORS = (
    {}, *[{"fbp": "a"}] * 3, {"fbp": "b"}, *[{"external_id": "a"}] * 2, {"external_id": "b"}, {"em": "a"}, {"order_id": "a"},
    {"fbp": "a", "external_id": "a"}, {"fbp": "b", "external_id": "a", "em": "b"}, {"fbp": "undefined", "external_id": "undefined"},
    {"em": "undefined", "order_id": "undefined"}, {"order_id": " a "}, {"fbp": "b", "order_id": "b"},
    {"fbp": "a+"}, {"fbp": "a+", "external_id": "b+"}, {"external_id": "b+"}, {"em": "a+"},
)  # fmt: skip
SOURCES = (*["website"] * 12, "app", "business_messaging")

small_event = st.tuples(
    st.sampled_from(("browser", "server")),
    st.sampled_from((0, 0, 0, 0, 0, 0, 1, 2)),
    st.sampled_from(IDS),
    st.sampled_from((*TIMES, None)),
    st.sampled_from((None, None, None, *TIMES[::3])),
    st.sampled_from(VISITORS),
    st.sampled_from(SOURCES),
    st.sampled_from((None, None, "1001", "1001", "1001", "1002")),
)
small_logs = st.lists(small_event, min_size=2, max_size=14)


def small_log(number: int, drawn: list[tuple], pixels: bool) -> list[Event]:
    """The events that were drawn, in the name of log `number`. Only some logs have the names that are the same for all."""
    special = ("MobileAppInstall", None, "Microdata", *["Other {n}"] * 7)[number % 10]
    names = ("Name {n}", "Other {n}", special)
    log = []
    for side, name, event_id, time, received, visitor, source, pixel in drawn:
        event: Event = {"side": side, "action_source": source, "pixel_id": pixel if pixels else None}
        event["event_name"] = names[name] and names[name].format(n=number)
        event["event_id"] = event_id and event_id.format(n=number)
        event["event_time"] = None if time is None else MOMENT + time
        event["received_at"] = None if received is None else MOMENT + received
        log.append(event | visit(visitor, number))
    return log


def visit(visitor: dict[str, str], number: int) -> Event:
    """Sound match keys that stand for the letters of VISITORS, other ones in every log; + is what Parameter Builder appends."""
    letter = {"a": 1, "b": 2}
    appended = ".AQICAQMC" if number % 2 else ".Ag"
    made = {
        "fbp": lambda of: fbp(MOMENT - 300 * DAY, 10 * number + letter[of]),
        "external_id": lambda of: f"customer-{number}-a" if of == "a" else sha256(f"customer-{number}-b"),
        "em": lambda of: sha256(f"{of}{number}"),
        "order_id": lambda of: of.replace("a", f"sale {number}").replace("b", f"sale {number}b"),
    }
    return {
        key: of if of == "undefined" else made[key](of.rstrip("+")) + appended * of.endswith("+") for key, of in visitor.items()
    }


# Near misses -----------------------------------------------------------------------------------------------------------------

BEFORE = (
    "#", "##", "order-", "Order #", "evt", "evt_1", "x1-", "ab12", "1-", "12-", "123-", "0", "00", "000-", "2026-", "20260131-", "a-b-",
    "a-b-c-", "a-b-c-d-", "gid://shop/Order/", "é", "–", " ", "\t", "-", "web:", "A", "7",
)  # fmt: skip
AFTER = (
    ".0", "-1", "-12", "-123", "-1234567", "-12345678", "_web", "web", "x", "1", "0", "1a", "-a1", "-a-b-c", "-a-b-c-d", " ", "\n", "é",
    "#", "--", ".1700000000", " (2)",
)  # fmt: skip
odd_text = st.text("aZ09-_# .é%+", min_size=1, max_size=6)
bases = st.one_of(
    st.uuids().map(str),
    st.integers(1, 10**8).map(str),
    st.integers(1_700_000_000, 1_799_999_999).map(str),
    st.integers(1_700_000_000_000, 1_799_999_999_999).map(lambda n: f"{n}.{n % 97}" if n % 2 else str(n)),
    st.integers(2**250, 2**256 - 1).map(lambda n: f"{n:064x}"[: (32, 40, 64)[n % 3]]),
    st.text("abXY12-_/# é", min_size=3, max_size=12),
    st.sampled_from(("order 1042/b", "köp-77", "#1042", "shop:#77/é", "b c d",
         "100% off", "a+b c", "%23 1042", "0042-007", "x000y", "A&B=C")),
)
same = st.just(lambda text: text)
encoded = (quote, quote_plus, lambda text: quote(quote_plus(text, ""), ""), lambda text: quote(text, "").lower())
changes = st.one_of(
    st.just(str.swapcase),
    st.just(str.upper),
    st.sampled_from(BEFORE).map(lambda added: lambda text: added + text),
    st.sampled_from(AFTER).map(lambda added: lambda text: text + added),
    odd_text.map(lambda added: lambda text: added + text),
    odd_text.map(lambda added: lambda text: text + added),
    st.sampled_from((" ", "\t", "\u00a0", "\u2003")).map(lambda blank: lambda text: text[:2] + blank + text[2:]),
    st.just(lambda text: "".join("0" + letter if letter in "123456" else letter for letter in text)),
    st.just(lambda text: text.lstrip("0")),
    st.sampled_from(encoded),
    st.sampled_from(encoded),
)
rarely = st.one_of(same, same, same, changes)
near_misses = st.lists(
    st.tuples(bases, changes, rarely, rarely, st.sampled_from((0, 0, 1, 2))), min_size=1, max_size=4
)


def near_miss_log(number: int, drawn: list[tuple], pixels: bool) -> list[Event]:
    """A browser event with each base, and a server event with what became of it. No two of them are as far apart as two others."""
    log: list[Event] = []
    for base, one, two, three, visitor in drawn:
        shared = visit(({}, {"em": "a"}, {"order_id": "b"})[visitor], number)
        for side, event_id in (("browser", three(base)), ("server", two(one(base)))):
            log.append(sent(side, event_id, 10 * 2 ** len(log), event_name=f"Name {number}") | shared)
    return log


def sent(side: str, event_id: str | None, at: int = 0, **fields: Any) -> Event:
    """An event `at` seconds after MOMENT."""
    return {"side": side, "event_name": "Purchase", "event_id": event_id, "event_time": MOMENT + at, "action_source": "website"} | fields


# The oracle ------------------------------------------------------------------------------------------------------------------


def packs(strategy: st.SearchStrategy, build: Any, number: int, pixels: bool) -> Iterator[list[list[Event]]]:
    """`number` random logs in packs to be written as one, for an audit costs the same whether it holds a few events or hundreds."""
    drawn: list[Any] = []

    @settings(
        max_examples=number, derandomize=LOGS == FEW, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def draw(example: Any) -> None:
        drawn.append(example)

    draw()
    for start in range(0, len(drawn), PACK):
        yield [build(place, example, pixels) for place, example in enumerate(drawn[start : start + PACK], 1)]


def is_clear(log: list[Event], pixels: bool) -> bool:
    """Is it the same to the oracle in another order? Where two events are first, or nearest, in the same second, no rule says which counts.
    Asked with the pixels that the whole file names."""
    others = [browser(None, event_name="Microdata", pixel_id=pixel) for pixel in ["1002", *["1001"] * 99] if pixels]
    once, *again = (truth(order + others) for order in (log, log[::-1], log[1::2] + log[::2], sorted(log, key=str)))
    return all(other == once for other in again)


def smallest(folder: Path, log: list[Event], name: str) -> str:
    """The events about which oracle and audit disagree in the entry of `name`, as few as can be, and what each of them says."""

    def said(events: list[Event]) -> list[str]:
        return differences(truth(events), replay(folder, events)).get(name, []) if events else []

    size = len(log)
    while size := size // 2:
        place = 0
        while place < len(log):
            fewer = log[:place] + log[place + size :]
            log, place = (fewer, place) if said(fewer) else (log, place + size)
    return "\n".join([*map(str, log), *said(log)])


@pytest.mark.parametrize(
    ("strategy", "build", "pixels"),
    [(small_logs, small_log, False), (small_logs, small_log, True), (near_misses, near_miss_log, False)],
    ids=["small", "small, pixels", "near misses"],
)
def test_agrees_with_the_oracle(strategy: st.SearchStrategy, build: Any, pixels: bool, tmp_path: Path) -> None:
    for pack in packs(strategy, build, LOGS, pixels):
        log = [event for log in pack if is_clear(log, pixels) for event in log]
        different = differences(truth(log), replay(tmp_path, log))
        assert not different, f"{len(different)} names differ\n" + smallest(tmp_path, log, min(different))


# Planted logs ----------------------------------------------------------------------------------------------------------------


def browser(event_id: str | None, at: int = 0, **fields: Any) -> Event:
    return sent("browser", event_id, at, **fields)


def server(event_id: str | None, at: int = 0, **fields: Any) -> Event:
    return sent("server", event_id, at, **fields)


def both(event_id: str | None, at: int = 0, **fields: Any) -> list[Event]:
    return [browser(event_id, at, **fields), server(event_id, at, **fields)]


def why(browser_reason: str, server_reason: str | None = None) -> dict[tuple[str, str], int]:
    return {("browser", browser_reason): 1, ("server", server_reason or browser_reason): 1}


def count(received: int, counted: int, **more: Any) -> dict[str, Any]:
    return {"received": received, "deduplicated": received - counted, "counted": counted, **more}


UUID = "6f1c3a52-9d0e-4b7a-8c55-0f3e2d1b4a69"
COOKIE, OTHER_COOKIE = fbp(MOMENT - 9 * DAY, 1), fbp(MOMENT - 9 * DAY, 2)
WINDOW = 2 * DAY

# What it is: the log, and what must be said of Purchase.
PLANTED: dict[str, tuple[list[Event], dict[str, Any]]] = {
    "case": ([browser("Ab-1"), server("ab-1")], count(2, 2, unpaired=why("case"), counted_twice=1)),
    "prefix": ([browser("#1042"), server("1042")], count(2, 2, unpaired=why("prefix"))),
    "suffix": ([browser("1042"), server("1042.0")], count(2, 2, unpaired=why("suffix"))),
    "whitespace": ([browser("10 42"), server("1042")], count(2, 2, unpaired=why("whitespace"))),
    "leading-zeros": ([browser("web-0042"), server("web-42")], count(2, 2, unpaired=why("leading-zeros"))),
    "encoding": ([browser("a%23b%2Fc"), server("a#b/c")], count(2, 2, unpaired=why("encoding"))),
    "other-id-family by a shared order": (
        [browser(UUID, order_id="9"), server("1042", HOUR, order_id=" 9 "), *both("p")],
        count(4, 3, pairs=1, unpaired=why("other-id-family")),
    ),
    "other-id-family by all ids": ([browser(UUID), server("1042")], count(2, 2, unpaired=why("other-id-family"))),
    "other-event-name": (
        [browser("a"), server("a", event_name="Sale")],
        count(1, 1, server=0, unpaired={("browser", "other-event-name"): 1}),
    ),
    "other-pixel": (
        [browser("a", pixel_id="1"), server("a", pixel_id="2")],
        count(2, 2, pairs=0, outside_window=0, unpaired=why("other-pixel")),
    ),
    "outside-window": (
        [browser("a"), server("a", WINDOW + 1)],
        count(2, 2, pairs=0, outside_window=1, unpaired=why("outside-window")),
    ),
    "no-id-here": (
        [browser(None), server(None), browser(""), server("  "), server("undefined")],
        count(5, 5, unpaired={("browser", "no-id-here"): 2, ("server", "no-id-here"): 3}),
    ),
    "no-id-there, none has one": (
        [browser("7"), browser("8"), server(None)],
        count(3, 3, unpaired={("browser", "no-id-there"): 2, ("server", "no-id-here"): 1}),
    ),
    "no-id-there, the same visitor": (
        [browser("one", fbp=COOKIE), browser("two", fbp=OTHER_COOKIE), server(None, -5, fbp=COOKIE), server("three")],
        count(
            4, 4,
            unpaired={
                ("browser", "no-id-there"): 1, ("browser", "no-counterpart"): 1,
                ("server", "no-id-here"): 1, ("server", "no-counterpart"): 1,
            },
        ),
    ),
    "no-counterpart": ([browser("one"), server("two")], count(2, 2, unpaired=why("no-counterpart"), counted_twice=0)),
    "the first reason counts": (
        [browser("AB"), server("ab"), server("AB", WINDOW + 1)],
        count(3, 3, unpaired={("browser", "case"): 1, ("server", "case"): 1, ("server", "outside-window"): 1}),
    ),
    "one id, ten people": (
        [browser("a", n, fbp=fbp(MOMENT - DAY, n)) for n in range(10)] + [server("z")],
        count(11, 2, collisions=1, reused_ids=1, browser_only=10),
    ),
    "an id cached with the page": (
        [browser("cached", n * MINUTE) for n in range(200)] + [server(f"s{n}", n * MINUTE) for n in range(40)],
        count(240, 41, pairs=0),
    ),
    "an id cached for five days": (
        [browser("cached", n * 36 * MINUTE) for n in range(200)],
        count(200, 3, browser_only=200, event_coverage=0, dropped={"pair": 0, "repeat": 197, "fallback": 0}),
    ),
    "repeats of each side": (
        [*both("a"), *both("a", 60)],
        count(4, 1, pairs=1, event_coverage=1, browser_only=0, server_only=0, reused_ids=1, kept={"browser": 1, "server": 0}),
    ),
    "the browser is favoured for five minutes": (
        [server("a"), browser("a", 300)],
        count(2, 1, pairs=1, kept={"browser": 1, "server": 0}, dropped={"pair": 1, "repeat": 0, "fallback": 0}, timed_by="event_time"),
    ),
    "and not for longer": ([server("a"), browser("a", 301)], count(2, 1, pairs=1, kept={"browser": 0, "server": 1})),
    "refired twice after 48 hours": (
        [event for n in range(3) for event in both("a", n * (WINDOW + 1))], count(6, 3, pairs=1, outside_window=0, event_coverage=1),
    ),
    "the window does not slide": (
        [browser("a"), browser("a", 40 * HOUR), server("a", 80 * HOUR)],
        count(3, 2, pairs=0, outside_window=1, unpaired={("browser", "outside-window"): 2, ("server", "outside-window"): 1}),
    ),
    "a window with both and one without": (
        [*both("a"), server("a", WINDOW + 1)],
        count(3, 2, pairs=1, outside_window=0, server_only=1, unpaired={("server", "outside-window"): 1}),
    ),
    "the window includes its last second": ([browser("a"), server("a", WINDOW)], count(2, 1, pairs=1, outside_window=0)),
    "receipt counts, not the event": (
        [browser("a", received_at=MOMENT), server("a", received_at=MOMENT + 3 * DAY)],
        count(2, 2, outside_window=1, timed_by="received_at"),
    ),
    "no time at all": ([browser("a", event_time=None), server("a", 9 * DAY)], count(2, 1, pairs=1)),
    "fallback by fbp": (
        [browser("a", fbp=COOKIE), server(None, WINDOW, fbp=COOKIE)],
        count(2, 1, by_fallback=1, pairs=0, unpaired=why("no-id-there", "no-id-here"), kept={"browser": 1, "server": 0}),
    ),
    "fallback by external id": (
        [browser(None, external_id="c7"), server("a", 0, external_id="c7")],
        count(2, 1, by_fallback=1, unpaired=why("no-id-here", "no-id-there")),
    ),
    "fallback takes a whole window": (
        [browser(None, external_id="c7"), server("a", 1, external_id="c7"), server("a", 2, external_id="c7")],
        count(3, 1, by_fallback=1),
    ),
    "no fallback beyond 48 hours": ([browser(None, fbp=COOKIE), server(None, WINDOW + 1, fbp=COOKIE)], count(2, 2, by_fallback=0)),
    "no fallback if the server was first": ([browser(None, fbp=COOKIE), server(None, -1, fbp=COOKIE)], count(2, 2, by_fallback=0)),
    "no fallback where both have ids": ([browser("one", fbp=COOKIE), server("two", fbp=COOKIE)], count(2, 2, by_fallback=0)),
    "a placeholder is an id to Meta": (
        [browser("undefined", fbp=COOKIE), server("undefined", 9, fbp=COOKIE), server("null", 9, fbp=COOKIE)],
        count(3, 2, pairs=0, by_fallback=0, unpaired={("browser", "no-id-here"): 1, ("server", "no-id-here"): 2}),
    ),
    "no fallback between servers or browsers": (
        [browser(None, fbp=COOKIE), browser(None, 1, fbp=COOKIE), server(None, -9, fbp=COOKIE), server(None, -8, fbp=COOKIE)],
        count(4, 4, by_fallback=0),
    ),
    "messages are never deduplicated": (
        [browser("a"), server("a", action_source="business_messaging"), server("a", 1, action_source="business_messaging")],
        count(3, 3, pairs=0, browser_only=1, server_only=2),
    ),
    "two pixels, each with its pair": (
        [*both("a", pixel_id="1"), *both("a", pixel_id="2")], count(4, 2, pairs=2, event_coverage=1),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DedupEntry]:
    """What was planted → the entry of Purchase, all from one audit."""
    found = audited(tmp_path_factory.mktemp("planted"), [log for log, _ in PLANTED.values()])
    return {name: found[f"Purchase {place}"] for place, name in enumerate(PLANTED)}


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_found(name: str, planted: dict[str, DedupEntry]) -> None:
    log, expected = PLANTED[name]
    oracle = asdict(truth(log)["Purchase"])
    assert {field: oracle.get(field, value) for field, value in expected.items()} == expected, "the oracle is wrong"
    found = asdict(planted[name]) | asdict(as_truth(planted[name]))
    assert {field: found[field] for field in expected} == expected


ALONE: dict[str, tuple[list[Event], dict[str, Any]]] = {
    "one pixel, and a server that names none": ([browser("a", pixel_id="1"), server("a")], count(2, 1, pairs=1)),
    "two pixels, and a server that names none": (
        [browser("a", pixel_id="1"), browser("b", pixel_id="1"), browser("c", pixel_id="2"), server("a"), server("b"), server("c")],
        count(6, 4, pairs=2, unpaired=why("other-pixel")),
    ),
    "what the pixel sends on its own": ([*both("a"), *both("b", event_name="Microdata")], count(2, 1)),
    "one side": (
        [browser("a"), browser(None)],
        count(2, 2, browser_only=2, unpaired={("browser", "no-counterpart"): 1, ("browser", "no-id-here"): 1}, event_coverage=0),
    ),
    "no moment anywhere": ([browser("a", event_time=None), server("a", event_time=None)], count(2, 1, pairs=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_what_was_planted_in_a_log_of_its_own_is_found(name: str, tmp_path: Path) -> None:
    log, expected = ALONE[name]
    found = replay(tmp_path, log)
    assert found.keys() == {"Purchase"}
    assert not differences(truth(log), found)
    said = asdict(found["Purchase"]) | asdict(as_truth(found["Purchase"]))
    assert {field: said[field] for field in expected} == expected


def test_installs_of_an_app_have_90_days(tmp_path: Path) -> None:
    log = [*both("a", event_name="MobileAppInstall"), server("a", 90 * DAY, event_name="MobileAppInstall")]
    late = [*both("b", event_name="MobileAppInstall"), server("b", 90 * DAY + 1, event_name="MobileAppInstall")]
    found = replay(tmp_path, log + late)["MobileAppInstall"]
    assert (found.received, found.counted, found.pairs, found.server_only) == (6, 3, 2, 1)


def test_every_reason_is_planted() -> None:
    planted = {reason for _, expected in PLANTED.values() for _, reason in expected.get("unpaired", ())}
    assert planted == {reason.id for reason in REASONS}


# The browser's id, the server's, and what is said of both.
U, N = UUID, "no-counterpart"
NEAR = (
    ("abc", "ABC", "case"), ("É-1", "é-1", "case"), ("Order-7", "order-7x", N),
    ("#1042", "1042", "prefix"), ("1042", "order-1042", "prefix"), ("evt1042", "1042", "prefix"), ("ORDER #1042", "1042", "prefix"),
    ("a-b-c-1042", "1042", "prefix"), ("a-b-c-d-1042", "1042", N), ("web:" + U, U, "prefix"), ("x" + U, U, "prefix"),
    ("xab", "ab", N), ("x1-ab", "ab", N), ("x1-abc", "abc", "prefix"), ("12-10423", "10423", N), ("12-104234", "104234", "prefix"),
    (" 1042", "1042", "whitespace"), ("001042", "1042", "leading-zeros"), ("0-1042", "1042", N), ("evt-00-1042", "evt-1042", N),
    ("é1042", "1042", "prefix"), ("1.1042x", "1042x", N), ("a10-42", "42", N), ("abc", "abcabc", N),
    ("1042", "1042.0", "suffix"), ("1042", "1042-1", "suffix"), ("10", "10-1", N), ("100", "100-1", "suffix"), ("1042", "1042-123", N),
    ("104200", "104200-123", "suffix"), ("1042", "1042-12345678", "suffix"), ("1042", "1042-1234567", N), ("1042", "1042web", "suffix"),
    ("ab", "ab-x1", N), ("abc", "abc-x1", "suffix"), ("abc", "abcx", N), (U, U + "x", "suffix"), (U, U + "0", "suffix"),
    ("1042", "1042 ", "whitespace"), ("abc", "abc-a-b-c", "suffix"), ("abc", "abc-a-b-c-d", N), ("1042", "1042#", "suffix"),
    ("a b\u00a0c", "abc", "whitespace"), ("a\tb", "a b", "whitespace"), ("a-007-0", "a-7-000", "leading-zeros"), 
    ("a-0", "a-000", "leading-zeros"),
    ("a-100", "a-1", N), ("x0y", "xy", N), ("a%20b", "a+b", "encoding"), ("a+b", "a b", "encoding"), ("%2523a", "#a", "encoding"),
    ("k%C3%B6p", "köp", "encoding"), ("100%", "100%25", "encoding"), ("%zz", "%ZZ", "case"), ("%E9", "é", N), ("%2", "2", "prefix"),
    (U, "1042", "other-id-family"), ("1760000000", "1042", "other-id-family"), ("1760000000.5", U, "other-id-family"),
    ("9" * 32, "#104", "other-id-family"), ("1042", "text", N), ("1042", "2041", N), ("1760000000", "1760000001", N),
)  # fmt: skip


def test_near_misses_are_told_by_the_rules(tmp_path: Path) -> None:
    logs = [[browser(one), server(other)] for one, other, _ in NEAR]
    expected = [(one, other, why(reason)) for one, other, reason in NEAR]
    oracle = [truth(log)["Purchase"].unpaired for log in logs]
    found = audited(tmp_path, logs)
    said = [as_truth(found[f"Purchase {place}"]).unpaired for place in range(len(NEAR))]
    assert [(one, other, of) for (one, other, _), of in zip(NEAR, oracle, strict=True)] == expected, "the oracle is wrong"
    assert [(one, other, of) for (one, other, _), of in zip(NEAR, said, strict=True)] == expected


# Ids of browser and server, the reason, and what is shown of what they differ by.
DETAILS = (
    ([("#1", "1"), ("#2", "2"), ("#3", "3"), ("web-4", "4")], "prefix", "#"),
    ([("#1", "1"), ("#2", "2"), ("web-4", "4")], "prefix", None),
    ([(f"20261112-{n}77777", f"{n}77777") for n in range(3, 8)], "prefix", None),
    ([(f"{n}77", f"{n}77.0") for n in range(3, 8)], "suffix", ".0"),
    ([(f"{n}77", f"{n}77-OfTheShopInAarhusCentre") for n in range(3, 8)], "suffix", None),
)


def test_what_stands_before_or_behind_is_shown_unless_it_is_personal(tmp_path: Path) -> None:
    found = audited(tmp_path, [[e for one, other in ids for e in (browser(one), server(other))] for ids, _, _ in DETAILS])
    for place, (ids, reason, detail) in enumerate(DETAILS):
        said = {(of.side, of.reason, of.events, of.detail) for of in found[f"Purchase {place}"].unpaired}
        assert said == {(side, reason, len(ids), detail) for side in ("browser", "server")}


LATER = {
    -WINDOW: "server first", -1: "server first", 0: "0–1 s", 1: "1–5 s", 299: "30 s–5 min", 300: "5–60 min",
    DAY: "24–48 h", WINDOW: "24–48 h", WINDOW + 1: "over 48 h",
    -WINDOW - 1: "over 48 h",
}  # fmt: skip


def test_the_lag_is_the_servers_time_less_the_browsers(tmp_path: Path) -> None:
    found = audited(tmp_path, [[browser("a"), server("a", at)] for at in LATER])
    for place, name in enumerate(LATER.values()):
        counts = found[f"Purchase {place}"].lags
        assert {of: count for (of, _, _), count in zip(LAGS, counts, strict=True) if count} == {name: 1}


# What must not matter --------------------------------------------------------------------------------------------------------


def without_receipt(number: int, drawn: list[tuple], pixels: bool) -> list[Event]:
    """As a pixel's request can tell it: always a name, no time of receipt, no channel but the web."""
    told = [
        event | {"received_at": None, "event_name": event["event_name"] or "Nameless"}
        for event in small_log(number, drawn, pixels)
    ]
    return [event for event in told if event["side"] == "server" or event["action_source"] == "website"]


def test_order_files_and_how_the_side_is_known_do_not_matter(tmp_path: Path) -> None:
    log = [event for log in next(packs(small_logs, without_receipt, 120, True)) for event in log]
    once = replay(tmp_path, log)
    shuffled = sorted(log, key=lambda event: sha256(str(event)))
    assert replay(tmp_path, shuffled) == once, "line order"
    parts = [write(tmp_path / f"{part}.ndjson", map(body, shuffled[part::3])) for part in (2, 0, 1)]
    assert replayed(*parts) == once, "files"
    sides = {side: [event for event in log if event["side"] == side] for side in ("browser", "server")}
    plain = {side: write(tmp_path / f"{side}.log", (body(e, source=False) for e in of)) for side, of in sides.items()}
    assert replayed(f"server={plain['server']}", f"browser={plain['browser']}") == once, "side by flag"
    requests = write(tmp_path / "requests.log", map(request, sides["browser"]))
    assert replayed(requests, plain["server"]) == once, "side by evidence"
