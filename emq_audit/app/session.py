"""What one browser tab holds: a Report, and the audit it came from for as long as single events can be looked up.

The Report holds masked values only and stays while the tab is open. The audit keeps a private temporary database; it is
closed by "New audit", when the tab loses its connection, and at the latest when the server stops.
"""

import atexit
import gc
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from emq_audit import pipeline
from emq_audit.pipeline import Audit, Progress
from emq_audit.report import Report

GONE = (
    "The page lost its connection for a moment, so the log was dropped. The figures stay; "
    "open the log again to see single events."
)


KEPT = ("uploads", "given", "brand_agency", "brand_accent", "brand_logo", "brand_logos")
"""What stays for the next audit: nothing of a log."""


@dataclass
class Vault:
    """The audit of one tab, closed at most once."""

    audit: Audit | None = None

    def close(self) -> None:
        audit, self.audit = self.audit, None
        atexit.unregister(self.close)
        if audit is not None:
            audit.close()

    def keep(self, audit: Audit) -> None:
        self.close()
        self.audit = audit
        atexit.register(self.close)


@st.cache_resource(scope="session", on_release=lambda vault: vault.close(), show_spinner=False)
def _vault() -> Vault:
    return Vault()


@dataclass(frozen=True)
class Opened:
    """A Report and the names under which the user knows its logs."""

    report: Report
    names: tuple[str, ...]


def opened() -> Opened | None:
    return st.session_state.get("opened")


def audit() -> Audit | None:
    """The open audit for look-ups, or None when the connection was lost in between and the log was dropped."""
    return _vault().audit


@dataclass(frozen=True)
class Options:
    """What the user may say about a log: the `side` it comes from (None: find out) and the phone `region` (ISO code)."""

    side: str | None = None
    region: str | None = None


def open_logs(logs: Sequence[str | Path], names: Sequence[str], options: Options, progress: Progress) -> None:
    """Audit `logs` and show the result; what was open before is closed. Raises AuditError."""
    found = pipeline.open_audit(
        [str(log) for log in logs], side=options.side, region=options.region, progress=progress
    )
    close()
    _vault().keep(found)
    st.session_state["opened"] = Opened(found.report, tuple(names))


def open_uploads(files: Sequence[Any], options: Options, progress: Progress) -> None:
    """Audit what was dropped: copied into a folder only this user can read, deleted as soon as it is read."""
    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))  # mode 0700
    try:
        paths = [_save(file, folder / str(place)) for place, file in enumerate(files, 1)]
        forget_uploads(files)
        open_logs(paths, [path.name for path in paths], options, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _save(file: Any, folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    name = re.sub(r"[^\w.()+ -]", "_", Path(file.name.replace("\\", "/")).name).strip(" .")[-120:] or "log"
    path = folder / name
    path.write_bytes(file.getbuffer())
    return path


def add_orders(file: Any) -> None:
    """Compare the shop's orders in an upload with the open audit, and keep the result in the Report. Raises AuditError."""
    from emq_audit.orders import reconcile

    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))  # mode 0700
    try:
        path = _save(file, folder / "orders")
        forget_uploads([file], "order_uploads")
        found = reconcile(audit().con, str(path))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    known = opened()
    st.session_state["opened"] = replace(known, report=replace(known.report, orders=found))


def said_platform() -> str | None:
    """How the user says that the server's events are sent; None where they left it to the log."""
    return st.session_state.get("platform") if st.session_state.get("platform_said") else None


def say_platform(method: str | None) -> None:
    st.session_state["platform"], st.session_state["platform_said"] = method, method is not None


def take_orders_out() -> None:
    """Forget what the shop's orders said."""
    known = opened()
    st.session_state["opened"] = replace(known, report=replace(known.report, orders=None))


def weigh(weights: Mapping[str, float]) -> None:
    """Put the fixes in the order that these weights of events give."""
    known, open_audit = opened(), audit()
    if known and open_audit:
        st.session_state["opened"] = replace(known, report=pipeline.reranked(open_audit, known.report, weights))


def forget_uploads(files: Sequence[Any], counter: str = "uploads") -> None:
    """Make Streamlit drop the uploaded bytes, which it otherwise keeps for as long as the server runs.

    Closing the tab or giving the uploader a new key does not free them. The file manager is not public, hence the care.
    """
    try:
        context = get_script_run_ctx()
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    except AttributeError:
        pass
    for file in files:
        file.close()
    st.session_state[counter] = st.session_state.get(counter, 0) + 1  # a new key: an empty uploader
    gc.collect()


def open_demo(progress: Progress) -> None:
    """Write the demo shop's logs to a private folder, audit them, delete them."""
    from emq_audit.demo import BROWSER_FILE, SERVER_FILE, write_demo

    folder = Path(tempfile.mkdtemp(prefix="emq-audit-"))
    try:
        progress(0.0, "Writing the demo shop's logs")
        write_demo(folder)
        names = (SERVER_FILE, BROWSER_FILE)
        open_logs([folder / name for name in names], names, Options(), progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def close() -> None:
    """Forget the audit and every choice made about it; whose report it is stays."""
    _vault().close()
    for key in list(st.session_state):
        if key not in KEPT:
            del st.session_state[key]
