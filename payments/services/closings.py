"""Giving a payment up: by the merchant's wish or because its time is over.

The channel is told first and ours follows: a payment that is closed here and open there could still
take the payer's money.
"""

from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from merchants.services.idempotency import Claim
from payments import events
from payments.channels.base import ChannelError
from payments.drafts import Tenant
from payments.models import Attempt, Payment
from payments.models.attempt import OWED_FIELDS
from payments.models.order import CLOSED_FIELDS
from payments.services import connections, history, locks, notices, outcomes
from payments.states import LIVE_PAYMENT_STATES, OrderState, PaymentState


class PaymentNotCancelable(Exception):
    """The money is taken, or the payment was over before."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the payment is {state}")
        self.state = state


def cancel(
    *,
    public_id: str,
    tenant: Tenant,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Payment:
    """Closes the payment at the channel and then here; voids an authorization.

    While the channel does not answer the payment stays as it is and the wish stands: the workers go on
    asking. Raises Payment.DoesNotExist, PaymentNotCancelable.
    """
    attempt = _want(public_id=public_id, tenant=tenant, by=by, now=now, claim=claim)
    if attempt is not None:
        close_at_channel(attempt=attempt, by=by, now=now)
    payment = Payment.objects.select_related("order").get(
        public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode
    )
    if payment.state == PaymentState.SUCCEEDED:
        raise PaymentNotCancelable(payment.state)
    return payment


def expire(*, payment_pk: int, by: Actor, now: datetime) -> bool:
    """Whether the payment is over now; False when the channel has not said that it closed it."""
    attempt = _give_up(payment_pk=payment_pk, by=by, now=now)
    if attempt is not None:
        close_at_channel(attempt=attempt, by=by, now=now)
    return not Payment.objects.live().filter(pk=payment_pk).exists()


def close_at_channel(*, attempt: Attempt, by: Actor, now: datetime) -> None:
    """Asks the channel to close the attempt and applies what it says, a success included."""
    account = attempt.channel_account
    try:
        report = connections.pays(account).cancel(connections.reference_of(attempt))
    except ChannelError:
        # Certainly not closed: the attempt stays due and is closed by a later try.
        return
    outcomes.apply(report=report, channel_account=account, source="close", by=by, now=now)


@transaction.atomic
def _want(
    *,
    public_id: str,
    tenant: Tenant,
    by: Actor,
    now: datetime,
    claim: Claim | None,
) -> Attempt | None:
    payment, attempt = locks.payment_and_attempt(public_id=public_id, tenant=tenant)
    if claim:
        claim.attach(payment.public_id)
    if payment.state == PaymentState.CANCELED:
        return None
    if payment.state == PaymentState.CREATED:
        payment.cancel()
        history.append(payment, name="canceled", cause="merchant", by=by, now=now)
        notices.tell_payment(events.PAYMENT_CANCELED, payment=payment, attempt=None, now=now)
        return None
    if payment.state not in LIVE_PAYMENT_STATES:
        raise PaymentNotCancelable(payment.state)
    attempt = attempt or _latest(payment)
    attempt.close_wanted = True
    attempt.owe(due_at=now + connections.patience(attempt.channel_account))
    attempt.save(update_fields=["close_wanted", *OWED_FIELDS])
    records.write(action="payment.cancel_requested", by=by, now=now, target=payment.public_id)
    return attempt


@transaction.atomic
def _give_up(*, payment_pk: int, by: Actor, now: datetime) -> Attempt | None:
    payment = locks.payment_by_key(pk=payment_pk)
    if payment.expires_at > now:
        # Authorized since the worker took it: the money is held for the merchant, not to be voided.
        return None
    if payment.state in LIVE_PAYMENT_STATES:
        return _latest(payment)
    if payment.state == PaymentState.CREATED:
        payment.expire()
        history.append(payment, name="expired", cause="clock", by=by, now=now)
        order = payment.order
        if order.state == OrderState.OPEN and order.due_at and order.due_at <= now:
            order.expire()
            order.save(update_fields=CLOSED_FIELDS)
        notices.tell_payment(events.PAYMENT_EXPIRED, payment=payment, attempt=None, now=now)
    return None


def _latest(payment: Payment) -> Attempt:
    return payment.channel_attempts.select_related("channel_account").order_by("-number")[0]
