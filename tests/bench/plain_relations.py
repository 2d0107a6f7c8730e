"""Ids, pairs, emails and addresses of a log in plain Python dictionaries: the twin of relations.sql and dedup.py."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emq_audit.dedup import WINDOW
from tests.bench.plain_facts import number_of

Counts = dict[tuple[str | None, str | None], tuple[int, int]]
"""Rows in scope and at fault of one check, by event name and side."""

# What is kept of an event that has an id: side, moment, order, amount, page, email, phone, external id, browser id, and the browser id
# again if it is only seconds old, for such ids are left out where a server makes them up.
Sent = tuple[Any, ...]
SIDE, MOMENT, ORDER, AMOUNT, PAGE, FIRST_KEY, BROWSER, FRESH = 0, 1, 2, 3, 4, 5, 8, 9


@dataclass
class Reused:
    """An event id that one side sent, once or more often."""

    event_name: str | None
    side: str
    people: int = 1
    orders: int = 1
    amounts: int = 1
    pages: int = 1
    seconds: int = 0

    def faults(self) -> Iterator[tuple[str, bool]]:
        """The checks that ask about one id, and whether it fails them."""
        one_page = self.side == "browser" and self.people > 2 and 1 <= self.pages <= self.people // 2
        whole_visit = self.people == 1 and self.orders == 0 and self.pages > 2
        yield "event-id-reused", self.people > 1 and not one_page
        yield "event-id-in-cached-page", one_page
        yield "event-id-for-whole-visit", whole_visit
        values = self.amounts > 1 and self.people == 1 and self.orders == 0 and self.pages <= 2
        yield "event-id-covers-values", values and self.seconds <= WINDOW
        if self.event_name == "Purchase":
            yield "event-id-covers-orders", self.orders > 1 and self.people == 1
        late = self.seconds > WINDOW and self.people == 1 and self.orders <= 1
        yield "event-id-comes-back-late", late and not whole_visit


@dataclass
class Pairing:
    """What dedup.DedupEntry says of one event name, as far as ids decide it."""

    pairs: int = 0
    outside_window: int = 0
    reused_ids: int = 0
    collisions: int = 0


@dataclass
class Crowd:
    """How many events carry one email or one address, and from which browsers and addresses they came."""

    events: int = 0
    browsers: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)

    def add(self, fbp: str | None, fresh: bool, address: str | None) -> None:
        self.events += 1
        if fbp is not None:
            (self.fresh if fresh else self.browsers).add(fbp)
        if address is not None:
            self.addresses.add(address)

    def visitors(self, made_up: bool) -> int:
        return len(self.browsers if made_up else self.browsers | self.fresh)


@dataclass
class Relations:
    """What is gathered while the log is read; `made_up` says whether fresh browser ids are a server's invention."""

    ids: dict[tuple[str | None, str], list[Sent]] = field(default_factory=lambda: defaultdict(list))
    emails: dict[tuple[str, str], Crowd] = field(default_factory=lambda: defaultdict(Crowd))
    addresses: dict[tuple[str, str], Crowd] = field(default_factory=lambda: defaultdict(Crowd))
    made_up: bool = False

    def pairing(self) -> dict[str, Pairing]:
        """By event name: pairs inside and outside the window, ids used more than once on a side, ids of different people."""
        found: dict[str, Pairing] = defaultdict(Pairing)
        reused: dict[str, set[str]] = defaultdict(set)
        shared: dict[str, set[str]] = defaultdict(set)
        for (name, event_id), sent in self.ids.items():
            if len(sent) == 1:
                continue
            if {entry[SIDE] for entry in sent} == {"browser", "server"}:
                if _paired(sent):
                    found[name or ""].pairs += 1
                else:
                    found[name or ""].outside_window += 1
            for entry in self._reused(name, sent):
                reused[name or ""].add(event_id)
                if entry.people > 1:
                    shared[name or ""].add(event_id)
        for name, event_ids in reused.items():
            found[name].reused_ids, found[name].collisions = len(event_ids), len(shared[name])
        return dict(found)

    def answers(self) -> dict[str, Counts]:
        """The checks that ask about ids and pairs."""
        asked: dict[str, Counts] = defaultdict(dict)

        def count(check: str, name: str | None, side: str | None, at_fault: bool) -> None:
            scope, faults = asked[check].get((name, side), (0, 0))
            asked[check][name, side] = scope + 1, faults + at_fault

        for (name, _), sent in self.ids.items():
            for entry in self._sides(name, sent):
                for check, at_fault in entry.faults():
                    count(check, name, entry.side, at_fault)
            browser, server = _moments(sent, "browser"), _moments(sent, "server")
            if len(browser) == 1 == len(server) and browser[0] is not None and server[0] is not None:
                count("pair-outside-window", name, None, abs(server[0] - browser[0]) > WINDOW)
        return dict(asked)

    def people(self) -> list[tuple[str, int, int, int]]:
        """Side, events, visitors and addresses of every email that ten or more events carry."""
        return [
            (side, crowd.events, crowd.visitors(self.made_up), len(crowd.addresses))
            for (side, _), crowd in self.emails.items()
            if crowd.events >= 10
        ]

    def crowded(self) -> list[tuple[str, int, int, float]]:
        """Side, events, visitors and share of every address that a fiftieth of its side's events carries, and at least twenty."""
        totals: Counter[str] = Counter()
        for (side, _), crowd in self.addresses.items():
            totals[side] += crowd.events
        return [
            (side, crowd.events, crowd.visitors(self.made_up), crowd.events / totals[side])
            for (side, _), crowd in self.addresses.items()
            if crowd.events >= 20 and crowd.events >= 0.02 * totals[side]
        ]

    def _sides(self, name: str | None, sent: list[Sent]) -> Iterator[Reused]:
        """One entry for every side that sent the id, once or more."""
        if len(sent) == 1:
            yield Reused(name, sent[0][SIDE])
            return
        several = {entry.side: entry for entry in self._reused(name, sent)}
        for side in {entry[SIDE] for entry in sent}:
            yield several.get(side) or Reused(name, side)

    def _reused(self, name: str | None, sent: list[Sent]) -> Iterator[Reused]:
        for side in ("browser", "server"):
            of_side = [entry for entry in sent if entry[SIDE] == side]
            if len(of_side) > 1:
                moments = [entry[MOMENT] for entry in of_side if entry[MOMENT] is not None]
                browsers = {entry[BROWSER] if entry[BROWSER] or self.made_up else entry[FRESH] for entry in of_side} - {None}
                keys = [len({entry[place] for entry in of_side} - {None}) for place in range(FIRST_KEY, BROWSER)]
                yield Reused(
                    name,
                    side,
                    people=max(1, len(browsers), *keys),
                    orders=len({entry[ORDER] for entry in of_side} - {None}),
                    amounts=len({_amount(entry[AMOUNT]) for entry in of_side} - {None}),
                    pages=len({entry[PAGE] for entry in of_side} - {None}),
                    seconds=max(moments) - min(moments) if moments else 0,
                )


def _amount(text: str | None) -> str | None:
    """A number whatever way it is written, other text as it stands."""
    number = number_of(text)
    return text if number is None else str(number)


def _moments(sent: Iterable[Sent], side: str) -> list[int | None]:
    return [entry[MOMENT] for entry in sent if entry[SIDE] == side]


def _paired(sent: list[Sent]) -> bool:
    """Do events of both sides fall into one window? The first opens one, the next event after it the next. No moment: the first window."""
    timed = sorted((entry for entry in sent if entry[MOMENT] is not None), key=lambda entry: entry[MOMENT])
    windows = [{entry[SIDE] for entry in sent if entry[MOMENT] is None}]
    start = timed[0][MOMENT] if timed else 0
    for entry in timed:
        if entry[MOMENT] > start + WINDOW:
            start = entry[MOMENT]
            windows.append(set())
        windows[-1].add(entry[SIDE])
    return any(len(sides) == 2 for sides in windows)
