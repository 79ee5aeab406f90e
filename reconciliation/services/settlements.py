"""Booking what the channel pays for: one settlement per account, day and currency.

A day with very many lines, or with lines that were explained later, has more than one. A line that does
not fit its fact is left out, with a ticket, and keeps nobody else's money back.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from audit.actor import Actor
from audit.ids import new_id
from ledger.services import journals
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
from reconciliation.services import evidence, tickets

logger = logging.getLogger(__name__)

# What one transaction locks.
ITEMS_AT_MOST = 10_000


class LineDoesNotFit(Exception):
    """A line's amount, or several lines', is not the amount of the fact that it was matched with."""

    def __init__(self, misfits: Sequence[tuple[StatementLine, Paid]]) -> None:
        super().__init__(", ".join(f"{line}, {paid.fact}" for line, paid in misfits)[:500])
        self.misfits = misfits


def settle(*, file: StatementFile, by: Actor, now: datetime) -> int:
    """Books every line of the file's day that is matched, fits and is not paid for yet; how many there
    were."""
    files = StatementFile.objects.of_day(
        channel_account_pk=file.channel_account_id, business_date=file.business_date
    )
    count = 0
    for one in files.with_unsettled_lines().select_related("channel_account").order_by("pk"):
        for part in _parts(one):
            count += _book_what_fits(one, part, by=by, now=now)
    return count


def _parts(file: StatementFile) -> Iterator[list[StatementLine]]:
    unsettled = StatementLine.objects.unsettled().filter(file=file)
    for currency in sorted(set(unsettled.values_list("currency", flat=True))):
        last = 0
        lines = unsettled.filter(currency=currency).order_by("pk").defer("raw")
        while part := list(lines.filter(pk__gt=last)[:ITEMS_AT_MOST]):
            yield part
            last = part[-1].pk


def _book_what_fits(
    file: StatementFile, lines: Sequence[StatementLine], *, by: Actor, now: datetime
) -> int:
    while True:
        try:
            return _book(file, lines, by=by, now=now)
        except LineDoesNotFit as error:
            logger.exception("%s: lines are left out of the settlement", file)
            _show(file, error.misfits, now=now)
            left_out = {line.pk for line, _ in error.misfits}
            lines = [line for line in lines if line.pk not in left_out]


def _show(
    file: StatementFile, misfits: Sequence[tuple[StatementLine, Paid]], *, now: datetime
) -> None:
    tickets.ensure(
        [
            evidence.of_misfit(line, file=file, fact=paid.fact, ours_minor=paid.amount_minor)
            for line, paid in misfits
        ],
        channel_account=file.channel_account,
        run=lambda: None,
        now=now,
    )


@transaction.atomic
def _book(file: StatementFile, lines: Sequence[StatementLine], *, by: Actor, now: datetime) -> int:
    paid = settling.settle(
        channel_account=file.channel_account, facts=[line.fact for line in lines], now=now
    )
    lines = [line for line in lines if line.fact in paid]
    if not lines:
        return 0
    misfits = [
        (line, paid[line.fact])
        for line in lines
        if _signed_minor(line) != paid[line.fact].amount_minor
    ]
    if misfits:
        raise LineDoesNotFit(misfits)
    items = [_item(line, paid[line.fact]) for line in lines]
    currency = lines[0].currency
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
    available = _available(paid.values())
    settlement.journal = _post(settlement, available, by=by, now=now)
    settlement.save()
    for item in items:
        item.settlement = settlement
    SettlementItem.objects.bulk_create(items)
    MerchantShare.objects.bulk_create(
        MerchantShare(
            settlement=settlement, merchant=merchant, currency=currency, amount_minor=amount_minor
        )
        for merchant, amount_minor in available.items()
    )
    return len(items)


def _item(line: StatementLine, paid: Paid) -> SettlementItem:
    return SettlementItem(
        line=line, fact=paid.fact, amount_minor=paid.amount_minor, fee_minor=line.fee_minor
    )


def _signed_minor(line: StatementLine) -> int:
    return line.amount_minor if line.kind == "payment" else -line.amount_minor


def _available(paid: Iterable[Paid]) -> dict[str, int]:
    """What becomes available, by merchant; negative where refunds outweigh sales."""
    available: Counter[str] = Counter()
    for one in paid:
        if one.merchant:
            available[one.merchant] += one.available_minor
    return dict(sorted(available.items()))


def _post(settlement: Settlement, available: Mapping[str, int], *, by: Actor, now: datetime) -> str:
    """The journal's public id; empty when sales and refunds cancel out and no account moves."""
    draft = postings.settled(
        settlement=settlement.public_id,
        channel_account=settlement.channel_account.public_id,
        currency=settlement.currency,
        mode=settlement.channel_account.mode,
        gross_minor=settlement.gross_minor,
        fee_minor=settlement.fee_minor,
        available_minor=available,
        effective_at=now,
    )
    return journals.post(draft, by=by, now=now).public_id if draft else ""


def _next_sequence(file: StatementFile, currency: str) -> int:
    last = Settlement.objects.filter(
        channel_account=file.channel_account, business_date=file.business_date, currency=currency
    ).aggregate(last=Max("sequence"))["last"]
    return (last or 0) + 1
