"""What the clock does: yesterday's statements by night, tickets for suspense by the minute."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection

from payments.channels.base import PaymentState
from payments.models import SuspenseItem
from payments.services import channel_accounts
from reconciliation import tasks
from reconciliation.models import Run, Settlement, StatementFile, StatementLine, Ticket
from reconciliation.selectors.queues import queues
from reconciliation.services import evidence, imports, runs, settlements
from tests.factories import payments as make
from tests.factories.reconciliation import DAY, charge, statement

pytestmark = pytest.mark.django_db


@pytest.fixture
def yesterday():
    return datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture
def deaf():
    """An account at a channel that does not answer."""
    return make.channel_account()


@pytest.fixture
def at_night(monkeypatch):
    """Sets the clock that the tasks read, and keeps the bell still."""
    monkeypatch.setattr(tasks.doorbell, "ring", lambda _: None)

    def set_clock(moment):
        monkeypatch.setattr(tasks, "timezone", SimpleNamespace(now=lambda: moment))

    return set_clock


def become_due():
    StatementFile.objects.filter(due_at__isnull=False).update(due_at=make.NOW)


def test_the_night_fetches_and_compares_yesterday_once_for_every_account(channel, yesterday):
    for _ in range(2):
        assert tasks.nightly() == 1
        tasks.pursue_statements()

    run = Run.objects.get()
    assert (run.business_date, run.state, run.line_count) == (yesterday, "finished", 0)
    assert run.triggered_by == "clock:reconciliation.tasks.pursue_statements"
    assert StatementFile.objects.get().source == "fetched"
    assert queues(now=datetime.now(UTC))["statements"].due == 0


def test_the_night_leaves_disabled_accounts_alone(channel):
    channel.enabled = False
    channel.save()
    assert tasks.nightly() == 0
    assert not StatementFile.objects.exists()


def test_a_disabled_account_is_compared_until_everything_is_paid_for(deaf, at_night):
    make.succeeded_payment(account=deaf)
    channel_accounts.disable(account=deaf, reason="contract ends", by=make.BY, now=make.NOW)
    at_night(make.NOW + timedelta(days=60))
    assert tasks.nightly() == 1


def test_a_disabled_account_is_compared_for_the_days_on_which_it_was_used(deaf, at_night):
    payment = make.succeeded_payment(account=deaf)
    _compare(deaf, [charge(payment)])
    channel_accounts.disable(account=deaf, reason="contract ends", by=make.BY, now=make.NOW)
    at_night(make.NOW + timedelta(days=1))
    assert tasks.nightly() == 1
    assert StatementFile.objects.filter(business_date=DAY, source="fetched").exists()
    at_night(make.NOW + timedelta(days=60))
    assert tasks.nightly() == 0


def test_nights_that_the_clock_slept_through_are_made_good_once(deaf, at_night):
    make.succeeded_payment(account=deaf)
    at_night(make.NOW + timedelta(days=4))
    for _ in range(2):
        tasks.nightly()
        days = StatementFile.objects.order_by("business_date").values_list(
            "business_date", flat=True
        )
        assert list(days) == [DAY + timedelta(days=n) for n in range(4)]


def test_a_night_after_a_statement_is_made_good_although_nothing_was_sold(deaf, at_night):
    at_night(make.NOW + timedelta(days=1))
    tasks.nightly()
    at_night(make.NOW + timedelta(days=3))
    tasks.nightly()
    assert StatementFile.objects.count() == 3


def test_what_was_missed_longer_than_a_month_ago_is_left_to_people(deaf, at_night):
    make.succeeded_payment(account=deaf)
    at_night(make.NOW + timedelta(days=1))
    tasks.nightly()
    at_night(make.NOW + timedelta(days=100))
    tasks.nightly()
    assert StatementFile.objects.count() == 1 + imports.MADE_GOOD_DAYS


def test_a_channel_that_does_not_answer_is_asked_again_until_a_person_has_to_look(deaf):
    tasks.nightly()
    tries = 0
    while not StatementFile.objects.get().dead_at:
        become_due()
        assert tasks.pursue_statements() == 1
        tries += 1

    file = StatementFile.objects.get()
    assert tries == 13
    assert file.state == "awaited"
    assert file.last_error
    assert queues(now=datetime.now(UTC))["statements"].dead == 1


def test_a_garbled_statement_is_kept_and_the_channel_is_asked_again(channel, monkeypatch):
    garbled = [b"<html>busy</html>"]
    real = imports.connections.states

    class Busy:
        def __init__(self, account):
            self._states = real(account)

        def fetch_statement(self, day):
            return garbled.pop() if garbled else self._states.fetch_statement(day)

        def parse_statement(self, data):
            return self._states.parse_statement(data)

    monkeypatch.setattr(imports.connections, "states", Busy)
    tasks.nightly()
    tasks.pursue_statements()

    states = set(StatementFile.objects.values_list("state", flat=True))
    assert states == {"refused", "awaited"}
    assert not StatementLine.objects.exists()

    become_due()
    tasks.pursue_statements()

    states = set(StatementFile.objects.values_list("state", flat=True))
    assert states == {"refused", "compared"}
    assert Run.objects.get().state == "finished"


def test_the_same_bytes_from_the_channel_as_from_a_person_are_compared_once(channel, yesterday):
    data = imports.connections.states(channel).fetch_statement(yesterday)
    runs.reconcile(
        channel_account=channel, business_date=yesterday, file=data, by=make.BY, now=make.NOW
    )
    tasks.nightly()
    tasks.pursue_statements()

    assert sorted(StatementFile.objects.values_list("state", flat=True)) == ["compared", "repeated"]
    assert Run.objects.count() == 1
    assert not StatementFile.objects.filter(due_at__isnull=False).exists()


def test_a_comparison_that_broke_off_is_finished_by_a_worker_as_the_same_run(deaf, monkeypatch):
    payments = [make.succeeded_payment(account=deaf) for _ in range(2)]
    data = statement(deaf, [charge(payment) for payment in payments])
    with monkeypatch.context() as broken:
        broken.setattr(settlements, "_parts", _break_off)
        with pytest.raises(KeyboardInterrupt):
            runs.reconcile(
                channel_account=deaf, business_date=DAY, file=data, by=make.BY, now=make.NOW
            )
    begun = Run.objects.get()
    assert (begun.state, Settlement.objects.count()) == ("running", 0)

    become_due()
    tasks.pursue_statements()

    finished = Run.objects.get()
    assert (finished.public_id, finished.state) == (begun.public_id, "finished")
    assert finished.matched_count == 2
    assert Settlement.objects.get().item_count == 2


def test_one_poisoned_statement_does_not_keep_the_others_waiting(channel, yesterday, monkeypatch):
    older = yesterday - timedelta(days=1)
    for day in (older, yesterday):
        imports.expect(channel_account=channel, business_date=day, now=make.NOW)
    real = runs.pursue

    def poisoned(*, file, **rest):
        if file.business_date == older:
            raise ZeroDivisionError("poison")
        return real(file=file, **rest)

    monkeypatch.setattr(runs, "pursue", poisoned)
    tasks.pursue_statements()

    assert Run.objects.get().business_date == yesterday
    bad = StatementFile.objects.get(business_date=older)
    assert "poison" in bad.last_error
    assert bad.lease_token is None


def test_an_interrupted_run_gives_way_to_a_newer_file_of_the_day(deaf, monkeypatch):
    payment = make.succeeded_payment(account=deaf)
    with monkeypatch.context() as broken:
        broken.setattr(settlements, "_parts", _break_off)
        with pytest.raises(KeyboardInterrupt):
            _compare(deaf, [charge(payment), charge(payment)])

    run = _compare(deaf, [charge(payment)])

    states = dict(Run.objects.values_list("public_id", "state"))
    assert sorted(states.values()) == ["finished", "interrupted"]
    assert states[run.public_id] == "finished"
    assert Settlement.objects.get().item_count == 1


def test_a_file_whose_run_was_interrupted_after_its_last_line_still_gets_its_run(deaf):
    payment = make.succeeded_payment(account=deaf)
    _compare(deaf, [charge(payment)])
    # As a death between the file's last step and the run's leaves them.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE reconciliation_run SET state = 'running', finished_at = NULL")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    _compare(deaf, [])

    run = _compare(deaf, [charge(payment)])

    assert sorted(Run.objects.values_list("state", flat=True)) == [
        "finished",
        "finished",
        "interrupted",
    ]
    assert (run.state, run.matched_count) == ("finished", 1)


def test_money_in_suspense_that_another_worker_takes_up_meanwhile_is_left_to_it(deaf, monkeypatch):
    payment = make.sent_payment(account=deaf)
    make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED, amount_minor=9000)
    real = evidence.of_suspense

    def overtaken(item):
        SuspenseItem.objects.update(lease_token=uuid4())
        return real(item)

    monkeypatch.setattr(evidence, "of_suspense", overtaken)
    tasks.open_tickets()

    assert not Ticket.objects.exists()
    assert SuspenseItem.objects.get().due_at is not None


def test_money_in_suspense_gets_one_ticket_however_often_the_clock_rings(deaf):
    payment = make.sent_payment(account=deaf)
    make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED, amount_minor=9000)

    assert [tasks.open_tickets(), tasks.open_tickets()] == [1, 0]

    item, ticket = SuspenseItem.objects.get(), Ticket.objects.get()
    assert item.due_at is None
    assert (ticket.kind, ticket.amount_minor) == ("amount_mismatch", 9000)
    assert (ticket.suspense_item, ticket.payment) == (item.public_id, payment.public_id)


def _compare(account, rows):
    return runs.reconcile(
        channel_account=account,
        business_date=DAY,
        file=statement(account, rows),
        by=make.BY,
        now=make.NOW,
    )


def _break_off(file):
    raise KeyboardInterrupt
    yield
