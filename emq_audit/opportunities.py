"""OPPORTUNITIES: what would lift a score though nothing is wrong with what is sent: keys that are known, but not there where they count.

`forward` hands a key that one side's report of an action carries to the other side; `attach` adds what the same visitor showed elsewhere in
the log; `collect` is for keys that nobody sends for an event yet. Steps for each platform stand in playbooks/<method>.toml under the id.
"""

from dataclasses import dataclass

CONTACT = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")

KNOWN_PERSON = ("Purchase", "Subscribe", "StartTrial", "Lead", "CompleteRegistration", "SubmitApplication", "Schedule", "Donate",
                "InitiateCheckout", "AddPaymentInfo")  # fmt: skip
"""Events at which visitors have usually just typed who they are."""


@dataclass(frozen=True, kw_only=True)
class Opportunity:
    """One thing to do. `side` is where the `keys` arrive (None: either side); `hours` is a rough effort for ranking.

    `names` limits a `collect` to events at which the keys can be had; empty means every event.
    """

    id: str
    kind: str
    title: str
    because: str
    keys: tuple[str, ...]
    side: str | None = None
    names: tuple[str, ...] = ()
    owner: str
    effort: str
    hours: float


OPPORTUNITIES = (
    Opportunity(
        id="forward-browser-ids",
        kind="forward",
        title="Hand the browser's fbp and fbc on to the server's event",
        because="The browser's report of the same action carries them, so the server could send them too.",
        keys=("fbp", "fbc"),
        side="server",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
    ),
    Opportunity(
        id="forward-network",
        kind="forward",
        title="Send the visitor's IP address and user agent from the server",
        because="Every page request brings them to your server; Meta asks for both with each website event.",
        keys=("client_ip_address", "client_user_agent"),
        side="server",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
    ),
    Opportunity(
        id="forward-contact",
        kind="forward",
        title="Send the contact data that the page knows from the server too",
        because="The browser's report of the same action carries it, and the server's does not.",
        keys=(*CONTACT, "external_id"),
        side="server",
        owner="developer",
        effort="half a day",
        hours=4,
    ),
    Opportunity(
        id="advanced-matching",
        kind="forward",
        title="Turn on advanced matching in the pixel",
        because="The server's report of the same action carries the customer's data, and the browser's does not.",
        keys=(*CONTACT, "external_id"),
        side="browser",
        owner="marketer",
        effort="30 minutes",
        hours=0.5,
    ),
    Opportunity(
        id="attach-contact",
        kind="attach",
        title="Keep a visitor's email and phone, and send them with later events",
        because="The same visitor, by fbp or external_id, showed them elsewhere in this log. The gain counts all events of such visitors, "
        "so it is the most this can bring: before a visitor has shown them once, nobody can send them.",
        keys=("em", "ph"),
        owner="developer",
        effort="1 day",
        hours=8,
    ),
    Opportunity(
        id="attach-external-id",
        kind="attach",
        title="Send the customer's number (external_id) with every event of a known visitor",
        because="The same visitor, by fbp, showed it elsewhere in this log.",
        keys=("external_id",),
        owner="developer",
        effort="half a day",
        hours=4,
    ),
    Opportunity(
        id="collect-network",
        kind="collect",
        title="Begin to send the visitor's IP address and user agent",
        because="No server event of this name carries both, though every page request brings them to your server.",
        keys=("client_ip_address", "client_user_agent"),
        side="server",
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
    ),
    Opportunity(
        id="collect-browser-id",
        kind="collect",
        title="Begin to send the browser id (fbp)",
        because="No event of this name carries it. The pixel sets it as the cookie _fbp, which your server can read.",
        keys=("fbp",),
        owner="developer",
        effort="1–2 hours",
        hours=1.5,
    ),
    Opportunity(
        id="collect-email",
        kind="collect",
        title="Begin to send the customer's email",
        because="No event of this name carries it, though customers type it at this point in most shops.",
        keys=("em",),
        names=KNOWN_PERSON,
        owner="developer",
        effort="half a day",
        hours=4,
    ),
    Opportunity(
        id="collect-phone",
        kind="collect",
        title="Begin to send the customer's phone number",
        because="No event of this name carries it. Where the form does not ask for it there is nothing to send.",
        keys=("ph",),
        names=KNOWN_PERSON,
        owner="developer",
        effort="half a day",
        hours=4,
    ),
    Opportunity(
        id="collect-external-id",
        kind="collect",
        title="Begin to send your own customer number (external_id)",
        because="No event of this name carries it. Any stable number of your own for a customer or visitor will do.",
        keys=("external_id",),
        owner="developer",
        effort="half a day",
        hours=4,
    ),
    Opportunity(
        id="collect-name-and-address",
        kind="collect",
        title="Begin to send name and address",
        because="No event of this name carries any of them, though a delivery address is usually known at this point.",
        keys=("fn", "ln", "ct", "zp", "country"),
        names=("Purchase", "Subscribe", "Donate"),
        owner="developer",
        effort="half a day",
        hours=4,
    ),
)
