"""The workers' steps: what is over is not taken again."""

from datetime import timedelta

import pytest

from payments import tasks
from payments.channels.base import ChannelReport, Outcome, PaymentState, ReportKind
from payments.models import Order, Payment
from payments.services import connections, orders
from tests.factories import payments as make

pytestmark = pytest.mark.django_db

LATER = make.NOW + timedelta(seconds=61)


class Clock:
    """What the tasks take for django.utils.timezone."""

    def __init__(self):
        self.time = LATER

    def now(self):
        return self.time


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tasks, "timezone", clock)
    return clock


def silent_channel(monkeypatch, *, meanwhile):
    """A channel whose answer to a close is lost, after `meanwhile` happened."""

    class Silent:
        def cancel(self, reference):
            meanwhile()
            return ChannelReport(
                kind=ReportKind.PAYMENT,
                outcome=Outcome.UNKNOWN,
                reference=reference.reference,
            )

    monkeypatch.setattr(connections, "pays", lambda _: Silent())


def steps_of_a_day(task, clock):
    steps = 0
    for _ in range(24):
        clock.time += timedelta(hours=1)
        steps += task()
    return steps


def test_an_authorization_that_comes_during_the_close_has_its_week(clock, monkeypatch):
    payment = make.sent_payment(expires_in=60, capture="manual")
    attempt = make.attempt_of(payment)
    silent_channel(
        monkeypatch, meanwhile=lambda: make.hear(attempt, PaymentState.AUTHORIZED, now=LATER)
    )

    tasks.expire_payments()

    payment = make.reloaded(payment)
    assert payment.state == "authorized"
    assert payment.due_at == payment.expires_at == LATER + timedelta(days=7)


def test_a_payment_that_is_paid_during_the_close_is_not_due_again(clock, monkeypatch):
    payment = make.sent_payment(expires_in=60)
    attempt = make.attempt_of(payment)
    silent_channel(
        monkeypatch, meanwhile=lambda: make.hear(attempt, PaymentState.SUCCEEDED, now=LATER)
    )

    tasks.expire_payments()

    assert make.reloaded(payment).state == "succeeded"
    assert steps_of_a_day(tasks.expire_payments, clock) == 0


def test_a_payment_that_was_over_before_is_finished(clock):
    make.succeeded_payment()
    Payment.objects.update(due_at=make.NOW)

    assert tasks.expire_payments() == 1
    assert Payment.objects.get().due_at is None


def test_an_order_that_is_paid_while_a_worker_holds_it_is_not_due_again(clock, monkeypatch):
    attempt = make.attempt_of(make.sent_payment(expires_in=60))
    expire = orders.expire

    def overtaken(**asked):
        make.hear(attempt, PaymentState.SUCCEEDED, now=LATER)
        return expire(**asked)

    monkeypatch.setattr(orders, "expire", overtaken)
    tasks.expire_orders()

    assert Order.objects.get().state == "paid"
    assert steps_of_a_day(tasks.expire_orders, clock) == 0


def test_an_order_waits_as_long_as_a_payment_of_it_is_at_work(clock):
    make.sent_payment(expires_in=60)

    for _ in range(60):
        clock.time += timedelta(seconds=60)
        assert tasks.expire_orders() == 1

    assert Order.objects.get().dead_at is None
