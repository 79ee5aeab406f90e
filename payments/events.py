"""The names of what merchants are told, and how payments and refunds read on the wire.

One rendering serves the API and the event stream, so that they cannot differ.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payments.models import Attempt, Capture, Order, Payment, PaymentEvent, Refund

PAYMENT_REQUIRES_ACTION = "payment.requires_action"
PAYMENT_AUTHORIZED = "payment.authorized"
PAYMENT_SUCCEEDED = "payment.succeeded"
PAYMENT_FAILED = "payment.failed"
PAYMENT_CANCELED = "payment.canceled"
PAYMENT_EXPIRED = "payment.expired"
REFUND_SUCCEEDED = "refund.succeeded"
REFUND_FAILED = "refund.failed"


def describe_order(order: "Order") -> dict[str, Any]:
    return {
        "id": order.public_id,
        "object": "order",
        "mode": order.mode,
        "reference": order.reference,
        "amount": order.amount_minor,
        "currency": order.currency,
        "amount_refunded": order.amount_refunded_minor,
        "state": str(order.state),
        "description": order.description,
        "metadata": order.metadata,
        "expires_at": _time(order.due_at),
        "created_at": _time(order.created_at),
    }


def describe_payment(
    payment: "Payment", *, order: "Order", attempt: "Attempt | None"
) -> dict[str, Any]:
    """`version` is the number of the payment's last event: a larger one is newer."""
    return {
        "id": payment.public_id,
        "object": "payment",
        "mode": payment.mode,
        "version": payment.sequence,
        "order": order.public_id,
        "reference": order.reference,
        "amount": payment.amount_minor,
        "currency": payment.currency,
        "amount_captured": payment.amount_captured_minor,
        "amount_refunded": payment.amount_refunded_minor,
        "state": str(payment.state),
        "capture": payment.capture_mode,
        "method": payment.method or None,
        "next_action": payment.next_action,
        "failure": _failure(payment.failure_code, payment.failure_message),
        "late": payment.late,
        "latest_attempt": describe_attempt(attempt) if attempt else None,
        "expires_at": _time(payment.expires_at),
        "created_at": _time(payment.created_at),
    }


def describe_attempt(attempt: "Attempt") -> dict[str, Any]:
    return {
        "id": attempt.public_id,
        "number": attempt.number,
        "state": str(attempt.state),
        "outcome_unknown": attempt.outcome_unknown,
        "failure": _failure(attempt.failure_code, attempt.failure_message),
    }


def describe_capture(capture: "Capture") -> dict[str, Any]:
    return {
        "id": capture.public_id,
        "object": "capture",
        "amount": capture.amount_minor,
        "currency": capture.currency,
        "fee": capture.fee_minor,
        "state": str(capture.state),
        "captured_at": _time(capture.captured_at),
    }


def describe_refund(refund: "Refund", *, payment: "Payment") -> dict[str, Any]:
    return {
        "id": refund.public_id,
        "object": "refund",
        "mode": payment.mode,
        "payment": payment.public_id,
        "amount": refund.amount_minor,
        "currency": refund.currency,
        "state": str(refund.state),
        "reason": refund.reason,
        "metadata": refund.metadata,
        "failure": _failure(refund.failure_code, refund.failure_message),
        "refunded_at": _time(refund.refunded_at),
        "created_at": _time(refund.created_at),
    }


def describe_payment_event(event: "PaymentEvent") -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "name": event.name,
        "changes": event.changes,
        "cause": event.cause,
        "at": _time(event.at),
    }


def _failure(code: str, message: str) -> dict[str, str] | None:
    return {"code": code, "message": message} if code else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None
