"""What payments still owes, by kind of work."""

from datetime import datetime

from audit.selectors import QueueState, queue_state
from payments.models import Attempt, CallbackReceipt, Order, Payment, Refund, SuspenseItem


def queues(*, now: datetime) -> dict[str, QueueState]:
    return {
        "callbacks": queue_state(CallbackReceipt.objects.all(), now=now),
        "inquiries": queue_state(Attempt.objects.all(), now=now),
        "refunds": queue_state(Refund.objects.all(), now=now),
        "payment_expiry": queue_state(Payment.objects.all(), now=now),
        "order_expiry": queue_state(Order.objects.all(), now=now),
        "suspense_to_ticket": queue_state(SuspenseItem.objects.all(), now=now),
    }
