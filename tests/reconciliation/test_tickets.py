"""Tickets: somebody's, ended with a reason, and never about money that is still nowhere."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django_fsm import TransitionNotAllowed

from audit.models import Operator, Record
from payments.models import SuspenseItem
from reconciliation.models import StatementFile, StatementLine, Ticket
from reconciliation.selectors import exceptions
from reconciliation.services import resolutions
from reconciliation.services.resolutions import MoneyStillInSuspense, ReasonMissing
from tests.factories import payments as make
from tests.factories.reconciliation import capture_of, charge, compared, unknown_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make.channel_account()


@pytest.fixture
def payment(account):
    return make.succeeded_payment(account=account)


@pytest.fixture
def ticket(account, payment):
    """A line with another amount than the payment."""
    compared(account, [charge(payment, amount_minor=10001)])
    return Ticket.objects.get()


@pytest.fixture
def ana():
    return Operator.objects.create_user("ana")


def resolve(ticket, reason="The channel's typing error, mail of 20 November"):
    return resolutions.resolve(ticket=ticket.public_id, reason=reason, by=make.BY, now=make.NOW)


def test_a_ticket_is_taken_put_back_and_resolved_each_on_record(ticket, ana):
    who = {"ticket": ticket.public_id, "by": make.BY, "now": make.NOW}
    assert resolutions.take(owner=ana, **who).owner == ana
    assert resolutions.put_back(**who).owner is None
    resolutions.take(owner=ana, **who)
    resolve(ticket)

    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.resolved_by, ticket.resolved_at) == (
        "resolved",
        "system:tests",
        make.NOW,
    )
    assert list(
        Record.objects.filter(target=ticket.public_id).values_list("action", flat=True)
    ) == [
        "ticket.taken",
        "ticket.put_back",
        "ticket.taken",
        "ticket.resolved",
    ]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_ticket_is_not_resolved_without_a_reason(ticket, reason):
    with pytest.raises(ReasonMissing):
        resolve(ticket, reason)


def test_a_ticket_that_ended_stays_ended(ticket, ana):
    resolve(ticket)
    with pytest.raises(TransitionNotAllowed):
        resolve(ticket)
    with pytest.raises(TransitionNotAllowed):
        resolutions.take(ticket=ticket.public_id, owner=ana, by=make.BY, now=make.NOW)


def test_money_in_suspense_is_placed_before_its_ticket_is_resolved(account):
    compared(account, [unknown_charge()])
    ticket = Ticket.objects.get()
    with pytest.raises(MoneyStillInSuspense):
        resolve(ticket)

    SuspenseItem.objects.update(cleared_at=make.NOW)

    assert resolve(ticket).state == "resolved"


def test_a_resolved_difference_does_not_come_back(account, payment, ticket):
    resolve(ticket)
    compared(account, [charge(payment, amount_minor=10001), unknown_charge()])
    assert Ticket.objects.filter(kind="amount_mismatch").count() == 1


def test_another_difference_about_the_same_payment_is_another_ticket(account, payment, ticket):
    compared(account, [charge(payment, amount_minor=10002)])
    assert sorted(Ticket.objects.values_list("amount_minor", flat=True)) == [1, 2]


def test_the_desk_sees_the_most_urgent_first_and_what_a_payment_is_asked_about(
    account, payment, ticket
):
    assert list(exceptions.tickets_at_work()) == [ticket]
    assert list(exceptions.tickets_about(payment.public_id)) == [ticket]
    assert exceptions.counts_by_kind() == {"amount_mismatch": 1}
    assert exceptions.overdue_count(now=make.NOW) == 0
    assert exceptions.overdue_count(now=ticket.sla_due_at.replace(year=2027)) == 1


def test_a_payments_page_finds_its_lines_and_its_settlement(account, payment):
    compared(account, [charge(payment)])
    attempt, capture = make.attempt_of(payment), capture_of(payment)
    [line] = exceptions.lines_about(references=[attempt.public_id])
    [settlement] = exceptions.settlements_of([capture.public_id])
    assert line.settlement_item.settlement == settlement


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 2},
        {"evidence": {}},
        {"kind": "fee_mismatch"},
        {"state": "healed", "resolution": "x", "resolved_at": make.NOW, "fingerprint": "y"},
    ],
)
def test_the_database_refuses_to_change_what_a_ticket_is_about(ticket, change):
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Ticket.objects.update(**change)


def test_the_database_refuses_a_second_ticket_for_the_same_difference(ticket):
    ticket.pk, ticket.public_id = None, "tkt_other"
    with pytest.raises(IntegrityError), transaction.atomic():
        ticket.save(force_insert=True)


def test_the_database_refuses_an_end_without_a_reason(ticket):
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.update(state="resolved")


@pytest.mark.parametrize(
    "change", [{"amount_minor": 1}, {"raw": ""}, {"line_number": 9}, {"state": "new"}]
)
def test_the_database_refuses_to_change_what_a_line_says(ticket, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementLine.objects.update(**change)


def test_the_database_refuses_a_line_at_work_without_a_ticket(ticket):
    with pytest.raises(IntegrityError), transaction.atomic():
        StatementLine.objects.update(ticket=None)


def test_the_database_refuses_to_change_a_statement_as_it_came(ticket):
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        StatementFile.objects.update(raw=b"doctored")
