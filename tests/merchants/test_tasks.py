from datetime import UTC, datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from merchants import tasks
from merchants.models import WebhookDelivery
from merchants.services import events, webhooks
from tests.factories.merchants import OPERATOR, MerchantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(httpserver):
    """Ten events owed to an endpoint that answers 200."""
    httpserver.expect_request("/hook").respond_with_data("ok")
    merchant, now = MerchantFactory(), datetime.now(tz=UTC)
    webhooks.register(
        merchant_id=merchant.pk,
        mode="test",
        url=httpserver.url_for("/hook"),
        by=OPERATOR,
        now=now,
    )
    for _ in range(10):
        events.publish(
            merchant_id=merchant.pk, mode="test", type="payment.created", data={}, now=now
        )


@pytest.mark.usefixtures("owed")
def test_the_worker_delivers_until_nothing_is_owed(httpserver):
    tasks.deliver_webhooks()
    assert len(httpserver.log) == 10
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.usefixtures("owed")
def test_one_poisoned_delivery_does_not_keep_the_others_waiting(monkeypatch):
    poisoned = WebhookDelivery.objects.order_by("pk")[3].pk
    ordinary = webhooks.deliver

    def deliver(*, delivery, **kwargs):
        if delivery.pk == poisoned:
            raise ZeroDivisionError
        ordinary(delivery=delivery, **kwargs)

    monkeypatch.setattr(webhooks, "deliver", deliver)
    tasks.deliver_webhooks()

    assert WebhookDelivery.objects.filter(state="delivered").count() == 9
    waiting = WebhookDelivery.objects.get(pk=poisoned)
    assert waiting.last_error == "ZeroDivisionError()"
    assert waiting.due_at > datetime.now(tz=UTC)


@pytest.mark.usefixtures("owed")
def test_a_worker_out_of_time_lets_go_and_rings_again(monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "WORK_SECONDS", 0.0)
    monkeypatch.setattr(tasks, "ring", rung.append)
    tasks.deliver_webhooks()
    assert rung == [tasks.DELIVER]


@pytest.mark.usefixtures("owed")
def test_a_receiver_that_outlasts_the_worker_waits_for_the_next_turn_of_the_schedule(monkeypatch):
    def interrupted(**_kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(webhooks, "deliver", interrupted)
    tasks.deliver_webhooks()
    now = datetime.now(tz=UTC)
    assert not WebhookDelivery.objects.leased(now).exists()
    assert WebhookDelivery.objects.filter(due_at__gt=now, attempts=1).count() == 10


@pytest.mark.usefixtures("owed")
def test_a_receiver_that_always_outlasts_the_worker_is_given_up_in_the_end(monkeypatch):
    def interrupted(**_kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(webhooks, "deliver", interrupted)
    for _ in range(10):
        WebhookDelivery.objects.filter(dead_at=None).update(due_at=datetime.now(tz=UTC))
        tasks.deliver_webhooks()
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"dead"}


def test_forgetting_runs_on_an_empty_house():
    tasks.forget_nonces()
    tasks.forget_idempotency_keys()
