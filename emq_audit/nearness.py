"""Nearness in time, for all rows of a log at once: who has a neighbour within the window, and which rows one window takes in.

DuckDB answers both within one group of rows; where groups are long, comparing every two of their rows would never end. Sorted arrays
answer in one pass.
"""

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd

ROWS_AT_ONCE = 2_000_000
"""Rows compared in memory at a time; longer tables are taken in parts."""

Array = np.ndarray


def in_parts(con: duckdb.DuckDBPyConnection, table: str, then: str = "moment") -> Iterator[dict[str, Array]]:
    """The columns of a table with whole numbers `group` and `moment` (no NULLs), sorted by them and `then`, in parts that keep groups
    together."""
    rows = con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    parts = -(-rows // ROWS_AT_ONCE)
    for part in range(parts):
        yield con.execute(
            f'SELECT * FROM {table} WHERE "group" % {parts} = {part} ORDER BY "group", moment, {then}'
        ).fetchnumpy()


def keep(con: duckdb.DuckDBPyConnection, table: str, **columns: Array) -> None:
    """Add rows to a table, given as one array a column."""
    con.register("kept_rows", pd.DataFrame(columns))
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM kept_rows")
    con.unregister("kept_rows")


def has_neighbour(group: Array, moment: Array, asked: Array, others: Array, seconds: int, *, before: bool = False) -> Array:
    """Which of the `asked` rows have one of the `others` in their group at most `seconds` away; with `before`, not after themselves.

    All arrays are as long as the log's rows and sorted by group, then moment; `asked` and `others` are truth values. Returns truth
    values for every row, false where not asked. A row at the very same second counts as before.
    """
    found = np.zeros(len(group), dtype=bool)
    places, neighbours = np.flatnonzero(asked), np.flatnonzero(others)
    if not len(places) or not len(neighbours):
        return found
    # Among rows of one second the order says nothing, so a row is compared with all up to the end of its second.
    last = _end_of_second(group, moment)[places]
    after = np.searchsorted(neighbours, last, side="right")
    for step in (-1,) if before else (-1, 0):
        at = after + step
        known = (at >= 0) & (at < len(neighbours))
        other = neighbours[np.where(known, at, 0)]
        near = known & (group[other] == group[places]) & (np.abs(moment[other] - moment[places]) <= seconds)
        found[places] |= near
    return found


def _end_of_second(group: Array, moment: Array) -> Array:
    """For every row the place of the last row with its group and moment."""
    changes = np.flatnonzero((group[1:] != group[:-1]) | (moment[1:] != moment[:-1]))
    ends = np.append(changes, len(group) - 1)
    return ends[np.searchsorted(ends, np.arange(len(group)))]


def windows(group: Array, moment: Array, seconds: Array) -> Array:
    """Number the windows of every group, counted through all groups from 0; one number a row.

    The first row of a group opens a window that takes in all of the group's rows up to `seconds` (one number a row, the same within a
    group) later; the next row opens the next. Rows are sorted by group, then moment.
    """
    opens = np.zeros(len(group), dtype=bool)
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(group) else np.zeros(0, dtype=np.int64)
    ends = np.append(starts[1:], len(group))
    # One sortable number for (group, moment): groups far enough apart that moments never reach the next.
    stride = int(moment.max() - moment.min() + seconds.max() + 2) if len(group) else 1
    line = np.cumsum(np.append(0, group[1:] != group[:-1])) * stride + (moment - moment.min()) if len(group) else moment
    while len(starts):
        opens[starts] = True
        following = np.searchsorted(line, line[starts] + seconds[starts], side="right")
        more = following < ends
        starts, ends = following[more], ends[more]
    return np.cumsum(opens) - 1


ROUNDS = 100
"""Matching ends after so many rounds even if somebody could still be matched; real logs need fewer than ten."""


def match(group: Array, moment: Array, browser: Array, kind: Array, seconds: int) -> Array:
    """Pair browser rows with server rows of the same group and another kind, the nearest in time first, at most `seconds` apart.

    Rows are sorted by group, then moment; each is paired once at most. Returns for every row the place of its partner, or -1.
    """
    partner = np.full(len(group), -1)
    places = np.arange(len(group))
    for _ in range(ROUNDS):
        rows = (group[places], moment[places], kind[places])
        ours = browser[places]
        nearest = np.where(ours, _nearest(*rows, ours, ~ours, seconds, ahead=True), _nearest(*rows, ~ours, ours, seconds, ahead=False))
        mutual = np.flatnonzero((nearest >= 0) & (nearest[nearest] == np.arange(len(places))))
        if not len(mutual):
            break
        partner[places[mutual]] = places[nearest[mutual]]
        places = places[partner[places] < 0]
    return partner


def _nearest(group: Array, moment: Array, kind: Array, asked: Array, others: Array, seconds: int, *, ahead: bool) -> Array:
    """For every asked row the place of the nearest other row of its group and of another kind, or -1; of two as near the one `ahead`."""
    best, distance = np.full(len(group), -1), np.full(len(group), seconds + 1, dtype=np.int64)
    for one in np.unique(kind[asked]):
        places, answers = np.flatnonzero(asked & (kind == one)), np.flatnonzero(others & (kind != one))
        if not len(answers):
            continue
        following = np.searchsorted(answers, places)
        for step in (0, -1) if ahead else (-1, 0):
            at = following + step
            known = (at >= 0) & (at < len(answers))
            other = answers[np.where(known, at, 0)]
            away = np.abs(moment[other] - moment[places])
            nearer = known & (group[other] == group[places]) & (away < distance[places])
            best[places[nearer]], distance[places[nearer]] = other[nearer], away[nearer]
    return best
