"""Asking the channel what became of an attempt: on the workers' schedule, or because somebody asked.

"Not found" is not "not charged" (some channels show a charge late): it is asked again, until the
payment expires and is closed at the channel.
"""

from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import due, records
from payments.channels.base import ChannelError, ChannelReport
from payments.drafts import Tenant
from payments.models import Attempt, Capture, Payment
from payments.models.attempt import INQUIRY_SCHEDULE_SECONDS
from payments.services import captures, connections, locks, outcomes
from payments.states import LIVE_PAYMENT_STATES, OPEN_ATTEMPT_STATES, AttemptState, CaptureState


def refresh(*, public_id: str, tenant: Tenant, by: Actor, now: datetime) -> Payment:
    """Asks the channel now and answers with what is known then. Raises Payment.DoesNotExist."""
    payments = Payment.objects.select_related("order")
    payment = payments.get(public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode)
    records.write(action="payment.refreshed", by=by, now=now, target=public_id)
    attempt = payment.channel_attempts.select_related("channel_account").order_by("-number").first()
    if attempt is not None:
        try:
            inquire(attempt=attempt, by=by, now=now)
        except ChannelError:
            # The channel could not be asked; what we know stands.
            return payment
    return payments.get(pk=payment.pk)


def pursue(*, attempt: Attempt, by: Actor, now: datetime) -> None:
    """A worker's step for an attempt that is due. The caller holds the row's lease."""
    error_text = "the channel has not said yet"
    try:
        inquire(attempt=attempt, by=by, now=now)
    except ChannelError as error:
        error_text = str(error)
    # Decided and written under one lock: a wish that comes between the two would be wiped out.
    with transaction.atomic():
        stored = locks.attempt(
            public_id=attempt.public_id, channel_account_pk=attempt.channel_account_id
        )
        if _is_still_owed(stored):
            due.retry_or_bury(
                attempt, now=now, schedule_seconds=INQUIRY_SCHEDULE_SECONDS, error=error_text
            )
        elif stored.lease_token is not None:
            due.done(attempt)


def inquire(*, attempt: Attempt, by: Actor, now: datetime) -> outcomes.Applied:
    """Asks once and applies the answer. Raises ChannelError when the channel could not be asked."""
    unanswered = None if attempt.close_wanted else _unanswered_capture(attempt)
    report = captures.ask(unanswered) if unanswered else _ask(attempt)
    applied = outcomes.apply(
        report=report,
        channel_account=attempt.channel_account,
        source="inquiry",
        by=by,
        now=now,
    )
    if unanswered:
        captures.conclude(capture_=unanswered, report=report)
    return applied


def _unanswered_capture(attempt: Attempt) -> Capture | None:
    if attempt.state != AttemptState.AUTHORIZED:
        return None
    return attempt.captures.filter(state=CaptureState.PROCESSING).first()


def _ask(attempt: Attempt) -> ChannelReport:
    pays = connections.pays(attempt.channel_account)
    reference = connections.reference_of(attempt)
    return pays.cancel(reference) if attempt.close_wanted else pays.query(reference)


def _is_still_owed(attempt: Attempt) -> bool:
    if attempt.state in OPEN_ATTEMPT_STATES:
        return attempt.payment.state in LIVE_PAYMENT_STATES
    return attempt.close_wanted or attempt.captures.filter(state=CaptureState.PROCESSING).exists()
