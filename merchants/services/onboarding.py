"""Taking a merchant in, and turning one away."""

from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from merchants.models import FeePlan, Merchant


@transaction.atomic
def create_merchant(*, name: str, by: Actor, now: datetime) -> Merchant:
    """A merchant without keys and without a fee plan."""
    merchant = Merchant.objects.create(name=name, created_at=now)
    records.write(action="merchant.created", by=by, now=now, target=merchant.public_id)
    return merchant


@transaction.atomic
def agree_fee(
    *,
    merchant: Merchant,
    percent_bps: int,
    fixed_minor: int = 0,
    currency: str = "",
    by: Actor,
    now: datetime,
) -> FeePlan:
    """The terms from now on, for one currency or (empty) for all that have none of their own."""
    plan, _ = FeePlan.objects.update_or_create(
        merchant=merchant,
        currency=currency,
        defaults={"percent_bps": percent_bps, "fixed_minor": fixed_minor},
    )
    records.write(
        action="merchant.fee_agreed",
        by=by,
        now=now,
        target=merchant.public_id,
        detail={"currency": currency, "percent_bps": percent_bps, "fixed_minor": fixed_minor},
    )
    return plan


@transaction.atomic
def suspend(*, merchant: Merchant, reason: str, by: Actor, now: datetime) -> None:
    """Raises django_fsm.TransitionNotAllowed for a merchant that is suspended already."""
    locked = _locked(merchant)
    locked.suspend()
    locked.save(update_fields=["status"])
    records.write(
        action="merchant.suspended",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"reason": reason},
    )


@transaction.atomic
def reinstate(*, merchant: Merchant, reason: str, by: Actor, now: datetime) -> None:
    """Raises django_fsm.TransitionNotAllowed for a merchant that is active."""
    locked = _locked(merchant)
    locked.reinstate()
    locked.save(update_fields=["status"])
    records.write(
        action="merchant.reinstated",
        by=by,
        now=now,
        target=locked.public_id,
        detail={"reason": reason},
    )


def _locked(merchant: Merchant) -> Merchant:
    return Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
