"""What an event lacks though it is known: on the other side's report of the same action, or on other events of the same visitor.

Table `recoverable` (recoverable.sql). A visitor is known by fbp or by external_id, and only if the log shows one single value of a key
for him; what two people of one browser showed is nobody's for certain.
"""

from importlib.resources import files

import duckdb

from emq_audit.match_keys import KEYS, USABLE
from emq_audit.opportunities import CONTACT

BIT = {key: 1 << place for place, key in enumerate(KEYS)}
"""The bit of each match key in a mask of keys."""

_TO_SERVER = (*CONTACT, "external_id", "fbp", "fbc", "client_ip_address", "client_user_agent")
_TO_BROWSER = (*CONTACT, "external_id")


def build(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table; needs `compared`, `id_counts` and `late_rows`."""
    text = files("emq_audit").joinpath("recoverable.sql").read_text(encoding="utf-8")
    con.execute(
        text.format(
            usable=usable_bits(),
            to_server=sum(BIT[key] for key in _TO_SERVER),
            to_browser=sum(BIT[key] for key in _TO_BROWSER),
            **{key: BIT[key] for key in ("em", "ph", "external_id")},
        )
    )


def usable_bits() -> str:
    """SQL: the usable keys of an event as one number."""
    states = ", ".join(f"'{state}'" for state in USABLE)
    return "CAST(" + " + ".join(f"CASE WHEN {key}_state IN ({states}) THEN {bit} ELSE 0 END" for key, bit in BIT.items()) + " AS INTEGER)"
