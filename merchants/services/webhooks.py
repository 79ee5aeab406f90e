"""Where merchants want to be told, and the telling itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from audit import vault
from audit.actor import Actor
from audit.services import due, records
from merchants import delivery as wire
from merchants.events import EVENT_TYPES
from merchants.models import Event, WebhookDelivery, WebhookEndpoint
from merchants.models.webhook import RETRY_SECONDS, DeliveryQuerySet
from merchants.services import events
from merchants.signing import webhooks as signing

OLD_SECRET_SIGNS_FOR = timedelta(hours=24)
ENDPOINTS_PER_MERCHANT = 16
LEASE_SECONDS = 60
# A merchant may ask for patience, not for being forgotten.
LONGEST_RETRY_AFTER_SECONDS = 12 * 3600
GONE = 410


class EventTypeUnknown(Exception):
    """An endpoint filters by a name that no event has."""


class TooManyEndpoints(Exception):
    """One merchant and mode may have ENDPOINTS_PER_MERCHANT endpoints."""


@dataclass(frozen=True, slots=True)
class Registered:
    """`secret` is shown now and never again."""

    endpoint: WebhookEndpoint
    secret: str


@transaction.atomic
def register(
    *,
    merchant_id: int,
    mode: str,
    url: str,
    event_types: Sequence[str] = (),
    description: str = "",
    by: Actor,
    now: datetime,
) -> Registered:
    """Tells `url` of every event from now on whose type is listed; an empty list means all.

    Raises delivery.UrlForbidden, EventTypeUnknown, TooManyEndpoints.
    """
    wire.check_url(url)
    _check_types(event_types)
    siblings = WebhookEndpoint.objects.kept().filter(merchant_id=merchant_id, mode=mode)
    if siblings.count() >= ENDPOINTS_PER_MERCHANT:
        raise TooManyEndpoints(ENDPOINTS_PER_MERCHANT)
    endpoint = WebhookEndpoint(
        merchant_id=merchant_id,
        mode=mode,
        url=url,
        description=description,
        event_types=list(event_types),
        created_at=now,
    )
    secret = signing.new_secret()
    endpoint.sealed_secret = _seal(secret, endpoint)
    endpoint.save()
    _record("registered", endpoint, by=by, now=now, url=url)
    return Registered(endpoint=endpoint, secret=secret)


@transaction.atomic
def update(
    *,
    endpoint: WebhookEndpoint,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    by: Actor,
    now: datetime,
) -> WebhookEndpoint:
    """Changes what is given. Raises delivery.UrlForbidden, EventTypeUnknown."""
    locked = _locked(endpoint)
    if url is not None:
        wire.check_url(url)
        locked.url = url
    if event_types is not None:
        _check_types(event_types)
        locked.event_types = list(event_types)
    if description is not None:
        locked.description = description
    if enabled is not None:
        locked.enabled = enabled
        locked.disabled_reason = "" if enabled else "by the merchant"
    locked.save()
    _record("updated", locked, by=by, now=now, url=locked.url, enabled=locked.enabled)
    return locked


@transaction.atomic
def disable(*, endpoint: WebhookEndpoint, reason: str, by: Actor, now: datetime) -> None:
    """No longer called; what was owed is buried at its next turn and can be replayed."""
    locked = _locked(endpoint)
    locked.enabled, locked.disabled_reason = False, reason
    locked.save(update_fields=["enabled", "disabled_reason"])
    _record("disabled", locked, by=by, now=now, reason=reason)


@transaction.atomic
def delete(*, endpoint: WebhookEndpoint, by: Actor, now: datetime) -> None:
    """Gone for the merchant; its deliveries stay as evidence."""
    locked = _locked(endpoint)
    locked.deleted_at = now
    locked.save(update_fields=["deleted_at"])
    _record("deleted", locked, by=by, now=now)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, by: Actor, now: datetime) -> Registered:
    """A new secret; for 24 hours deliveries carry a signature of the old one too."""
    locked = _locked(endpoint)
    secret = signing.new_secret()
    locked.sealed_previous_secret = locked.sealed_secret
    locked.previous_secret_until = now + OLD_SECRET_SIGNS_FOR
    locked.sealed_secret = _seal(secret, locked)
    locked.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until"])
    _record("secret_rotated", locked, by=by, now=now)
    return Registered(endpoint=locked, secret=secret)


@transaction.atomic
def replay(
    *, endpoint: WebhookEndpoint, events_to_send: "QuerySet[Event]", by: Actor, now: datetime
) -> int:
    """Owes the events to the endpoint once more, from the first attempt on; answers how many.

    What is still pending is left to its schedule.
    """
    chosen = events_to_send.filter(merchant_id=endpoint.merchant_id, mode=endpoint.mode)
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(endpoint=endpoint, event_id=pk, created_at=now)
            for pk in chosen.exclude(deliveries__endpoint=endpoint).values_list("pk", flat=True)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    revived = _revive(
        WebhookDelivery.objects.filter(endpoint=endpoint, event__in=chosen.values("pk")), now=now
    )
    _record("replayed", endpoint, by=by, now=now, events=revived)
    return revived


@transaction.atomic
def replay_deliveries(
    *, deliveries: "QuerySet[WebhookDelivery]", reason: str = "", by: Actor, now: datetime
) -> int:
    """The same for rows that an operator picked; answers how many are owed again."""
    revived = _revive(deliveries, now=now)
    records.write(
        action="webhook_deliveries.replayed",
        by=by,
        now=now,
        detail={"deliveries": revived, "reason": reason},
    )
    return revived


def owed() -> DeliveryQuerySet:
    """What the worker claims."""
    return WebhookDelivery.objects.select_related("endpoint", "event")


def deliver(*, delivery: WebhookDelivery, by: Actor, now: datetime) -> None:
    """One attempt at a claimed delivery, outside any transaction.

    Raises audit.services.due.LeaseLost when another worker took the row meanwhile.
    """
    endpoint = delivery.endpoint
    if endpoint.deleted_at or not endpoint.enabled:
        due.bury(delivery, now=now, error="the endpoint is disabled")
        return
    body = delivery.event.body
    headers = signing.headers(
        message_id=delivery.event.public_id,
        at=now,
        body=body,
        secrets_in_force=_secrets(endpoint, now=now),
    )
    try:
        answer = wire.post(
            endpoint.url,
            body=body.encode(),
            headers={**headers, "content-type": "application/json", "user-agent": "Zerosum/1"},
        )
    except wire.UrlForbidden as error:
        answer = wire.Answer(status=None, error=f"address refused: {error}")
    _settle(delivery, answer, by=by, now=now)


def put_off(*, delivery: WebhookDelivery, error: str, now: datetime) -> None:
    """After a failure of ours: the next turn of the schedule. Raises LeaseLost."""
    due.retry_or_bury(delivery, now=now, schedule_seconds=RETRY_SECONDS, error=error)


@transaction.atomic
def _settle(delivery: WebhookDelivery, answer: wire.Answer, *, by: Actor, now: datetime) -> None:
    if answer.status is not None and answer.status // 100 == 2:
        due.done(delivery)
        delivery.delivered_at = now
    elif answer.status == GONE:
        due.bury(delivery, now=now, error="410 Gone: the endpoint was disabled")
        _gone(delivery.endpoint, by=by, now=now)
    else:
        _again_or_dead(delivery, answer, now=now)
    delivery.last_status = answer.status
    delivery.save(update_fields=["last_status", "delivered_at"])


def _again_or_dead(delivery: WebhookDelivery, answer: wire.Answer, *, now: datetime) -> None:
    error = answer.error or f"answered {answer.status}"
    if delivery.attempts > len(RETRY_SECONDS):
        due.bury(delivery, now=now, error=error)
        return
    asked = min(answer.retry_after_seconds or 0.0, LONGEST_RETRY_AFTER_SECONDS)
    delay = max(due.jittered(RETRY_SECONDS[delivery.attempts - 1]), asked)
    due.retry(delivery, now=now, delay_seconds=delay, error=error)


def _gone(endpoint: WebhookEndpoint, *, by: Actor, now: datetime) -> None:
    disable(endpoint=endpoint, reason="answered 410 Gone", by=by, now=now)
    events.publish(
        merchant_id=endpoint.merchant_id,
        mode=endpoint.mode,
        type="webhook_endpoint.disabled",
        data={"id": endpoint.public_id, "object": "webhook_endpoint", "url": endpoint.url},
        now=now,
    )


def _revive(deliveries: "QuerySet[WebhookDelivery]", *, now: datetime) -> int:
    return deliveries.filter(Q(due_at=None) | ~Q(dead_at=None)).update(
        due_at=now,
        dead_at=None,
        attempts=0,
        lease_until=None,
        lease_token=None,
        last_error="",
        delivered_at=None,
    )


def _secrets(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    sealed = [endpoint.sealed_secret]
    if endpoint.previous_secret_until and endpoint.previous_secret_until > now:
        sealed.append(endpoint.sealed_previous_secret)
    return [vault.open_sealed(s, context=_context(endpoint)).decode() for s in sealed]


def _seal(secret: str, endpoint: WebhookEndpoint) -> str:
    return vault.seal(secret.encode(), context=_context(endpoint))


def _context(endpoint: WebhookEndpoint) -> str:
    return f"merchants_webhookendpoint.secret:{endpoint.public_id}"


def _check_types(event_types: Sequence[str]) -> None:
    unknown = [name for name in event_types if name not in EVENT_TYPES]
    if unknown:
        raise EventTypeUnknown(unknown[0])


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def _record(
    what: str, endpoint: WebhookEndpoint, *, by: Actor, now: datetime, **detail: object
) -> None:
    records.write(
        action=f"webhook_endpoint.{what}", by=by, now=now, target=endpoint.public_id, detail=detail
    )
