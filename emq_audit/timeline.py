"""Timeline: how many events of one name each side sent, hour by hour, and when one side fell silent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from emq_audit.pipeline import Audit

HOUR, DAY = 3600, 86_400
STEPS = (HOUR, DAY, 7 * DAY, 28 * DAY, 364 * DAY)
POINTS = 14 * 24
"""Most points of a timeline: two weeks by the hour; what is longer goes by the day, and so on."""
STRAYS = 0.005
"""Share of events at either end that may lie far from all others: a wrong clock must not stretch the timeline."""
SILENCE = 10
"""Events a side would be expected to send in a stretch for its silence to count as a gap. With ten expected, none at all is no chance
(for independent events e^-10, one in 22,000)."""


@dataclass(frozen=True)
class Gap:
    """`side` sent nothing from `start` to before `end` (UTC), while the other side sent `others` events. A heuristic."""

    side: str
    start: pd.Timestamp
    end: pd.Timestamp
    others: int


def hours(audit: "Audit", event_name: str) -> pd.DataFrame:
    """Events of one name over time: hour (start of the hour, UTC), browser, server; hours without events are rows of zeros.

    Moments are those of receipt where the log has them, else of the events. Logs of more than two weeks go by the day, of more than a
    year by seven days and more: the distance of two rows tells. Events far from all others are left out, so the sums may be smaller
    than the event counts.
    """
    first, last = _span(audit, event_name)
    if first is None or last is None:
        return pd.DataFrame({"hour": pd.DatetimeIndex([], tz="UTC"), "browser": [], "server": []})
    step = next((step for step in STEPS if (last - first) / step < POINTS), STEPS[-1])
    found = audit.con.execute(
        """SELECT moment // $step * $step AS hour, count(*) FILTER (WHERE side = 'browser') AS browser,
                  count(*) FILTER (WHERE side = 'server') AS server
           FROM events WHERE coalesce(event_name, '') = $name AND side IN ('browser', 'server') AND moment BETWEEN $first AND $last
           GROUP BY hour""",
        {"step": step, "name": event_name, "first": first, "last": last},
    ).df()
    every = range(first // step * step, last + 1, step)
    counts = found.set_index("hour").reindex(every, fill_value=0)
    return pd.DataFrame(
        {
            "hour": pd.to_datetime(list(every), unit="s", utc=True),
            "browser": counts["browser"].astype(int).tolist(),
            "server": counts["server"].astype(int).tolist(),
        }
    )


def _span(audit: "Audit", event_name: str) -> tuple[int | None, int | None]:
    """First and last moment, in Unix seconds, leaving out strays: events further from the bulk than the bulk is long."""
    return audit.con.execute(
        """WITH sent AS (SELECT moment FROM events
                         WHERE coalesce(event_name, '') = $name AND side IN ('browser', 'server') AND moment IS NOT NULL),
                bulk AS (SELECT quantile_disc(moment, $strays) AS low, quantile_disc(moment, 1 - $strays) AS high FROM sent)
           SELECT min(moment), max(moment) FROM sent, bulk
           WHERE moment BETWEEN low - greatest(high - low, $day) AND high + greatest(high - low, $day)""",
        {"name": event_name, "strays": STRAYS, "day": DAY},
    ).fetchone()


def step(timeline: pd.DataFrame) -> pd.Timedelta:
    """The length of one row of `hours`."""
    if len(timeline) < 2:
        return pd.Timedelta(seconds=HOUR)
    return timeline["hour"].iloc[1] - timeline["hour"].iloc[0]


def gaps(timeline: pd.DataFrame) -> tuple[Gap, ...]:
    """Stretches of `hours` in which one side sent nothing though the other side's events say that it should have, longest first.

    Expected is the side's usual number of events for each of the other side's.
    """
    found = []
    for side, other in (("browser", "server"), ("server", "browser")):
        sent, total = timeline[side].sum(), timeline[other].sum()
        if not sent or not total:
            continue
        silent = timeline[side].eq(0)
        for _, stretch in timeline[silent].groupby(silent.ne(silent.shift()).cumsum()[silent]):
            others = int(stretch[other].sum())
            if others * sent / total >= SILENCE:
                found.append(
                    Gap(side, stretch["hour"].iloc[0], stretch["hour"].iloc[-1] + step(timeline), others)
                )
    return tuple(sorted(found, key=lambda gap: (-gap.others, gap.start, gap.side)))
