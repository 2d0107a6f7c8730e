"""What is asked of a log: one module a family, nothing but declarations. README.md here is generated from them."""

from collections.abc import Iterable
from difflib import get_close_matches

from emq_audit.check import Check
from emq_audit.checks import (
    clicks,
    commerce,
    contact,
    deduplication,
    device,
    event,
    identifiers,
    pairing,
    person,
    privacy,
    repeats,
    strength,
)
from emq_audit.errors import AuditError

FAMILIES: dict[str, tuple[Check, ...]] = {
    "Email and phone": contact.CHECKS,
    "Name, place and birth data": person.CHECKS,
    "Customer and browser ids": identifiers.CHECKS,
    "Click id": clicks.CHECKS,
    "IP address and user agent": device.CHECKS,
    "Enough to match": strength.CHECKS,
    "The event itself": event.CHECKS,
    "Value and contents": commerce.CHECKS,
    "Privacy and tests": privacy.CHECKS,
    "Deduplication": deduplication.CHECKS,
    "Pairs of browser and server": pairing.CHECKS,
    "Double counting": repeats.CHECKS,
}
ALL: tuple[Check, ...] = tuple(check for family in FAMILIES.values() for check in family)
CHECKS_BY_ID: dict[str, Check] = {check.id: check for check in ALL}


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks to ask: those named in `select`, or all, without those in `ignore`. Raises AuditError for an id that no check has."""
    select, ignore = set(select), set(ignore)
    for name in sorted(select | ignore):
        _known(name)
    return tuple(check for check in ALL if (not select or check.id in select) and check.id not in ignore)


def _known(name: str) -> None:
    if name in CHECKS_BY_ID:
        return
    near = get_close_matches(name, CHECKS_BY_ID, n=1)
    hint = f"Did you mean {near[0]}?" if near else "`emq-audit checks` lists the ids of all checks."
    raise AuditError(f"There is no check called {name!r}.", hint)
