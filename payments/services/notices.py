"""What merchants are told of payments and refunds, written in the transaction of the fact."""

from datetime import datetime

from merchants.services import events as merchant_events
from payments.events import describe_payment, describe_refund
from payments.models import Attempt, Payment, Refund


def tell_payment(type_: str, *, payment: Payment, attempt: Attempt | None, now: datetime) -> None:
    merchant_events.publish(
        merchant_id=payment.merchant_id,
        mode=payment.mode,
        type=type_,
        data=describe_payment(payment, order=payment.order, attempt=attempt),
        now=now,
    )


def tell_refund(type_: str, *, refund: Refund, now: datetime) -> None:
    merchant_events.publish(
        merchant_id=refund.payment.merchant_id,
        mode=refund.payment.mode,
        type=type_,
        data=describe_refund(refund, payment=refund.payment),
        now=now,
    )
