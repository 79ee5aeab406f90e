import json
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.db import connection
from standardwebhooks import Webhook
from werkzeug import Response

from audit.actor import clock
from audit.models import Record
from audit.services import due
from merchants import selectors
from merchants.delivery import UrlForbidden
from merchants.models import Event, WebhookDelivery, WebhookEndpoint
from merchants.services import events, webhooks
from tests.factories.merchants import OPERATOR, MerchantFactory

pytestmark = pytest.mark.django_db
BY = clock("tests")
CONTRACT_MINUTES = [1, 3, 5, 15, 30, 60, 180, 360, 720]


@pytest.fixture
def merchant():
    return MerchantFactory()


@pytest.fixture
def register(merchant, now, httpserver):
    def registered(**kwargs):
        return webhooks.register(
            merchant_id=merchant.pk,
            mode="live",
            url=httpserver.url_for("/hook"),
            by=OPERATOR,
            now=now,
            **kwargs,
        )

    return registered


def publish(merchant, now, type_="payment.succeeded"):
    return events.publish(
        merchant_id=merchant.pk, mode="live", type=type_, data={"id": "pay_1"}, now=now
    )


def attempt(now):
    """One claim and one attempt, as the worker does it."""
    (delivery,) = due.claim(webhooks.owed(), now=now, limit=1, lease_seconds=60)
    webhooks.deliver(delivery=delivery, by=BY, now=now)
    return WebhookDelivery.objects.get(pk=delivery.pk)


def answering(httpserver, status, **headers):
    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data(status=status, headers=headers)


def test_a_delivery_is_the_event_signed_for_standard_webhooks(merchant, register, now, httpserver):
    secret = register().secret
    event = publish(merchant, now)
    answering(httpserver, 204)

    delivery = attempt(now)

    request, _ = httpserver.log[0]
    assert request.data == event.body.encode()
    assert request.headers["webhook-id"] == event.public_id
    assert request.headers["content-type"] == "application/json"
    with time_machine.travel(now, tick=False):
        Webhook(secret).verify(request.data, dict(request.headers))
    assert (delivery.state, delivery.last_status) == ("delivered", 204)
    assert delivery.delivered_at == now
    assert delivery.due_at is None


def test_failures_are_retried_on_the_contracts_schedule_and_then_dead(
    merchant, register, now, httpserver
):
    register()
    publish(merchant, now)
    answering(httpserver, 500)

    moment, waits = now, []
    for _ in CONTRACT_MINUTES:
        delivery = attempt(moment)
        assert delivery.state == "pending"
        waits.append((delivery.due_at - moment).total_seconds() / 60)
        moment = delivery.due_at
    last = attempt(moment)

    assert all(m <= wait <= m * 1.1 for m, wait in zip(CONTRACT_MINUTES, waits, strict=True))
    assert (last.state, last.last_status, last.last_error) == ("dead", 500, "answered 500")


def test_every_retry_repeats_the_same_bytes_under_the_same_id(merchant, register, now, httpserver):
    register()
    publish(merchant, now)
    answering(httpserver, 503)
    first = attempt(now)
    attempt(first.due_at)

    (one, _), (two, _) = httpserver.log
    assert one.data == two.data
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.headers["webhook-timestamp"] != two.headers["webhook-timestamp"]


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [("600", 600, 600), ("10", 60, 66), ("999999999", 12 * 3600, 12 * 3600), ("soon", 60, 66)],
)
def test_retry_after_is_honoured_within_bounds(
    merchant, register, now, httpserver, retry_after, least, most
):
    register()
    publish(merchant, now)
    answering(httpserver, 429, **{"Retry-After": retry_after})
    delivery = attempt(now)
    assert least <= (delivery.due_at - now).total_seconds() <= most


def test_410_gone_disables_the_endpoint_and_says_so(merchant, register, now, httpserver):
    endpoint = register().endpoint
    publish(merchant, now)
    answering(httpserver, 410)

    assert attempt(now).state == "dead"
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    assert endpoint.disabled_reason == "answered 410 Gone"
    assert Event.objects.filter(type="webhook_endpoint.disabled").exists()
    publish(merchant, now)
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize("switch", ["disable", "delete"])
def test_what_is_owed_to_an_endpoint_that_is_off_is_not_sent(
    merchant, register, now, httpserver, switch
):
    endpoint = register().endpoint
    publish(merchant, now)
    if switch == "disable":
        webhooks.disable(endpoint=endpoint, reason="test", by=OPERATOR, now=now)
    else:
        webhooks.delete(endpoint=endpoint, by=OPERATOR, now=now)

    assert attempt(now).state == "dead"
    assert not httpserver.log


def test_an_address_that_turned_inward_is_not_called(merchant, register, now, httpserver):
    endpoint = register().endpoint
    publish(merchant, now)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url="https://10.0.0.1/hook")

    delivery = attempt(now)

    assert (delivery.state, delivery.last_status) == ("pending", None)
    assert delivery.last_error.startswith("address refused")


def test_while_a_secret_rotates_both_secrets_verify_and_afterwards_only_the_new_one(
    merchant, register, now, httpserver
):
    registered = register()
    rotated = webhooks.rotate_secret(endpoint=registered.endpoint, by=OPERATOR, now=now)
    answering(httpserver, 200)
    late = now + timedelta(hours=25)
    for moment in (now, late):
        publish(merchant, moment)
        attempt(moment)

    during, after = (dict(request.headers) for request, _ in httpserver.log)
    assert len(during["Webhook-Signature"].split()) == 2
    assert len(after["Webhook-Signature"].split()) == 1
    with time_machine.travel(now, tick=False):
        for secret in (registered.secret, rotated.secret):
            Webhook(secret).verify(httpserver.log[0][0].data, during)
    with time_machine.travel(late, tick=False):
        Webhook(rotated.secret).verify(httpserver.log[1][0].data, after)


def test_secrets_are_sealed_and_out_of_every_record(merchant, register):
    registered = register()
    stored = WebhookEndpoint.objects.values().get(pk=registered.endpoint.pk)
    assert registered.secret not in str(stored)
    logged = [str(entry.changes) for entry in LogEntry.objects.all()]
    recorded = [str(record.detail) for record in Record.objects.all()]
    assert logged
    assert not [text for text in logged + recorded if "sealed" in text or "whsec_" in text]


def test_a_worker_that_slept_past_its_lease_changes_nothing(merchant, register, now, httpserver):
    register()
    publish(merchant, now)
    answering(httpserver, 200)
    (slow,) = due.claim(webhooks.owed(), now=now, limit=1, lease_seconds=60)
    later = now + timedelta(seconds=61)
    (quick,) = due.claim(webhooks.owed(), now=later, limit=1, lease_seconds=60)

    with pytest.raises(due.LeaseLost):
        webhooks.deliver(delivery=slow, by=BY, now=now)

    assert WebhookDelivery.objects.get().state == "pending"
    webhooks.deliver(delivery=quick, by=BY, now=later)
    assert WebhookDelivery.objects.get().state == "delivered"


def test_no_transaction_is_open_while_the_merchant_is_called(
    merchant, register, now, httpserver, monkeypatch
):
    register()
    publish(merchant, now)
    depth = len(connection.savepoint_ids)
    seen = []
    ordinary = webhooks.wire.post

    def watched(*args, **kwargs):
        seen.append(len(connection.savepoint_ids))
        return ordinary(*args, **kwargs)

    monkeypatch.setattr(webhooks.wire, "post", watched)
    answering(httpserver, 200)
    attempt(now)
    assert seen == [depth]


def test_replaying_owes_old_events_again_even_those_from_before_the_endpoint(
    merchant, register, now, httpserver
):
    first = publish(merchant, now)
    endpoint = register().endpoint
    publish(merchant, now)
    answering(httpserver, 200)
    attempt(now)

    replayed = webhooks.replay(
        endpoint=endpoint,
        events_to_send=selectors.events_for(endpoint).filter(sequence__gt=0),
        by=OPERATOR,
        now=now,
    )

    assert replayed == 2
    assert {attempt(now).event_id for _ in range(2)} == set(
        Event.objects.values_list("pk", flat=True)
    )
    assert json.loads(httpserver.log[1][0].data)["sequence"] in {1, 2}
    assert first.sequence == 1


def test_replaying_leaves_pending_deliveries_to_their_schedule(merchant, register, now, httpserver):
    endpoint = register().endpoint
    publish(merchant, now)
    answering(httpserver, 500)
    waiting = attempt(now)

    replayed = webhooks.replay(
        endpoint=endpoint, events_to_send=Event.objects.all(), by=OPERATOR, now=now
    )

    assert replayed == 0
    assert WebhookDelivery.objects.get().due_at == waiting.due_at


def test_the_dead_can_be_replayed_and_start_their_schedule_anew(
    merchant, register, now, httpserver
):
    endpoint = register().endpoint
    publish(merchant, now)
    WebhookDelivery.objects.update(attempts=9)
    answering(httpserver, 500)
    assert attempt(now).state == "dead"

    dead = selectors.events_dead_at(endpoint)
    assert webhooks.replay(endpoint=endpoint, events_to_send=dead, by=OPERATOR, now=now) == 1
    again = attempt(now)

    assert (again.state, again.attempts) == ("pending", 1)


def test_another_merchants_events_are_never_replayed(merchant, register, now):
    endpoint = register().endpoint
    publish(MerchantFactory(), now)
    assert (
        webhooks.replay(endpoint=endpoint, events_to_send=Event.objects.all(), by=OPERATOR, now=now)
        == 0
    )


def test_an_operator_replays_picked_deliveries(merchant, register, now, httpserver):
    register()
    publish(merchant, now)
    answering(httpserver, 200)
    attempt(now)
    picked = WebhookDelivery.objects.all()
    assert webhooks.replay_deliveries(deliveries=picked, by=OPERATOR, now=now) == 1
    assert WebhookDelivery.objects.get().state == "pending"


def test_updating_changes_what_is_given_and_nothing_else(register, now):
    endpoint = register(description="first").endpoint
    changed = webhooks.update(
        endpoint=endpoint, event_types=["payment.failed"], enabled=False, by=OPERATOR, now=now
    )
    assert (changed.description, changed.url) == ("first", endpoint.url)
    assert (changed.event_types, changed.enabled) == (["payment.failed"], False)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"url": "https://10.0.0.1/"}, UrlForbidden),
        ({"event_types": ["payment.sneezed"]}, webhooks.EventTypeUnknown),
    ],
)
def test_an_update_is_checked_like_a_registration(register, now, change, refusal):
    endpoint = register().endpoint
    with pytest.raises(refusal):
        webhooks.update(endpoint=endpoint, by=OPERATOR, now=now, **change)


def test_a_merchant_may_not_have_endless_endpoints(register):
    for _ in range(webhooks.ENDPOINTS_PER_MERCHANT):
        register()
    with pytest.raises(webhooks.TooManyEndpoints):
        register()


def test_a_failure_of_ours_puts_the_delivery_off(merchant, register, now):
    register()
    publish(merchant, now)
    (delivery,) = due.claim(webhooks.owed(), now=now, limit=1, lease_seconds=60)
    webhooks.put_off(delivery=delivery, error="bug", now=now)
    waiting = WebhookDelivery.objects.get()
    assert (waiting.state, waiting.last_error) == ("pending", "bug")
    assert waiting.due_at >= now + timedelta(seconds=60)


def test_a_big_answer_does_not_hurt(merchant, register, now, httpserver):
    register()
    publish(merchant, now)
    httpserver.expect_request("/hook").respond_with_handler(
        lambda _: Response(b"x" * 1_000_000, status=200)
    )
    assert attempt(now).state == "delivered"
