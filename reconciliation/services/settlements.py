"""Booking what the channel pays for: one settlement per account, day and currency.

A day with very many lines, or with lines that were explained later, has more than one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from audit.actor import Actor
from audit.ids import new_id
from ledger import selectors as ledger
from ledger.chart import AccountKind
from ledger.drafts import AccountRef
from ledger.services import journals
from ledger.services.journals import NegativeBalanceForbidden
from payments.services import settling
from payments.services.settling import Paid
from reconciliation import postings
from reconciliation.models import (
    MerchantShare,
    Settlement,
    SettlementItem,
    StatementFile,
    StatementLine,
)
from reconciliation.services import locks

# What one transaction locks.
ITEMS_AT_MOST = 10_000
# A refund may take what was available between our look and our post; then look again.
TRIES = 5


class LineDoesNotFit(Exception):
    """The line's amount is not the amount of the fact that it was matched with: nothing is booked."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a settlement makes available to a merchant, and what stays to be made good."""

    due_minor: int
    moved_minor: int
    shortfall_minor: int


def settle(*, file: StatementFile, by: Actor, now: datetime) -> int:
    """Books every line of the file's day that is matched and not paid for yet; how many there were."""
    files = StatementFile.objects.of_day(
        channel_account_pk=file.channel_account_id, business_date=file.business_date
    )
    count = 0
    for one in files.with_unsettled_lines().select_related("channel_account").order_by("pk"):
        for part in _parts(one):
            count += _book_trying_again(one, part, by=by, now=now)
    return count


def share(*, due_minor: int, shortfall_minor: int, available_minor: int) -> Share:
    """`shortfall_minor` is what earlier settlements could not take back, `available_minor` what the
    merchant could be paid out now: never more is taken back."""
    goal = due_minor - shortfall_minor
    moved = max(goal, -max(available_minor, 0))
    return Share(due_minor=due_minor, moved_minor=moved, shortfall_minor=moved - goal)


def _parts(file: StatementFile) -> Iterator[list[StatementLine]]:
    unsettled = StatementLine.objects.unsettled().filter(file=file)
    for currency in sorted(set(unsettled.values_list("currency", flat=True))):
        last = 0
        while part := list(
            unsettled.filter(currency=currency, pk__gt=last).order_by("pk")[:ITEMS_AT_MOST]
        ):
            yield part
            last = part[-1].pk


def _book_trying_again(
    file: StatementFile, lines: Sequence[StatementLine], *, by: Actor, now: datetime
) -> int:
    for _ in range(TRIES - 1):
        try:
            return _book(file, lines, by=by, now=now)
        except NegativeBalanceForbidden:
            continue
    return _book(file, lines, by=by, now=now)


@transaction.atomic
def _book(file: StatementFile, lines: Sequence[StatementLine], *, by: Actor, now: datetime) -> int:
    paid = settling.settle(
        channel_account=file.channel_account, facts=[line.fact for line in lines], now=now
    )
    lines = [line for line in lines if line.fact in paid]
    if not lines:
        return 0
    locks.settlements()
    items = [_item(line, paid[line.fact]) for line in lines]
    currency = lines[0].currency
    shares = _shares(paid.values(), currency)
    gross_minor = sum(item.amount_minor for item in items)
    fee_minor = sum(item.fee_minor for item in items)
    settlement = Settlement(
        public_id=new_id("set"),
        channel_account=file.channel_account,
        business_date=file.business_date,
        currency=currency,
        sequence=_next_sequence(file, currency),
        file=file,
        item_count=len(items),
        gross_minor=gross_minor,
        fee_minor=fee_minor,
        net_minor=gross_minor - fee_minor,
        settled_at=now,
    )
    settlement.journal = _post(settlement, shares, by=by, now=now)
    settlement.save()
    for item in items:
        item.settlement = settlement
    SettlementItem.objects.bulk_create(items)
    MerchantShare.objects.bulk_create(
        MerchantShare(
            settlement=settlement,
            merchant=merchant,
            currency=currency,
            due_minor=one.due_minor,
            moved_minor=one.moved_minor,
            shortfall_minor=one.shortfall_minor,
        )
        for merchant, one in shares.items()
    )
    return len(items)


def _item(line: StatementLine, paid: Paid) -> SettlementItem:
    amount_minor = line.amount_minor if line.kind == "payment" else -line.amount_minor
    if amount_minor != paid.amount_minor:
        raise LineDoesNotFit(f"{line}: {amount_minor}, {paid.fact}: {paid.amount_minor}")
    return SettlementItem(
        line=line, fact=paid.fact, amount_minor=amount_minor, fee_minor=line.fee_minor
    )


def _shares(paid: Iterable[Paid], currency: str) -> dict[str, Share]:
    due: Counter[str] = Counter()
    for one in paid:
        if one.merchant:
            due[one.merchant] += one.available_minor
    newest = MerchantShare.objects.filter(merchant__in=due, currency=currency)
    short = {
        one.merchant: one.shortfall_minor
        for one in newest.order_by("merchant", "currency", "-id").distinct("merchant", "currency")
    }
    return {
        merchant: share(
            due_minor=due_minor,
            shortfall_minor=short.get(merchant, 0),
            available_minor=_available(merchant, currency),
        )
        for merchant, due_minor in sorted(due.items())
    }


def _available(merchant: str, currency: str) -> int:
    return -ledger.balance(AccountRef(AccountKind.MERCHANT_AVAILABLE, merchant, currency))


def _post(settlement: Settlement, shares: Mapping[str, Share], *, by: Actor, now: datetime) -> str:
    draft = postings.settled(
        settlement=settlement.public_id,
        channel_account=settlement.channel_account.public_id,
        currency=settlement.currency,
        gross_minor=settlement.gross_minor,
        fee_minor=settlement.fee_minor,
        available_minor={merchant: one.moved_minor for merchant, one in shares.items()},
        effective_at=now,
    )
    return journals.post(draft, by=by, now=now).public_id if draft else ""


def _next_sequence(file: StatementFile, currency: str) -> int:
    last = Settlement.objects.filter(
        channel_account=file.channel_account, business_date=file.business_date, currency=currency
    ).aggregate(last=Max("sequence"))["last"]
    return (last or 0) + 1
