"""Every writing endpoint of this app refuses every bad input with the listed code and writes nothing."""

import pytest

from audit.models import Record
from merchants.services import events
from tests.merchants.api.bad_inputs import BAD_BODIES, plain, refused, rows

pytestmark = pytest.mark.django_db
URL = "https://shop.example.com/hook"


@pytest.fixture
def endpoint(api):
    return api.post("/v1/webhook_endpoints", {"url": URL}).json()["id"]


WRITES = [
    ("POST", "/v1/webhook_endpoints", {"url": URL}),
    ("PATCH", "/v1/webhook_endpoints/{endpoint}", {"description": "x"}),
    ("DELETE", "/v1/webhook_endpoints/{endpoint}", {}),
    ("POST", "/v1/webhook_endpoints/{endpoint}/rotate_secret", {}),
    ("POST", "/v1/webhook_endpoints/{endpoint}/replay", {"after": 0}),
]


@pytest.mark.parametrize(("method", "path", "valid"), WRITES)
def test_bad_bodies_are_refused_and_nothing_is_written(
    api, endpoint, method, path, valid, subtests
):
    before, path = rows(), path.format(endpoint=endpoint)
    for bad in BAD_BODIES:
        with subtests.test(bad.name):
            response = api.send(method, path, body=bad.spoil(valid), headers=bad.sent_headers())
            refused(response, bad.code)
            assert rows() == before


@pytest.mark.parametrize(("method", "path", "valid"), WRITES)
def test_the_same_body_unspoilt_is_taken(api, endpoint, method, path, valid):
    response = api.send(method, path.format(endpoint=endpoint), body=plain(valid))
    assert response.status_code in {200, 201}, response.content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "field_missing"),
        ({"url": None}, "field_invalid"),
        ({"url": 5}, "field_invalid"),
        ({"url": ["https://a.example.com"]}, "field_invalid"),
        ({"url": ""}, "field_invalid"),
        ({"url": "https://10.0.0.1/"}, "webhook_url_forbidden"),
        ({"url": "http://a.example.com/"}, "webhook_url_forbidden"),
        ({"url": URL, "event_types": "payment.succeeded"}, "field_invalid"),
        ({"url": URL, "event_types": [1]}, "field_invalid"),
        ({"url": URL, "event_types": {"a": 1}}, "field_invalid"),
        ({"url": URL, "event_types": ["payment.sneezed"]}, "event_type_unknown"),
        ({"url": URL, "event_types": ["payment.failed"] * 200}, "field_invalid"),
        ({"url": URL, "description": "x" * 201}, "field_invalid"),
        ({"url": URL, "description": True}, "field_invalid"),
        ({"url": URL, "enabled": True}, "field_unknown"),
        ({"url": URL, "secret": "whsec_mine"}, "field_unknown"),
    ],
)
def test_a_bad_endpoint_is_refused_and_nothing_is_written(api, body, code):
    before = rows()
    refused(api.post("/v1/webhook_endpoints", body), code)
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "field_missing"),
        ({"event": "evt_1", "after": 1}, "field_invalid"),
        ({"event": "pay_01J00000000000000000000000"}, "field_invalid"),
        ({"event": "evt_01J00000000000000000000000"}, "not_found"),
        ({"after": -1}, "field_invalid"),
        ({"after": "1"}, "field_invalid"),
        ({"after": 1.0}, "field_invalid"),
        ({"after": True}, "field_invalid"),
        ({"after": 9223372036854775808}, "field_invalid"),
        ({"dead": False}, "field_missing"),
        ({"dead": "true"}, "field_invalid"),
        ({"dead": 1}, "field_invalid"),
        ({"after": 1, "dead": True}, "field_missing"),
    ],
)
def test_a_bad_replay_is_refused_and_nothing_is_owed(api, endpoint, merchant, now, body, code):
    events.publish(merchant_id=merchant.pk, mode="test", type="order.paid", data={}, now=now)
    before = rows()
    refused(api.post(f"/v1/webhook_endpoints/{endpoint}/replay", body), code)
    assert rows() == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/events?limit=0", "parameter_invalid"),
        ("/v1/events?limit=101", "parameter_invalid"),
        ("/v1/events?limit=1e1", "parameter_invalid"),
        ("/v1/events?limit=%EF%BC%91", "parameter_invalid"),
        ("/v1/events?limit=1_0", "parameter_invalid"),
        ("/v1/events?limit=", "parameter_invalid"),
        ("/v1/events?limit=-1", "parameter_invalid"),
        ("/v1/events?after=evt_1", "parameter_invalid"),
        ("/v1/events?after=99999999999999999999", "parameter_invalid"),
        ("/v1/events?after=1&after=2", "parameter_repeated"),
        ("/v1/events?before=1", "parameter_unknown"),
        ("/v1/events?format=xml", "parameter_unknown"),
        ("/v1/webhook_endpoints?after=%00", "parameter_invalid"),
        ("/v1/webhook_endpoints?after=whe_1", "parameter_invalid"),
        ("/v1/webhook_endpoints?after=pay_01J00000000000000000000000", "parameter_invalid"),
        ("/v1/balance_transactions?currency=usd", "parameter_invalid"),
        ("/v1/balance_transactions?balance=all", "parameter_invalid"),
        ("/v1/balance_transactions?after=acc_1.1", "parameter_invalid"),
        ("/v1/balance_transactions?after=acc_01J00000000000000000000000.1", "parameter_invalid"),
        ("/v1/events?x=4111111111111111", "card_data_not_allowed"),
        ("/v1/4111-1111-1111-1111", "card_data_not_allowed"),
        ("/v1/%34111111111111111", "card_data_not_allowed"),
        ("/v1/nothing", "not_found"),
        ("/v1/events/", "not_found"),
        ("/v1/webhook_endpoints/x", "not_found"),
        ("/v1/webhook_endpoints/%00", "not_found"),
        ("/v1/webhook_endpoints/%F0%9F%92%A9", "not_found"),
        ("/v1/webhook_endpoints/whe_01J00000000000000000000000", "not_found"),
    ],
)
def test_a_bad_address_is_refused(api, path, code):
    refused(api.get(path), code)


def test_a_query_on_a_write_is_refused(api):
    refused(api.post("/v1/webhook_endpoints?dry_run=1", {"url": URL}), "parameter_unknown")


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE", "PATCH"])
def test_a_method_that_the_resource_does_not_know_is_405(api, method):
    response = api.send(method, "/v1/webhook_endpoints")
    refused(response, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_the_method_override_header_is_ignored(api):
    response = api.get("/v1/events", headers={"X-HTTP-Method-Override": "DELETE"})
    assert response.status_code == 200


def test_a_chunked_body_is_refused(api):
    response = api.post(
        "/v1/webhook_endpoints", {"url": URL}, headers={"Transfer-Encoding": "chunked"}
    )
    refused(response, "length_required")


def test_a_card_number_as_idempotency_key_is_refused(api):
    response = api.post("/v1/webhook_endpoints", {"url": URL}, key="4111111111111111")
    refused(response, "card_data_not_allowed")


def test_a_card_number_reaches_no_log_and_no_record(api, caplog):
    caplog.set_level("DEBUG")
    api.get("/v1/orders?reference=4111111111111111")
    api.post("/v1/webhook_endpoints", {"url": URL, "description": "4111 1111 1111 1111"})
    api.post("/v1/webhook_endpoints", {"url": URL, "4111111111111111": 1})
    # Not four digits of it: a timestamp may hold those.
    for spelling in ("41111111", "4111 1111"):
        assert spelling not in caplog.text
        assert spelling not in str(list(Record.objects.values()))
