"""The API's payments, orders and refunds, as a merchant's program meets them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection

from merchants.models import IdempotencyRecord
from payments.channels.base import PaymentState
from payments.models import Attempt, Order, Payment, Refund
from payments.services import outcomes
from payments.services import payments as service
from tests.factories import payments as make
from tests.factories.merchants import signer
from tests.merchants.api.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {
    "reference": "A-1",
    "amount": 1000,
    "currency": "CNY",
    "confirm": True,
    "method": {"type": "sandbox", "scenario": "succeed"},
}


def test_a_payment_reads_the_same_in_the_answer_the_look_up_and_the_event(caller, channel):
    answer = caller.post("/v1/payments", BODY).json()
    looked_up = caller.get(f"/v1/payments/{answer['id']}").json()
    event = caller.get("/v1/events").json()["data"][0]

    assert answer == looked_up == event["data"]
    assert answer["state"] == "succeeded"
    assert answer["amount_captured"] == 1000


def test_fifty_same_requests_at_once_charge_once(merchant, channel):
    credential = signer(merchant, mode="test")
    barrier = Barrier(50)

    def send(_):
        client = ApiClient(credential)
        try:
            barrier.wait(timeout=60)
            answer = client.post("/v1/payments", BODY, key="one-key")
            while answer.status_code == 409:
                answer = client.post("/v1/payments", BODY, key="one-key")
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(send, range(50)))

    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert Payment.objects.count() == Attempt.objects.count() == 1


def test_a_request_that_died_after_it_began_is_finished_not_begun_again(
    caller, channel, monkeypatch
):
    class Killed(BaseException):
        """What kill -9 leaves: nothing after this line runs."""

    def die(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(service, "_ask", die)
        dying.setattr("merchants.services.idempotency.abandon", lambda *_, **__: None)
        with pytest.raises(Killed):
            caller.post("/v1/payments", BODY, key="one-key")
    assert Payment.objects.get().state == "processing"

    assert caller.post("/v1/payments", BODY, key="one-key").status_code == 409
    IdempotencyRecord.objects.update(lease_until=make.NOW)
    answer = caller.post("/v1/payments", BODY, key="one-key")

    assert answer.status_code == 201
    assert answer.json()["id"] == Payment.objects.get().public_id
    assert Attempt.objects.count() == 1
    assert Attempt.objects.get().due_at is not None


def test_a_request_that_died_is_answered_although_its_payment_has_failed_meanwhile(
    caller, channel, monkeypatch
):
    def die(**_kwargs):
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as dying:
        dying.setattr(outcomes, "apply", die)
        assert caller.post("/v1/payments", BODY, key="one-key").status_code == 503
    make.hear(Attempt.objects.get(), PaymentState.FAILED, failure_code="insufficient_funds")

    answer = caller.post("/v1/payments", BODY, key="one-key")

    assert (answer.status_code, answer.json()["state"]) == (201, "failed")
    assert answer.json()["id"] == Payment.objects.get().public_id


def test_a_payment_for_an_order_takes_its_amount(caller, channel):
    order = caller.post("/v1/orders", {"reference": "A-9", "amount": 700, "currency": "JPY"}).json()

    payment = caller.post("/v1/payments", {"order": order["id"]}).json()

    assert (payment["amount"], payment["currency"], payment["state"]) == (700, "JPY", "created")
    changed = caller.patch(f"/v1/orders/{order['id']}", {"amount": 800})
    assert changed.json()["code"] == "order_has_payment"
    assert caller.delete(f"/v1/orders/{order['id']}").json()["code"] == "order_has_payment"


def test_an_order_is_edited_and_voided_before_anybody_pays(caller):
    order = caller.post("/v1/orders", {"reference": "A-9", "amount": 700, "currency": "JPY"}).json()

    changed = caller.patch(f"/v1/orders/{order['id']}", {"amount": 800, "metadata": {"a": "b"}})
    voided = caller.delete(f"/v1/orders/{order['id']}")

    assert (changed.json()["amount"], changed.json()["metadata"]) == (800, {"a": "b"})
    assert voided.json()["state"] == "void"
    assert Order.objects.count() == 1
    assert caller.post("/v1/payments", {"order": order["id"]}).json()["code"] == "order_not_open"


def test_a_scenario_that_the_sandbox_does_not_know_is_declined(caller, channel):
    body = {**BODY, "method": {"type": "sandbox", "scenario": "fly"}}

    payment = caller.post("/v1/payments", body).json()

    assert payment["state"] == "failed"
    assert payment["failure"]["code"]


def test_refunds_are_listed_and_looked_up(caller, channel):
    payment = caller.post("/v1/payments", BODY).json()["id"]
    refund = caller.post("/v1/refunds", {"payment": payment, "amount": 300}).json()

    assert refund["state"] == "succeeded"
    assert caller.get(f"/v1/refunds/{refund['id']}").json() == refund
    assert caller.get(f"/v1/refunds?payment={payment}").json()["data"] == [refund]
    assert Refund.objects.count() == 1


def test_lists_go_on_where_they_stopped(caller):
    for n in range(5):
        caller.post("/v1/orders", {"reference": f"A-{n}", "amount": 5, "currency": "JPY"})

    first = caller.get("/v1/orders?limit=3").json()
    rest = caller.get(f"/v1/orders?limit=3&after={first['next_after']}").json()

    seen = [order["reference"] for order in first["data"] + rest["data"]]
    assert seen == ["A-4", "A-3", "A-2", "A-1", "A-0"]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_a_payments_history_is_dense(caller, channel):
    payment = caller.post("/v1/payments", BODY).json()["id"]

    history = caller.get(f"/v1/payments/{payment}/events").json()["data"]

    assert [event["sequence"] for event in history] == [1, 2, 3]
    assert [event["name"] for event in history] == ["created", "submitted", "succeeded"]
