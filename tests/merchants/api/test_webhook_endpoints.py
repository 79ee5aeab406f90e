import pytest

from merchants.models import Event, WebhookDelivery
from merchants.services import events, webhooks
from tests.factories.merchants import OPERATOR
from tests.merchants.api.bad_inputs import refused

pytestmark = pytest.mark.django_db
PATH = "/v1/webhook_endpoints"
URL = "https://shop.example.com/hook"


@pytest.fixture
def made(api):
    return api.post(PATH, {"url": URL, "event_types": ["payment.succeeded"]}).json()


def test_an_endpoint_is_shown_with_its_secret_once(api, made):
    assert made["secret"].startswith("whsec_")
    shown = api.get(f"{PATH}/{made['id']}").json()
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert shown["event_types"] == ["payment.succeeded"]
    assert (shown["enabled"], shown["mode"]) == (True, "live")


def test_a_change_changes_what_is_named(api, made):
    changed = api.patch(f"{PATH}/{made['id']}", {"enabled": False, "description": "off"}).json()
    assert (changed["enabled"], changed["disabled_reason"]) == (False, "by the merchant")
    assert (changed["url"], changed["description"]) == (URL, "off")


def test_a_deleted_endpoint_is_gone(api, made):
    deleted = api.delete(f"{PATH}/{made['id']}")
    assert deleted.json() == {"id": made["id"], "object": "webhook_endpoint", "deleted": True}
    refused(api.get(f"{PATH}/{made['id']}"), "not_found")
    assert api.get(PATH).json()["data"] == []


def test_a_rotated_secret_is_another_secret(api, made):
    rotated = api.post(f"{PATH}/{made['id']}/rotate_secret").json()
    assert rotated["secret"] != made["secret"]
    assert rotated["id"] == made["id"]


def test_the_list_is_newest_first_and_pages_without_loss(api):
    ids = [api.post(PATH, {"url": URL}).json()["id"] for _ in range(5)]
    first = api.get(f"{PATH}?limit=2").json()
    assert [row["id"] for row in first["data"]] == [ids[4], ids[3]]
    assert (first["has_more"], first["next_after"]) == (True, ids[3])
    second = api.get(f"{PATH}?limit=2&after={first['next_after']}").json()
    last = api.get(f"{PATH}?limit=2&after={second['next_after']}").json()
    assert [row["id"] for row in second["data"] + last["data"]] == [ids[2], ids[1], ids[0]]
    assert (last["has_more"], last["next_after"]) == (False, None)


def test_there_is_an_end_to_endpoints(api):
    for _ in range(webhooks.ENDPOINTS_PER_MERCHANT):
        api.post(PATH, {"url": URL})
    refused(api.post(PATH, {"url": URL}), "endpoint_limit_reached")


class TestReplay:
    @pytest.fixture
    def published(self, merchant, now):
        return [
            events.publish(merchant_id=merchant.pk, mode="live", type=name, data={}, now=now)
            for name in ("payment.succeeded", "payment.failed", "payment.succeeded")
        ]

    def replay(self, api, made, **body):
        return api.post(f"{PATH}/{made['id']}/replay", body).json()

    def owed(self):
        return set(
            WebhookDelivery.objects.filter(state="pending").values_list("event_id", flat=True)
        )

    def test_one_event_is_owed_again(self, api, published, made):
        assert self.replay(api, made, event=published[1].public_id) == {"replayed": 1}
        assert self.owed() == {published[1].pk}

    def test_all_since_a_number_are_owed_again_if_their_type_was_asked_for(
        self, api, published, made
    ):
        assert self.replay(api, made, after=0) == {"replayed": 2}
        assert self.owed() == {published[0].pk, published[2].pk}

    def test_the_dead_are_owed_again(self, api, made, published, merchant, now):
        owed = events.publish(
            merchant_id=merchant.pk, mode="live", type="payment.succeeded", data={}, now=now
        )
        WebhookDelivery.objects.filter(event=owed).update(dead_at=now)
        assert self.replay(api, made, dead=True) == {"replayed": 1}
        assert owed.pk in self.owed()

    def test_another_merchants_event_is_not_found(self, api, made, stranger, now):
        theirs = events.publish(
            merchant_id=stranger.merchant.pk, mode="live", type="order.paid", data={}, now=now
        )
        response = api.post(f"{PATH}/{made['id']}/replay", {"event": theirs.public_id})
        refused(response, "not_found")
        assert Event.objects.count() == 1
        assert not WebhookDelivery.objects.exists()


def test_an_endpoint_that_an_operator_disabled_says_why(api, made):
    endpoint = webhooks.WebhookEndpoint.objects.get()
    webhooks.disable(
        endpoint=endpoint, reason="too many failures", by=OPERATOR, now=endpoint.created_at
    )
    assert api.get(f"{PATH}/{made['id']}").json()["disabled_reason"] == "too many failures"
