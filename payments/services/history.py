"""A payment's events: the only way in which a payment's row changes after it was created."""

from datetime import datetime

from audit.actor import Actor
from payments.models import Payment, PaymentEvent

SAVED_WITH_AN_EVENT = (
    *Payment.PROJECTED,
    "sequence",
    "method",
    "expires_at",
    "due_at",
    "lease_until",
    "lease_token",
)


def begin(payment: Payment, *, by: Actor, now: datetime) -> None:
    """Stores a new payment with its first event."""
    payment.sequence = 1
    payment.save(force_insert=True)
    _write(payment, name="created", cause="", by=by, now=now)


def append(payment: Payment, *, name: str, cause: str, by: Actor, now: datetime) -> None:
    """Stores what a transition changed, together with the event that says so.

    The caller holds the payment's lock. `cause` is the public id or the road of what brought it about.
    """
    payment.sequence += 1
    payment.save(update_fields=SAVED_WITH_AN_EVENT)
    _write(payment, name=name, cause=cause, by=by, now=now)


def _write(payment: Payment, *, name: str, cause: str, by: Actor, now: datetime) -> None:
    PaymentEvent.objects.create(
        payment=payment,
        sequence=payment.sequence,
        name=name,
        changes=payment.changes(),
        cause=cause,
        actor_kind=by.kind,
        actor_id=by.id,
        request_id=by.request_id,
        at=now,
    )
    payment.note_as_stored()
