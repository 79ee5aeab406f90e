"""Another merchant's object is 404, the same bytes as one that does not exist."""

import json

import pytest

from tests.factories import payments as make
from tests.merchants.api.bad_inputs import rows

pytestmark = pytest.mark.django_db

NOBODY = "01J00000000000000000000000"


@pytest.fixture
def ids(merchant):
    payment = make.succeeded_payment(of=merchant)
    return {"pay": payment.public_id, "ord": payment.order.public_id}


def without_request_id(response):
    body = response.json()
    body.pop("request_id")
    return response.status_code, body


@pytest.mark.parametrize(
    ("method", "path", "prefix"),
    [
        ("GET", "/v1/orders/{}", "ord"),
        ("PATCH", "/v1/orders/{}", "ord"),
        ("DELETE", "/v1/orders/{}", "ord"),
        ("GET", "/v1/payments/{}", "pay"),
        ("GET", "/v1/payments/{}/events", "pay"),
        ("POST", "/v1/payments/{}/confirm", "pay"),
        ("POST", "/v1/payments/{}/capture", "pay"),
        ("POST", "/v1/payments/{}/cancel", "pay"),
        ("POST", "/v1/payments/{}/refresh", "pay"),
    ],
)
def test_a_strangers_object_and_no_object_look_the_same(stranger, ids, method, path, prefix):
    before = rows()
    body = b"" if method == "GET" else b"{}"

    theirs = stranger.send(method, path.format(ids[prefix]), body=body)
    nobodys = stranger.send(method, path.format(f"{prefix}_{NOBODY}"), body=body)

    assert theirs.status_code == 404
    assert without_request_id(theirs) == without_request_id(nobodys)
    assert rows() == before


@pytest.mark.parametrize(
    ("path", "field", "prefix"),
    [("/v1/payments", "order", "ord"), ("/v1/refunds", "payment", "pay")],
)
def test_a_strangers_object_named_in_a_body_does_not_exist_either(
    stranger, ids, path, field, prefix
):
    before = rows()

    theirs = stranger.post(path, {field: ids[prefix]})
    nobodys = stranger.post(path, {field: f"{prefix}_{NOBODY}"})

    assert theirs.status_code == 422
    assert without_request_id(theirs) == without_request_id(nobodys)
    assert rows() == before


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/payments", "/v1/refunds", "/v1/events"])
def test_lists_show_ones_own_only(caller, stranger, ids, path):
    assert json.loads(stranger.get(path).content)["data"] == []


def test_the_same_reference_is_two_orders_for_two_merchants(caller, stranger):
    body = {"reference": "A-1", "amount": 5, "currency": "JPY"}

    assert caller.post("/v1/orders", body).status_code == 201
    assert stranger.post("/v1/orders", body).status_code == 201
    assert caller.post("/v1/orders", body).json()["code"] == "reference_taken"
