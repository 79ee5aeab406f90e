import pytest

from merchants.models import Event
from merchants.services import events
from tests.factories.merchants import MerchantFactory

pytestmark = pytest.mark.django_db


def publish(merchant, now, *, mode="live", data=None):
    return events.publish(
        merchant_id=merchant.pk,
        mode=mode,
        type="payment.succeeded",
        data=data or {"id": "pay_1", "amount": 1000, "note": "支付", "nested": {"b": 1, "a": []}},
        now=now,
    )


def test_the_stream_shows_the_bytes_that_are_delivered(api, merchant, now):
    bodies = [publish(merchant, now).body for _ in range(2)]
    page = api.get("/v1/events").content.decode()
    assert page == f'{{"data":[{",".join(bodies)}],"has_more":false,"next_after":null}}'


def test_a_merchant_reads_on_from_the_last_number_without_a_gap(api, merchant, now):
    for _ in range(7):
        publish(merchant, now)
    seen, after = [], 0
    while True:
        page = api.get(f"/v1/events?limit=3&after={after}").json()
        seen += [event["sequence"] for event in page["data"]]
        if not page["has_more"]:
            break
        after = page["next_after"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_only_the_keys_merchant_and_mode_are_shown(api, test_api, merchant, now):
    publish(MerchantFactory(), now)
    publish(merchant, now, mode="test")
    assert api.get("/v1/events").json()["data"] == []
    assert len(test_api.get("/v1/events").json()["data"]) == 1
    assert Event.objects.count() == 2
