"""The clock's door: yesterday's statements, and tickets for money in suspense."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from audit import doorbell
from audit.actor import clock
from audit.services import due
from audit.services.due import LeaseLost
from payments.selectors import bookings
from reconciliation.models import StatementFile
from reconciliation.services import imports, runs, tickets

logger = logging.getLogger(__name__)

PURSUE = "reconciliation.tasks.pursue_statements"
# A statement of a million lines takes minutes; the lease is longer, so that nobody else begins.
RUN_SECONDS = runs.LEASE_SECONDS - 60


@shared_task
def nightly() -> int:
    """Owes every account's comparison up to yesterday, and rings for it; how many accounts there are."""
    now = timezone.now()
    today = now.date()
    accounts = bookings.accounts_to_compare(since=today - timedelta(days=imports.MADE_GOOD_DAYS))
    for account in accounts:
        imports.expect_nights(channel_account=account, today=today, now=now)
    doorbell.ring(PURSUE)
    return len(accounts)


@shared_task(soft_time_limit=RUN_SECONDS - 10, time_limit=RUN_SECONDS)
def pursue_statements() -> int:
    """Statements that are due: fetched, read and compared, one after the other."""
    by = clock(PURSUE)
    steps = 0
    files = StatementFile.objects.select_related("channel_account")
    while claimed := due.claim(
        files, now=timezone.now(), limit=1, lease_seconds=runs.LEASE_SECONDS
    ):
        steps += len(claimed)
        for file in claimed:
            try:
                runs.pursue(file=file, by=by, now=timezone.now())
            except LeaseLost:
                logger.info("%s went to another worker", file)
            except Exception as error:
                # The outer loop: one poisoned statement must not keep the others waiting.
                logger.exception("%s could not be compared", file)
                _postpone(file, error)
    return steps


@shared_task
def open_tickets() -> int:
    """Suspense items that nobody has on the desk yet."""
    return tickets.take_up(now=timezone.now())


def _postpone(file: StatementFile, error: Exception) -> None:
    try:
        runs.postpone(file=file, now=timezone.now(), error=repr(error))
    except LeaseLost:
        logger.info("%s went to another worker", file)
