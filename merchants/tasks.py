"""The clock's and the doorbell's way in: what merchants are owed, and what may be forgotten."""

import logging
import time
from contextlib import suppress

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from audit.actor import clock
from audit.doorbell import ring
from audit.services import due
from merchants.models import WebhookDelivery
from merchants.services import idempotency, nonces, webhooks

logger = logging.getLogger(__name__)

DELIVER = "merchants.tasks.deliver_webhooks"
# A claim's deliveries are made one after the other, each within its own deadline, inside the lease.
CLAIM_SIZE = 2
# Below Celery's soft time limit with one claim's deadlines to spare; then the bell is rung again.
WORK_SECONDS = 15.0


@shared_task(name=DELIVER)
def deliver_webhooks() -> None:
    """Delivers until nothing is due or its time is up."""
    stop_at = time.monotonic() + WORK_SECONDS
    while time.monotonic() < stop_at:
        claimed = due.claim(
            webhooks.owed(),
            now=timezone.now(),
            limit=CLAIM_SIZE,
            lease_seconds=webhooks.LEASE_SECONDS,
        )
        if not claimed:
            return
        for delivery in claimed:
            _deliver(delivery)
    ring(DELIVER)


@shared_task(name="merchants.tasks.forget_nonces")
def forget_nonces() -> None:
    nonces.forget(now=timezone.now())


@shared_task(name="merchants.tasks.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    idempotency.forget(now=timezone.now())


def _deliver(delivery: WebhookDelivery) -> None:
    """One poisoned delivery must not keep the others waiting."""
    now = timezone.now()
    try:
        webhooks.deliver(delivery=delivery, by=clock(DELIVER), now=now)
    except due.LeaseLost:
        # Another worker has the row.
        logger.warning("%s was let go", delivery)
    except SoftTimeLimitExceeded as error:
        # It counts as an attempt: a receiver that outlasts us every time is given up in the end.
        logger.warning("%s outlasted its worker", delivery)
        with suppress(due.LeaseLost):
            webhooks.put_off(delivery=delivery, error=repr(error), now=now)
    except Exception as error:
        logger.exception("%s could not be delivered", delivery)
        with suppress(due.LeaseLost):
            webhooks.put_off(delivery=delivery, error=repr(error), now=now)
