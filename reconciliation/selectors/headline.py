"""The headline: money that nobody explains, and money that somebody is explaining.

Calculated from sources that know nothing of each other: the ledger's accounts, payments' own rows, the
channel's lines and the tickets. No figure of it is stored anywhere, so none can be put right by hand.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, When

from ledger import selectors as ledger
from ledger.chart import AccountKind
from payments.selectors import bookings
from reconciliation.models import SettlementItem, StatementLine, Ticket
from reconciliation.states import LineState

PerAccount = Counter[tuple[str, str]]
PerCurrency = Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """In one currency; every part is a sum of absolute differences, so that none hides another."""

    currency: str
    suspense_without_ticket_minor: int
    suspense_account_minor: int
    lines_minor: int
    receivable_minor: int

    @property
    def total_minor(self) -> int:
        return (
            self.suspense_without_ticket_minor
            + self.suspense_account_minor
            + self.lines_minor
            + self.receivable_minor
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """Tickets that are open or investigated, in one currency, and what is at stake in them."""

    currency: str
    tickets: int
    amount_minor: int


def unexplained() -> list[Unexplained]:
    """A row for every currency in which a channel ever owed us anything, from one moment's view."""
    with _one_snapshot():
        without_ticket = _suspense_without_ticket()
        suspense_off = _suspense_account_off()
        lines = _lines_without_explanation()
        receivable_off = _receivable_off()
        owed = ledger.balances_of_kind(AccountKind.CHANNEL_RECEIVABLE)
    currencies = {account.currency for account in owed}
    currencies |= {*without_ticket, *suspense_off, *lines, *receivable_off}
    return [
        Unexplained(
            currency=currency,
            suspense_without_ticket_minor=without_ticket[currency],
            suspense_account_minor=suspense_off[currency],
            lines_minor=lines[currency],
            receivable_minor=receivable_off[currency],
        )
        for currency in sorted(currencies)
    ]


def at_work() -> list[AtWork]:
    rows = Ticket.objects.at_work().values("currency").order_by("currency")
    return [
        AtWork(
            currency=row["currency"],
            tickets=row["tickets"],
            amount_minor=int(row["at_stake"]),
        )
        for row in rows.annotate(tickets=Count("pk"), at_stake=Sum("amount_minor"))
    ]


def _suspense_without_ticket() -> PerCurrency:
    """Money in suspense that is on nobody's desk."""
    on_a_desk = set(
        Ticket.objects.at_work().exclude(suspense_item="").values_list("suspense_item", flat=True)
    )
    found: PerCurrency = Counter()
    for item in bookings.open_suspense():
        if item.item not in on_a_desk:
            found[item.currency] += item.amount_minor
    return found


def _suspense_account_off() -> PerCurrency:
    """What the ledger holds in suspense against the items that say what it is."""
    items: PerAccount = Counter()
    for item in bookings.open_suspense():
        items[item.channel_account, item.currency] += item.amount_minor
    return _apart(_normal(AccountKind.SUSPENSE), items)


def _lines_without_explanation() -> PerCurrency:
    """The channel says that money moved; we neither settled that fact for that amount, nor is there a
    ticket that asks why."""
    settled = SettlementItem.objects.filter(
        fact=OuterRef("fact"), amount_minor=OuterRef("signed_minor")
    )
    lines = (
        StatementLine.objects.filter(channel_state="succeeded")
        .filter(~Q(state=LineState.TICKETED) | Q(ticket=None))
        .annotate(
            signed_minor=Case(
                When(kind="payment", then=F("amount_minor")), default=-F("amount_minor")
            )
        )
        .exclude(Exists(settled))
    )
    rows = lines.values_list("currency").order_by("currency").annotate(Sum("amount_minor"))
    return Counter({currency: int(total) for currency, total in rows})


def _receivable_off() -> PerCurrency:
    """What the ledger says that channels owe us against what payments says they have not paid yet."""
    owed: PerAccount = Counter()
    for row in bookings.unsettled():
        owed[row.channel_account, row.currency] += row.amount_minor
    return _apart(_normal(AccountKind.CHANNEL_RECEIVABLE), owed)


def _normal(kind: AccountKind) -> PerAccount:
    balances: PerAccount = Counter()
    for account in ledger.balances_of_kind(kind):
        balances[account.owner, account.currency] += account.normal_minor
    return balances


def _apart(one: PerAccount, other: PerAccount) -> PerCurrency:
    found: PerCurrency = Counter()
    for account, currency in one.keys() | other.keys():
        found[currency] += abs(one[account, currency] - other[account, currency])
    return found


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """Payments go on while we add up; two sums from two moments would differ by what came between."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
