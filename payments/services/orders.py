"""What the payer buys: created, edited until somebody starts to pay, voided, expired."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.services import records
from merchants.services.idempotency import Claim
from payments.drafts import OrderDraft, Tenant
from payments.models import Order
from payments.models.order import CLOSED_FIELDS
from payments.services import locks
from payments.states import OrderState, PaymentState


class ReferenceTaken(Exception):
    """The merchant has an order of this reference; `order_id` is its public id."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"the reference belongs to {order_id}")
        self.order_id = order_id


class OrderHasPayment(Exception):
    """Amount and currency are fixed once a payment exists; a live payment keeps an order from being void."""


class OrderNotOpen(Exception):
    """The order is paid, void or expired."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the order is {state}")
        self.state = state


@transaction.atomic
def create(
    *,
    tenant: Tenant,
    draft: OrderDraft,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Order:
    """A new open order. Raises ReferenceTaken."""
    order = insert(tenant=tenant, draft=draft, now=now)
    records.write(action="order.created", by=by, now=now, target=order.public_id)
    if claim:
        claim.attach(order.public_id)
    return order


def insert(*, tenant: Tenant, draft: OrderDraft, now: datetime) -> Order:
    """Stores the order, or raises ReferenceTaken whoever came first. For the caller's transaction."""
    order = Order(
        merchant_id=tenant.merchant_pk,
        mode=tenant.mode,
        reference=draft.reference,
        amount_minor=draft.amount_minor,
        currency=draft.currency,
        description=draft.description,
        metadata=dict(draft.metadata),
        due_at=now + timedelta(seconds=draft.expires_in) if draft.expires_in else None,
        created_at=now,
    )
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError:
        first = Order.objects.filter(
            merchant_id=order.merchant_id, mode=order.mode, reference=order.reference
        ).first()
        if first is None:
            raise
        raise ReferenceTaken(first.public_id) from None
    return order


@transaction.atomic
def update(
    *,
    public_id: str,
    tenant: Tenant,
    changes: Mapping[str, Any],
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Order:
    """Description and metadata at any time; amount and currency until a payment exists.

    Raises Order.DoesNotExist, OrderHasPayment, OrderNotOpen.
    """
    order = locks.order(public_id=public_id, tenant=tenant)
    if {"amount_minor", "currency"} & set(changes):
        if order.state != OrderState.OPEN:
            raise OrderNotOpen(order.state)
        if order.payments.exists():
            raise OrderHasPayment("a payment fixes the order's amount and currency")
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=[*changes])
    records.write(action="order.updated", by=by, now=now, target=public_id, detail=dict(changes))
    if claim:
        claim.attach(order.public_id)
    return order


@transaction.atomic
def void(
    *,
    public_id: str,
    tenant: Tenant,
    by: Actor,
    now: datetime,
    claim: Claim | None = None,
) -> Order:
    """Nobody may pay this order any more. Raises Order.DoesNotExist, OrderHasPayment, OrderNotOpen."""
    order = locks.order(public_id=public_id, tenant=tenant)
    if order.state != OrderState.VOID:
        if order.state != OrderState.OPEN:
            raise OrderNotOpen(order.state)
        unfinished = order.payments.live() | order.payments.filter(state=PaymentState.CREATED)
        if unfinished.exists():
            raise OrderHasPayment("cancel its payment first")
        order.void()
        order.save(update_fields=CLOSED_FIELDS)
        records.write(action="order.voided", by=by, now=now, target=public_id)
    if claim:
        claim.attach(order.public_id)
    return order


@transaction.atomic
def expire(*, order_pk: int, by: Actor, now: datetime) -> bool:
    """Whether the order is over now; False while a payment of it is still at work."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order_pk)
    if order.state != OrderState.OPEN:
        return True
    if order.payments.live().exists():
        return False
    order.expire()
    order.save(update_fields=CLOSED_FIELDS)
    records.write(action="order.expired", by=by, now=now, target=order.public_id)
    return True
