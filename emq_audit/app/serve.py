"""`emq-audit app`: start the server for this computer only, with the settings of `.streamlit/config.toml` from any folder."""

import os
import socket
import sys
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import streamlit as st

SCRIPT = Path(__file__).parent / "script.py"
HOST = "127.0.0.1"
FIRST_PORT, PORTS = 8501, 50
PATIENCE = 30  # seconds until the server answers

# Logs named on the command line. The server runs the pages in the process that called `run`.
_given: tuple[str, ...] = ()


def run(
    logs: Sequence[str | os.PathLike[str]] = (), *, port: int | None = None, headless: bool = False
) -> None:
    """Serve the app until it is stopped, and open it in the browser unless `headless`.

    `logs` are audited when a tab opens.
    """
    from streamlit.starlette import App

    from emq_audit.app.theme import OPTIONS

    global _given
    _given = tuple(os.fspath(log) for log in logs)
    port = port or _free_port()
    if not headless and _has_screen():
        Thread(target=_open_when_ready, args=(port,), daemon=True).start()
    App(SCRIPT).run(config={**OPTIONS, "server.port": port, "server.headless": True})


def not_yet_opened() -> tuple[str, ...]:
    """The logs of the command line, the first time a tab asks; nothing after that, so that "New audit" leads to
    the start."""
    if not _given or st.session_state.get("given"):
        return ()
    st.session_state["given"] = True
    return _given


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    """Streamlit's usual port, or the next one that nobody listens on."""
    ports = range(FIRST_PORT, FIRST_PORT + PORTS)
    return next((port for port in ports if not _answers(port)), FIRST_PORT)


def _has_screen() -> bool:
    """Without one, opening a browser would start one that draws over the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_when_ready(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if _answers(port):
            webbrowser.open(f"http://{HOST}:{port}")
            return
        time.sleep(0.1)
