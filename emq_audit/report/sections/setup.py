"""Set-up found: what sends the events; and input health: what was read and what was not."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from emq_audit.report import FileRead, Method, Rejection, Report
from emq_audit.report.sections import next_step
from emq_audit.report.words import (
    METHODS,
    ROWS_SHOWN,
    SIDES,
    Piece,
    Sentence,
    capital,
    count,
    counted,
    file_name,
    log,
    not_listed,
    percent,
    plural,
    sentence,
)

ROWS_NAMED = 3  # rows listed beside one reason
REASONS_SHOWN = 20
TITLES = {
    "pixel+capi": "Pixel and Conversions API both send events",
    "pixel": "Only the Meta Pixel sends events",
    "capi": "Only the Conversions API sends events",
    "offline": "These are offline events",
    "unknown": "The logs do not say which side sent the events",
}
BY_EVENT = "Told by each event"
METHOD_SIDES = {"pixel": "browser", "offline": "offline", "unknown": "unknown"}


@dataclass(frozen=True)
class Sender:
    words: str
    sender: Piece | None
    events: str


@dataclass(frozen=True)
class SideSeen:
    """One side: how many events came (`words`), and through what (`senders`)."""

    title: str
    words: str
    senders: tuple[Sender, ...]


@dataclass(frozen=True)
class FileRow:
    path: Piece
    side: str
    side_from: Piece | None
    format: str
    rows: str
    events: str
    rejected: str


@dataclass(frozen=True)
class ReasonRow:
    """Rejected rows with one reason; `where` names the first of them in `file`, where most of them are."""

    reason: str
    rows: str
    file: Piece
    where: str


@dataclass(frozen=True)
class Setup:
    """`counted_reasons` is below `rejected` where only the first rejections are listed."""

    title: Sentence
    sides: tuple[SideSeen, ...]
    pixels: tuple[Piece, ...]
    next: next_step.NextStep | None
    health: str
    files: tuple[FileRow, ...]
    more_files: str
    total: FileRow | None
    reasons: tuple[ReasonRow, ...]
    partial: str


def section(report: Report) -> Setup | None:
    read = report.input
    if not read.files and not report.setup.methods:
        return None
    return Setup(
        title=sentence(
            TITLES.get(report.setup.kind, TITLES["unknown"])
            if read.events
            else "Nothing in these logs could be read as an event"
        ),
        sides=_sides(report),
        pixels=tuple(log(pixel, 40) for pixel in report.setup.pixels),
        next=next_step.section(report) if read.events else None,
        health=_health(report),
        files=tuple(_file_row(file) for file in read.files[:ROWS_SHOWN]),
        more_files=not_listed(len(read.files), what="file"),
        total=_total(report) if len(read.files) > 1 else None,
        reasons=_reasons(read.rejections),
        partial=_partial(report),
    )


def _sides(report: Report) -> tuple[SideSeen, ...]:
    events: Counter[str] = Counter()
    names: dict[str, set[str]] = defaultdict(set)
    for score in report.scores:
        events[score.side] += score.events
        names[score.side].add(score.event_name)
    methods: dict[str, list[Method]] = defaultdict(list)
    for method in report.setup.methods:
        methods[METHOD_SIDES.get(method.method, "server")].append(method)
    always = ("browser", "server") if report.setup.kind in ("pixel+capi", "pixel", "capi") else ()
    sides = [side for side in SIDES if side in always or events[side] or methods[side]]
    return tuple(_side(side, events[side], len(names[side]), methods[side]) for side in sides)


def _side(side: str, events: int, names: int, methods: list[Method]) -> SideSeen:
    if not events and not methods:
        return SideSeen(SIDES[side], "Not seen in these logs", ())
    words = f"{counted(events, 'event')}, {counted(names, 'event name')}" if events else ""
    senders = [
        Sender(
            METHODS.get(m.method, m.method),
            log(m.sender, 40) if m.sender else None,
            counted(m.events, "event"),
        )
        for m in sorted(methods, key=lambda m: -m.events)
    ]
    return SideSeen(SIDES[side], words, tuple(senders))


def _health(report: Report) -> str:
    read = report.input
    rows = sum(file.rows for file in read.files)
    if not read.rejected:
        return f"Every row was read: {counted(rows, 'row')}, {counted(read.events, 'event')}"
    share = f" ({percent(read.rejected / rows)})" if rows else ""
    return f"{count(read.rejected)} of {counted(rows, 'row')} could not be read as events{share}"


def _file_row(file: FileRead) -> FileRow:
    return FileRow(
        path=file_name(file.path),
        side=BY_EVENT
        if file.side == "unknown" and file.side_from
        else SIDES.get(file.side, capital(file.side)),
        side_from=log(file.side_from) if file.side_from else None,
        format=file.format,
        rows=count(file.rows),
        events=count(file.events),
        rejected=count(file.rejected) if file.rejected else "–",
    )


def _total(report: Report) -> FileRow:
    files = report.input.files
    return FileRow(
        path=Piece("Together"),
        side="",
        side_from=None,
        format="",
        rows=count(sum(file.rows for file in files)),
        events=count(report.input.events),
        rejected=count(report.input.rejected) if report.input.rejected else "–",
    )


def _reasons(rejections: tuple[Rejection, ...]) -> tuple[ReasonRow, ...]:
    by_reason: dict[str, list[Rejection]] = defaultdict(list)
    for rejection in rejections:
        by_reason[rejection.reason].append(rejection)
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))[:REASONS_SHOWN]
    return tuple(_reason(reason, rows) for reason, rows in ranked)


def _reason(reason: str, rejections: list[Rejection]) -> ReasonRow:
    file = Counter(rejection.file for rejection in rejections).most_common(1)[0][0]
    rows = [count(rejection.row) for rejection in rejections if rejection.file == file]
    more = ", …" if len(rejections) > ROWS_NAMED else ""
    return ReasonRow(
        reason=reason,
        rows=count(len(rejections)),
        file=file_name(file, 40),
        where=f"{plural(len(rows), 'row')} {', '.join(rows[:ROWS_NAMED])}{more}",
    )


def _partial(report: Report) -> str:
    listed = len(report.input.rejections)
    if not report.input.rejections or listed >= report.input.rejected:
        return ""
    return f"Reasons of the first {count(listed)} of {count(report.input.rejected)} rejected rows."
