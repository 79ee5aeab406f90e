"""The headline is zero when all is explained, and no longer zero when any of its sources is touched."""

import pytest
from django.db import connection

from payments.channels.base import PaymentState
from payments.models import Capture, SuspenseItem
from reconciliation.models import SettlementItem, StatementLine, Ticket
from reconciliation.selectors import headline
from reconciliation.selectors.headline import AtWork
from reconciliation.services import tickets
from tests.factories import payments as make
from tests.factories.reconciliation import capture_of, charge, compared, suspense_of, unknown_charge

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make.channel_account()


@pytest.fixture
def day(account):
    """Settled money, unsettled money, money in suspense, and a line at somebody's desk."""
    settled, differing, unsettled, wrong = (
        make.succeeded_payment(account=account),
        make.succeeded_payment(account=account),
        make.succeeded_payment(account=account),
        make.sent_payment(account=account),
    )
    make.hear(make.attempt_of(wrong), PaymentState.SUCCEEDED, amount_minor=9000)
    tickets.take_up(now=make.NOW)
    compared(account, [charge(settled), charge(differing, amount_minor=10001), unknown_charge()])
    return {"settled": settled, "unsettled": unsettled, "wrong": wrong}


def the_row():
    [row] = headline.unexplained()
    return row


def tamper(statement, *values):
    """As somebody who owns the database; what the database would have refused has been checked before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_nothing_is_unexplained_where_nothing_ever_happened(account):
    assert headline.unexplained() == []
    assert headline.at_work() == []


def test_a_day_with_differences_at_work_has_nothing_unexplained(day):
    assert the_row().total_minor == 0


def test_what_is_at_work_is_counted_and_summed_per_currency(day):
    # Another amount (1), unknown (1234), the two that the statement does not show, the parked 9000 twice:
    # as money in suspense and as money that the statement does not show.
    assert headline.at_work() == [
        AtWork(currency="CNY", tickets=5, amount_minor=1 + 1234 + 10000 + 9000 + 9000)
    ]


def test_money_in_suspense_is_unexplained_until_it_has_a_ticket(account):
    payment = make.sent_payment(account=account)
    make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED, amount_minor=9000)

    assert the_row().suspense_without_ticket_minor == 9000
    tickets.take_up(now=make.NOW)
    assert the_row().total_minor == 0


def test_a_suspense_ticket_that_was_closed_by_hand_leaves_its_money_unexplained(day):
    tamper(
        "UPDATE reconciliation_ticket SET state = 'resolved', resolution = 'x', resolved_at = now()"
        " WHERE suspense_item = %s",
        suspense_of(day["wrong"]).public_id,
    )
    assert the_row().suspense_without_ticket_minor == 9000


def test_a_suspense_item_that_is_cleared_by_hand_leaves_the_account_unexplained(day):
    SuspenseItem.objects.filter(payment=day["wrong"]).update(cleared_at=make.NOW)
    assert the_row().suspense_account_minor == 9000


def test_a_suspense_balance_that_was_changed_is_unexplained(day, account):
    tamper(
        "UPDATE ledger_account SET balance_minor = balance_minor - 5"
        " WHERE kind = 'suspense' AND owner = %s",
        account.public_id,
    )
    assert the_row().suspense_account_minor == 5


def test_a_line_that_nobody_compared_is_unexplained(day):
    line = StatementLine.objects.first()
    line.pk, line.line_number, line.state = None, 99, "new"
    line.fact, line.settles, line.amount_minor = "", False, 700
    line.save()
    assert the_row().lines_minor == 700


def test_a_line_that_was_declared_matched_by_hand_is_unexplained(day):
    tamper(
        "UPDATE reconciliation_statementline SET state = 'matched', verdict = '', ticket_id = NULL"
        " WHERE verdict = 'amount_mismatch'"
    )
    assert the_row().lines_minor == 10001


def test_a_settled_line_without_its_settlement_is_unexplained(day):
    fact = capture_of(day["settled"]).public_id
    tamper("DELETE FROM reconciliation_settlementitem WHERE fact = %s", fact)
    assert the_row().lines_minor == 10000


def test_a_line_settled_for_another_amount_is_unexplained(day):
    item = SettlementItem.objects.get(fact=capture_of(day["settled"]).public_id)
    tamper("UPDATE reconciliation_settlementitem SET amount_minor = 9999 WHERE id = %s", item.pk)
    assert the_row().lines_minor == 10000


def test_a_capture_that_is_marked_settled_by_hand_is_unexplained(day):
    Capture.objects.filter(payment=day["unsettled"]).update(settled_at=make.NOW)
    assert the_row().receivable_minor == 10000


def test_a_capture_whose_settlement_was_undone_by_hand_is_unexplained(day):
    Capture.objects.filter(payment=day["settled"]).update(settled_at=None)
    assert the_row().receivable_minor == 10000


def test_a_receivable_that_was_changed_is_unexplained(day, account):
    tamper(
        "UPDATE ledger_account SET balance_minor = balance_minor + 1"
        " WHERE kind = 'channel_receivable' AND owner = %s",
        account.public_id,
    )
    assert the_row().receivable_minor == 1


def test_two_differences_of_opposite_sign_do_not_hide_each_other(day):
    other = make.channel_account(title="Another")
    compared(other, [unknown_charge("of another account")])
    for sign, account in ((7, other), (-7, make.attempt_of(day["settled"]).channel_account)):
        tamper(
            "UPDATE ledger_account SET balance_minor = balance_minor + %s"
            " WHERE kind = 'channel_receivable' AND owner = %s",
            sign,
            account.public_id,
        )
    assert the_row().receivable_minor == 14


def test_every_ticket_at_work_says_until_when(day):
    assert all(ticket.sla_due_at > ticket.opened_at for ticket in Ticket.objects.at_work())
