"""Fixtures of the browser tests: Chromium, and the app on a free port; and those of tests/graph_cases.py."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.graph_cases import graph_at, graph_log, graph_report, graph_running, graph_server  # noqa: F401

ROOT = Path(__file__).parents[1]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START = 60  # seconds the server may take
PRIVATE = "private"  # folder of the server's temporary files


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The installed Chromium. A machine without one fails these tests: they must not pass for want of a browser."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not found:
        pytest.fail(
            "No Chromium found. Install one (on Debian: apt-get install chromium) or name it in CHROMIUM.",
            pytrace=False,
        )
    return {
        **browser_type_launch_args,
        "executable_path": found,
        "args": ["--disable-dev-shm-usage", "--disable-gpu"],
    }


@contextmanager
def served(command: Callable[[int], list[str]], folder: Path, home: Path) -> Iterator[str]:
    """The address of a server started by `command(port)` in `folder`; stopped afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    out = home / f"server-{port}.txt"
    private = home / PRIVATE
    private.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(private), "PYTHONPATH": str(ROOT)}
    with out.open("w") as log:
        server = subprocess.Popen(
            command(port), cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", server, out)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _wait(address: str, server: subprocess.Popen, out: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The app did not start:\n{out.read_text()}")


@pytest.fixture(scope="session")
def app_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the user who runs the app; what the app writes goes to PRIVATE inside."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def app_url(app_home: Path) -> Iterator[str]:
    """`streamlit run app.py`, as the README says."""

    def command(port: int) -> list[str]:
        return [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.port",
            str(port),
            "--server.headless",
            "true",
        ]

    with served(command, ROOT, app_home) as address:
        yield address
