"""What the app says when something goes wrong: one bold and one plain sentence, never a traceback, never a value."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emq_audit.app.words import label
from emq_audit.errors import AuditError

PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Problem:
    """`bold` says what is wrong, `plain` what to do; `place` is where in our code, for a report of the fault."""

    bold: str
    plain: str
    place: str = ""


def problem(error: Exception) -> Problem:
    """An AuditError in its own words; anything else is a fault of ours. The message of the exception is left out:
    it may hold a value from the log."""
    if isinstance(error, AuditError):
        return Problem(error.problem, error.hint)
    return Problem(
        "Something went wrong in emq-audit itself.",
        "Your log was dropped and nothing was stored. Try again; if it happens again, report the fault with the line below, "
        "which holds nothing from your log.",
        f"{type(error).__name__} in {place(error)}",
    )


def place(error: Exception) -> str:
    """`dedup.py, line 41`: the innermost line of this package on the way to the error."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(PACKAGE) or frame.filename.startswith(str(PACKAGE))
    ]
    if not ours:
        return "an unknown place"
    return f"{Path(ours[-1].filename).relative_to(PACKAGE).as_posix()}, line {ours[-1].lineno}"


@contextmanager
def kept(key: str = "problem") -> Iterator[None]:
    """Keep what goes wrong inside under a `key` of the session for `tell`, in the next run of the page."""
    st.session_state.pop(key, None)
    try:
        yield
    except Exception as error:
        st.session_state[key] = problem(error)


@contextmanager
def told() -> Iterator[None]:
    """Say at once, in this place, what goes wrong inside; the rest of the page goes on."""
    try:
        yield
    except Exception as error:
        tell(problem(error))


def tell(fault: Problem | None) -> None:
    """The message box. Sentences may name files, so they are escaped for Markdown."""
    if fault is not None:
        st.error(f"**{label(fault.bold, 400)}** {label(fault.plain, 600)}", icon=":material/error:")
        if fault.place:
            st.code(fault.place, language=None)
