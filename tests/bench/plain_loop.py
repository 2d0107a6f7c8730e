"""The audit's judgement as a plain Python loop: the rival of the benchmark, and the oracle of tests/test_oracle.py.

It reads an NDJSON server log line by line and settles every key state and fact, the pattern counts, ids and pairs. From the patterns on
it takes the audit's own road (check.run on a few hundred rows, score): that part costs both the same. Reading other formats,
examples, fixes and the report are left out, to the loop's advantage.

    python -m tests.bench.plain_loop FILE
"""

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pandas as pd

from emq_audit import patterns as audit_patterns
from emq_audit.check import FACTS, STATE_COLUMNS, run
from emq_audit.checks import ALL
from emq_audit.match_keys import KEYS
from emq_audit.score import score
from tests.bench.plain_facts import facts, moment
from tests.bench.plain_relations import Counts, Pairing, Relations
from tests.bench.plain_states import Event, cookie_ms, first_text, key_states, without_appendix

_IDENTIFYING = ("event_name", "event_time", "event_id", "user_data")
_PLACE = {key: place for place, key in enumerate(KEYS)}
_EM, _PH, _ID, _FBP, _IP = (_PLACE[key] for key in ("em", "ph", "external_id", "fbp", "client_ip_address"))
_TIME_STATE, _ID_STATE, _SOURCE_STATE = 2, 3, 4
"""Places among the facts of one event."""
DAY = 86_400

Kind = tuple[str | None, str, tuple[Any, ...], tuple[str, ...], bool]
"""What one event has in common with others: name, side, facts, key states, and whether its fbp is only seconds old."""


@dataclass
class Log:
    """Everything that is known after the last line; ages and made-up browser ids are settled only then."""

    as_of: int | None = None
    region: str | None = None
    kinds: dict[Kind, int] = field(default_factory=dict)
    events: list[tuple[int, int | None, int | None]] = field(default_factory=list)
    """Number of its kind, event_time and received_at (Unix seconds) of every event."""
    rows: list[int] = field(default_factory=list)
    rejected: int = 0
    browser_ids: set[str] = field(default_factory=set)
    relations: Relations = field(default_factory=Relations)

    def add(self, row: int, event: Event, side: str) -> None:
        """Judge one event."""
        user, custom = event.get("user_data") or {}, event.get("custom_data")
        custom = custom if isinstance(custom, dict) else {}
        texts = {name: first_text(event.get(name)) for name in ("event_name", "event_id", "action_source", "event_source_url")}
        texts |= {name: first_text(custom.get(name)) for name in ("value", "currency", "order_id")}
        time_state, event_time = moment(first_text(event.get("event_time")))
        received_at = moment(first_text(event.get("received_at")))[1]
        states = key_states(user, side, event_time, self.region)
        known = facts(event, user, custom, side, texts, time_state)
        fresh = False
        if states[_FBP] == "usable" and side == "server" and event_time is not None:
            fbp = first_text(user["fbp"])
            self.browser_ids.add(fbp)
            fresh = abs(cookie_ms(fbp) / 1000 - event_time) <= 5
        kind = (texts["event_name"], side, tuple(known), tuple(states), fresh)
        self.events.append((self.kinds.setdefault(kind, len(self.kinds)), event_time, received_at))
        self.rows.append(row)
        self._relate(user, side, states, known[_ID_STATE] == "present", texts, event_time if received_at is None else received_at, fresh)

    def _relate(
        self, user: Event, side: str, states: list[str], has_id: bool, texts: dict[str, str | None], when: int | None, fresh: bool
    ) -> None:
        """What ids, emails and addresses say about several events."""
        em = first_text(user["em"]) if states[_EM] == "usable" else None
        fbp = first_text(user["fbp"]) if states[_FBP] == "usable" else None
        if em is not None:
            self.relations.emails[side, em].add(fbp, fresh, first_text(user.get("client_ip_address")))
        if states[_IP] == "usable":
            self.relations.addresses[side, first_text(user["client_ip_address"])].add(fbp, fresh, None)
        if has_id and side in ("browser", "server"):
            payload = first_text(user["fbp"]).split(".")[3] if states[_FBP] in ("usable", "seconds") else None
            self.relations.ids[texts["event_name"], texts["event_id"]].append((
                side, when, texts["order_id"], texts["value"], texts["event_source_url"],
                em.strip().lower()[:64] if em is not None else None,
                first_text(user["ph"])[:64] if states[_PH] == "usable" else None,
                without_appendix(first_text(user["external_id"])) if states[_ID] == "usable" else None,
                None if fresh else payload,
                payload if fresh else None,
            ))  # fmt: skip

    def settled(self) -> Iterator[tuple[Kind, str | None, str | None]]:
        """For every event its kind, with made-up browser ids marked, its age_state and its delay_state."""
        kinds = self._marked()
        now, judge_age = self.as_of, True
        if now is None:
            now = self._newest()
            judge_age = not self._spans_weeks(now)
        for number, event_time, received_at in self.events:
            kind = kinds[number]
            limit = (62 if kind[2][_SOURCE_STATE] == "physical_store" else 7) * DAY
            yield kind, _age(event_time, received_at, now, limit, judge_age), _delay(event_time, received_at)

    def _marked(self) -> list[Kind]:
        """Browser ids that a server makes anew for every event: see events._mark_synthetic."""
        numbers = Counter(number for number, event_time, _ in self.events if event_time is not None)
        seen = fresh = 0
        for kind, number in self.kinds.items():
            if kind[1] == "server" and kind[3][_FBP] == "usable":
                seen += numbers[number]
                fresh += numbers[number] * kind[4]
        if not (seen >= 20 and fresh >= 0.9 * seen and len(self.browser_ids) >= 0.85 * seen):
            return list(self.kinds)
        self.relations.made_up = True
        return [(*kind[:3], (*kind[3][:_FBP], "synthetic", *kind[3][_FBP + 1 :]), True) if kind[4] else kind for kind in self.kinds]

    def _newest(self) -> int | None:
        """The newest event, strays left out: see events._newest."""
        sound = {number for kind, number in self.kinds.items() if kind[2][_TIME_STATE] in ("seconds", "date")}
        latest = time.time() + 3600
        times = sorted(moment for number, moment, _ in self.events if number in sound and moment <= latest)
        if not times:
            return None
        late = times[math.ceil(0.99 * len(times)) - 1]
        return max(moment for moment in times if moment <= late + 7 * DAY)

    def _spans_weeks(self, now: int | None) -> bool:
        """Is this a log kept day after day for over a week? See events._spans_weeks."""
        if now is None:
            return False
        days, first, last = set(), now, -math.inf
        for _, event_time, _ in self.events:
            if event_time is not None and event_time <= now:
                days.add(event_time // DAY)
                first, last = min(first, event_time), max(last, event_time)
        return (last - first) / DAY > 7 and len(days) >= 0.8 * (last - first) / DAY


def _age(event_time: int | None, received_at: int | None, now: int | None, limit: int, judge_age: bool) -> str | None:
    if event_time is None:
        return None
    end = now if received_at is None else received_at
    if end is not None and event_time > end + 60:
        return "future"
    old = end is not None and event_time < end - limit
    return "old" if old and (judge_age or received_at is not None) else "fresh"


def _delay(event_time: int | None, received_at: int | None) -> str | None:
    if event_time is None or received_at is None:
        return None
    delay = received_at - event_time
    return "over a day" if delay > DAY else "over two hours" if delay > 7200 else "prompt"


def read_log(path: Path, side: str | None = "server", as_of: int | None = None, region: str | None = None) -> Log:
    """Judge every line. `side` None: the key `source` of every event names it."""
    log = Log(as_of, region)
    with path.open("rb") as lines:
        for row, line in enumerate(lines, 1):
            try:
                event = orjson.loads(line)
            except orjson.JSONDecodeError:
                event = _leniently(line)
            if isinstance(event, dict) and any(event.get(key) is not None for key in _IDENTIFYING):
                log.add(row, event, side or event["source"])
            elif line.strip():
                log.rejected += 1
    return log


def _leniently(line: bytes) -> Any:
    """What orjson refuses and others read: half a surrogate pair, numbers beyond a double; None for what is no JSON."""
    try:
        value = json.loads(line, strict=False, parse_float=str, parse_int=str)
    except ValueError:
        return None
    return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def columns(kind: Kind, age: str | None, delay: str | None, both_sides: bool) -> tuple[Any, ...]:
    """One event as a row of `patterns`: event_name, side, FACTS, STATE_COLUMNS."""
    name, side, known, states, _ = kind
    return (name, side, *known[:3], age, delay, *known[3:], both_sides, "not logged", *states)


COLUMNS = ("event_name", "side", *FACTS, *STATE_COLUMNS)


@dataclass
class Outcome:
    """What the loop found: `checks` by id, `scores` as score.score gives them."""

    events: int
    rejected: int
    patterns: Counter[tuple[Any, ...]]
    checks: dict[str, Counts]
    dedup: dict[str, Pairing]
    scores: pd.DataFrame


def outcome(log: Log) -> Outcome:
    """Everything settled, counted, checked and scored."""
    both_sides = {"browser", "server"} <= {kind[1] for kind in log.kinds}
    patterns: Counter[tuple[Any, ...]] = Counter()
    for found, number in Counter(log.settled()).items():
        patterns[columns(*found, both_sides)] += number
    con = _as_tables(patterns, log.relations)
    answers = run([check for check in ALL if check.over in ("events", "people", "addresses")], con)
    checks = {answer.check.id: {(c.event_name, c.side): (c.in_scope, c.at_fault) for c in answer.counts} for answer in answers}
    scores = score(audit_patterns.scored(audit_patterns.load(con)))
    return Outcome(len(log.events), log.rejected, patterns, checks | log.relations.answers(), log.relations.pairing(), scores)


def _as_tables(patterns: Counter[tuple[Any, ...]], relations: Relations) -> duckdb.DuckDBPyConnection:
    """The patterns, and the few emails and addresses of many, where check.run and patterns.load look for them."""
    con = duckdb.connect()
    types = {name: "BOOLEAN" if isinstance(value, bool) else "VARCHAR" for name, value in zip(COLUMNS, next(iter(patterns)), strict=True)}
    con.execute(f"CREATE TABLE patterns ({', '.join(f'{name} {kind}' for name, kind in types.items())}, events BIGINT, "
                "forward BIGINT DEFAULT 0, attach BIGINT DEFAULT 0)")  # what could be had from elsewhere: not asked here
    rows = pd.DataFrame([(*row, number) for row, number in patterns.items()], columns=[*COLUMNS, "events"])  # noqa: F841
    con.execute("INSERT INTO patterns BY NAME SELECT * FROM rows")
    for name, found, last in (("people", relations.people(), "addresses"), ("addresses", relations.crowded(), "share")):
        con.execute(f"CREATE TABLE {name} (event_name VARCHAR, side VARCHAR, events BIGINT, visitors BIGINT, {last} DOUBLE)")
        if found:
            con.executemany(f"INSERT INTO {name} VALUES (NULL, ?, ?, ?, ?)", found)
    return con


if __name__ == "__main__":
    print(outcome(read_log(Path(sys.argv[1]))).scores.to_string())
