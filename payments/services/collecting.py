"""The money of an attempt that succeeded: its capture, its fee, its journal."""

from datetime import datetime

from audit.actor import Actor
from ledger.money import Money
from ledger.services import journals
from merchants.selectors import fee_for
from payments import postings
from payments.models import Attempt, Capture
from payments.models.payment import CaptureMode
from payments.states import CaptureState


def asked_for(*, attempt: Attempt) -> Capture | None:
    """The capture that the merchant asked for and the channel has not answered."""
    if attempt.payment.capture_mode != CaptureMode.MANUAL:
        return None
    return attempt.captures.filter(state=CaptureState.PROCESSING).first()


def capture(
    *,
    attempt: Attempt,
    amount_minor: int,
    channel_id: str,
    captured_at: datetime,
    now: datetime,
) -> Capture:
    """The capture that took the money, with the fee that the merchant owes us for it.

    For the transaction of outcomes.apply, which holds the attempt's lock.
    """
    payment = attempt.payment
    taken = asked_for(attempt=attempt)
    if taken is None:
        taken = Capture(
            payment=payment,
            attempt=attempt,
            amount_minor=amount_minor,
            currency=payment.currency,
            created_at=now,
        )
    taken.fee_minor = fee_for(
        merchant_id=payment.merchant_id, amount_minor=amount_minor, currency=payment.currency
    )
    taken.channel_id, taken.captured_at = channel_id, captured_at
    taken.succeed()
    taken.save()
    return taken


def book(*, capture: Capture, attempt: Attempt, by: Actor, now: datetime) -> None:
    payment = attempt.payment
    journals.post(
        postings.captured(
            capture=capture.public_id,
            payment=payment.public_id,
            merchant=payment.merchant.public_id,
            channel_account=attempt.channel_account.public_id,
            gross=Money(capture.amount_minor, capture.currency),
            fee_minor=capture.fee_minor,
            mode=payment.mode,
            effective_at=capture.captured_at or now,
        ),
        by=by,
        now=now,
    )
