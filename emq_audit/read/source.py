"""What the read stage hands on: sources of rows, and what is to be told about each file."""

from dataclasses import dataclass, field
from pathlib import Path

from emq_audit.match_keys import KEYS

# Columns every source yields. Leaves are JSON, so that a list, a number and a text stay apart.
EVENT_LEAVES = (
    "event_name", "event_time", "event_id", "action_source", "event_source_url", "referrer_url", "opt_out", "data_processing_options",
    "test_event_code",
)  # fmt: skip

# Keys that people write inside user_data instead of Meta's; Meta ignores them. Read so that the audit can say so.
MISNAMED_KEYS = (
    "email", "phone", "phone_number", "first_name", "last_name", "firstName", "lastName", "city", "state", "zip", "postal_code",
    "ip", "ip_address", "user_agent", "_fbp", "_fbc", "externalId", "gender", "dob", "client_ip", "fbclid", "hashed_email",
)  # fmt: skip

USER_DATA = "STRUCT(" + ", ".join(f'"{key}" JSON' for key in (*KEYS, *MISNAMED_KEYS)) + ")"

SIDES = ("browser", "server", "offline")

MAX_REJECTIONS = 1000
"""Rejections kept with file, row and reason; the rest is only counted."""


@dataclass(frozen=True)
class Source:
    """One readable part of the input.

    `sql` selects: file SMALLINT, row BIGINT (NULL: rows are in file order and counted from `first_row`), side VARCHAR (browser, server,
    offline, unknown), as_sent BOOLEAN, sender, pixel_id, received_at JSON, the EVENT_LEAVES as JSON, user_data (USER_DATA) and
    custom_data JSON. A row that is no event has none of event_name, event_time, event_id and user_data. `consent`: there is one more
    column of that name, JSON (emq_audit.read.consent).
    """

    file: int
    sql: str
    first_row: int = 1
    consent: bool = False


@dataclass(frozen=True)
class ReadFile:
    """One file, member of an archive or sheet of a workbook, as the user is told about it.

    `path` is the name to show ("logs.zip › server.ndjson"), `format` words such as "NDJSON events", `side_from` says how the side is
    known. `rejected` counts the records that were refused while reading, `rejections` holds the first of them as (row, reason);
    records that only turn out to be no events later are found by `account`, which looks them up again in `lines` (text, one record a
    line) or in `table` (SQL: ordinal, row and reason). `many`: a line may have given several rows, and these carry its number.
    """

    path: str
    format: str
    side: str = "unknown"
    side_from: str = ""
    rejected: int = 0
    rejections: tuple[tuple[int, str], ...] = ()
    lines: Path | None = None
    table: str | None = None
    many: bool = False


@dataclass(frozen=True)
class Reading:
    """Everything found in the logs that were given. `files` is indexed by the file number that sources carry; `paths` are the files on
    disk that will be read, spooled ones included."""

    sources: list[Source] = field(default_factory=list)
    files: list[ReadFile] = field(default_factory=list)
    paths: set[Path] = field(default_factory=set)
