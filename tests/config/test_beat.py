"""Only one beat acts, and when it is gone the next one does."""

from datetime import timedelta

import pytest
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import beat
from config.celery import app

# Beat closes connections that look unusable to it, as one inside a test's transaction does.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def due_task(now):
    every_second = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    return PeriodicTask.objects.create(
        name="ring", task="ring", interval=every_second, last_run_at=now - timedelta(days=1)
    )


@pytest.fixture
def start_beat(monkeypatch):
    started = []

    def start():
        scheduler = beat.LockedScheduler(app=app)
        scheduler.sent = []
        monkeypatch.setattr(
            scheduler, "apply_entry", lambda entry, **_: scheduler.sent.append(entry.name)
        )
        started.append(scheduler)
        return scheduler

    yield start
    for scheduler in started:
        scheduler.close()


def test_second_beat_waits(due_task, start_beat):
    first, second = start_beat(), start_beat()
    first.tick()
    assert second.tick() == beat.ASK_AGAIN_SECONDS
    assert first.sent == ["ring"]
    assert second.sent == []


def test_second_beat_takes_over_when_the_first_is_gone(due_task, start_beat):
    first, second = start_beat(), start_beat()
    first.tick()
    second.tick()
    first.close()
    second.tick()
    assert second._lock.is_held()


def test_second_beat_does_not_repeat_what_the_first_has_run(due_task, start_beat, now):
    PeriodicTask.objects.filter(pk=due_task.pk).update(last_run_at=now - timedelta(days=1))
    due_task.interval.every = 3600
    due_task.interval.save()
    first, second = start_beat(), start_beat()
    first.tick()
    second.tick()  # reads the schedule, and waits
    first.close()  # writes down that the task ran
    second.tick()
    assert first.sent == ["ring"]
    assert second.sent == []


def test_beat_that_lost_its_connection_stops_acting(due_task, start_beat):
    first, second = start_beat(), start_beat()
    first.tick()
    _end_connection(first._lock)
    second.tick()
    assert first.tick() == beat.ASK_AGAIN_SECONDS
    assert second.sent == ["ring"]


def test_lock_outlives_the_roles_limit_on_idle_transactions():
    lock = beat.AdvisoryLock()
    assert lock.acquire()
    row = lock._connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    lock.release()
    assert row == ("0",)


def test_idle_lock_holds_up_no_vacuum():
    lock = beat.AdvisoryLock()
    assert lock.acquire()
    assert lock.is_held()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = %s",
            [lock._connection.info.backend_pid],
        )
        assert cursor.fetchone() == (None, None)
    lock.release()


def _end_connection(lock):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [lock._connection.info.backend_pid])
