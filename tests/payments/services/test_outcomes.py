"""The one road in: what a channel says, how often and in which order, and what it does to the books."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance, journals_about
from ledger.services import proof
from merchants.models import Event
from payments.channels.base import Outcome, PaymentState
from payments.models import Capture, SuspenseItem
from payments.selectors.history import rebuilt, stored
from payments.services.outcomes import Applied
from tests.factories import payments as make

pytestmark = pytest.mark.django_db


def books(payment, kind, *, owner=None):
    owners = {
        AccountKind.CHANNEL_RECEIVABLE: lambda: make.attempt_of(payment).channel_account.public_id,
        AccountKind.SUSPENSE: lambda: make.attempt_of(payment).channel_account.public_id,
        AccountKind.FEE_INCOME: lambda: "platform",
    }
    owner = owners.get(kind, lambda: payment.merchant.public_id)()
    return balance(AccountRef(kind, owner, payment.currency, Books.TEST))


def told(payment):
    return list(
        Event.objects.filter(merchant=payment.merchant)
        .order_by("sequence")
        .values_list("type", flat=True)
    )


def test_a_success_books_the_sale_and_the_fee():
    payment = make.succeeded_payment(amount_minor=10000)

    assert payment.state == "succeeded"
    assert payment.order.state == "paid"
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 10000
    assert books(payment, AccountKind.MERCHANT_PENDING) == -9710
    assert books(payment, AccountKind.FEE_INCOME) == -290
    assert told(payment) == ["payment.succeeded"]


def test_the_same_success_again_changes_nothing():
    payment = make.sent_payment()
    attempt = make.attempt_of(payment)

    first = make.hear(attempt, PaymentState.SUCCEEDED)
    again = [make.hear(attempt, PaymentState.SUCCEEDED) for _ in range(3)]

    assert first is Applied.CHANGED
    assert set(again) == {Applied.NOTHING_NEW}
    assert Capture.objects.count() == 1
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 10000
    assert told(payment) == ["payment.succeeded"]


@pytest.mark.parametrize(
    "order",
    list(
        permutations(
            [PaymentState.PROCESSING, PaymentState.REQUIRES_ACTION, PaymentState.SUCCEEDED]
        )
    ),
    ids="-".join,
)
def test_every_order_of_arrival_ends_in_the_same_state(order):
    payment = make.sent_payment()
    attempt = make.attempt_of(payment)

    for state in order:
        make.hear(attempt, state, next_action={"type": "redirect", "url": "https://pay.example"})

    payment = make.reloaded(payment)
    assert payment.state == "succeeded"
    assert payment.next_action is None
    assert make.attempt_of(payment).state == "succeeded"
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 10000


def test_an_unknown_outcome_leaves_the_payment_processing_and_due_for_an_inquiry():
    payment = make.sent_payment()
    attempt = make.attempt_of(payment)

    make.hear(attempt, None, outcome=Outcome.UNKNOWN)

    attempt.refresh_from_db()
    assert make.reloaded(payment).state == "processing"
    assert attempt.outcome_unknown
    assert attempt.due_at == make.NOW + timedelta(seconds=5)
    assert told(payment) == []


def test_not_found_is_not_failed():
    payment = make.sent_payment()

    result = make.hear(make.attempt_of(payment), None, not_found=True)

    assert result is Applied.NOTHING_NEW
    assert make.reloaded(payment).state == "processing"


def test_a_decline_fails_the_payment_and_leaves_the_order_open():
    payment = make.sent_payment()

    make.hear(make.attempt_of(payment), PaymentState.FAILED, failure_code="insufficient_funds")

    payment = make.reloaded(payment)
    assert (payment.state, payment.failure_code) == ("failed", "insufficient_funds")
    assert payment.order.state == "open"
    assert journals_about([payment.public_id]) == []
    assert told(payment) == ["payment.failed"]


@pytest.mark.parametrize(
    "says", [{"amount_minor": 10001}, {"amount_minor": 9999}, {"currency": "JPY"}]
)
def test_money_of_another_amount_is_held_in_suspense_and_the_payment_is_not_paid(says):
    payment = make.sent_payment(amount_minor=10000)
    attempt = make.attempt_of(payment)

    results = [make.hear(attempt, PaymentState.SUCCEEDED, **says) for _ in range(2)]

    payment, item = make.reloaded(payment), SuspenseItem.objects.get()
    assert results == [Applied.PARKED, Applied.NOTHING_NEW]
    assert (payment.state, payment.failure_code) == ("failed", "amount_mismatch")
    assert payment.order.state == "open"
    assert item.kind == "amount_mismatch"
    assert item.due_at is not None
    suspense = AccountRef(
        AccountKind.SUSPENSE, attempt.channel_account.public_id, item.currency, Books.TEST
    )
    assert balance(suspense) == -item.amount_minor
    assert Capture.objects.count() == 0


def test_a_success_after_expiry_is_taken_not_dropped():
    payment = make.sent_payment(expires_in=60)
    attempt = make.attempt_of(payment)
    later = make.NOW + timedelta(seconds=61)
    make.hear(attempt, PaymentState.CANCELED, now=later)
    assert make.reloaded(payment).state == "expired"
    assert make.reloaded(payment).order.state == "expired"

    make.hear(attempt, PaymentState.SUCCEEDED, now=later)

    payment = make.reloaded(payment)
    assert (payment.state, payment.late, payment.order.state) == ("succeeded", True, "paid")
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 10000
    assert told(payment) == ["payment.expired", "payment.succeeded"]


def test_a_success_after_the_merchant_canceled_waits_in_suspense():
    payment = make.sent_payment()
    attempt = make.attempt_of(payment)
    make.hear(attempt, PaymentState.CANCELED)
    assert make.reloaded(payment).state == "canceled"

    result = make.hear(attempt, PaymentState.SUCCEEDED)

    assert result is Applied.PARKED
    assert make.reloaded(payment).state == "canceled"
    assert SuspenseItem.objects.get().kind == "late_success"
    assert books(payment, AccountKind.SUSPENSE) == -10000


def test_old_news_of_a_voided_authorization_is_closed_once_more_and_then_left_alone():
    payment = make.sent_payment(capture="manual")
    attempt = make.attempt_of(payment)
    for said in (PaymentState.AUTHORIZED, PaymentState.CANCELED, PaymentState.AUTHORIZED):
        make.hear(attempt, said)
    assert make.attempt_of(payment).close_wanted

    make.hear(attempt, PaymentState.CANCELED)

    assert not make.attempt_of(payment).close_wanted
    assert make.reloaded(payment).state == "canceled"


@pytest.mark.parametrize(
    "says", [{}, {"amount_minor": 10001, "amount_captured_minor": 10001}], ids=["paid", "parked"]
)
def test_the_merchants_counter_is_locked_after_the_ledgers_accounts(says):
    payment = make.sent_payment(amount_minor=10000)

    with CaptureQueriesContext(connection) as asked:
        make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED, **says)

    statements = [query["sql"] for query in asked.captured_queries]
    accounts = [n for n, sql in enumerate(statements) if "ledger_account" in sql]
    [counter] = [n for n, sql in enumerate(statements) if "merchants_eventstream" in sql]
    assert max(accounts) < counter


def test_the_second_payment_of_a_paid_order_waits_in_suspense():
    account = make.channel_account()
    first = make.sent_payment(account=account, expires_in=60)
    later = make.NOW + timedelta(seconds=61)
    make.hear(make.attempt_of(first), PaymentState.CANCELED, now=later)
    order = first.order
    make.hear(make.attempt_of(first), PaymentState.SUCCEEDED, now=later)
    assert make.reloaded(first).order.state == "paid"

    second = make.second_payment(order)
    result = make.hear(make.attempt_of(second), PaymentState.SUCCEEDED, channel_id="ch_second")

    assert result is Applied.PARKED
    assert make.reloaded(second).state == "failed"
    assert SuspenseItem.objects.get().kind == "paid_twice"


def test_money_for_a_reference_that_we_never_sent_waits_in_suspense():
    account = make.channel_account()
    attempt = make.attempt_of(make.sent_payment(account=account))

    result = make.hear(attempt, PaymentState.SUCCEEDED, reference="att_nobody", channel_id="ch_x")

    item = SuspenseItem.objects.get()
    assert result is Applied.PARKED
    assert (item.kind, item.payment, item.reference) == ("unknown_payment", None, "att_nobody")


def test_a_channel_speaks_for_its_own_attempts_only():
    payment = make.sent_payment(account=make.channel_account(title="One"))
    attempt = make.attempt_of(payment)
    attempt.channel_account = make.channel_account(title="Other")

    make.hear(attempt, PaymentState.SUCCEEDED)

    assert make.reloaded(payment).state == "processing"
    assert SuspenseItem.objects.get().kind == "unknown_payment"


def test_a_payment_is_what_its_events_say():
    payments = [make.succeeded_payment(), make.sent_payment(account=make.channel_account())]
    make.hear(make.attempt_of(payments[1]), PaymentState.FAILED, failure_code="declined")

    for payment in map(make.reloaded, payments):
        sequences = list(payment.history.order_by("sequence").values_list("sequence", flat=True))
        assert rebuilt(payment) == stored(payment)
        assert sequences == list(range(1, payment.sequence + 1))


def test_the_ledger_proves_itself_after_all_of_this():
    make.succeeded_payment()
    attempt = make.attempt_of(make.sent_payment(account=make.channel_account(title="Two")))
    make.hear(attempt, PaymentState.SUCCEEDED, amount_minor=1)

    assert proof.verify().ok


def test_the_merchant_hears_of_an_authorization_and_has_a_week():
    payment = make.sent_payment(capture="manual")

    make.hear(make.attempt_of(payment), PaymentState.AUTHORIZED)

    payment = make.reloaded(payment)
    assert payment.state == "authorized"
    assert payment.expires_at == payment.due_at == make.NOW + timedelta(days=7)
    assert told(payment) == ["payment.authorized"]


@pytest.mark.parametrize("says", [{"amount_minor": 1}, {"currency": "JPY"}])
def test_an_authorization_of_another_amount_is_released_not_adopted(says):
    payment = make.sent_payment(capture="manual")
    attempt = make.attempt_of(payment)

    make.hear(attempt, PaymentState.AUTHORIZED, **says)

    attempt.refresh_from_db()
    assert make.reloaded(payment).state == "failed"
    assert (attempt.state, attempt.close_wanted, attempt.due_at) == ("failed", True, make.NOW)
    assert told(payment) == ["payment.failed"]


def test_a_transaction_that_is_parked_is_not_collected_too():
    payment = make.sent_payment(amount_minor=10000)
    attempt = make.attempt_of(payment)
    make.hear(attempt, PaymentState.SUCCEEDED, amount_minor=9999, channel_id="ch_1")

    result = make.hear(attempt, PaymentState.SUCCEEDED, channel_id="ch_1")

    assert result is Applied.NOTHING_NEW
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 9999
    assert make.reloaded(payment).state == "failed"


def test_a_second_charge_of_the_same_attempt_waits_in_suspense():
    payment = make.sent_payment(amount_minor=10000)
    attempt = make.attempt_of(payment)
    make.hear(attempt, PaymentState.SUCCEEDED, channel_id="ch_1")

    results = [
        make.hear(attempt, PaymentState.SUCCEEDED, channel_id=name) for name in ("ch_1", "ch_2")
    ]

    assert results == [Applied.NOTHING_NEW, Applied.PARKED]
    assert SuspenseItem.objects.get().kind == "paid_twice"
    assert books(payment, AccountKind.CHANNEL_RECEIVABLE) == 20000
    assert books(payment, AccountKind.SUSPENSE) == -10000


@pytest.mark.parametrize("end", [PaymentState.FAILED, PaymentState.CANCELED])
def test_no_capture_outlives_its_payment(end):
    payment = make.sent_payment(capture="manual")
    attempt = make.attempt_of(payment)
    make.hear(attempt, PaymentState.AUTHORIZED)
    asked = Capture.objects.create(
        payment=payment, attempt=attempt, amount_minor=1, currency="CNY", created_at=make.NOW
    )

    make.hear(attempt, end)

    asked.refresh_from_db()
    assert asked.state == "failed"


def test_a_late_success_has_the_orders_other_attempt_closed():
    account = make.channel_account()
    first = make.sent_payment(account=account, expires_in=60)
    later = make.NOW + timedelta(seconds=61)
    make.hear(make.attempt_of(first), PaymentState.CANCELED, now=later)
    second = make.attempt_of(make.second_payment(first.order))
    make.hear(second, PaymentState.PROCESSING)
    make.hear(make.attempt_of(first), PaymentState.SUCCEEDED, now=later)

    make.hear(second, PaymentState.PROCESSING)

    second.refresh_from_db()
    assert second.close_wanted
