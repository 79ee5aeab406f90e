"""The day's figures, gathered from where each is true: the shops' own view through the API, the channel's
book, the ledger, the queues."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import payments.selectors.callbacks
from config.demo import commands
from config.demo.client import Client
from config.demo.plan import COLLECTED, ENDED
from config.demo.results import (
    Books,
    Callbacks,
    Parked,
    ScenarioLine,
    ShopBook,
    Testimony,
    Ticket,
    Trial,
)
from config.queues import queues
from ledger.selectors import trial_balance
from payments.channels.base import ReportKind
from payments.channels.sandbox.control import Control
from payments.selectors import bookings
from payments.selectors.bookings import Booking
from reconciliation.selectors import exceptions, headline


@dataclass(frozen=True, slots=True)
class ShopView:
    """One shop's day as its key sees it."""

    payments: list[Mapping[str, Any]] = field(default_factory=list)
    refunds: list[Mapping[str, Any]] = field(default_factory=list)
    balances: list[Mapping[str, Any]] = field(default_factory=list)
    transactions: list[Mapping[str, Any]] = field(default_factory=list)


def look(client: Client, *, since: datetime) -> ShopView:
    moment = _wire(since)
    return ShopView(
        payments=list(client.list("/v1/payments", created_from=moment)),
        refunds=list(client.list("/v1/refunds", created_from=moment)),
        balances=list(client.get("/v1/balances").data["data"]),
        transactions=[
            one
            for one in client.list("/v1/balance_transactions", balance="pending")
            if one["fact"] == "payment_captured" and one["posted_at"] >= moment
        ],
    )


def unfinished(client: Client, *, since: datetime) -> Iterator[Mapping[str, Any]]:
    """Payments and refunds of which somebody else has still to say what becomes of them; what is authorized
    waits for the shop."""
    moment = _wire(since)
    for state in ("created", "requires_action", "processing"):
        yield from client.list("/v1/payments", created_from=moment, state=state)
    for state in ("pending", "processing"):
        yield from client.list("/v1/refunds", created_from=moment, state=state)


def shop_books(slug: str, view: ShopView) -> list[ShopBook]:
    """A line per currency that the shop sells in or has a balance in."""
    balances = {str(one["currency"]): one for one in view.balances}
    currencies = {str(one["currency"]) for one in view.payments} | set(balances)
    return [_shop_book(slug, currency, view, balances) for currency in sorted(currencies)]


def scenarios(views: Iterable[ShopView]) -> list[ScenarioLine]:
    endings: dict[str, Counter[str]] = {}
    for view in views:
        for payment in view.payments:
            name = str((payment["method"] or {}).get("scenario", ""))
            endings.setdefault(name, Counter())[_ending(payment)] += 1
    return [ScenarioLine(name, dict(endings[name])) for name in sorted(endings)]


def wrongly_doubled(views: Iterable[ShopView]) -> tuple[str, ...]:
    times = Counter(str(payment["reference"]) for view in views for payment in view.payments)
    return tuple(sorted(reference for reference, count in times.items() if count > 1))


def callbacks(*, since: datetime) -> Callbacks:
    found = payments.selectors.callbacks.tally(since=since)
    return Callbacks(received=found.received, repeated=found.repeated, forged=found.refused)


def our_bookings(account: str, *, since: datetime, until: datetime) -> list[Booking]:
    """What we say moved on this account."""
    [channel_account] = bookings.accounts(public_id=account)
    return [
        booking
        for day in days(since, until)
        for slice_ in bookings.of_day(channel_account=channel_account, day=day)
        for booking in slice_
        if booking.occurred_at is not None and booking.occurred_at >= since
    ]


def testimonies(
    control: Control, account: str, ours: Iterable[Booking], *, since: datetime
) -> list[Testimony]:
    """The channel's book of these hours beside ours."""
    sums: dict[str, Counter[str]] = {}
    for movement in control.movements(account):
        if datetime.fromisoformat(str(movement["moved_at"])) >= since:
            what = "charge" if movement["kind"] == "charge" else "refund"
            _count(sums, str(movement["currency"]), "their", what, int(movement["amount_minor"]))
    for booking in ours:
        what = "charge" if booking.kind is ReportKind.PAYMENT else "refund"
        _count(sums, booking.currency, "our", what, booking.amount_minor)
    return [
        Testimony(
            currency=currency,
            their_charges=found["their_charges"],
            their_charged_minor=found["their_charged_minor"],
            their_refunds=found["their_refunds"],
            their_refunded_minor=found["their_refunded_minor"],
            our_charges=found["our_charges"],
            our_charged_minor=found["our_charged_minor"],
            our_refunds=found["our_refunds"],
            our_refunded_minor=found["our_refunded_minor"],
        )
        for currency, found in sorted(sums.items())
    ]


def parked(ours: Iterable[Booking], tickets: Iterable[Ticket]) -> list[Parked]:
    ticket_of = {ticket.reference: ticket.id for ticket in tickets}
    return [
        Parked(
            kind=booking.state,
            reference=booking.reference,
            currency=booking.currency,
            amount_minor=booking.amount_minor,
            ticket=ticket_of.get(booking.reference, ""),
        )
        for booking in ours
        if booking.in_suspense
    ]


def tickets(*, since: datetime) -> list[Ticket]:
    """At work, and opened since then."""
    return [
        Ticket(
            id=ticket.public_id,
            kind=ticket.kind,
            reference=ticket.our_reference,
            in_suspense=bool(ticket.suspense_item),
            currency=ticket.currency,
            amount_minor=ticket.amount_minor,
        )
        for ticket in exceptions.tickets_at_work().filter(opened_at__gte=since).order_by("pk")
    ]


def unexplained() -> dict[str, int]:
    return {row.currency: row.total_minor for row in headline.unexplained()}


def books() -> Books:
    proof = commands.ask("verify_ledger")
    return Books(
        journals=proof["checked"]["journals"],
        entries=proof["checked"]["entries"],
        violations=len(proof["violations"]),
        trial=tuple(
            Trial(row.currency, row.debit_minor, row.credit_minor) for row in trial_balance().totals
        ),
    )


def dead_rows(*, now: datetime) -> dict[str, int]:
    return {kind: state.dead for kind, state in queues(now=now).items()}


def waiting_rows(*, now: datetime) -> dict[str, int]:
    """Due or under way at this moment, by the queues that have any. Unpaid orders are closed at leisure;
    no money waits for that."""
    states = {kind: state for kind, state in queues(now=now).items() if kind != "order_expiry"}
    return {
        kind: state.due + state.leased for kind, state in states.items() if state.due + state.leased
    }


def days(since: datetime, until: datetime) -> list[Any]:
    """The UTC days from one moment to the other."""
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _shop_book(
    slug: str, currency: str, view: ShopView, balances: Mapping[str, Mapping[str, Any]]
) -> ShopBook:
    mine = [one for one in view.payments if one["currency"] == currency]
    states = Counter(str(one["state"]) for one in mine)
    gross = sum(int(one["amount_captured"]) for one in mine)
    net = sum(int(one["amount"]) for one in view.transactions if one["currency"] == currency)
    balance = balances.get(currency, {"pending": 0, "available": 0})
    return ShopBook(
        shop=slug,
        currency=currency,
        tried=len(mine),
        succeeded=sum(states[state] for state in COLLECTED),
        failed=states["failed"],
        expired=states["expired"],
        canceled=states["canceled"],
        unfinished=sum(count for state, count in states.items() if state not in ENDED),
        gross_minor=gross,
        refunded_minor=sum(
            int(one["amount"])
            for one in view.refunds
            if one["currency"] == currency and one["state"] == "succeeded"
        ),
        fees_minor=gross - net,
        pending_minor=int(balance["pending"]),
        available_minor=int(balance["available"]),
    )


def _ending(payment: Mapping[str, Any]) -> str:
    state = str(payment["state"]).replace("_", " ")
    code = (payment["failure"] or {}).get("code")
    if payment["late"]:
        return f"{state}, late"
    if state == "failed" and code == "amount_mismatch":
        return "held: wrong amount"
    return state


def _count(
    sums: dict[str, Counter[str]], currency: str, whose: str, what: str, amount_minor: int
) -> None:
    done = {"charge": "charged", "refund": "refunded"}[what]
    found = sums.setdefault(currency, Counter())
    found[f"{whose}_{what}s"] += 1
    found[f"{whose}_{done}_minor"] += amount_minor


def _wire(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
