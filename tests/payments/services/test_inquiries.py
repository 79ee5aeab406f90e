"""A worker's inquiry: finished without losing what was asked for meanwhile."""

from threading import Thread

import pytest
from django.db import connection

from audit.services import due
from payments.channels.base import PaymentState
from payments.models import Attempt
from payments.services import connections, inquiries
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_wish_that_comes_while_an_inquiry_is_finished_stays_owed(monkeypatch):
    attempt = make.attempt_of(make.sent_payment(capture="manual"))
    make.hear(attempt, PaymentState.CANCELED)
    make.hear(attempt, PaymentState.AUTHORIZED)
    rows = Attempt.objects.select_related("channel_account")
    [row] = due.claim(rows, now=make.NOW, limit=1, lease_seconds=60)

    class Channel:
        def cancel(self, reference):
            return make.report(attempt, PaymentState.CANCELED)

    def wish():
        try:
            make.hear(attempt, PaymentState.AUTHORIZED)
        finally:
            connection.close()

    wisher = Thread(target=wish)
    done = due.done

    def done_while_the_wish_waits(row):
        wisher.start()
        wisher.join(timeout=0.5)
        done(row)

    monkeypatch.setattr(connections, "pays", lambda _: Channel())
    monkeypatch.setattr(due, "done", done_while_the_wish_waits)
    inquiries.pursue(attempt=row, by=make.BY, now=make.NOW)
    wisher.join(timeout=10)

    stored = Attempt.objects.get()
    assert stored.close_wanted
    assert stored.due_at == make.NOW
