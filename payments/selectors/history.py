"""A payment as its events tell it: the row must say the same."""

from typing import Any

from payments.models import Payment, PaymentEvent


def rebuilt(payment: Payment) -> dict[str, Any]:
    """The projected fields, folded from the payment's events alone."""
    fields: dict[str, Any] = {}
    for changes in (
        PaymentEvent.objects.filter(payment=payment)
        .order_by("sequence")
        .values_list("changes", flat=True)
    ):
        fields |= changes
    return fields


def stored(payment: Payment) -> dict[str, Any]:
    """The same fields as the row has them."""
    return {name: getattr(payment, name) for name in Payment.PROJECTED}
