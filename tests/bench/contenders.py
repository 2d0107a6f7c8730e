"""What the benchmark measures, each to be run as a process of its own: `python -m tests.bench.contenders NAME FILE`.

Every contender imports only what it needs, reads the same NDJSON server log and prints the number of its events.
"""

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path


def parse_sql(path: Path) -> str:
    """The bare parse: the columns and types the audit reads, every leaf counted. Run by a process that knows only DuckDB."""
    from emq_audit.match_keys import KEYS
    from emq_audit.read import MISNAMED_KEYS, plain_json, sql

    leaves = [column for column in sql.EVENT_TYPES if column != "user_data"]
    leaves += [f'user_data."{key}"' for key in (*KEYS, *MISNAMED_KEYS)]
    relation = plain_json.relation(path, "newline_delimited", sql.EVENT_TYPES)
    return f"SELECT count(*), {', '.join(f'count({leaf})' for leaf in leaves)} FROM {relation}"


def table_sql(path: Path) -> str:
    """The same columns, stored as a table in memory."""
    from emq_audit.read import plain_json, sql

    return f"CREATE TABLE log AS SELECT * FROM {plain_json.relation(path, 'newline_delimited', sql.EVENT_TYPES)}"


def audit(path: Path) -> int:
    """The full audit, from the path to the Report."""
    from emq_audit import audit

    return audit([path]).input.events


def pairs(folder: Path) -> int:
    """The full audit of a two-sided log, as make_pairs writes it."""
    from emq_audit import audit

    return audit([f"{side}={folder / side}.ndjson" for side in ("browser", "server")]).input.events


def loop(path: Path) -> int:
    """The plain Python loop; what it leaves out is said in plain_loop.py."""
    from tests.bench.plain_loop import outcome, read_log

    return outcome(read_log(path)).events


def frame(path: Path) -> int:
    """The pandas version; what it leaves out is said in pandas_version.py."""
    from tests.bench.pandas_version import patterns, read, scores

    found = patterns(read(path))
    scores(found)
    return int(found["events"].sum())


def stages(path: Path) -> int:
    """The audit again, with the seconds between two reports of progress."""
    from emq_audit import audit

    seen: list[tuple[float, str]] = []
    events = audit([path], progress=lambda share, words: seen.append((time.perf_counter(), words))).input.events
    seen.append((time.perf_counter(), ""))
    for (start, words), (end, _) in pairwise(seen):
        print(f"{words:25}{end - start:8.2f} s", file=sys.stderr)
    return events


CONTENDERS: dict[str, Callable[[Path], object]] = {
    "parse_sql": parse_sql, "table_sql": table_sql, "audit": audit, "pairs": pairs, "loop": loop, "pandas": frame, "stages": stages,
}  # fmt: skip

if __name__ == "__main__":
    print(CONTENDERS[sys.argv[1]](Path(sys.argv[2])))
