"""Marking what the channel has paid for, in the transaction that books its payment.

Rows are locked as in locks.py: refunds before captures, then suspense items, each in ascending order.
A refund that is asked for meanwhile waits for its capture's lock and then takes the money from where it
has gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ledger.chart import AccountKind
from payments.models import Capture, ChannelAccount, Refund, SuspenseItem
from payments.states import CaptureState, RefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A fact that is settled from now on. `amount_minor` is what the channel pays for it (refunds are
    negative), `available_minor` what that makes available to the merchant, if there is one."""

    fact: str
    amount_minor: int
    merchant: str = ""
    available_minor: int = 0


def settle(
    *, channel_account: ChannelAccount, facts: Collection[str], now: datetime
) -> dict[str, Paid]:
    """Those of the facts (`cap_…`, `ref_…`, `sus_…`) that were not settled yet, by their public id."""
    refunds = (
        Refund.objects.filter(
            public_id__in=facts,
            capture__attempt__channel_account=channel_account,
            state=RefundState.SUCCEEDED,
            settled_at=None,
        )
        .select_related("payment__merchant")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    captures = (
        Capture.objects.filter(
            public_id__in=facts,
            attempt__channel_account=channel_account,
            state=CaptureState.SUCCEEDED,
            settled_at=None,
        )
        .select_related("payment__merchant")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    parked = (
        SuspenseItem.objects.filter(
            public_id__in=facts, channel_account=channel_account, settled_at=None
        )
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    paid = [
        *(_refund(refund) for refund in refunds),
        *(_capture(capture) for capture in captures),
        *(Paid(fact=item.public_id, amount_minor=item.amount_minor) for item in parked),
    ]
    settled = {one.fact: one for one in paid}
    for rows in (Refund.objects, Capture.objects, SuspenseItem.objects):
        rows.filter(public_id__in=settled).update(settled_at=now)
    return settled


def _capture(capture: Capture) -> Paid:
    return Paid(
        fact=capture.public_id,
        amount_minor=capture.amount_minor,
        merchant=capture.payment.merchant.public_id,
        available_minor=capture.amount_minor - capture.fee_minor,
    )


def _refund(refund: Refund) -> Paid:
    """One that was paid out of pending money shrinks what its capture made available; one that was
    paid out of available money has done so already."""
    from_pending = refund.funded_from == AccountKind.MERCHANT_PENDING
    return Paid(
        fact=refund.public_id,
        amount_minor=-refund.amount_minor,
        merchant=refund.payment.merchant.public_id,
        available_minor=-refund.amount_minor if from_pending else 0,
    )
