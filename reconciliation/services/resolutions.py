"""What a person does with a ticket: take it, put it back, end it with a reason."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from payments.selectors import bookings
from reconciliation.models import Ticket

if TYPE_CHECKING:
    from audit.models import Operator


class ReasonMissing(Exception):
    """A ticket ends with the reason that the next reader will look for."""


class MoneyStillInSuspense(Exception):
    """The money has to be placed or given back first; explaining it is not enough."""


@transaction.atomic
def take(*, ticket: str, owner: "Operator", reason: str = "", by: Actor, now: datetime) -> Ticket:
    """Raises Ticket.DoesNotExist, django_fsm.TransitionNotAllowed."""
    locked = _locked(ticket)
    locked.take(owner=owner)
    locked.save()
    records.write(
        action="ticket.taken",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"owner": owner.public_id, "reason": reason},
    )
    return locked


@transaction.atomic
def put_back(*, ticket: str, reason: str = "", by: Actor, now: datetime) -> Ticket:
    """Raises Ticket.DoesNotExist, django_fsm.TransitionNotAllowed."""
    locked = _locked(ticket)
    locked.put_back()
    locked.save()
    records.write(
        action="ticket.put_back",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"reason": reason},
    )
    return locked


@transaction.atomic
def resolve(*, ticket: str, reason: str, by: Actor, now: datetime) -> Ticket:
    """Raises Ticket.DoesNotExist, ReasonMissing, MoneyStillInSuspense,
    django_fsm.TransitionNotAllowed."""
    if not reason.strip():
        raise ReasonMissing("say why")
    locked = _locked(ticket)
    if locked.suspense_item and bookings.is_in_suspense(locked.suspense_item):
        raise MoneyStillInSuspense(locked.suspense_item)
    locked.resolve(reason=reason.strip(), by=str(by), now=now)
    locked.save()
    records.write(
        action="ticket.resolved",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"kind": locked.kind, "reason": locked.resolution},
    )
    return locked


def _locked(public_id: str) -> Ticket:
    return Ticket.objects.select_for_update(no_key=True).get(public_id=public_id)
