"""The channel speaks on several roads at once: one transition, one journal, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from ledger.services import proof
from payments.channels.base import PaymentState
from payments.models import Attempt, Capture
from payments.selectors.history import rebuilt, stored
from payments.services.outcomes import Applied
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(payment, states):
    """Every state is heard in a thread of its own, all let go together."""
    attempt = make.attempt_of(payment)
    barrier = Barrier(len(states))

    def hear(state):
        try:
            barrier.wait(timeout=20)
            return make.hear(Attempt.objects.get(pk=attempt.pk), state)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(states)) as pool:
        # A thread's error is raised here: no race may surface as one.
        return list(pool.map(hear, states))


def receivable(payment):
    account = make.attempt_of(payment).channel_account.public_id
    return balance(AccountRef(AccountKind.CHANNEL_RECEIVABLE, account, "CNY", Books.TEST))


def test_eight_roads_say_paid_and_it_is_booked_once():
    payment = make.sent_payment()

    results = at_once(payment, [PaymentState.SUCCEEDED] * 8)

    assert sorted(results) == [Applied.CHANGED] + [Applied.NOTHING_NEW] * 7
    assert Capture.objects.count() == 1
    assert receivable(payment) == 10000


@pytest.mark.parametrize("attempt_number", range(3))
def test_success_decline_and_close_at_once_end_in_one_true_story(attempt_number):
    payment = make.sent_payment()
    roads = [PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.CANCELED] * 2

    at_once(payment, roads)

    payment = make.reloaded(payment)
    # Paid before or after we gave up: the money is collected, or held when it had been canceled.
    collected = payment.state == "succeeded"
    assert payment.state in ("succeeded", "canceled")
    assert payment.amount_captured_minor == (10000 if collected else 0)
    assert receivable(payment) == 10000
    assert rebuilt(payment) == stored(payment)
    assert proof.verify().ok
