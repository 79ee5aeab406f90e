"""Money that the channel took and that nobody can place: booked at once, on somebody's desk soon."""

from datetime import datetime

from audit.actor import Actor
from ledger.services import journals
from payments import postings
from payments.drafts import UnplacedMoney
from payments.models import ChannelAccount, Payment, SuspenseItem


def holds(*, channel_account: ChannelAccount, channel_id: str) -> bool:
    """Whether this channel transaction is parked."""
    return SuspenseItem.objects.filter(
        channel_account=channel_account, channel_id=channel_id
    ).exists()


def park(
    *,
    money: UnplacedMoney,
    channel_account: ChannelAccount,
    payment: Payment | None,
    by: Actor,
    now: datetime,
) -> SuspenseItem | None:
    """Books the money into suspense and leaves an item that is due at the exception desk.

    Called inside the transaction of what found it. None when this channel transaction is parked
    already: channels repeat themselves.
    """
    item, created = SuspenseItem.objects.get_or_create(
        channel_account=channel_account,
        channel_id=money.channel_id,
        defaults={
            "kind": money.kind,
            "payment": payment,
            "reference": money.reference,
            "amount_minor": money.amount_minor,
            "currency": money.currency,
            "occurred_at": money.occurred_at,
            "created_at": now,
            "due_at": now,
        },
    )
    if not created:
        return None
    journals.post(
        postings.suspended(
            item=item.public_id,
            channel_account=channel_account.public_id,
            amount_minor=money.amount_minor,
            currency=money.currency,
            mode=channel_account.mode,
            effective_at=money.occurred_at,
            reference=money.reference,
        ),
        by=by,
        now=now,
    )
    return item
