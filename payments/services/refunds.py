"""Money back: reserved in one transaction, asked of the channel outside any, booked when it says."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import due, records
from ledger.chart import AccountKind
from ledger.services import journals
from ledger.services.accounts import AccountFrozen
from ledger.services.journals import NegativeBalanceForbidden
from merchants.services.idempotency import Claim
from payments import postings
from payments.channels.base import ChannelError, ChannelReport, RefundRef, RefundRequest
from payments.drafts import Tenant
from payments.models import ChannelAccount, Refund
from payments.models.refund import REFUND_SCHEDULE_SECONDS
from payments.services import connections, history, locks, outcomes
from payments.states import OPEN_REFUND_STATES, REFUNDABLE_PAYMENT_STATES


class PaymentNotRefundable(Exception):
    """Nothing was collected, or all of it went back."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the payment is {state}")
        self.state = state


class RefundExceedsPayment(Exception):
    """`refundable_minor` is what is left, refunds under way counted."""

    def __init__(self, refundable_minor: int) -> None:
        super().__init__(f"{refundable_minor} minor units are left to refund")
        self.refundable_minor = refundable_minor


class RefundNotBookable(Exception):
    """An account that would pay for it is frozen, or may not go below zero: nothing was begun."""


def request(
    *,
    payment_id: str,
    tenant: Tenant,
    amount_minor: int | None = None,
    reason: str = "",
    metadata: Mapping[str, str] | None = None,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Refund:
    """Gives back `amount_minor`, or all that is left, and answers with what is known by then.

    Raises Payment.DoesNotExist, PaymentNotRefundable, RefundExceedsPayment, RefundNotBookable.
    """
    try:
        refund = _reserve(
            payment_id=payment_id,
            tenant=tenant,
            amount_minor=amount_minor,
            reason=reason,
            metadata=metadata,
            by=by,
            now=now,
            claim=claim,
        )
    except (AccountFrozen, NegativeBalanceForbidden) as error:
        raise RefundNotBookable(str(error)) from error
    submit(refund=refund, by=by, now=now)
    return Refund.objects.select_related("payment").get(pk=refund.pk)


def submit(*, refund: Refund, by: Actor, now: datetime) -> None:
    """Tells the channel; the refund's public id makes a repeat harmless."""
    account = refund.capture.attempt.channel_account
    try:
        report = connections.refunds(account).refund(
            RefundRequest(
                payment=connections.reference_of(refund.capture.attempt),
                reference=refund.public_id,
                amount_minor=refund.amount_minor,
                reason=refund.reason,
                callback_url=connections.callback_url(account),
                metadata=refund.metadata,
            )
        )
    except ChannelError as error:
        if not error.permanent:
            # Nothing was done and it may work later: the row stays due.
            return
        report = connections.refused_refund(refund, error)
    _apply(report, account, source="answer", by=by, now=now)


def pursue(*, refund: Refund, by: Actor, now: datetime) -> None:
    """A worker's step for a refund that is due: ask what became of it; tell the channel again where it
    has never heard of it. The caller holds the row's lease."""
    account = refund.capture.attempt.channel_account
    error_text = "the channel has not said yet"
    try:
        report = connections.refunds(account).query_refund(
            RefundRef(
                payment=connections.reference_of(refund.capture.attempt),
                reference=refund.public_id,
                channel_id=refund.channel_id,
            )
        )
    except ChannelError as error:
        error_text = str(error)
    else:
        if report.not_found:
            submit(refund=refund, by=by, now=now)
        else:
            _apply(report, account, source="inquiry", by=by, now=now)
    if Refund.objects.filter(pk=refund.pk, state__in=OPEN_REFUND_STATES).exists():
        due.retry_or_bury(
            refund, now=now, schedule_seconds=REFUND_SCHEDULE_SECONDS, error=error_text
        )


def _apply(
    report: ChannelReport, account: ChannelAccount, *, source: str, by: Actor, now: datetime
) -> None:
    outcomes.apply(report=report, channel_account=account, source=source, by=by, now=now)


@transaction.atomic
def _reserve(
    *,
    payment_id: str,
    tenant: Tenant,
    amount_minor: int | None,
    reason: str,
    metadata: Mapping[str, str] | None,
    by: Actor,
    now: datetime,
    claim: Claim | None,
) -> Refund:
    payment = locks.payment(public_id=payment_id, tenant=tenant)
    if payment.state not in REFUNDABLE_PAYMENT_STATES:
        raise PaymentNotRefundable(payment.state)
    amount_minor = payment.refundable_minor if amount_minor is None else amount_minor
    if not 0 < amount_minor <= payment.refundable_minor:
        raise RefundExceedsPayment(payment.refundable_minor)
    capture = locks.capture_of(payment=payment)
    settled = capture.settled_at is not None
    funded_from = AccountKind.MERCHANT_AVAILABLE if settled else AccountKind.MERCHANT_PENDING
    refund = Refund.objects.create(
        payment=payment,
        capture=capture,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=reason,
        metadata=dict(metadata or {}),
        funded_from=funded_from,
        due_at=now + connections.patience(capture.attempt.channel_account),
        created_at=now,
    )
    payment.reserve_refund(amount_minor=amount_minor)
    history.append(payment, name="refund_requested", cause=refund.public_id, by=by, now=now)
    journals.post(
        postings.refund_requested(
            refund=refund.public_id,
            payment=payment.public_id,
            merchant=payment.merchant.public_id,
            funded_from=funded_from,
            amount_minor=amount_minor,
            currency=payment.currency,
            mode=payment.mode,
            effective_at=now,
        ),
        by=by,
        now=now,
    )
    records.write(
        action="refund.requested",
        by=by,
        now=now,
        target=refund.public_id,
        detail={"payment": payment.public_id, "amount_minor": amount_minor},
    )
    if claim:
        claim.attach(refund.public_id)
    return refund
