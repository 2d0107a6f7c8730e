"""Start: drop logs, try the demo, or name files on this computer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from markupsafe import Markup

from emq_audit.app import parts, session
from emq_audit.app.faults import kept, tell
from emq_audit.app.session import Options, Progress
from emq_audit.app.words import label
from emq_audit.errors import AuditError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIDES = {"": "Find out", "browser": "Browser", "server": "Server", "offline": "Offline"}
DROP = (
    ("Conversions API events", "JSON, NDJSON, CSV, Excel or Parquet, also .gz and .zip"),
    ("Pixel events", "a HAR recording, a list of Pixel requests, or a table"),
    ("Both together", "browser and server logs dropped in one go show what pairs"),
)
GET = (
    ("A score per event, with its range", "0 to 10, target 6.0, and what is possible"),
    ("Every fault, with its number of events", "and masked examples"),
    ("A ranked list of fixes", "steps for Shopify, GTM, partners or the API"),
)
PRIVACY = Markup(
    "<strong>Nothing leaves this computer.</strong> Files are read, counted and dropped. Emails, phone numbers and addresses are "
    "masked on screen and in reports."
)


Place = st.delta_generator.DeltaGenerator
Work = Callable[[Progress], None]


def show(whole: Place) -> None:
    """`whole` is the empty place that the start fills, so that it goes at once when a result takes over."""
    with _page(whole):
        parts.show(
            parts.heading("", "See how well Meta can match your events, and what to fix first."),
            parts.lede(
                "Drop an export of your Meta Pixel or Conversions API events. You get a score for every event name, the match "
                "keys that are faulty or missing, and the events that are counted twice."
            ),
        )
        place = st.empty()
        with place.container():
            tell(st.session_state.get("problem"))
        work = [_uploads(), _demo()]
        parts.show(parts.note(PRIVACY))
        if _only_for_this_computer():
            work.append(_paths())
        _options()
        parts.show(
            parts.two_columns(_explained("What you can drop", DROP), _explained("What you get", GET)),
            parts.note("Scores are estimates made from your log. Meta shows its own in Events Manager."),
        )
    if asked := next(filter(None, work), None):
        _run(place, asked)


def open_given(whole: Place, logs: tuple[str, ...]) -> None:
    """Audit the logs named on the command line."""
    with _page(whole):
        parts.show(parts.heading("", "Reading your logs"))
        place = st.empty()
    names = [Path(log).name or log for log in logs]
    _run(place, lambda progress: session.open_logs(logs, names, Options(), progress))


def _page(whole: Place) -> Place:
    return whole.container(horizontal_alignment="center").container(key="emq-start", width=720, gap="medium")


def _explained(title: str, lines: tuple[tuple[str, str], ...]) -> Markup:
    return parts.section(title) + parts.facts((parts.two_lines(*line), "") for line in lines)


def _uploads() -> Work | None:
    key = f"logs-{st.session_state.get('uploads', 0)}"
    files = st.file_uploader("Event logs", accept_multiple_files=True, key=key, label_visibility="collapsed")
    return (lambda progress: session.open_uploads(files, _chosen(), progress)) if files else None


def _demo() -> Work | None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        asked = st.button("Try the demo shop", type="primary", key="demo")
        parts.show(parts.note("A week of events from a made-up Danish web shop. Takes a few seconds."))
    return session.open_demo if asked else None


def _paths() -> Work | None:
    with st.expander("Read a large file or a folder instead"), st.form("paths", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            typed = st.text_input(
                "File, folder or pattern on this computer",
                key="path",
                placeholder="exports/capi-2026-11-*.ndjson.gz",
            )
            asked = st.form_submit_button("Read")
        parts.show(parts.note("For files over 200 MB. They are read piece by piece and never copied."))
    return (lambda progress: _open_path(typed.strip(), progress)) if asked else None


def _open_path(typed: str, progress: Progress) -> None:
    if not typed:
        raise AuditError(
            "No file is named.", "Type the path of a file or folder, or a pattern such as exports/*.csv."
        )
    # A dash means standard input on the command line; here it would wait for ever.
    session.open_logs(["./-" if typed == "-" else typed], [Path(typed).name or typed], _chosen(), progress)


def _only_for_this_computer() -> bool:
    """A path is read on the server's disk, so the box is only for the person who sits at it."""
    return st.get_option("server.address") in LOOPBACK


def _options() -> None:
    with st.expander("Side and phone region, if you know them"):
        st.segmented_control(
            "These logs come from",
            list(SIDES),
            format_func=SIDES.__getitem__,
            default="",
            required=True,
            key="side",
        )
        st.text_input(
            "Country of phone numbers written without a country code",
            key="region",
            placeholder="DK",
            max_chars=2,
            width=320,
        )


def _chosen() -> Options:
    """What was set under the folded options."""
    side, region = st.session_state.get("side"), st.session_state.get("region") or ""
    return Options(side or None, region.strip().upper() or None)


def _run(place: Place, work: Work) -> None:
    """Do the work under a moving bar in its `place`, then draw the page anew: the result, or what went wrong."""
    with kept(), _bar(place) as progress:
        work(progress)
    st.rerun()


@contextmanager
def _bar(place: Place) -> Iterator[Progress]:
    bar = place.progress(0.0, text="Starting")
    yield lambda share, words: bar.progress(min(max(share, 0.0), 1.0), text=label(words, 160))
