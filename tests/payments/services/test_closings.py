"""Giving payments up: the channel is told first."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments.models import Attempt, Payment
from payments.services import closings, payments
from payments.services.closings import PaymentNotCancelable
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


def confirmed(*, scenario, **wanted):
    payment = make.created_payment(**wanted)
    return payments.confirm(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        method={"type": "sandbox", "scenario": scenario},
        by=make.BY,
        now=make.NOW,
    )


def cancel(payment):
    return closings.cancel(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        by=make.BY,
        now=make.NOW,
    )


def test_a_payment_that_nobody_sent_is_canceled_at_once(db):
    assert cancel(make.created_payment()).state == "canceled"


def test_a_redirect_that_nobody_followed_is_closed_at_the_channel_first(channel, control):
    payment = cancel(confirmed(scenario="requires_redirect"))

    assert payment.state == "canceled"
    assert Attempt.objects.get().state == "canceled"
    assert control.movements() == []


def test_an_authorization_is_voided_at_the_channel(channel, control):
    payment = confirmed(scenario="succeed", capture="manual")
    assert payment.state == "authorized"

    assert cancel(payment).state == "canceled"
    assert not control.movements()


def test_a_cancel_locks_its_attempt_before_its_payment_as_callbacks_do(channel):
    payment = confirmed(scenario="requires_redirect")

    with CaptureQueriesContext(connection) as asked:
        cancel(payment)

    locking = [q["sql"] for q in asked.captured_queries if "FOR NO KEY UPDATE" in q["sql"]]
    assert 'FROM "payments_attempt"' in locking[0]


def test_collected_money_is_not_canceled(channel):
    with pytest.raises(PaymentNotCancelable):
        cancel(confirmed(scenario="succeed"))


def test_a_cancel_that_meets_a_paid_charge_finds_the_money(channel):
    payment = confirmed(scenario="charge_then_500")

    with pytest.raises(PaymentNotCancelable):
        cancel(payment)

    assert make.reloaded(payment).state == "succeeded"


def test_expiry_closes_at_the_channel_and_then_here(channel):
    payment = confirmed(scenario="requires_redirect", expires_in=60)
    later = make.NOW + timedelta(seconds=61)

    assert closings.expire(payment_pk=payment.pk, by=make.BY, now=later)

    payment = make.reloaded(payment)
    assert (payment.state, payment.order.state) == ("expired", "expired")


def test_expiry_that_the_channel_does_not_answer_keeps_the_payment_alive(channel, simulator):
    payment = confirmed(scenario="requires_redirect", expires_in=60)
    channel.base_url = "http://127.0.0.1:9"
    channel.save()

    over = closings.expire(payment_pk=payment.pk, by=make.BY, now=make.NOW + timedelta(seconds=61))

    assert not over
    assert Payment.objects.get().state == "requires_action"


def test_expiry_leaves_an_authorization_alone_that_came_after_the_worker_took_the_payment(channel):
    payment = confirmed(scenario="succeed", capture="manual", expires_in=60)
    later = make.NOW + timedelta(seconds=61)

    assert not closings.expire(payment_pk=payment.pk, by=make.BY, now=later)

    payment = make.reloaded(payment)
    assert payment.state == "authorized"
    assert payment.due_at == payment.expires_at == make.NOW + timedelta(days=7)
