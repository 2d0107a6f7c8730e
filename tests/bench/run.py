"""The benchmark: one log, read by everyone, each in a process of its own; prints a Markdown table.

    python -m tests.bench.run [EVENTS=1000000] [--ten] [--stages] [--pairs]

`--ten` measures the audit alone on ten million events instead, `--stages` where the audit's time goes, `--pairs` how deduplication of a
two-sided log grows from one to ten million events. Times are whole processes,
start of the interpreter and imports included. The quick contenders take turns and run several times, so that a busy moment of the
machine does not fall on one of them; the slow ones run once. This process stays small: Linux counts the memory of the process that
starts another into the peak of the other.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
TURNS = 3
BARE = """
import sys, duckdb
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
print(con.execute(sys.argv[1]).fetchone()[0])
"""

QUICK = {"parse": "DuckDB, bare parse", "table": "DuckDB, parsed into a table", "audit": "emq-audit, full audit"}
SLOW = {"loop": "plain Python loop (orjson)", "pandas": "pandas"}


@dataclass(frozen=True)
class Run:
    """One finished process: wall and CPU seconds, peak resident memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    said: str


def measured(command: list[str]) -> Run:
    """Run a command to its end. Raises RuntimeError with its errors if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command[:4])} failed:\n{errors.read()[-2000:]}")
        out.seek(0)
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read() + errors.read())


def contender(name: str, log: Path) -> list[str]:
    """The command that runs it. The bare parses know only DuckDB and the query."""
    module = [sys.executable, "-m", "tests.bench.contenders"]
    if name in ("parse", "table"):
        query = subprocess.run([*module, f"{name}_sql", str(log)], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return [sys.executable, "-c", BARE, query]
    return [*module, name, str(log)]


def written(folder: Path, events: int) -> Path:
    """A log of so many events in the folder."""
    log = folder / "log.ndjson"
    subprocess.run([sys.executable, "-m", "tests.bench.make_log", str(log), str(events)], cwd=ROOT, check=True)
    return log


def all_runs(log: Path, events: int) -> dict[str, list[Run]]:
    """Every contender's runs. Raises RuntimeError if one of them counts other events than were written."""
    commands = {name: contender(name, log) for name in (*QUICK, *SLOW)}
    turns: Iterable[str] = [*list(QUICK) * TURNS, *SLOW]
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for name in turns:
        run = measured(commands[name])
        if int(run.said.split()[0]) != events:
            raise RuntimeError(f"{name} counted {run.said.strip()} events instead of {events}")
        runs[name].append(run)
    return runs


def growth(folder: Path, events: int) -> str:
    """The audit of two-sided logs of `events` and of ten times as many, in turns, as a table with the growth per event."""
    sizes = (events, 10 * events)
    for size in sizes:
        (folder / str(size)).mkdir()
        subprocess.run([sys.executable, "-m", "tests.bench.make_pairs", str(folder / str(size)), str(size)], cwd=ROOT, check=True)
    runs = {size: [measured(contender("pairs", folder / str(size))) for _ in range(TURNS if size == events else 1)] for size in sizes}
    lines = ["| events | wall, µs an event | CPU, µs an event | peak memory, MB |", "|--:|--:|--:|--:|"]
    for found in runs.values():
        counted = int(found[0].said.split()[0])
        wall, cpu = (median(getattr(run, kind) for run in found) / counted * 1e6 for kind in ("wall", "cpu"))
        lines.append(f"| {counted:,} | {wall:.1f} | {cpu:.1f} | {max(run.peak for run in found):,.0f} |")
    return "\n".join(lines)


def heading(events: int, log: Path) -> str:
    packages = ", ".join(f"{name} {version(name.lower())}" for name in ("DuckDB", "pandas", "orjson"))
    return (
        f"{events:,} events, {log.stat().st_size / 1e6:,.0f} MB NDJSON; {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, {packages}; load before the run {os.getloadavg()[0]:.1f}"
    )


def as_table(runs: dict[str, list[Run]]) -> str:
    """Medians, and how they compare with the bare parse and with the audit."""
    wall = {name: median(run.wall for run in found) for name, found in runs.items()}
    lines = ["| | wall, s | CPU, s | peak memory, MB | × bare parse | × full audit | runs |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, words in {**QUICK, **SLOW}.items():
        found = runs[name]
        lines.append(
            f"| {words} | {wall[name]:.1f} | {median(run.cpu for run in found):.1f} | {max(run.peak for run in found):,.0f} "
            f"| {wall[name] / wall['parse']:.1f} | {wall[name] / wall['audit']:.2f} | {len(found)} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    usual = 10_000_000 if "--ten" in arguments else 1_000_000
    events = next((int(text.replace("_", "")) for text in arguments if text[0].isdigit()), usual)
    with tempfile.TemporaryDirectory(prefix="emq-bench-") as folder:
        if "--pairs" in arguments:
            print(growth(Path(folder), events))
            return
        log = written(Path(folder), events)
        print(heading(events, log), end="\n\n", flush=True)
        if "--stages" in arguments:
            print(measured(contender("stages", log)).said)
        elif "--ten" in arguments:
            run = measured(contender("audit", log))
            print(f"full audit: {run.wall:.1f} s ({run.wall / events * 1e6:.1f} µs an event), CPU {run.cpu:.1f} s, peak {run.peak:,.0f} MB")
        else:
            print(as_table(all_runs(log, events)))


if __name__ == "__main__":
    main(sys.argv[1:])
