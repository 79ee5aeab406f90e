"""A day compared: what agrees is settled, what differs becomes a ticket, the books say so."""

from datetime import timedelta

import pytest
from django.apps import apps

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from payments.channels.base import PaymentState, RefundState
from payments.services import outcomes
from reconciliation.models import Settlement, StatementLine, Ticket
from reconciliation.selectors import headline
from tests.factories import payments as make
from tests.factories.reconciliation import (
    capture_of,
    charge,
    compared,
    pending_refund,
    refund_line,
    suspense_of,
    unknown_charge,
)

pytestmark = pytest.mark.django_db

TOMORROW = make.NOW + timedelta(days=1)


@pytest.fixture
def account():
    return make.channel_account()


def stands(kind, owner, currency="CNY"):
    return balance(AccountRef(kind, owner, currency, Books.TEST))


def nothing_is_unexplained():
    return not any(row.total_minor for row in headline.unexplained())


def tickets():
    return sorted(Ticket.objects.values_list("kind", "state"))


def all_settlements():
    return list(Settlement.objects.order_by("pk"))


def every_row():
    """How many rows every table of ours has."""
    return {
        model.__name__: model.objects.count()
        for app in ("audit", "ledger", "merchants", "payments", "reconciliation")
        for model in apps.get_app_config(app).get_models()
    }


def owed_by(account, currency="CNY"):
    return stands(AccountKind.CHANNEL_RECEIVABLE, account.public_id, currency)


def test_a_line_that_agrees_is_settled(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment)])

    merchant = payment.merchant.public_id
    assert (run.state, run.line_count, run.matched_count) == ("finished", 1, 1)
    assert run.discrepancies == {}
    assert owed_by(account) == 0
    assert stands(AccountKind.BANK, "platform") == 10000 - 60
    assert stands(AccountKind.CHANNEL_COST, "platform") == 60
    assert stands(AccountKind.MERCHANT_PENDING, merchant) == 0
    assert stands(AccountKind.MERCHANT_AVAILABLE, merchant) == -(10000 - 290)
    assert capture_of(payment).settled_at is not None


def test_a_refund_taken_from_pending_money_shrinks_what_becomes_available(account):
    payment = make.succeeded_payment(account=account)
    refund = pending_refund(payment, 4000)
    refunded(refund, account)

    run = compared(account, [charge(payment), refund_line(refund)])

    merchant = payment.merchant.public_id
    assert run.matched_count == 2
    assert owed_by(account) == 0
    assert stands(AccountKind.BANK, "platform") == 10000 - 4000 - 60
    assert stands(AccountKind.MERCHANT_PENDING, merchant) == 0
    assert stands(AccountKind.MERCHANT_AVAILABLE, merchant) == -(10000 - 290 - 4000)


def test_a_refund_asked_for_after_the_settlement_comes_from_available_money(account):
    payment = make.succeeded_payment(account=account)
    compared(account, [charge(payment)])
    refund = pending_refund(make.reloaded(payment), 4000)
    refunded(refund, account, occurred_at=TOMORROW)

    compared(account, [refund_line(refund, occurred_at=TOMORROW)], day=TOMORROW.date())

    merchant = payment.merchant.public_id
    assert refund.funded_from == AccountKind.MERCHANT_AVAILABLE
    assert owed_by(account) == 0
    assert stands(AccountKind.MERCHANT_PENDING, merchant) == 0
    assert stands(AccountKind.MERCHANT_AVAILABLE, merchant) == -(10000 - 290 - 4000)
    assert nothing_is_unexplained()


def test_money_of_three_currencies_is_settled_in_three_journals(account):
    rows = [
        charge(make.succeeded_payment(account=account, currency=currency, amount_minor=amount))
        for currency, amount in (("CNY", 10000), ("JPY", 500), ("KWD", 12345))
    ]

    compared(account, rows)

    settled = {s.currency: (s.gross_minor, s.fee_minor, s.net_minor) for s in all_settlements()}
    assert settled == {"CNY": (10000, 60, 9940), "JPY": (500, 3, 497), "KWD": (12345, 74, 12271)}
    assert len({s.journal for s in all_settlements()}) == 3
    assert [owed_by(account, currency) for currency in settled] == [0, 0, 0]


def test_a_line_of_money_that_we_do_not_know_is_parked_and_on_a_desk(account):
    run = compared(account, [unknown_charge(amount_minor=1234)])

    ticket = Ticket.objects.get()
    line = StatementLine.objects.get()
    assert run.discrepancies == {"missing_here": 1}
    assert (ticket.kind, ticket.amount_minor, ticket.currency) == ("missing_here", 1234, "CNY")
    assert ticket.suspense_item == line.fact
    assert ticket.evidence["channel"]["raw"] == line.raw
    assert stands(AccountKind.SUSPENSE, account.public_id) == -1234
    assert stands(AccountKind.BANK, "platform") == 1234 - 7
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_refund_that_we_do_not_know_moves_nothing_and_is_on_a_desk(account):
    stranger = unknown_charge(amount_minor=700).but(kind="refund")

    run = compared(account, [stranger])

    assert run.discrepancies == {"missing_here": 1}
    assert Ticket.objects.get().amount_minor == 700
    assert not all_settlements()
    assert nothing_is_unexplained()


def test_a_payment_that_the_statement_does_not_show_is_on_a_desk_and_stays_unsettled(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [])

    ticket = Ticket.objects.get()
    assert run.discrepancies == {"missing_at_channel": 1}
    assert (ticket.kind, ticket.amount_minor) == ("missing_at_channel", 10000)
    assert (ticket.payment, ticket.fact) == (payment.public_id, capture_of(payment).public_id)
    assert capture_of(payment).settled_at is None
    assert owed_by(account) == 10000
    assert nothing_is_unexplained()


def test_a_payment_that_shows_up_a_day_later_heals_its_ticket_and_is_settled(account):
    payment = make.succeeded_payment(account=account)
    compared(account, [])

    run = compared(
        account, [charge(payment, occurred_at=TOMORROW)], day=TOMORROW.date(), now=TOMORROW
    )

    ticket = Ticket.objects.get()
    assert run.matched_count == 1
    assert (ticket.state, ticket.proof["statement"]) == ("healed", run.file.public_id)
    assert owed_by(account) == 0


def test_a_line_with_another_amount_is_on_a_desk_and_stays_unsettled(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment, amount_minor=10001)])

    ticket = Ticket.objects.get()
    assert run.discrepancies == {"amount_mismatch": 1}
    assert (ticket.kind, ticket.amount_minor) == ("amount_mismatch", 1)
    assert ticket.evidence["ours"]["amount_minor"] == 10000
    assert owed_by(account) == 10000
    assert not all_settlements()
    assert nothing_is_unexplained()


def test_a_line_in_another_currency_is_on_a_desk_and_stays_unsettled(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment, currency="JPY")])

    ticket = Ticket.objects.get()
    assert run.discrepancies == {"currency_mismatch": 1}
    assert (ticket.kind, ticket.amount_minor, ticket.currency) == (
        "currency_mismatch",
        10000,
        "JPY",
    )
    assert owed_by(account) == 10000
    assert nothing_is_unexplained()


def test_a_wrong_fee_is_booked_as_the_channel_took_it_and_is_on_a_desk(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment, fee_minor=75)])

    ticket = Ticket.objects.get()
    assert run.discrepancies == {"fee_mismatch": 1}
    assert (ticket.kind, ticket.amount_minor) == ("fee_mismatch", 15)
    assert stands(AccountKind.BANK, "platform") == 10000 - 75
    assert stands(AccountKind.CHANNEL_COST, "platform") == 75
    assert stands(AccountKind.MERCHANT_AVAILABLE, payment.merchant.public_id) == -9710
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_line_that_is_listed_twice_is_settled_once_and_on_a_desk(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment), charge(payment)])

    ticket = Ticket.objects.get()
    assert (run.matched_count, run.discrepancies) == (1, {"duplicate_line": 1})
    assert (ticket.kind, ticket.amount_minor) == ("duplicate_line", 10000)
    assert owed_by(account) == 0
    assert stands(AccountKind.BANK, "platform") == 9940
    assert nothing_is_unexplained()


def test_a_line_that_another_day_has_paid_is_listed_twice(account):
    payment = make.succeeded_payment(account=account)
    compared(account, [charge(payment)])

    run = compared(
        account, [charge(payment, occurred_at=TOMORROW)], day=TOMORROW.date(), now=TOMORROW
    )

    assert run.discrepancies == {"duplicate_line": 1}
    assert len(all_settlements()) == 1
    assert nothing_is_unexplained()


def test_a_second_charge_under_the_same_reference_is_unknown_money(account):
    payment = make.succeeded_payment(account=account)

    run = compared(account, [charge(payment), charge(payment, channel_id="ch_again")])

    assert (run.matched_count, run.discrepancies) == (1, {"missing_here": 1})
    assert stands(AccountKind.SUSPENSE, account.public_id) == -10000
    assert stands(AccountKind.BANK, "platform") == 2 * 9940
    assert nothing_is_unexplained()


def test_a_payment_that_the_channel_shows_as_paid_is_healed_and_settled(account):
    payment = make.sent_payment(account=account)

    run = compared(account, [charge(payment)])

    ticket = Ticket.objects.get()
    assert make.reloaded(payment).state == "succeeded"
    assert (run.matched_count, run.healed_count, run.discrepancies) == (0, 1, {})
    assert (ticket.kind, ticket.state) == ("state_mismatch", "healed")
    assert ticket.proof["fact"] == capture_of(payment).public_id
    assert owed_by(account) == 0
    assert stands(AccountKind.MERCHANT_AVAILABLE, payment.merchant.public_id) == -9710
    assert nothing_is_unexplained()


def test_a_refund_that_the_channel_shows_as_done_is_healed_and_settled(account):
    payment = make.succeeded_payment(account=account)
    refund = pending_refund(payment, 4000)

    run = compared(account, [charge(payment), refund_line(refund)])

    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert (run.matched_count, run.healed_count) == (1, 1)
    assert stands(AccountKind.REFUNDS_PAYABLE, payment.merchant.public_id) == 0
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_healed_payment_with_a_wrong_fee_is_healed_and_its_fee_is_on_a_desk(account):
    payment = make.sent_payment(account=account)

    run = compared(account, [charge(payment, fee_minor=61)])

    assert make.reloaded(payment).state == "succeeded"
    assert run.discrepancies == {"fee_mismatch": 1}
    assert tickets() == [("fee_mismatch", "open"), ("state_mismatch", "healed")]
    assert owed_by(account) == 0


def test_a_failed_refund_that_the_channel_made_all_the_same_is_healed(account):
    payment = make.succeeded_payment(account=account)
    refund = pending_refund(payment, 4000)
    refunded(refund, account, state=RefundState.FAILED)

    run = compared(account, [charge(payment), refund_line(refund)])

    assert (run.healed_count, run.discrepancies) == (1, {})
    assert tickets() == [("state_mismatch", "healed")]
    assert payment.refunds.get().state == "succeeded"
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_wrong_amount_that_a_callback_parked_is_recognised_and_settled(account):
    payment = make.sent_payment(account=account)
    make.hear(make.attempt_of(payment), PaymentState.SUCCEEDED, amount_minor=9000)

    run = compared(account, [charge(payment, amount_minor=9000)])

    item = suspense_of(payment)
    assert (run.matched_count, run.discrepancies) == (1, {})
    assert item.settled_at is not None
    assert tickets() == [("amount_mismatch", "open")]
    assert Ticket.objects.get().suspense_item == item.public_id
    assert owed_by(account) == 0
    assert stands(AccountKind.SUSPENSE, account.public_id) == -9000
    assert nothing_is_unexplained()


def test_a_wrong_amount_that_only_the_statement_tells_of_is_parked_and_settled(account):
    payment = make.sent_payment(account=account)

    run = compared(account, [charge(payment, amount_minor=9000)])

    assert make.reloaded(payment).state == "failed"
    assert run.matched_count == 1
    assert tickets() == [("amount_mismatch", "open")]
    assert stands(AccountKind.SUSPENSE, account.public_id) == -9000
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_merchant_whose_refunds_outweigh_its_sales_owes_our_fee(account):
    payment = make.succeeded_payment(account=account)
    refund = pending_refund(payment, 10000)
    refunded(refund, account)

    compared(account, [charge(payment), refund_line(refund)])

    merchant = payment.merchant.public_id
    assert stands(AccountKind.MERCHANT_PENDING, merchant) == 0
    assert stands(AccountKind.MERCHANT_AVAILABLE, merchant) == 290
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_running_it_twice_changes_nothing(account):
    payment, other = (make.succeeded_payment(account=account) for _ in range(2))
    stuck = make.sent_payment(account=account)
    rows = [
        charge(payment),
        charge(payment),
        charge(other, amount_minor=10001),
        charge(stuck),
        unknown_charge(),
    ]
    first = compared(account, rows)
    before = every_row()

    second = compared(account, rows)

    assert second.public_id == first.public_id
    assert every_row() == before


def test_a_changed_file_for_the_same_day_is_compared_again_and_what_was_settled_stays(account):
    payment, other = (make.succeeded_payment(account=account) for _ in range(2))
    first = compared(account, [charge(payment), charge(other, amount_minor=10001)])

    second = compared(account, [charge(payment), charge(other)])

    assert first.file != second.file
    assert (second.matched_count, second.discrepancies) == (2, {})
    assert [s.sequence for s in all_settlements()] == [1, 2]
    assert tickets() == [("amount_mismatch", "healed")]
    assert owed_by(account) == 0
    assert nothing_is_unexplained()


def test_a_changed_file_that_leaves_out_a_settled_line_opens_a_ticket(account):
    payment = make.succeeded_payment(account=account)
    compared(account, [charge(payment)])

    run = compared(account, [])

    assert run.discrepancies == {"missing_at_channel": 1}
    assert len(all_settlements()) == 1


def refunded(refund, account, *, state=RefundState.SUCCEEDED, **says):
    outcomes.apply(
        report=make.refund_report(refund, state, **says),
        channel_account=account,
        source="tests",
        by=make.BY,
        now=make.NOW,
    )
    refund.refresh_from_db()
