"""Settlements: each fact once, never more taken back than is there, a racing refund finds its account."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef, Line
from ledger.selectors import balance, balances, entries_of
from ledger.services import proof
from payments.models import Refund
from payments.services import settling
from reconciliation import postings
from reconciliation.models import (
    MerchantShare,
    Settlement,
    SettlementItem,
    StatementLine,
    Ticket,
)
from reconciliation.services import runs, settlements
from reconciliation.services.runs import ComparisonUnderWay
from tests.factories import payments as make
from tests.factories.reconciliation import (
    capture_of,
    charge,
    compared,
    pending_refund,
    refund_line,
    statement,
)


@pytest.fixture
def account(db):
    return make.channel_account()


def available(merchant):
    return -balance(
        AccountRef(AccountKind.MERCHANT_AVAILABLE, merchant.public_id, "CNY", Books.TEST)
    )


def pending(merchant):
    return -balance(AccountRef(AccountKind.MERCHANT_PENDING, merchant.public_id, "CNY", Books.TEST))


def test_a_settlement_is_posted_as_a_finance_person_reads_it():
    draft = postings.settled(
        settlement="set_1",
        channel_account="cha_1",
        currency="CNY",
        mode="test",
        gross_minor=9000,
        fee_minor=60,
        available_minor={"mch_a": 5000, "mch_b": -200, "mch_c": 0},
        effective_at=make.NOW,
    )

    def line(kind, owner, amount_minor):
        return Line(AccountRef(kind, owner, "CNY", Books.TEST), amount_minor)

    assert (draft.fact, draft.reference) == ("settled", "set_1")
    assert list(draft.lines) == [
        line(AccountKind.BANK, "platform", 8940),
        line(AccountKind.CHANNEL_COST, "platform", 60),
        line(AccountKind.CHANNEL_RECEIVABLE, "cha_1", -9000),
        line(AccountKind.MERCHANT_PENDING, "mch_a", 5000),
        line(AccountKind.MERCHANT_AVAILABLE, "mch_a", -5000),
        line(AccountKind.MERCHANT_PENDING, "mch_b", -200),
        line(AccountKind.MERCHANT_AVAILABLE, "mch_b", 200),
    ]


def test_a_settlement_that_moves_nothing_has_no_journal():
    nothing = postings.settled(
        settlement="set_1",
        channel_account="cha_1",
        currency="CNY",
        mode="test",
        gross_minor=0,
        fee_minor=0,
        available_minor={"mch_a": 0},
        effective_at=make.NOW,
    )
    assert nothing is None


def test_a_settlement_names_its_journal_and_every_merchant_gets_its_part(account):
    tea, silk = make.merchant(name="Tea"), make.merchant(name="Silk", fee_bps=100)
    rows = [
        charge(make.succeeded_payment(account=account, of=merchant, amount_minor=amount))
        for merchant, amount in ((tea, 10000), (tea, 5000), (silk, 1000))
    ]

    compared(account, rows)

    settlement = Settlement.objects.get()
    assert (settlement.item_count, settlement.gross_minor, settlement.fee_minor) == (3, 16000, 96)
    shares = MerchantShare.objects.values_list("merchant", "amount_minor")
    assert dict(shares) == {tea.public_id: 15000 - 435, silk.public_id: 990}
    assert {entry.reference for entry in entries_of(settlement.journal)} == {settlement.public_id}
    assert (available(tea), available(silk)) == (15000 - 435, 990)
    assert (pending(tea), pending(silk)) == (0, 0)


@pytest.mark.django_db
def test_a_large_day_is_settled_in_parts(account, monkeypatch):
    monkeypatch.setattr(settlements, "ITEMS_AT_MOST", 2)
    rows = [charge(make.succeeded_payment(account=account)) for _ in range(5)]

    compared(account, rows)

    parts = Settlement.objects.order_by("sequence").values_list("sequence", "item_count")
    assert list(parts) == [(1, 2), (2, 2), (3, 1)]


def test_a_fact_that_is_settled_is_not_settled_again(account):
    payment = make.succeeded_payment(account=account)
    fact = capture_of(payment).public_id
    with transaction.atomic():
        assert list(settling.settle(channel_account=account, facts=[fact], now=make.NOW)) == [fact]
        assert not settling.settle(channel_account=account, facts=[fact], now=make.NOW)


def test_one_account_cannot_settle_what_another_account_took(account):
    payment = make.succeeded_payment(account=account)
    other = make.channel_account(title="Another")
    fact = capture_of(payment).public_id
    assert not settling.settle(channel_account=other, facts=[fact], now=make.NOW)


@pytest.mark.parametrize("table", [Settlement, SettlementItem, MerchantShare])
@pytest.mark.parametrize(
    "statement_", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_change_a_settlement(account, table, statement_):
    compared(account, [charge(make.succeeded_payment(account=account))])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=r"Cannot|never"), transaction.atomic():
            cursor.execute(statement_.format(table._meta.db_table))


def test_the_database_refuses_a_fact_in_two_settlements(account):
    compared(account, [charge(make.succeeded_payment(account=account))])
    item = SettlementItem.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        SettlementItem.objects.create(
            settlement=item.settlement,
            line=StatementLine.objects.get(),
            fact=item.fact,
            amount_minor=1,
            fee_minor=0,
        )


def test_the_database_refuses_a_settlement_that_is_not_the_sum_of_its_items(account):
    compared(account, [charge(make.succeeded_payment(account=account))])
    settlement = Settlement.objects.get()
    settlement.pk, settlement.public_id, settlement.sequence = None, "set_other", 2
    with transaction.atomic(), connection.cursor() as cursor:
        settlement.save(force_insert=True)
        with pytest.raises(IntegrityError, match="is not the sum"), transaction.atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_a_line_whose_amount_is_not_its_facts_is_never_booked(account):
    payment = make.succeeded_payment(account=account)
    run = compared(account, [charge(payment, amount_minor=10001)])
    StatementLine.objects.update(fact=capture_of(payment).public_id, settles=True)
    assert settlements.settle(file=run.file, by=make.BY, now=make.NOW) == 0
    assert not Settlement.objects.exists()
    assert Ticket.objects.get().kind == "amount_mismatch"


def test_a_line_that_does_not_fit_keeps_nobody_elses_money_back(account, monkeypatch):
    good, bad = (make.succeeded_payment(account=account) for _ in range(2))
    real = settling.settle

    def changed_meanwhile(**asked):
        paid = real(**asked)
        fact = capture_of(bad).public_id
        return paid | ({fact: replace(paid[fact], amount_minor=1)} if fact in paid else {})

    monkeypatch.setattr(settling, "settle", changed_meanwhile)
    compared(account, [charge(good), charge(bad)])

    assert SettlementItem.objects.get().fact == capture_of(good).public_id
    assert (capture_of(good).settled_at, capture_of(bad).settled_at) == (make.NOW, None)
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.fact) == ("amount_mismatch", capture_of(bad).public_id)
    assert proof.verify().ok


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_the_work_once():
    account = make.channel_account()
    rows = [charge(make.succeeded_payment(account=account)) for _ in range(10)]
    data = statement(account, [*rows, rows[0]])
    barrier = Barrier(4)

    def run(_):
        try:
            barrier.wait(timeout=10)
            return runs.reconcile(
                channel_account=account,
                business_date=make.NOW.date(),
                file=data,
                by=make.BY,
                now=make.NOW,
            ).public_id
        except ComparisonUnderWay:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = {public_id for public_id in pool.map(run, range(4)) if public_id}

    assert len(done) == 1
    assert Settlement.objects.get().item_count == 10
    assert balance(AccountRef(AccountKind.BANK, "platform", "CNY", Books.TEST)) == 10 * 9940
    assert proof.verify().ok


@pytest.mark.django_db(transaction=True)
def test_refunds_that_race_the_settlement_take_the_money_from_where_it_is():
    account = make.channel_account()
    merchant = make.merchant()
    payments = [make.succeeded_payment(account=account, of=merchant) for _ in range(8)]
    data = statement(account, [charge(payment) for payment in payments])
    barrier = Barrier(5)

    def refund(payment):
        try:
            barrier.wait(timeout=10)
            pending_refund(payment, 4000)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        racing = [pool.submit(refund, payment) for payment in payments[:4]]
        barrier.wait(timeout=10)
        runs.reconcile(
            channel_account=account,
            business_date=make.NOW.date(),
            file=data,
            by=make.BY,
            now=make.NOW,
        )
        for one in racing:
            one.result(timeout=20)

    made = list(Refund.objects.all())
    from_pending = sum(refund.funded_from == AccountKind.MERCHANT_PENDING for refund in made)
    assert len(made) == 4
    assert pending(merchant) == -4000 * from_pending
    assert available(merchant) == 8 * 9710 - 4000 * (4 - from_pending)
    assert proof.verify().ok

    tomorrow = make.NOW + timedelta(days=1)
    compared(
        account,
        [refund_line(refund, occurred_at=tomorrow) for refund in made],
        day=tomorrow.date(),
        now=tomorrow,
    )

    assert (pending(merchant), available(merchant)) == (0, 8 * 9710 - 4 * 4000)
    assert {
        row.kind for row in balances(account.public_id, books=Books.TEST) if row.balance_minor
    } == set()
