"""Confirming at a channel that answers, answers badly, or does not answer."""

import pytest

from payments.drafts import OrderDraft, PaymentDraft
from payments.models import Attempt, Order, Payment
from payments.services import orders, payments
from payments.services.payments import MethodMissing, PaymentNotConfirmable
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


def confirm(payment, *, scenario):
    return payments.confirm(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        method={"type": "sandbox", "scenario": scenario},
        by=make.BY,
        now=make.NOW,
    )


def test_confirm_collects_when_the_channel_says_paid(channel, control):
    payment = confirm(make.created_payment(), scenario="succeed")

    assert payment.state == "succeeded"
    assert control.book()["accounts"][channel.public_id]["CNY"]["charges"] == 1


def test_confirming_again_asks_nobody_again(channel, control):
    payment = make.created_payment()
    for _ in range(3):
        payment = confirm(payment, scenario="succeed")

    assert payment.state == "succeeded"
    assert Attempt.objects.count() == 1
    assert control.book()["accounts"][channel.public_id]["CNY"]["charges"] == 1


@pytest.mark.parametrize("scenario", ["charge_then_timeout", "charge_then_500", "garbage_answer"])
def test_an_answer_that_nobody_can_read_is_unknown_not_failed(channel, scenario):
    payment = confirm(make.created_payment(), scenario=scenario)

    attempt = make.attempt_of(payment)
    assert payment.state == "processing"
    assert attempt.outcome_unknown
    assert attempt.due_at is not None


def test_a_channel_that_cannot_be_reached_did_nothing(channel, simulator):
    simulator.stop()
    channel.base_url = "http://127.0.0.1:9"
    channel.save()

    payment = confirm(make.created_payment(), scenario="succeed")

    assert payment.state == "failed"
    assert payment.failure_code.startswith("channel_")


def test_a_redirect_is_handed_to_the_payer(channel):
    payment = confirm(make.created_payment(), scenario="requires_redirect")

    assert payment.state == "requires_action"
    assert payment.next_action["type"] == "redirect"


def test_an_order_takes_one_live_payment_at_a_time(channel):
    first = confirm(make.created_payment(), scenario="pending_then_succeed")
    tenant = make.Tenant(merchant_pk=first.merchant_id, mode="test")

    with pytest.raises(orders.OrderHasPayment):
        payments.create(
            tenant=tenant,
            draft=PaymentDraft(order=first.order.public_id),
            by=make.BY,
            now=make.NOW,
        )
    assert Payment.objects.count() == 1


def test_the_reference_is_the_last_guard_against_a_second_charge(db):
    merchant = make.merchant()
    draft = PaymentDraft(order=OrderDraft(reference="A-1", amount_minor=100, currency="CNY"))
    payments.create(tenant=make.tenant_of(merchant), draft=draft, by=make.BY, now=make.NOW)

    with pytest.raises(orders.ReferenceTaken) as refused:
        payments.create(tenant=make.tenant_of(merchant), draft=draft, by=make.BY, now=make.NOW)

    assert refused.value.order_id == Order.objects.get().public_id
    assert Payment.objects.count() == 1


def test_a_failed_payment_is_not_confirmed_again(channel):
    payment = confirm(make.created_payment(), scenario="decline")

    with pytest.raises(PaymentNotConfirmable):
        confirm(payment, scenario="succeed")


def test_a_payment_without_a_method_is_not_confirmed(channel):
    merchant = make.merchant()
    payment = payments.create(
        tenant=make.tenant_of(merchant),
        draft=PaymentDraft(order=OrderDraft(reference="A-2", amount_minor=1, currency="JPY")),
        by=make.BY,
        now=make.NOW,
    )

    with pytest.raises(MethodMissing):
        payments.confirm(
            public_id=payment.public_id,
            tenant=make.tenant_of(merchant),
            by=make.BY,
            now=make.NOW,
        )
    assert make.reloaded(payment).state == "created"
