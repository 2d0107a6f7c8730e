"""What Meta counts, and why events find no partner, told event by event in plain Python: the oracle of tests/test_replay.py.

Slow and obvious on purpose: every question is asked of every other event. An event is a dictionary of what was sent: side, event_name,
event_id, event_time, received_at, pixel_id, action_source, fbp, external_id, em, order_id; what is absent was not sent. Match keys are
sound or the text of a placeholder, so nothing is judged here.

Rules: https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
and https://developers.facebook.com/documentation/ads-commerce/conversions-api/guides/end-to-end-implementation
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

HOURS_48 = 48 * 3600
DAYS_90 = 90 * 24 * 3600
FIVE_MINUTES = 300
AUTOMATIC = {"Microdata", "SubscribedButtonClick", "PixelInitialized"}
PLACEHOLDER = re.compile(r"(?i)\s*(undefined|null|none|nan|n/a|\[object object\]|0+|-+)\s*")
BINS = (None, 0, 1, 5, 30, 300, 3600, 86_400, HOURS_48 + 1)
"""Lower edges of the lags between the two sides, in seconds."""


@dataclass(eq=False)
class Event:
    """One event as the rules see it. `id` is None where it is missing or empty; a placeholder is an id that is not `real`."""

    side: str
    name: str
    pixel: str
    id: str | None
    real: bool
    moment: int | None
    messaging: bool
    fbp: str | None
    external_id: str | None
    em: str | None
    order_id: str | None

    @property
    def place(self) -> tuple[str, str]:
        return self.pixel, self.name

    @property
    def key(self) -> tuple[str, str, str | None]:
        return self.pixel, self.name, self.id


@dataclass
class Truth:
    """What is true of one event name. Shares and `by_key` as in the report; `unpaired` counts events by side and reason."""

    browser: int
    server: int
    browser_with_id: int
    server_with_id: int
    received: int
    deduplicated: int
    counted: int
    by_fallback: int
    kept: dict[str, int]
    pairs: int
    outside_window: int
    browser_only: int
    server_only: int
    event_coverage: float | None
    by_key: dict[str, tuple[float | None, ...]]
    unpaired: dict[tuple[str, str], int]
    lags: tuple[int, ...]


def truth(log: Iterable[dict[str, Any]]) -> dict[str, Truth]:
    """The whole answer: event name → what is true of it."""
    events = read(list(log))
    windows = list(all_windows(events))
    paired = {event for window in windows if is_paired(window) for event in window}
    why = reasons(events, windows, paired)
    return {name: of_name(name, events, windows, paired, why) for name in {event.name for event in events}}


# Events ----------------------------------------------------------------------------------------------------------------------


def read(log: list[dict[str, Any]]) -> list[Event]:
    """The events that take part in deduplication: of browser or server, and not sent by the pixel on its own."""
    named = Counter(sent["pixel_id"] for sent in log if sent.get("pixel_id"))
    commonest = max(sorted(named), key=named.__getitem__, default="")
    return [
        event(sent, (sent.get("pixel_id") or commonest) if len(named) > 1 else "")
        for sent in log
        if sent["side"] in ("browser", "server") and sent.get("event_name") not in AUTOMATIC
    ]


def event(sent: dict[str, Any], pixel: str) -> Event:
    given = sent.get("event_id")
    received = sent.get("received_at")
    return Event(
        side=sent["side"],
        name=sent.get("event_name") or "",
        pixel=pixel,
        id=None if is_blank(given) else given,
        real=usable(given) is not None,
        moment=sent.get("event_time") if received is None else received,
        messaging=sent.get("action_source") == "business_messaging",
        fbp=bare(usable(sent.get("fbp")), r"fb\.\d\.\d+\.\d+"),
        external_id=bare(usable(sent.get("external_id")), "[0-9a-f]{64}"),
        em=bare(usable(sent.get("em")), "[0-9a-f]{64}"),
        order_id=(usable(sent.get("order_id")) or "").strip() or None,
    )


def bare(text: str | None, value: str) -> str | None:
    """The text without what Meta's Parameter Builder appends to a whole `value` (a pattern)."""
    appended = text and re.fullmatch(rf"({value})\.(\w{{8}}|AQ|Ag|Aw|BA|BQ|Bg)", text)
    return appended[1] if appended else text


def is_blank(text: str | None) -> bool:
    return text is None or not text.strip()


def usable(text: str | None) -> str | None:
    """The text, unless it is empty or a program's word for nothing."""
    return None if text is None or is_blank(text) or PLACEHOLDER.fullmatch(text) else text


def within(one: Event, other: Event, seconds: int) -> bool:
    return one.moment is not None and other.moment is not None and abs(one.moment - other.moment) <= seconds


# What Meta counts ------------------------------------------------------------------------------------------------------------


def all_windows(events: list[Event]) -> Iterator[list[Event]]:
    """By id: one list for each window, in the order of receipt, events without a moment at the end of the first."""
    keys: dict[tuple, list[Event]] = defaultdict(list)
    for event in events:
        if event.id is not None and not event.messaging:
            keys[event.key].append(event)
    for (_, name, _), same_key in keys.items():
        length = DAYS_90 if name == "MobileAppInstall" else HOURS_48
        windows: list[list[Event]] = []
        for event in sorted((e for e in same_key if e.moment is not None), key=lambda e: e.moment):
            if windows and event.moment <= windows[-1][0].moment + length:
                windows[-1].append(event)
            else:
                windows.append([event])
        timeless = [event for event in same_key if event.moment is None]
        yield from [windows[0] + timeless, *windows[1:]] if windows else [timeless]


def kept(window: list[Event]) -> Event:
    """The first received, or the first browser event if it came within five minutes of that, or nobody knows when it came."""
    first = window[0]
    browser = [event for event in window if event.side == "browser"]
    if browser and browser[0].moment is None:
        return browser[0]
    favoured = [event for event in browser if within(event, first, FIVE_MINUTES)]
    return favoured[0] if favoured else first


def is_fallback(server: Event, events: list[Event]) -> bool:
    """Is this server event, alone so far, the report of something a browser has told with the same cookie or external id?"""
    return any(
        browser.side == "browser"
        and not browser.messaging
        and browser.place == server.place
        and (browser.id is None or server.id is None)
        and within(browser, server, HOURS_48)
        and browser.moment <= server.moment
        and (shares(browser, server, "fbp") or shares(browser, server, "external_id"))
        for browser in events
    )


def shares(one: Event, other: Event, field: str) -> bool:
    return getattr(one, field) is not None and getattr(one, field) == getattr(other, field)


def counted(events: list[Event], windows: list[list[Event]]) -> tuple[list[Event], int]:
    """The events that Meta counts, and how many it dropped by the fallback."""
    by_id = [kept(window) for window in windows]
    outside = [event for event in events if event.messaging or event.id is None]
    servers_own = [kept(w) for w in windows if all(event.side == "server" for event in w)]
    asked = servers_own + [event for event in outside if event.side == "server" and not event.messaging]
    dropped = [server for server in asked if is_fallback(server, events)]
    return [event for event in by_id + outside if event not in dropped], len(dropped)


def is_paired(window: list[Event]) -> bool:
    return window[0].real and {event.side for event in window} == {"browser", "server"}


# One event name --------------------------------------------------------------------------------------------------------------


def of_name(
    name: str, all_events: list[Event], all_windows: list[list[Event]], paired: set[Event], why: dict[Event, str]
) -> Truth:
    events = [event for event in all_events if event.name == name]
    windows = [window for window in all_windows if window[0].name == name]
    sides = {side: [event for event in events if event.side == side] for side in ("browser", "server")}
    remaining, by_fallback = counted(events, windows)
    keys = both_sides_keys(windows)
    return Truth(
        browser=len(sides["browser"]),
        server=len(sides["server"]),
        browser_with_id=sum(event.real for event in sides["browser"]),
        server_with_id=sum(event.real for event in sides["server"]),
        received=len(events),
        deduplicated=len(events) - len(remaining),
        counted=len(remaining),
        by_fallback=by_fallback,
        kept={side: sum(event.side == side for event in remaining) for side in sides},
        pairs=sum(any(map(is_paired, of_key)) for of_key in keys),
        outside_window=sum(not any(map(is_paired, of_key)) for of_key in keys),
        browser_only=sum(event not in paired for event in sides["browser"]),
        server_only=sum(event not in paired for event in sides["server"]),
        event_coverage=share(sides["browser"], lambda event: event in paired),
        by_key={key: use(key, sides, paired) for key in ("event_id", "external_id", "fbp")},
        unpaired=dict(Counter((event.side, why[event]) for event in events if event in why)),
        lags=lags(keys),
    )


def both_sides_keys(windows: list[list[Event]]) -> list[list[list[Event]]]:
    """For each real id that both sides sent: its windows."""
    keys: dict[tuple, list[list[Event]]] = defaultdict(list)
    for window in windows:
        if window[0].real:
            keys[window[0].key].append(window)
    return [ws for ws in keys.values() if len({event.side for window in ws for event in window}) == 2]


def share(events: list[Event], holds) -> float | None:
    return sum(map(holds, events)) / len(events) if events else None


def use(key: str, sides: dict[str, list[Event]], paired: set[Event]) -> tuple[float | None, ...]:
    """How a deduplication key is used: share of browser events, of server events, overlap, and share of browser events covered."""

    def carries(event: Event) -> bool:
        return event.real if key == "event_id" else getattr(event, key) is not None

    def matched(event: Event) -> bool:
        if key == "event_id":
            return event in paired
        others = sides["server" if event.side == "browser" else "browser"]
        return any(
            o.place == event.place and shares(o, event, key) and within(o, event, HOURS_48) for o in others
        )

    browser, server = sides["browser"], sides["server"]
    both = bool(browser and server)
    fewer = browser if len(browser) <= len(server) else server
    return (
        share(browser, carries),
        share(server, carries),
        share(fewer, matched) if both else None,
        share(browser, matched) if both else None,
    )


def lags(keys: list[list[list[Event]]]) -> tuple[int, ...]:
    """Ids that both sides sent, by how long after the browser the server came: in the first window that knows. Those without a window
    that holds both sides come last."""
    counts = [0] * len(BINS)
    for windows in keys:
        paired = [window for window in windows if is_paired(window)]
        known = [lag for lag in map(lag_of, paired) if lag is not None]
        if not paired:
            counts[-1] += 1
        elif known:
            counts[max(number for number, low in enumerate(BINS) if low is None or low <= known[0])] += 1
    return tuple(counts)


def lag_of(window: list[Event]) -> int | None:
    """Seconds from the first browser event to the first server event."""
    moments = {
        side: [event.moment for event in window if event.side == side and event.moment is not None]
        for side in ("browser", "server")
    }
    return min(moments["server"]) - min(moments["browser"]) if all(moments.values()) else None


# Why an event has no partner -------------------------------------------------------------------------------------------------


def reasons(events: list[Event], windows: list[list[Event]], paired: set[Event]) -> dict[Event, str]:
    """Unpaired event → reason. Messages have no counterpart and are none."""
    home = {event: number for number, window in enumerate(windows) for event in window}
    heard = [event for event in events if not event.messaging]
    alone = [event for event in heard if event not in paired]
    at = {place: [event for event in heard if event.place == place] for place in {event.place for event in events}}
    by_id = {event: id_reason(event, at[event.place], heard, paired, home) if event.real else None for event in alone}
    partner: dict[Event, Event] = {}
    for here in at.values():
        alone_here = [event for event in here if event not in paired and by_id[event] is None]
        partner |= matched(alone_here, own_ids=own_ids(here, paired))
    found = {}
    for event in events:
        if event in paired:
            continue
        there = [other for other in at[event.place] if other.side != event.side]
        if not event.real:
            found[event] = "no-id-here"
        elif event.messaging:
            found[event] = "no-counterpart"
        elif by_id[event]:
            found[event] = by_id[event]
        elif event in partner and partner[event].real:
            found[event] = "other-id-family"
        elif event in partner or (there and not any(other.real for other in there)):
            found[event] = "no-id-there"
        else:
            found[event] = "no-counterpart"
    return found


def id_reason(
    event: Event, here: list[Event], events: list[Event], paired: set[Event], home: dict[Event, int]
) -> str | None:
    """The first reason that the ids alone give. `here`: all events of its pixel and name; `home`: the number of an event's window."""
    there = [other for other in here if other.side != event.side]
    ids = {other.id for other in there if other.real and other not in paired} - {event.id}
    for name, alike in NEAR_MISSES.items():
        if any(alike(event.id, other) for other in ids):
            return name
    if families_apart(here, paired):
        return "other-id-family"
    namesakes = [o for o in events if o.id == event.id and o.side != event.side and o not in paired]
    if any(other.pixel == event.pixel and other.name != event.name for other in namesakes):
        return "other-event-name"
    if any(other.pixel != event.pixel and other.name == event.name for other in namesakes):
        return "other-pixel"
    if any(other.key == event.key and home[other] != home[event] for other in there):
        return "outside-window"
    return None


MANY = 10


def own_ids(events: list[Event], paired: set[Event]) -> bool:
    """Of all events of a pixel and name: does each side make ids of its own, as far as can be told? Many ids on both, and never a pair."""
    real = [event.side for event in events if event.real]
    return min(real.count("browser"), real.count("server")) >= MANY and not any(event in paired for event in events)


def matched(events: list[Event], *, own_ids: bool) -> dict[Event, Event]:
    """Of one pixel and name: each event and the one of the other side that seems to tell of the same action, by order, cookie, external
    id, email, in this order, the nearest in time first."""
    partner: dict[Event, Event] = {}
    for field in ("order_id", "fbp", "external_id", "em"):
        could = [
            (browser, server)
            for browser in events
            for server in events
            if (browser.side, server.side) == ("browser", "server")
            and (made_by(browser) != made_by(server) or (own_ids and browser.real))
            and shares(browser, server, field)
            and within(browser, server, HOURS_48)
        ]
        for browser, server in sorted(could, key=lambda two: abs(two[0].moment - two[1].moment)):
            if browser not in partner and server not in partner:
                partner[browser], partner[server] = server, browser
    return partner


def made_by(event: Event) -> str:
    return family(event.id) if event.real else "none"


def families_apart(events: list[Event], paired: set[Event]) -> bool:
    """Of all events of a pixel and name: do the sides make their ids in different, known ways, so that no pair can be?"""
    browser, server = (
        {family(event.id) for event in events if event.real and event.side == side}
        for side in ("browser", "server")
    )
    return (
        bool(browser and server)
        and not browser & server
        and "text" not in browser | server
        and not any(event in paired for event in events)
    )


def family(text: str) -> str:
    """How an id was made, by its form."""
    if re.fullmatch(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return "uuid"
    if re.fullmatch(r"(?i)[0-9a-f]*", text) and len(text) in (32, 40, 56, 64, 96, 128):
        return "hash"
    if re.fullmatch(r"1([0-9]{9}|[0-9]{12}|[0-9]{15})([._-][A-Za-z0-9]+)?", text):
        return "timestamp"
    if re.fullmatch(r"#?[0-9]{1,12}", text):
        return "number"
    return "text"


# Near misses: x and y are always different texts


def by_case(x: str, y: str) -> bool:
    return x.lower() == y.lower()


def by_prefix(x: str, y: str) -> bool:
    long, rest = (x, y) if len(x) > len(y) else (y, x)
    added = long[: len(long) - len(rest)]
    if added + rest != long or not is_something(added) or set(added) == {"0"} or not is_seam(added, rest):
        return False
    digits, letters = len(re.findall("[0-9]", added)), len(re.findall("[A-Za-z]", added))
    return not digits or len(rest) >= (3 if letters else 6)


def by_suffix(x: str, y: str) -> bool:
    long, rest = (x, y) if len(x) > len(y) else (y, x)
    added = long[len(rest) :]
    if rest + added != long or not is_something(added) or not is_seam(added[::-1], rest[::-1]):
        return False
    digits, letters = len(re.findall("[0-9]", added)), len(re.findall("[A-Za-z]", added))
    if digits and not letters and len(rest) < 6:
        return len(rest) >= 3 and (digits <= 2 or digits >= 8)
    return not digits or len(rest) >= 3


def is_something(added: str) -> bool:
    return bool(added) and not added.isspace()


def is_seam(added: str, rest: str) -> bool:
    """Are ids put together like this, `added` before `rest`? Up to three parts that separators end, letters before digits, or anything
    before a UUID or hash. Of several separators in a row the first alone or all of them belong to what was added."""
    if len(rest) in (32, 36, 40, 64) or (re.fullmatch("[A-Za-z]+", added) and rest[0] in "0123456789"):
        return True
    ends = re.findall("[^A-Za-z0-9]+", added)
    last = re.search("[^A-Za-z0-9]*$", added)[0]
    cuts_a_row = bool(re.match("[^A-Za-z0-9]", rest))
    return bool(last) and len(ends) <= 3 and not (cuts_a_row and len(last) > 1)


def by_whitespace(x: str, y: str) -> bool:
    return "".join(x.split()) == "".join(y.split())


def by_leading_zeros(x: str, y: str) -> bool:
    def short(text: str) -> str:
        return re.sub("(?<![0-9])0+(?=[0-9])", "", text)

    return short(x) == short(y)


def by_encoding(x: str, y: str) -> bool:
    def plain(text: str) -> str:
        return unquote(unquote(text)).replace("+", " ")  # a plus sign may be one, or a space

    return plain(x) == plain(y)


NEAR_MISSES = {
    "case": by_case,
    "prefix": by_prefix,
    "suffix": by_suffix,
    "whitespace": by_whitespace,
    "leading-zeros": by_leading_zeros,
    "encoding": by_encoding,
}
