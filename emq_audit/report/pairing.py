"""Deduplication in words: what Meta counts, why events have no partner, and what to change. The same in every face."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from emq_audit.dedup import COVERAGE_GOAL, LAGS
from emq_audit.doubles import KINDS, Kind
from emq_audit.match_keys import BY_KEY
from emq_audit.reasons import REASON_BY_ID, REASONS
from emq_audit.report import DedupEntry, Double, Orders, Report
from emq_audit.report.order import event_order
from emq_audit.report.words import (
    Piece,
    Sentence,
    capital,
    count,
    counted,
    listed,
    log,
    number,
    percent,
    plural,
    sentence,
    shorten,
)

DETAIL_SHOWN = 20  # characters of what stands before or after an id
NAMELESS = "no-id-there"
OTHER = {"browser": "server", "server": "browser"}

# Why one action counts twice, as it follows "because". {detail} stands before or after the id on one side.
BECAUSE = {
    "case": "the ids differ in capital letters only",
    "prefix": "one side puts {detail} in front of the id",
    "suffix": "one side puts {detail} behind the id",
    "whitespace": "the ids differ in spaces or line breaks only",
    "leading-zeros": "the ids differ in leading zeros only",
    "encoding": "one side sends the id URL-encoded",
    "other-id-family": "each side makes its own ids",
    "other-event-name": "the two sides name the event differently",
    "other-pixel": "the two sides send to different pixels",
    "outside-window": "the two reports come over 48 hours apart",
    "no-id-there": "one side sends no id",
}
# Here the id itself shows that both reports are of one action; elsewhere that is inferred.
SHOWN_BY_ID = {"case", "prefix", "suffix", "whitespace", "leading-zeros", "encoding", "outside-window"}

# Reasons that read differently from each side: title and change by reason and side of the events.
BY_SIDE = {
    ("no-id-here", "browser"): ("The browser’s event has no id", "Give the pixel’s event an eventID, the same as the server’s event_id."),
    ("no-id-here", "server"): ("The server’s event has no id", "Give the server’s event an event_id, the same as the pixel’s eventID."),
    ("no-id-there", "browser"): ("The server’s report has no id", "Give the server’s event an event_id, the same as the pixel’s eventID."),
    ("no-id-there", "server"): ("The browser’s report has no id", "Give the pixel’s event an eventID, the same as the server’s event_id."),
    ("no-counterpart", "server"): (
        "The browser reported nothing that fits",
        "Expected for part of the traffic: blockers stop the pixel, and visitors leave before it runs. The Conversions API "
        "is there for these.",
    ),
    ("no-counterpart", "browser"): (
        "The server reported nothing that fits",
        "Expected where only the browser sees what happens. Otherwise the server misses these events: send them from there as well.",
    ),
}  # fmt: skip
EFFECTS = {
    "other-event-name": "Counted apart",
    "other-pixel": "Counted apart",
    "no-id-here": "Cannot pair",
    NAMELESS: "Joined without id",
    "no-counterpart": "Server misses it",
}
BELOW_GOAL = (
    "The server does not report these, and fewer browser events than Meta’s goal of "
    f"{percent(COVERAGE_GOAL)} come from it as well. Send them from the server too."
)

DROPPED = {
    "pair": "as the other side’s report of a pair",
    "repeat": "as {repeats} of an id already counted",
    "fallback": "without an id, recognised by fbp or external_id",
}
TIMED_BY = {
    "received_at": "Times are those of receipt, which is what Meta goes by.",
    "event_time": "Times are those of the events themselves: this log does not say when Meta received them, which is what Meta goes by.",
    "both": "Times are those of receipt where the log has them, else those of the events themselves. Meta goes by receipt.",
}
FIELDS = {"value": "Value", "currency": "Currency", "em": "Email", "contents": "Contents"}
KEY_LABELS = {"event_id": "Event id", "external_id": "Customer id (external_id)", "fbp": "Browser id (fbp)"}


@dataclass(frozen=True)
class Miss:
    """Events without a partner for one reason. `side` is the one they come from, or None where the reason reads the same from both.

    `expected` ones are no fault; `twice` is how many actions count twice because of it; `effect` says in a few words what becomes of it.
    """

    reason: str
    side: str | None
    title: Sentence
    change: str
    browser: int
    server: int
    expected: bool
    twice: int

    @property
    def effect(self) -> str:
        if self.expected:
            return "Expected"
        if not self.twice:
            return EFFECTS.get(self.reason, "Not paired")
        return "Counted twice" if self.twice >= max(self.browser, self.server) else "Some count twice"

    @property
    def events(self) -> int:
        return self.browser + self.server


def causes(entry: DedupEntry) -> Counter[str]:
    """Actions that count twice by reason, which together are `counted_twice`.

    An action counts twice where each side has an event with the reason. Of those without an id, Meta still joins some by fbp or
    external_id: what is left of them is the rest.
    """
    found = {(miss.side, miss.reason): miss.events for miss in entry.unpaired}
    actions = Counter[str]()
    for reason in REASONS:
        if reason.counted_twice and reason.id != NAMELESS:
            actions[reason.id] = min(found.get((side, reason.id), 0) for side in OTHER)
    actions[NAMELESS] = max(0, entry.counted_twice - actions.total())
    return +actions


def misses(entry: DedupEntry) -> tuple[Miss, ...]:
    """Why events of one name have no partner, the most frequent reason first."""
    found: dict[tuple[str, str | None], list] = {}
    for miss in entry.unpaired:
        key = (miss.reason, miss.side if (miss.reason, miss.side) in BY_SIDE else None)
        found.setdefault(key, []).append(miss)
    order = list(REASON_BY_ID)
    told = [_miss(entry, reason, side, rows) for (reason, side), rows in found.items()]
    return tuple(sorted(told, key=lambda miss: (-miss.events, order.index(miss.reason), miss.side or "")))


def _miss(entry: DedupEntry, reason: str, side: str | None, rows: list) -> Miss:
    events = {where: sum(row.events for row in rows if row.side == where) for where in OTHER}
    title, change = BY_SIDE.get((reason, side), (REASON_BY_ID[reason].title, REASON_BY_ID[reason].change))
    detail = _detail(rows)
    words = sentence("{title}", title=title)
    if detail and reason in ("prefix", "suffix"):
        where = "in front of" if reason == "prefix" else "behind"
        words = sentence("One side puts {detail} {where} the id", detail=detail, where=where)
        change = (
            f"Take it away there, or put it {where} the id on both sides: Meta compares ids to the letter."
        )
    expected = REASON_BY_ID[reason].expected
    if reason == "no-counterpart" and side == "browser" and entry.server and not reached(entry):
        expected, change = False, BELOW_GOAL
    twice = causes(entry)[reason]
    return Miss(reason, side, words, change, events["browser"], events["server"], expected, twice)


def _detail(rows: list) -> Sentence | None:
    """What stands before or after the id, in quotation marks."""
    text = next((row.detail for row in rows if row.detail), None)
    return sentence("“{text}”", text=Piece(shorten(text, DETAIL_SHOWN), "log")) if text else None


def faults(entry: DedupEntry) -> tuple[Miss, ...]:
    """The reasons that are no fate: something can be changed about them."""
    return tuple(miss for miss in misses(entry) if not miss.expected)


def counted_twice(entry: DedupEntry) -> Sentence:
    """`probably counted twice, most because …`: what follows the number of actions that count twice, and the main cause of it."""
    ranked = causes(entry).most_common()
    probably = "" if ranked and all(reason in SHOWN_BY_ID for reason, _ in ranked) else "probably "
    if not ranked:
        return sentence("{probably}counted twice", probably=probably)
    first, actions = ranked[0]
    detail = _detail([row for row in entry.unpaired if row.reason == first]) or sentence("something")
    share = "" if len(ranked) == 1 else ", most" if 2 * actions > entry.counted_twice else ", many"
    return sentence(
        "{probably}counted twice{share} because {cause}",
        probably=probably,
        share=share,
        cause=sentence(BECAUSE[first], detail=detail),
    )


def twice_sentence(entry: DedupEntry, event: Piece | None) -> Sentence:
    """`202 are counted twice, most because …`; with `event` the sentence says of what."""
    what = (event, Piece(f" {plural(entry.counted_twice, 'event')} ")) if event else (Piece(""),)
    return sentence(
        "{number} {what}{be} {cause}", number=capital(number(entry.counted_twice)), what=what,
        be=plural(entry.counted_twice, "is", "are"), cause=counted_twice(entry),
    )  # fmt: skip


def most_counted_twice(report: Report, main: DedupEntry | None) -> DedupEntry | None:
    """The entry to speak of: the main one if actions in it count twice, else the most valuable one where they do."""
    order = event_order(report)
    found = [entry for entry in report.dedup if entry.counted_twice]
    return min(found, key=lambda entry: (entry is not main, order[entry.event_name]), default=None)


def dropped(entry: DedupEntry) -> str:
    """`2,121: 2,108 as the other side’s report of a pair, 1 as …`, or nothing."""
    parts = [
        f"{count(events)} {_dropped_as(kind, events)}" for kind, events in entry.dropped.items() if events
    ]
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else f"{count(entry.deduplicated)}: {listed(parts)}"


def _dropped_as(kind: str, events: int) -> str:
    return DROPPED.get(kind, kind).format(repeats=plural(events, "a repeat", "repeats"))


def typical_lag(entry: DedupEntry) -> int | None:
    """The bin of LAGS in which the median pair lies; None without pairs."""
    total, seen = sum(entry.lags), 0
    for place, pairs in enumerate(entry.lags):
        seen += pairs
        if total and 2 * seen >= total:
            return place
    return None


def lag_words(place: int) -> str:
    """`the server’s event comes 1–5 s after the browser’s`."""
    if place == 0:
        return "the server’s event comes first"
    return f"the server’s event comes {LAGS[place][0]} after the browser’s"


def without_id(entry: DedupEntry) -> tuple[int, int]:
    """Events without an event id: browser, server."""
    return entry.browser - entry.browser_with_id, entry.server - entry.server_with_id


def without_id_words(entry: DedupEntry) -> str:
    browser, server = without_id(entry)
    if not browser and not server:
        return "every event has one"
    if browser and server:
        return f"{browser:,} browser, {server:,} server"
    side = "browser" if browser else "server"
    other = f"; every {OTHER[side]} event has one" if getattr(entry, OTHER[side]) else ""
    return f"{side} events{other}"


def share_or_dash(share: float | None) -> str:
    return "–" if share is None else percent(share)


def key_label(key: str) -> str:
    return KEY_LABELS.get(key) or (BY_KEY[key].label if key in BY_KEY else shorten(key, 40))


def double_kind(kind: str) -> Kind:
    """How a conversion came to count again, in words."""
    return KINDS.get(kind) or Kind(shorten(kind, 60), "")


def doubles_together(doubles: Iterable[Double]) -> Sentence:
    """`49 conversions, worth 38,261 DKK and 120 EUR`: each counted event is of one kind, so kinds add up."""
    conversions, worth = 0, Counter()
    for double in doubles:
        conversions += double.conversions
        worth.update(double.value)
    told = counted(conversions, "conversion")
    return (
        sentence("{told}, worth {worth}", told=told, worth=money(worth))
        if worth
        else sentence("{told}", told=told)
    )


def money(amounts: dict[str, float]) -> Sentence:
    """`29,461 DKK and 120 EUR`: values by currency, the largest first."""
    parts = [
        sentence("{amount} {currency}", amount=f"{value:,.0f}", currency=log(currency, 8) if currency else "with no currency named")
        for currency, value in sorted(amounts.items(), key=lambda item: -item[1])
    ]  # fmt: skip
    pieces: tuple[Piece, ...] = ()
    for place, part in enumerate(parts):
        between = "" if not place else " and " if place == len(parts) - 1 else ", "
        pieces += (*sentence(between), *part)
    return pieces


def orders_title(orders: Orders) -> str:
    """`91% of 3,020 true orders are counted exactly once`."""
    if not orders.orders:
        return "The orders file holds no true order"
    if orders.missing == orders.orders:
        return f"None of {counted(orders.orders, 'true order')} was found in this log"
    share = percent(orders.counted_once / orders.orders)
    return f"{share} of {counted(orders.orders, 'true order')} {plural(orders.orders, 'is', 'are')} counted exactly once"


def orders_rows(orders: Orders) -> tuple[tuple[str, str, int, bool], ...]:
    """What became of the orders: name, what it means, how many, and whether that is a fault."""
    return (
        ("Counted once", "as it should be", orders.counted_once, False),
        ("Missing", "true orders that Meta does not count", orders.missing, True),
        ("Counted more than once", "true orders", orders.duplicated, True),
        ("Unpaid or cancelled", "sent though they are no true orders", orders.unpaid_sent, True),
        ("Not in the orders file", "counted Purchases whose order the file does not hold", orders.extra, True),
        ("Another value", "true orders whose counted Purchase says another amount", orders.value_differs, True),
        ("Another currency", "true orders whose counted Purchase says another currency", orders.currency_differs, True),
    )  # fmt: skip


def reached(entry: DedupEntry) -> bool:
    return entry.event_coverage is not None and entry.event_coverage >= COVERAGE_GOAL
