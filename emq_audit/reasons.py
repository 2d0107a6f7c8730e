"""REASONS: why an event found no partner, in the order in which they are asked; the first that applies is the reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`title` states what is seen (at most 60 characters), `change` what to do about it; `expected` reasons are no fault of the set-up.

    `counted_twice`: an event with this reason has its partner in the log under the same name, so Meta counts one action as two.
    """

    id: str
    title: str
    change: str
    expected: bool = False
    counted_twice: bool = True


REASONS = (
    Reason(
        "case",
        "Ids differ in capital letters only",
        "Send the id with the same capital letters from both sides: Meta compares ids to the letter.",
    ),
    Reason(
        "prefix",
        "One side puts something in front of the id",
        "Take away what one side puts in front of the id, such as # or order-, or put it there on both sides.",
    ),
    Reason(
        "suffix",
        "One side puts something behind the id",
        "Take away what one side puts behind the id, such as .0 or -1, or put it there on both sides.",
    ),
    Reason(
        "whitespace",
        "Ids differ in spaces or line breaks only",
        "Trim the id before it is sent: a space at its end makes it another id.",
    ),
    Reason(
        "leading-zeros",
        "Ids differ in leading zeros only",
        "Treat the id as text on both sides: as a number it loses its leading zeros.",
    ),
    Reason(
        "encoding",
        "One side sends the id URL-encoded",
        "Decode the id once before it is sent, so that %23 is # on both sides.",
    ),
    Reason(
        "other-id-family",
        "Browser and server make their ids in different ways",
        "Make the id once, in one place, and hand the same one to both sides. Two sides that each make their own never agree.",
    ),
    Reason(
        "other-event-name",
        "Same id, but another event name",
        "Send the event under one name from both sides; Meta compares names to the letter as well.",
        counted_twice=False,
    ),
    Reason(
        "other-pixel",
        "Same id, but sent to another pixel",
        "Send both reports of an event to the same pixel (dataset).",
        counted_twice=False,
    ),
    Reason(
        "outside-window",
        "The two reports come over 48 hours apart",
        "Send the server's event when it happens. Meta joins the two reports for 48 hours only.",
    ),
    Reason(
        "no-id-here",
        "The event has no id",
        "Give the event an id, the same on both sides: eventID in the pixel, event_id in the Conversions API.",
        counted_twice=False,
    ),
    Reason(
        "no-id-there",
        "The other side's report has no id",
        "Give the other side's event the same id: eventID in the pixel, event_id in the Conversions API.",
    ),
    Reason(
        "no-counterpart",
        "The other side reported nothing that fits",
        "Expected for part of the traffic: blockers stop the pixel, and a server cannot see what only the browser does. A large share on "
        "one side means that this side misses events.",
        expected=True,
        counted_twice=False,
    ),
)

REASON_BY_ID = {reason.id: reason for reason in REASONS}
