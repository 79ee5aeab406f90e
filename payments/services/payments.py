"""Starting a payment: created with its order, confirmed at a channel.

The channel is asked outside any transaction, between two short ones: the intent is committed first, so
that whatever happens to this process, an attempt that is due stands in the database.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from merchants.services.idempotency import Claim
from payments import routing
from payments.channels.base import ChannelError, ChannelReport, CreateRequest
from payments.drafts import PaymentDraft, Tenant
from payments.models import Attempt, ChannelAccount, Order, Payment
from payments.models.payment import CaptureMode
from payments.services import connections, history, locks, orders, outcomes
from payments.states import OrderState, PaymentState

DEFAULT_LIFE = timedelta(minutes=30)


class PaymentNotConfirmable(Exception):
    """The payment's state does not allow it."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the payment is {state}")
        self.state = state


class MethodMissing(Exception):
    """Nobody has said how the payer pays."""


def start(
    *,
    tenant: Tenant,
    draft: PaymentDraft,
    confirmed: bool,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Payment:
    """Creates a payment and, when it is `confirmed` in the same breath, asks the channel for the money.

    Raises what create and confirm raise.
    """
    if not confirmed:
        return create(tenant=tenant, draft=draft, by=by, now=now, claim=claim)
    # One transaction: a payment that cannot be sent is not created either.
    with transaction.atomic():
        payment = create(tenant=tenant, draft=draft, by=by, now=now, claim=claim)
        attempt = begin(public_id=payment.public_id, tenant=tenant, by=by, now=now)
    if attempt is not None:
        _send(attempt, by=by, now=now)
    return _as_stored(payment.public_id, tenant)


@transaction.atomic
def create(
    *,
    tenant: Tenant,
    draft: PaymentDraft,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Payment:
    """A payment for the draft's order, which may be new too.

    Raises Order.DoesNotExist, orders.OrderNotOpen, orders.ReferenceTaken,
    orders.OrderHasPayment when another payment of the order is at work.
    """
    life = timedelta(seconds=draft.expires_in) if draft.expires_in else DEFAULT_LIFE
    if isinstance(draft.order, str):
        order = _payable(locks.order(public_id=draft.order, tenant=tenant))
    else:
        order = orders.insert(tenant=tenant, draft=draft.order, now=now)
    payment = Payment(
        merchant_id=tenant.merchant_pk,
        mode=tenant.mode,
        order=order,
        amount_minor=order.amount_minor,
        currency=order.currency,
        capture_mode=draft.capture,
        method=dict(draft.method),
        return_url=draft.return_url,
        expires_at=now + life,
        due_at=now + life,
        created_at=now,
    )
    history.begin(payment, by=by, now=now)
    records.write(action="payment.created", by=by, now=now, target=payment.public_id)
    if claim:
        claim.attach(payment.public_id)
    return payment


def confirm(
    *,
    public_id: str,
    tenant: Tenant,
    method: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Payment:
    """Asks a channel for the money and answers with what is known by then.

    A payment that was confirmed before is answered as it is: nobody is charged by asking twice. Raises
    Payment.DoesNotExist, PaymentNotConfirmable, MethodMissing, routing.NoRoute, orders.OrderHasPayment.
    """
    attempt = begin(
        public_id=public_id,
        tenant=tenant,
        method=method,
        by=by,
        now=now,
        claim=claim,
    )
    if attempt is not None:
        _send(attempt, by=by, now=now)
    return _as_stored(public_id, tenant)


@transaction.atomic
def begin(
    *,
    public_id: str,
    tenant: Tenant,
    method: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Attempt | None:
    """Commits the intent: the payment is processing, the attempt due in case nobody comes back.

    None when the payment was confirmed before. Raises what confirm raises.
    """
    payment = locks.payment(public_id=public_id, tenant=tenant)
    if claim:
        claim.attach(payment.public_id)
    if payment.state in (PaymentState.CANCELED, PaymentState.EXPIRED, PaymentState.FAILED):
        raise PaymentNotConfirmable(payment.state)
    if payment.state != PaymentState.CREATED:
        return None
    chosen = dict(method or payment.method)
    if not chosen:
        raise MethodMissing("a payment needs a method to be confirmed")
    _payable(payment.order)
    account = routing.choose(
        ChannelAccount.objects.order_by("pk"),
        channel=chosen["type"],
        mode=tenant.mode,
        currency=payment.currency,
    )
    attempt = Attempt.objects.create(
        payment=payment,
        channel_account=account,
        number=1,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        due_at=now + connections.patience(account),
        created_at=now,
    )
    payment.submit(payment_method=chosen)
    history.append(payment, name="submitted", cause=attempt.public_id, by=by, now=now)
    return attempt


def _send(attempt: Attempt, *, by: Actor, now: datetime) -> None:
    outcomes.apply(
        report=_ask(attempt),
        channel_account=attempt.channel_account,
        source="answer",
        by=by,
        now=now,
    )


def _ask(attempt: Attempt) -> ChannelReport:
    account, payment = attempt.channel_account, attempt.payment
    request = CreateRequest(
        reference=attempt.public_id,
        amount_minor=attempt.amount_minor,
        currency=attempt.currency,
        capture="manual" if payment.capture_mode == CaptureMode.MANUAL else "automatic",
        method=payment.method,
        callback_url=connections.callback_url(account),
        return_url=payment.return_url,
        description=payment.order.description,
        expires_at=payment.expires_at,
    )
    try:
        return connections.pays(account).create(request)
    except ChannelError as error:
        return connections.refused_payment(attempt, error)


def _as_stored(public_id: str, tenant: Tenant) -> Payment:
    return Payment.objects.select_related("order").get(
        public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode
    )


def _payable(order: Order) -> Order:
    if order.state != OrderState.OPEN:
        raise orders.OrderNotOpen(order.state)
    if order.payments.live().exists():
        raise orders.OrderHasPayment("another payment of this order is at work")
    return order
