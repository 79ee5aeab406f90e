"""What is asked of merchants, read only."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from audit.selectors import QueueState, queue_state
from ledger.money import Money
from merchants.fees import FREE, Terms, fee
from merchants.models import ApiKey, Event, FeePlan, Merchant, WebhookDelivery, WebhookEndpoint


def merchants_named(name: str) -> QuerySet[Merchant]:
    """Names need not be unique; oldest first."""
    return Merchant.objects.filter(name=name).order_by("pk")


def keys_in_force(*, merchant_id: int, mode: str) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(merchant_id=merchant_id, mode=mode, revoked_at=None)


def fee_for(*, merchant_id: int, amount_minor: int, currency: str) -> int:
    """In minor units of the currency; a merchant without a plan pays nothing."""
    terms = terms_of(merchant_id=merchant_id, currency=currency)
    return fee(Money(amount_minor, currency), terms)


def terms_of(*, merchant_id: int, currency: str) -> Terms:
    plan = (
        FeePlan.objects.filter(merchant_id=merchant_id, currency__in=[currency, ""])
        .order_by("-currency")
        .first()
    )
    return Terms(plan.percent_bps, plan.fixed_minor) if plan else FREE


def events_of(*, merchant_id: int, mode: str) -> QuerySet[Event]:
    return Event.objects.filter(merchant_id=merchant_id, mode=mode)


def events_written_at(
    *, merchant_id: int, mode: str, moments: Collection[datetime]
) -> QuerySet[Event]:
    """What the merchant was told of at these very moments, with its deliveries: an event bears the time
    of the fact that it tells of."""
    return (
        events_of(merchant_id=merchant_id, mode=mode)
        .filter(created_at__in=moments)
        .prefetch_related(
            Prefetch("deliveries", WebhookDelivery.objects.select_related("endpoint"))
        )
        .order_by("sequence")
    )


def events_for(endpoint: WebhookEndpoint) -> QuerySet[Event]:
    """Of its merchant and mode, of the types that it asked for."""
    rows = events_of(merchant_id=endpoint.merchant_id, mode=endpoint.mode)
    return rows.filter(type__in=endpoint.event_types) if endpoint.event_types else rows


def events_dead_at(endpoint: WebhookEndpoint) -> QuerySet[Event]:
    """Whose delivery to it was given up."""
    dead = WebhookDelivery.objects.dead().filter(endpoint=endpoint)
    return Event.objects.filter(pk__in=dead.values("event_id"))


def endpoints_of(*, merchant_id: int, mode: str) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.kept().filter(merchant_id=merchant_id, mode=mode)


def queues(*, now: datetime) -> dict[str, QueueState]:
    """What is still owed to merchants, by kind of work."""
    return {"webhooks": queue_state(WebhookDelivery.objects.all(), now=now)}
