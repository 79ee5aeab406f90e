"""What the day came to, and whether it is as it must be. Values and arithmetic only."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config.demo.plan import ENDED

PLANTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopBook:
    """One shop's day in one currency. `pending` and `available` are its balance now, earlier days
    included."""

    shop: str
    currency: str
    tried: int = 0
    succeeded: int = 0
    failed: int = 0
    expired: int = 0
    canceled: int = 0
    unfinished: int = 0
    gross_minor: int = 0
    refunded_minor: int = 0
    fees_minor: int = 0
    pending_minor: int = 0
    available_minor: int = 0


@dataclass(frozen=True, slots=True)
class ScenarioLine:
    scenario: str
    endings: Mapping[str, int]

    @property
    def payments(self) -> int:
        return sum(self.endings.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    received: int
    repeated: int
    forged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What the shops were told. `gaps_found` were closed by reading /v1/events, except `gaps_left`."""

    delivered: int
    refused: int
    delivered_by_retry: int
    repeated: int
    forged: int
    gaps_found: int
    gaps_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """The shops' requests on a bad line. `refused` should have been granted; `wrongly_doubled` made a
    second payment."""

    refused: tuple[str, ...]
    answers_verified: int
    answers_forged: int
    answers_of_5xx: int
    sent_twice_at_once: int
    lines_cut: int
    sent_under_a_new_key: int
    sent_again: int
    wrongly_doubled: tuple[str, ...]

    @property
    def double_charges_prevented(self) -> int:
        return self.sent_twice_at_once + self.lines_cut + self.sent_under_a_new_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The ledger, proven from its rows."""

    journals: int
    entries: int
    violations: int
    trial: tuple["Trial", ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One currency of the trial balance."""

    currency: str
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`in_suspense`: it is about money that is parked until somebody decides."""

    id: str
    kind: str
    reference: str
    in_suspense: bool = False
    currency: str = ""
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A difference that was planted on purpose, and the ticket that found it."""

    plant: str
    wanted_kind: str
    reference: str
    ticket: Ticket | None = None

    @property
    def is_found(self) -> bool:
        return self.ticket is not None and self.ticket.kind == self.wanted_kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """`strangers` are tickets of this day that nobody planted and that no scenario brings about."""

    lines: int
    matched: int
    healed: int
    planted: tuple[Planted, ...]
    strangers: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """Money that the channel took and nobody can place yet."""

    kind: str
    reference: str
    currency: str
    amount_minor: int
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """One currency, this day: the channel's own count beside ours. `parked` is in suspense with us."""

    currency: str
    their_charges: int
    their_charged_minor: int
    their_refunds: int
    their_refunded_minor: int
    our_charges: int
    our_charged_minor: int
    our_refunds: int
    our_refunded_minor: int

    @property
    def difference_minor(self) -> int:
        theirs = self.their_charged_minor - self.their_refunded_minor
        return theirs - (self.our_charged_minor - self.our_refunded_minor)

    @property
    def agrees(self) -> bool:
        return (
            self.their_charges,
            self.their_charged_minor,
            self.their_refunds,
            self.their_refunded_minor,
        ) == (
            self.our_charges,
            self.our_charged_minor,
            self.our_refunds,
            self.our_refunded_minor,
        )


@dataclass(frozen=True, slots=True)
class Surprise:
    """A payment that stands otherwise than its scenario ends. `code` says why it failed, if it did."""

    reference: str
    planned: str
    state: str
    code: str = ""

    @property
    def is_lost(self) -> bool:
        """Nobody will ever say what became of it. Otherwise it came to an end, though another one: a
        channel that cannot be reached fails a payment, and no harm is done."""
        return self.state not in ENDED | {"authorized"}


@dataclass(frozen=True, slots=True)
class Accident:
    what: str
    came_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    seed: int
    seconds: float
    shops: tuple[ShopBook, ...]
    scenarios: tuple[ScenarioLine, ...]
    surprises: tuple[Surprise, ...]
    accidents: tuple[Accident, ...]
    callbacks: Callbacks
    notices: Notices
    requests: Requests
    books: Books
    reconciled: Reconciled
    parked: tuple[Parked, ...]
    testimonies: tuple[Testimony, ...]
    charged_more_than_once: tuple[str, ...]
    dead_rows: Mapping[str, int] = field(default_factory=dict)
    unexplained: Mapping[str, int] = field(default_factory=dict)

    @property
    def payments(self) -> int:
        return sum(one.tried for one in self.shops)


def complaints(day: Day) -> list[str]:
    """What is wrong with the day, one line each; none when it is as it must be."""
    return [
        *_about_requests(day),
        *_about_notices(day),
        *_about_money(day),
        *_about_the_books(day),
        *_about_the_night(day),
        *_about_the_machine(day),
    ]


def remarks(day: Day) -> list[str]:
    """What went otherwise than planned and did no harm: a channel or a server was away for a while."""
    ended = Counter(
        f"planned as {one.planned}, ended as {one.state}{f' ({one.code})' if one.code else ''}"
        for one in day.surprises
        if not one.is_lost
    )
    found = [f"{count} payments {what}" for what, count in ended.most_common()]
    if day.requests.refused:
        found.append(f"{len(day.requests.refused)} requests came too late or were refused")
    return found


def _about_requests(day: Day) -> Iterator[str]:
    for surprise in day.surprises:
        if surprise.is_lost:
            yield f"{surprise.reference} is {surprise.state}, and the day is over"
    for reference in day.requests.wrongly_doubled:
        yield f"order {reference} was sent twice and made two payments"
    if day.requests.answers_forged:
        yield f"{day.requests.answers_forged} answers of the API do not carry our signature"
    if day.requests.answers_of_5xx:
        yield f"the API failed {day.requests.answers_of_5xx} times (5xx)"


def _about_notices(day: Day) -> Iterator[str]:
    if day.notices.gaps_left:
        yield f"{day.notices.gaps_left} events never reached their merchant"
    if day.notices.forged:
        yield f"{day.notices.forged} webhooks did not carry a valid signature"


def _about_money(day: Day) -> Iterator[str]:
    for name in day.charged_more_than_once:
        yield f"the channel charged {name} more than once"
    if not day.testimonies:
        yield "the channel's own book was not read"
    for testimony in day.testimonies:
        if not testimony.agrees:
            yield f"the channel's book and ours differ in {testimony.currency}"
    for parked in day.parked:
        if not parked.ticket:
            yield f"parked money has no ticket: {parked.kind} of {parked.reference}"


def _about_the_books(day: Day) -> Iterator[str]:
    for trial in day.books.trial:
        if trial.balance_minor:
            yield f"the ledger is off balance by {trial.balance_minor} minor units of {trial.currency}"
    if day.books.violations:
        yield f"verify_ledger names {day.books.violations} violations"
    for currency, minor in day.unexplained.items():
        if minor:
            yield f"{minor} minor units of {currency} are unexplained"


def _about_the_night(day: Day) -> Iterator[str]:
    if len(day.reconciled.planted) != PLANTED:
        yield f"{len(day.reconciled.planted)} differences were planted, not {PLANTED}"
    for one in day.reconciled.planted:
        if one.ticket is None:
            yield f"the planted difference {one.plant} on {one.reference} was not found"
        elif not one.is_found:
            yield (
                f"the planted difference {one.plant} on {one.reference} became a ticket of kind"
                f" {one.ticket.kind}, not {one.wanted_kind}"
            )
    for ticket in day.reconciled.strangers:
        yield f"a ticket that nobody expected: {ticket.id}, {ticket.kind} of {ticket.reference}"


def _about_the_machine(day: Day) -> Iterator[str]:
    for accident in day.accidents:
        if not accident.came_back:
            yield f"{accident.what} did not come back"
    for kind, count in day.dead_rows.items():
        if count:
            yield f"{count} dead rows in the queue {kind}"
