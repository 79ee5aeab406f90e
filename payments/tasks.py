"""The clock's door: workers claim rows that are due and take one step with each.

A bell that rings twice or never changes nothing: what is due stands in the tables.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from celery import shared_task
from django.utils import timezone

from audit import doorbell
from audit.actor import clock
from audit.models.due import DueQuerySet, DueRow
from audit.services import due
from audit.services.due import LeaseLost
from payments.models import Attempt, CallbackReceipt, Order, Payment, Refund
from payments.models.attempt import INQUIRY_SCHEDULE_SECONDS
from payments.models.refund import REFUND_SCHEDULE_SECONDS
from payments.services import callbacks, closings, inquiries, orders, refunds

R = TypeVar("R", bound=DueRow)
logger = logging.getLogger(__name__)

# One at a time: a step that talks to a channel may take as long as the channel's patience, and rows
# claimed ahead would outlive their lease meanwhile.
BATCH = 1
# Above a read's three tries at ten seconds each; below it Celery's own time limits.
LEASE_SECONDS = 60
# A task stops claiming after so long; the next bell or sweep goes on.
RUN_SECONDS = 20
# How long a payment's end may wait for the channel's word, then a person has to look.
EXPIRY_SCHEDULE_SECONDS = (5, 15, 30, 60, 300, 900, 3600, 6 * 3600, 12 * 3600)
DELIVER = "merchants.tasks.deliver_webhooks"


@shared_task
def apply_callbacks() -> int:
    """Receipts that wait to be applied."""
    return _work(
        CallbackReceipt.objects.select_related("channel_account"),
        lambda row: callbacks.pursue(receipt=row, now=timezone.now()),
        lambda row, error: callbacks.postpone(receipt=row, now=timezone.now(), error=error),
    )


@shared_task
def inquire() -> int:
    """Attempts whose outcome the channel has to be asked for."""
    by = clock("payments.tasks.inquire")
    return _work(
        Attempt.objects.select_related("channel_account"),
        lambda row: inquiries.pursue(attempt=row, by=by, now=timezone.now()),
        lambda row, error: due.retry_or_bury(
            row, now=timezone.now(), schedule_seconds=INQUIRY_SCHEDULE_SECONDS, error=error
        ),
    )


@shared_task
def pursue_refunds() -> int:
    """Refunds of which the channel has not said what became of them."""
    by = clock("payments.tasks.pursue_refunds")
    return _work(
        Refund.objects.select_related("payment", "capture__attempt__channel_account"),
        lambda row: refunds.pursue(refund=row, by=by, now=timezone.now()),
        lambda row, error: due.retry_or_bury(
            row, now=timezone.now(), schedule_seconds=REFUND_SCHEDULE_SECONDS, error=error
        ),
    )


@shared_task
def expire_payments() -> int:
    """Payments whose time is over: closed at the channel first, then here."""
    by = clock("payments.tasks.expire_payments")

    def step(payment: Payment) -> None:
        now = timezone.now()
        if closings.expire(payment_pk=payment.pk, by=by, now=now):
            _finish(payment)
        else:
            due.retry_or_bury(
                payment,
                now=now,
                schedule_seconds=EXPIRY_SCHEDULE_SECONDS,
                error="the channel has not closed it",
            )

    return _work(
        Payment.objects.all(),
        step,
        lambda row, error: due.retry_or_bury(
            row, now=timezone.now(), schedule_seconds=EXPIRY_SCHEDULE_SECONDS, error=error
        ),
    )


@shared_task
def expire_orders() -> int:
    """Orders whose time is over and that nobody is paying."""
    by = clock("payments.tasks.expire_orders")

    def step(order: Order) -> None:
        now = timezone.now()
        if orders.expire(order_pk=order.pk, by=by, now=now):
            _finish(order)
        else:
            due.wait(order, now=now, delay_seconds=60, reason="a payment of it is at work")

    return _work(
        Order.objects.all(),
        step,
        lambda row, error: due.retry(row, now=timezone.now(), delay_seconds=60, error=error),
    )


def _finish(row: DueRow) -> None:
    """Closing a row ends its lease too; a row that had been over before is still held and due."""
    with suppress(LeaseLost):
        due.done(row)


def _work(
    rows: "DueQuerySet[R]", step: Callable[[R], None], postpone: Callable[[R, str], None]
) -> int:
    """Claims row after row until nothing is due or time is up; answers with the steps taken."""
    steps = 0
    ends = monotonic() + RUN_SECONDS
    while monotonic() < ends and (
        claimed := due.claim(rows, now=timezone.now(), limit=BATCH, lease_seconds=LEASE_SECONDS)
    ):
        for row in claimed:
            _take(row, step, postpone)
        steps += len(claimed)
    if steps:
        doorbell.ring(DELIVER)
    return steps


def _take(row: R, step: Callable[[R], None], postpone: Callable[[R, str], None]) -> None:
    try:
        step(row)
    except LeaseLost:
        logger.info("%s went to another worker", row)
    except Exception as error:
        # The outer loop: one poisoned row must not keep the others waiting.
        logger.exception("%s could not be worked on", row)
        try:
            postpone(row, repr(error))
        except LeaseLost:
            logger.info("%s went to another worker", row)
