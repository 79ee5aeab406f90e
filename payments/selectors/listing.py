"""What a merchant may see of its orders, payments and refunds."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from payments.drafts import Tenant
from payments.models import Attempt, Capture, Order, Payment, PaymentEvent, Refund
from payments.states import PaymentState


def orders_of(tenant: Tenant) -> "QuerySet[Order]":
    return Order.objects.filter(merchant_id=tenant.merchant_pk, mode=tenant.mode)


def payments_of(tenant: Tenant) -> "QuerySet[Payment]":
    """With their orders, and their attempts in order, in three queries for a page of any length."""
    return (
        Payment.objects.filter(merchant_id=tenant.merchant_pk, mode=tenant.mode)
        .select_related("order")
        .prefetch_related(Prefetch("channel_attempts", queryset=Attempt.objects.order_by("number")))
    )


def refunds_of(tenant: Tenant) -> "QuerySet[Refund]":
    return Refund.objects.filter(
        payment__merchant_id=tenant.merchant_pk, payment__mode=tenant.mode
    ).select_related("payment")


def latest_attempt(payment: Payment) -> Attempt | None:
    """Of a payment that came from `payments_of`, or was just created: no query of its own."""
    if payment.state == PaymentState.CREATED:
        return None
    attempts: Iterable[Attempt] = payment.channel_attempts.all()
    return max(attempts, key=lambda attempt: attempt.number, default=None)


def history_of(payment: Payment) -> "QuerySet[PaymentEvent]":
    return payment.history.order_by("sequence")


def captures_of(payment: Payment) -> "QuerySet[Capture]":
    return payment.captures.order_by("pk")
