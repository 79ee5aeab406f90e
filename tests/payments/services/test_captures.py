"""Capturing an authorization: once, whole or in part."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from payments.channels.base import Outcome
from payments.channels.base import PaymentState as ThereState
from payments.models import Attempt, Capture
from payments.services import captures, closings, connections, inquiries, payments
from payments.services.captures import (
    CaptureExceedsAuthorization,
    CaptureRefused,
    CaptureUnderWay,
    PaymentNotCapturable,
)
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


def authorized(**method):
    payment = make.created_payment(capture="manual")
    return payments.confirm(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        method={"type": "sandbox", "scenario": "succeed", **method},
        by=make.BY,
        now=make.NOW,
    )


def take(payment, amount_minor=None):
    return captures.capture(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        amount_minor=amount_minor,
        by=make.BY,
        now=make.NOW,
    )


def test_nothing_is_booked_before_the_capture(channel):
    payment = authorized()

    receivable = AccountRef(AccountKind.CHANNEL_RECEIVABLE, channel.public_id, "CNY", Books.TEST)
    assert payment.state == "authorized"
    assert balance(receivable) == 0


def test_a_capture_in_part_books_that_part(channel, control):
    payment = take(authorized(), 7000)

    assert (payment.state, payment.amount_captured_minor) == ("succeeded", 7000)
    receivable = AccountRef(AccountKind.CHANNEL_RECEIVABLE, channel.public_id, "CNY", Books.TEST)
    assert balance(receivable) == 7000
    assert control.book()["accounts"][channel.public_id]["CNY"]["charged_minor"] == 7000


def test_a_capture_locks_its_attempt_before_its_payment_as_callbacks_do(channel):
    payment = authorized()

    with CaptureQueriesContext(connection) as asked:
        take(payment)

    locking = [q["sql"] for q in asked.captured_queries if "FOR NO KEY UPDATE" in q["sql"]]
    assert 'FROM "payments_attempt"' in locking[0]


def test_more_than_authorized_is_refused(channel):
    with pytest.raises(CaptureExceedsAuthorization):
        take(authorized(), 10001)
    assert Capture.objects.count() == 0


def test_a_second_capture_is_refused(channel):
    payment = take(authorized())

    with pytest.raises(PaymentNotCapturable):
        take(payment)


def test_a_capture_whose_answer_is_lost_is_resolved_by_asking_again(channel, control):
    payment = take(authorized(capture_scenario="timeout_then_succeed"))
    assert payment.state == "authorized"
    with pytest.raises(CaptureUnderWay):
        take(payment)

    attempt = make.attempt_of(payment)
    assert attempt.outcome_unknown
    inquiries.inquire(attempt=attempt, by=make.BY, now=make.NOW)

    assert make.reloaded(payment).state == "succeeded"
    assert control.book()["accounts"][channel.public_id]["CNY"]["charges"] == 1


def test_a_capture_is_owed_even_if_the_inquiries_before_it_were_given_up(channel):
    payment = authorized(capture_scenario="timeout_then_succeed")
    Attempt.objects.update(dead_at=make.NOW, attempts=17)

    take(payment)

    owed = Attempt.objects.due(make.NOW + timedelta(hours=1)).get()
    assert owed.attempts == 0


def test_a_payment_that_the_merchant_gave_up_is_not_captured_any_more(channel):
    payment = authorized()
    channel.base_url = "http://127.0.0.1:9"
    channel.save()
    closings.cancel(
        public_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        by=make.BY,
        now=make.NOW,
    )

    with pytest.raises(PaymentNotCapturable, match="cancel is under way"):
        take(payment)
    assert Capture.objects.count() == 0


@pytest.mark.parametrize("state", [None, ThereState.AUTHORIZED])
def test_a_capture_that_the_channel_rejects_leaves_room_for_another(channel, monkeypatch, state):
    payment = authorized()

    class Rejecting:
        def capture(self, request):
            return make.report(make.attempt_of(payment), state, outcome=Outcome.REJECTED)

    with monkeypatch.context() as rejecting:
        rejecting.setattr(connections, "captures", lambda _account: Rejecting())
        with pytest.raises(CaptureRefused):
            take(payment)

    assert Capture.objects.get().state == "failed"
    assert take(make.reloaded(payment)).state == "succeeded"
