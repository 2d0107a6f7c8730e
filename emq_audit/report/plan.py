"""The records about the set-up: what each side caught, the next step with its cost, and the payback that an assumption would give.

Shares lie between 0 and 1. Amounts are of the currency named beside them; a pair of numbers is the low and the high end.
"""

from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True)
class Typical:
    """A published rule of thumb, not a measurement: the share of real events that a set-up `kind` catches; `high` None: or more."""

    kind: str
    low: float
    high: float | None


@dataclass(frozen=True)
class Seen:
    """Who reported the actions of one event name that both sides send (None: of all such names together).

    `actions` = `both` + `browser_only` + `server_only`. Other than in DedupEntry, two reports that only their ids keep apart, and those
    that Meta joins by fbp or external_id, count as one action that both saw. `browser`, `server`: shares of the actions that the
    side reported.
    """

    event_name: str | None
    actions: int
    both: int
    browser_only: int
    server_only: int
    browser: float
    server: float


@dataclass(frozen=True)
class MethodCost:
    """What one way to run the Conversions API usually costs, published rules of thumb: a month (None: not named), once to set up, and
    the hours that takes (`more_hours`: or more). `here`: the way that this log's server events name."""

    method: str
    monthly: Span | None
    once: Span
    hours: Span
    more_hours: bool = False
    here: bool = False


@dataclass(frozen=True)
class Plan:
    """The next step (emq_audit.next_step.NEXT) and what each method costs.

    `method` is the user's choice, else the one recognised in the log, else None. `costs` are in `currency`; where they were converted by
    `rate` (DKK for one unit) they are rounded to two figures. `asked_currency` differs from `currency` if no rate was given: then costs
    stay in DKK. `pairing` is the event coverage of `pairing_of`, the most valuable event name that both sides send.
    """

    next: str
    method: str | None
    typical: tuple[Typical, ...]
    seen: tuple[Seen, ...]
    costs: tuple[MethodCost, ...]
    currency: str = "DKK"
    rate: float = 1.0
    asked_currency: str = "DKK"
    pairing: float | None = None
    pairing_of: str | None = None


@dataclass(frozen=True)
class MethodPayback:
    """One method against the assumed saving, all at the low and the high end of its cost.

    `left` is the saving a month less the monthly cost, low end first; `months` until the set-up is paid from it: None never, and
    the second None where the high end never is. Both are None where no saving is assumed. `needed`: the lower cost per result (share)
    that pays for the method: set-up and running cost within twelve months, or the running cost alone where the method already runs.
    """

    method: str
    left: Span | None
    months: tuple[float, float | None] | None
    needed: Span


@dataclass(frozen=True)
class Payback:
    """Not a measurement: what an assumed lower cost per result (`saving`, a share) would bring for an ad `spend` a month in `currency`.

    `assumption` is published (13 %, about adding the Conversions API to a pixel) or yours. `applies`: is this the case that the published
    figure is about? `saved` a month is None unless it applies or the assumption is the user's own.
    """

    spend: float
    currency: str
    rate: float
    saving: float
    assumption: str
    applies: bool
    saved: float | None
    methods: tuple[MethodPayback, ...] = ()
