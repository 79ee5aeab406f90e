"""Marking what the channel has paid for, in the transaction that books its payment.

Rows are locked as in locks.py: refunds before captures, then suspense items, each in ascending order.
A refund that is asked for meanwhile waits for its capture's lock and then takes the money from where it
has gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from ledger.chart import AccountKind
from payments.models import Attempt, Capture, ChannelAccount, Payment, Refund, SuspenseItem
from payments.states import CaptureState, RefundState

MERCHANT = Subquery(Payment.objects.filter(pk=OuterRef("payment_id")).values("merchant__public_id"))


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
    paid = [
        *_refunds(channel_account, facts),
        *_captures(channel_account, facts),
        *_parked(channel_account, facts),
    ]
    settled = {one.fact: one for one in paid}
    for rows in (Refund.objects, Capture.objects, SuspenseItem.objects):
        rows.filter(public_id__in=settled).update(settled_at=now)
    return settled


# Tuples, not models: a settlement has ten thousand of them. What belongs to other tables is read by
# subqueries, which the lock does not reach.


def _refunds(channel_account: ChannelAccount, facts: Collection[str]) -> list[Paid]:
    """One that was paid out of pending money shrinks what its capture made available; one that was
    paid out of available money has done so already."""
    captures = Capture.objects.filter(
        pk=OuterRef("capture_id"), attempt__channel_account=channel_account
    )
    rows = (
        Refund.objects.filter(
            Exists(captures), public_id__in=facts, state=RefundState.SUCCEEDED, settled_at=None
        )
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("public_id", "amount_minor", "funded_from", MERCHANT)
    )
    return [
        Paid(
            fact=fact,
            amount_minor=-amount_minor,
            merchant=merchant,
            available_minor=-amount_minor if funded_from == AccountKind.MERCHANT_PENDING else 0,
        )
        for fact, amount_minor, funded_from, merchant in rows
    ]


def _captures(channel_account: ChannelAccount, facts: Collection[str]) -> list[Paid]:
    attempts = Attempt.objects.filter(pk=OuterRef("attempt_id"), channel_account=channel_account)
    rows = (
        Capture.objects.filter(
            Exists(attempts), public_id__in=facts, state=CaptureState.SUCCEEDED, settled_at=None
        )
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("public_id", "amount_minor", "fee_minor", MERCHANT)
    )
    return [
        Paid(
            fact=fact,
            amount_minor=amount_minor,
            merchant=merchant,
            available_minor=amount_minor - fee_minor,
        )
        for fact, amount_minor, fee_minor, merchant in rows
    ]


def _parked(channel_account: ChannelAccount, facts: Collection[str]) -> list[Paid]:
    rows = (
        SuspenseItem.objects.filter(
            channel_account=channel_account, public_id__in=facts, settled_at=None
        )
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("public_id", "amount_minor")
    )
    return [Paid(fact=fact, amount_minor=amount_minor) for fact, amount_minor in rows]
