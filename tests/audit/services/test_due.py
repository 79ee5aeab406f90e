"""Claiming due rows: once each, under a lease, fenced when the lease is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from audit.services import due
from audit.services.due import LeaseLost
from payments.models import Attempt
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)

NOW = make.NOW
LATER = NOW + timedelta(minutes=10)


def due_attempts(count):
    account = make.channel_account()
    for _ in range(count):
        make.sent_payment(account=account)
    return Attempt.objects.all()


def claim(rows, *, now=LATER, limit=100, lease_seconds=60):
    return due.claim(rows, now=now, limit=limit, lease_seconds=lease_seconds)


def test_a_row_is_not_due_before_its_time():
    rows = due_attempts(1)

    assert claim(rows, now=NOW) == []
    assert len(claim(rows)) == 1


def test_a_claimed_row_is_nobody_elses_until_the_lease_runs_out():
    rows = due_attempts(1)
    claim(rows)

    assert claim(rows, now=LATER + timedelta(seconds=59)) == []
    assert len(claim(rows, now=LATER + timedelta(seconds=60))) == 1


def test_eight_workers_share_the_rows_without_taking_one_twice():
    rows = due_attempts(24)
    barrier = Barrier(8)

    def worker(_):
        try:
            barrier.wait(timeout=20)
            taken = []
            while batch := claim(rows, limit=2):
                taken += [row.pk for row in batch]
            return taken
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = [pk for batch in pool.map(worker, range(8)) for pk in batch]

    assert len(taken) == 24
    assert len(set(taken)) == 24


def test_a_worker_that_slept_past_its_lease_is_fenced_off():
    rows = due_attempts(1)
    [sleeper] = claim(rows)
    [second] = claim(rows, now=LATER + timedelta(seconds=61))

    with pytest.raises(LeaseLost):
        due.done(sleeper)
    due.done(second)

    assert Attempt.objects.get().due_at is None


def test_a_failed_row_comes_back_by_its_schedule_and_then_is_dead():
    rows = due_attempts(1)
    now = LATER
    delays = []
    for _ in range(3):
        [row] = claim(rows, now=now)
        due.retry_or_bury(row, now=now, schedule_seconds=(60, 180), error="no answer")
        row.refresh_from_db()
        if row.dead_at:
            break
        delays.append((row.due_at - now).total_seconds())
        now = row.due_at

    assert row.dead_at == now
    assert row.last_error == "no answer"
    assert 60 <= delays[0] <= 66
    assert 180 <= delays[1] <= 198
    assert claim(rows, now=now + timedelta(days=1)) == []


def test_a_row_that_kills_its_worker_every_time_is_buried_in_the_end():
    rows = due_attempts(1)
    now = LATER
    for _ in range(due.CLAIMS_AT_MOST):
        assert len(claim(rows, now=now)) == 1
        now += timedelta(seconds=60)

    assert claim(rows, now=now) == []

    row = Attempt.objects.get()
    assert row.dead_at == now
    assert row.lease_token is None
    assert row.last_error == "claimed 50 times and never finished"


def test_a_row_that_is_buried_does_not_hide_the_next():
    rows = due_attempts(2)
    worn_out = rows.order_by("due_at", "pk")[0]
    Attempt.objects.filter(pk=worn_out.pk).update(attempts=due.CLAIMS_AT_MOST)

    [row] = claim(rows, limit=1)

    assert row.pk != worn_out.pk


def test_a_row_that_waits_for_another_is_never_worn_out():
    rows = due_attempts(1)
    now = LATER
    for _ in range(due.CLAIMS_AT_MOST + 1):
        [row] = claim(rows, now=now)
        due.wait(row, now=now, delay_seconds=60, reason="another is at work")
        now += timedelta(seconds=60)

    assert Attempt.objects.get().attempts == 0
