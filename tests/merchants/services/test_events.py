import json
import threading

import pytest
from django.db import connections, transaction

from merchants.models import Event, WebhookDelivery
from merchants.services import events, webhooks
from tests.factories.merchants import OPERATOR, MerchantFactory


def publish(merchant, now, *, mode="live", type_="payment.succeeded", data=None):
    return events.publish(
        merchant_id=merchant.pk, mode=mode, type=type_, data=data or {"id": "pay_1"}, now=now
    )


def endpoint(merchant, now, *, mode="live", event_types=()):
    return webhooks.register(
        merchant_id=merchant.pk,
        mode=mode,
        url="https://shop.example.com/hook",
        event_types=event_types,
        by=OPERATOR,
        now=now,
    ).endpoint


@pytest.mark.django_db
def test_numbers_start_at_one_and_are_counted_per_merchant_and_mode(now):
    merchant, other = MerchantFactory(), MerchantFactory()
    assert [publish(merchant, now).sequence for _ in range(3)] == [1, 2, 3]
    assert publish(merchant, now, mode="test").sequence == 1
    assert publish(other, now).sequence == 1


@pytest.mark.django_db
def test_an_event_reads_as_standard_webhooks_wants_it(now):
    event = publish(MerchantFactory(), now, data={"id": "pay_1", "note": "支付"})
    assert json.loads(event.body) == {
        "id": event.public_id,
        "object": "event",
        "type": "payment.succeeded",
        "timestamp": "2026-11-20T12:00:00.000000Z",
        "mode": "live",
        "sequence": 1,
        "data": {"id": "pay_1", "note": "支付"},
    }


@pytest.mark.django_db
def test_an_unknown_type_is_refused_before_a_number_is_taken(now):
    merchant = MerchantFactory()
    with pytest.raises(events.EventTypeUnknown):
        publish(merchant, now, type_="payment.sneezed")
    assert publish(merchant, now).sequence == 1


@pytest.mark.django_db
def test_only_endpoints_that_asked_are_owed_the_event(now):
    merchant = MerchantFactory()
    asked = endpoint(merchant, now, event_types=["payment.succeeded"])
    everything = endpoint(merchant, now)
    endpoint(merchant, now, event_types=["refund.succeeded"])
    endpoint(merchant, now, mode="test")
    endpoint(MerchantFactory(), now)
    off = endpoint(merchant, now)
    webhooks.disable(endpoint=off, reason="test", by=OPERATOR, now=now)
    gone = endpoint(merchant, now)
    webhooks.delete(endpoint=gone, by=OPERATOR, now=now)

    event = publish(merchant, now)

    owed = WebhookDelivery.objects.filter(event=event)
    assert {d.endpoint_id for d in owed} == {asked.pk, everything.pk}
    assert {(d.state, d.due_at) for d in owed} == {("pending", now)}


@pytest.mark.django_db
@pytest.mark.parametrize("endpoints", [0, 1, 3])
def test_publishing_takes_at_most_three_statements(now, endpoints, django_assert_max_num_queries):
    merchant = MerchantFactory()
    for _ in range(endpoints):
        endpoint(merchant, now)
    with django_assert_max_num_queries(3):
        publish(merchant, now)


@pytest.mark.django_db(transaction=True)
def test_numbers_are_dense_under_threads_and_rollbacks(now):
    merchant = MerchantFactory()

    def work(number):
        try:
            for i in range(10):
                with transaction.atomic():
                    publish(merchant, now)
                    if (number + i) % 3 == 0:
                        transaction.set_rollback(True)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = list(Event.objects.order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert 40 < len(numbers) < 80
