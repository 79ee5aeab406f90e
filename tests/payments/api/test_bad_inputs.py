"""Every writing endpoint of orders, payments and refunds refuses what is bad, and writes nothing."""

import json

import pytest

from tests.factories import payments as make
from tests.merchants.api.bad_inputs import (
    BAD_BODIES,
    BAD_CURRENCIES,
    bad_amounts,
    plain,
    refused,
    rows,
)

pytestmark = pytest.mark.django_db

ORDER = {"reference": "A-1", "amount": 1000, "currency": "CNY"}
PAYMENT = {**ORDER, "method": {"type": "sandbox"}}
WRITES = [
    ("POST", "/v1/orders", ORDER),
    ("PATCH", "/v1/orders/{order}", {"description": "x"}),
    ("DELETE", "/v1/orders/{order}", {}),
    ("POST", "/v1/payments", PAYMENT),
    ("POST", "/v1/payments/{payment}/confirm", {}),
    ("POST", "/v1/payments/{payment}/capture", {}),
    ("POST", "/v1/payments/{payment}/cancel", {}),
    ("POST", "/v1/payments/{payment}/refresh", {}),
    ("POST", "/v1/refunds", {"payment": "{payment}", "amount": 1}),
]


@pytest.fixture
def ids(merchant):
    make.channel_account()
    payment = make.created_payment(of=merchant)
    return {"payment": payment.public_id, "order": payment.order.public_id}


def filled(template, ids):
    if isinstance(template, dict):
        return json.loads(json.dumps(template).replace("{payment}", ids["payment"]))
    return template.format(**ids)


@pytest.mark.parametrize(("method", "path", "valid"), WRITES, ids=lambda part: str(part)[:40])
def test_bad_bodies_are_refused_and_nothing_is_written(caller, ids, method, path, valid, subtests):
    path, valid, before = filled(path, ids), filled(valid, ids), rows()
    for bad in BAD_BODIES:
        with subtests.test(bad.name):
            response = caller.send(method, path, body=bad.spoil(valid), headers=bad.sent_headers())
            refused(response, bad.code)
            assert rows() == before


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("/v1/orders", ORDER),
        ("/v1/payments", PAYMENT),
        ("/v1/payments/{payment}/capture", {"amount": 1}),
        ("/v1/refunds", {"payment": "{payment}", "amount": 1}),
    ],
)
def test_bad_amounts_are_refused_and_nothing_is_written(caller, ids, path, valid, subtests):
    path, valid, before = filled(path, ids), filled(valid, ids), rows()
    for label, body in bad_amounts(valid):
        with subtests.test(label):
            refused(caller.send("POST", path, body=body), "amount_invalid")
            assert rows() == before


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/payments"])
@pytest.mark.parametrize("currency", BAD_CURRENCIES)
def test_bad_currencies_are_refused_and_nothing_is_written(caller, db, path, currency):
    before = rows()
    refused(caller.post(path, {**ORDER, "currency": currency}), "currency_unsupported")
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reference": None}, "field_invalid"),
        ({"reference": ""}, "field_invalid"),
        ({"reference": "x" * 65}, "field_invalid"),
        ({"reference": 5}, "field_invalid"),
        ({"capture": "sometimes"}, "field_invalid"),
        ({"confirm": "true"}, "field_invalid"),
        ({"confirm": 1}, "field_invalid"),
        ({"confirm": True, "method": None}, "field_invalid"),
        ({"method": "sandbox"}, "field_invalid"),
        ({"method": {}}, "field_invalid"),
        ({"method": {"type": "carrier_pigeon"}}, "method_unsupported"),
        ({"method": {"type": ["sandbox"]}}, "field_invalid"),
        ({"method": {"type": "sandbox", "scenario": 5}}, "field_invalid"),
        ({"method": {"type": "sandbox", **{f"k{n}": "v" for n in range(10)}}}, "field_invalid"),
        ({"return_url": "javascript:alert(1)"}, "field_invalid"),
        ({"expires_in": 4}, "field_invalid"),
        ({"expires_in": "60"}, "field_invalid"),
        ({"expires_in": 1.5}, "field_invalid"),
        ({"expires_in": 10**9}, "field_invalid"),
        ({"metadata": {"a": {"b": "c"}}}, "field_invalid"),
        ({"metadata": {"a": 1}}, "field_invalid"),
        ({"metadata": [["a", "b"]]}, "field_invalid"),
        ({"order": "ord_01J00000000000000000000000"}, "field_invalid"),
        ({"order": "pay_01J00000000000000000000000"}, "field_invalid"),
    ],
    ids=lambda part: str(part)[:50],
)
def test_a_bad_payment_is_refused_and_nothing_is_written(caller, ids, change, code):
    before = rows()
    refused(caller.post("/v1/payments", {**PAYMENT, **change}), code)
    assert rows() == before


@pytest.mark.parametrize("missing", ["reference", "amount", "currency"])
def test_a_payment_without_an_order_says_what_it_is_for(caller, db, missing):
    body = {name: value for name, value in PAYMENT.items() if name != missing}
    before = rows()

    answer = caller.post("/v1/payments", body)

    refused(answer, "field_missing")
    assert [error["field"] for error in answer.json()["errors"]] == [missing]
    assert rows() == before


def test_a_payment_that_no_channel_takes_is_not_half_created(caller, db):
    before = rows()

    answer = caller.post("/v1/payments", {**PAYMENT, "confirm": True})

    refused(answer, "method_unsupported")
    assert rows() == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/payments?state=sleeping", "parameter_invalid"),
        ("/v1/payments?created_from=yesterday", "parameter_invalid"),
        ("/v1/payments?created_from=2026-11-20T12:00:00", "parameter_invalid"),
        ("/v1/payments?order=pay_01J00000000000000000000000", "parameter_invalid"),
        ("/v1/payments?reference=%00", "parameter_invalid"),
        ("/v1/orders?merchant=mch_1", "parameter_unknown"),
        ("/v1/payments/{payment}/events?after=-1", "parameter_invalid"),
        ("/v1/payments/nothing", "not_found"),
        ("/v1/payments/{payment}%00", "not_found"),
        ("/v1/refunds/{payment}", "not_found"),
        ("/v1/nowhere", "not_found"),
    ],
)
def test_bad_questions_get_a_clear_answer(caller, ids, path, code):
    response = caller.get(filled(path, ids))

    assert response.json()["code"] == code
    assert response["Content-Type"] == "application/problem+json"


def test_the_same_bodies_unspoilt_are_taken(caller, ids):
    for path, body in [("/v1/orders", ORDER), ("/v1/payments", {**PAYMENT, "reference": "A-2"})]:
        assert caller.send("POST", path, body=plain(body)).status_code == 201
