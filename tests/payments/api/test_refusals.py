"""Refusals and failures: the same answer to the same request, and none that blames the platform."""

import pytest

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.services import accounts
from merchants.models import IdempotencyRecord
from payments.channels.base import ChannelError, ErrorKind
from payments.models import Attempt, Payment, Refund
from payments.services import connections
from tests.factories import payments as make
from tests.merchants.api.bad_inputs import refused

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {
    "reference": "A-1",
    "amount": 1000,
    "currency": "CNY",
    "confirm": True,
    "method": {"type": "sandbox", "scenario": "succeed"},
}


def freeze(kind, owner):
    ref = AccountRef(kind, owner.public_id, "CNY", Books.TEST)
    accounts.freeze(ref=ref, reason="somebody looks", by=make.BY, now=make.NOW)
    return ref


def test_a_capture_that_was_refused_is_answered_byte_for_byte_when_it_comes_again(
    caller, channel, monkeypatch
):
    class Refuses:
        def capture(self, _request):
            raise ChannelError(
                kind=ErrorKind.RETRY_SAME, code="not_sent", message="", permanent=False
            )

    payment = caller.post("/v1/payments", {**BODY, "capture": "manual"}).json()["id"]
    with monkeypatch.context() as refusing:
        refusing.setattr(connections, "captures", lambda _: Refuses())
        first = caller.post(f"/v1/payments/{payment}/capture", {}, key="one-key")
    again = caller.post(f"/v1/payments/{payment}/capture", {}, key="one-key")

    refused(first, "channel_refused")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert again["Idempotent-Replayed"] == "true"
    assert "Signature" in again


def test_a_cancel_that_found_the_money_is_answered_the_same_way_when_it_comes_again(
    caller, channel
):
    unsure = {**BODY, "method": {"type": "sandbox", "scenario": "charge_then_500"}}
    payment = caller.post("/v1/payments", unsure).json()["id"]
    first = caller.post(f"/v1/payments/{payment}/cancel", {}, key="one-key")
    again = caller.post(f"/v1/payments/{payment}/cancel", {}, key="one-key")
    refused(first, "payment_state_invalid")
    assert again.content == first.content


def test_a_refusal_before_anything_was_begun_burns_no_key(caller, channel):
    payment = caller.post("/v1/payments", {**BODY, "confirm": False}).json()["id"]
    before = IdempotencyRecord.objects.count()
    refused(caller.post(f"/v1/payments/{payment}/capture", {}), "payment_state_invalid")
    assert IdempotencyRecord.objects.count() == before


@pytest.mark.parametrize("name", ["x" * 300, "a%00b"])
def test_an_address_that_no_column_holds_is_not_found(caller, name):
    refused(caller.post(f"/v1/payments/{name}/cancel", {}), "not_found")


def test_a_sale_that_the_books_do_not_take_now_is_answered_later_with_the_money(caller, channel):
    ref = freeze(AccountKind.CHANNEL_RECEIVABLE, channel)
    answer = caller.post("/v1/payments", BODY, key="one-key")
    refused(answer, "temporarily_unavailable")
    assert answer["Retry-After"] == "60"
    assert Attempt.objects.get().due_at is not None

    accounts.unfreeze(ref=ref, reason="looked", by=make.BY, now=make.NOW)
    caller.post(f"/v1/payments/{Payment.objects.get().public_id}/refresh", {})
    answer = caller.post("/v1/payments", BODY, key="one-key")
    assert (answer.status_code, answer.json()["state"]) == (201, "succeeded")


def test_a_refund_that_a_frozen_account_refuses_is_not_begun(caller, channel, merchant):
    payment = caller.post("/v1/payments", BODY).json()["id"]
    freeze(AccountKind.MERCHANT_PENDING, merchant)
    refused(caller.post("/v1/refunds", {"payment": payment}), "refund_not_possible_now")
    assert not Refund.objects.exists()
