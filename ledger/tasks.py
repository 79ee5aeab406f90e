"""The clock's door to the ledger."""

from celery import shared_task
from django.utils import timezone

from audit.actor import clock
from ledger.services import proof

NAME = "ledger.tasks.verify"


# Acknowledged at once: a proof may outlast the broker's patience, and the next hour brings another.
@shared_task(name=NAME, acks_late=False, soft_time_limit=3000, time_limit=3060)
def verify() -> None:
    proof.sweep(by=clock(NAME), now=timezone.now())
