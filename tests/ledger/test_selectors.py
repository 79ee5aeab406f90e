from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import selectors
from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef, JournalDraft, Line
from ledger.services import accounts, journals
from tests.ledger.books import (
    ALICE,
    BOB,
    CLERK,
    NOON,
    available,
    bank,
    draft,
    fees,
    pending,
    post,
    receivable,
    transfer,
    wallet,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def day():
    """At noon a sale of 100.00 with a fee of 3.20; an hour later it is settled, and Bob sells in yen."""
    sale = post(
        draft(
            "cap_1",
            (receivable(), 10_000),
            (pending(), -10_000),
            (pending(), 320),
            (fees(), -320),
            fact="payment_captured",
            metadata={"payment": "pay_1"},
        )
    )
    settled = post(
        draft(
            "set_1",
            (bank(), 10_000),
            (receivable(), -10_000),
            (pending(), 9_680),
            (available(), -9_680),
            fact="settled",
        ),
        now=LATER,
    )
    yen = post(
        transfer("cap_2", 500, debit=receivable("JPY"), credit=pending(BOB, "JPY")), now=LATER
    )
    return sale, settled, yen


def test_the_balance_of_an_account_is_signed_and_zero_before_its_first_use(day):
    assert selectors.balance(available()) == -9_680
    assert selectors.balance(bank()) == 10_000
    assert selectors.balance(wallet("NOBODY")) == 0


def test_an_owner_sees_what_is_theirs_on_its_normal_side_and_nothing_else(day):
    accounts.freeze(ref=available(), reason="court order", by=CLERK, now=NOON)
    assert [
        (b.kind, b.currency, b.normal_minor, b.version, b.status)
        for b in selectors.balances(ALICE, books=Books.LIVE)
    ] == [
        (AccountKind.MERCHANT_PENDING, "CNY", 0, 3, "open"),
        (AccountKind.MERCHANT_AVAILABLE, "CNY", 9_680, 1, "frozen"),
    ]
    assert [
        (b.kind, b.currency, b.normal_minor) for b in selectors.balances(BOB, books=Books.LIVE)
    ] == [(AccountKind.MERCHANT_PENDING, "JPY", 500)]
    assert selectors.balances("mch_NOBODY", books=Books.LIVE) == []


def test_all_accounts_of_a_kind_are_found_whoever_owns_them(day):
    found = selectors.balances_of_kind(AccountKind.MERCHANT_PENDING)
    assert [(b.owner, b.currency) for b in found] == [(ALICE, "CNY"), (BOB, "JPY")]
    assert selectors.balances_of_kind(AccountKind.BANK)[0].normal_minor == 10_000


def test_the_trial_balance_shows_both_sides_of_every_kind_and_sums_to_zero(day):
    trial = selectors.trial_balance()
    assert [
        (row.kind, row.debit_minor, row.credit_minor, row.balance_minor)
        for row in trial.of(Books.LIVE, "CNY")
    ] == [
        (AccountKind.CHANNEL_RECEIVABLE, 10_000, 10_000, 0),
        (AccountKind.BANK, 10_000, 0, 10_000),
        (AccountKind.MERCHANT_PENDING, 10_000, 10_000, 0),
        (AccountKind.MERCHANT_AVAILABLE, 0, 9_680, -9_680),
        (AccountKind.FEE_INCOME, 0, 320, -320),
    ]
    assert trial.holds
    assert [(t.currency, t.debit_minor, t.credit_minor, t.balance_minor) for t in trial.totals] == [
        ("CNY", 30_000, 30_000, 0),
        ("JPY", 500, 500, 0),
    ]


def test_the_trial_balance_of_a_past_time_shows_what_was_posted_until_then(day):
    trial = selectors.trial_balance(at=NOON)
    assert {row.kind: row.balance_minor for row in trial.rows} == {
        AccountKind.CHANNEL_RECEIVABLE: 10_000,
        AccountKind.MERCHANT_PENDING: -9_680,
        AccountKind.FEE_INCOME: -320,
    }
    assert selectors.trial_balance(at=NOON - timedelta(seconds=1)).rows == ()
    assert selectors.trial_balance(at=NOON - timedelta(seconds=1)).holds


def test_the_entries_of_a_journal_read_as_debits_and_credits_in_their_order(day):
    sale, _, _ = day
    assert [
        (row.label, row.debit_minor, row.credit_minor)
        for row in selectors.entries_of(sale.public_id)
    ] == [
        ("Channel receivable, cha_SANDBOX", 10_000, 0),
        ("Merchant pending, mch_ALICE", 0, 10_000),
        ("Merchant pending, mch_ALICE", 320, 0),
        ("Fee income, platform", 0, 320),
    ]
    assert selectors.entries_of("jrn_NOBODY") == []


def test_journals_about_a_thing_include_what_reversed_them(day):
    sale, settled, _ = day
    reversal = journals.reverse(sale.id, reason="test", by=CLERK, now=LATER)
    about = selectors.journals_about("cap_1")
    assert [view.public_id for view in about] == [sale.public_id, reversal.public_id]
    assert (about[0].posted_by, about[0].metadata) == ("system:clerk", {"payment": "pay_1"})
    assert about[1].reverses == sale.id
    assert sum(row.amount_minor for view in about for row in view.entries) == 0
    several = selectors.journals_about(["cap_1", "set_1"])
    assert {view.public_id for view in several} == {
        sale.public_id,
        settled.public_id,
        reversal.public_id,
    }
    assert selectors.journals_about("cap_9") == []


def test_journals_are_read_in_two_queries_however_many_they_are(day):
    with CaptureQueriesContext(connection) as queries:
        selectors.journals_about(["cap_1", "cap_2", "set_1"])
    assert len(queries) == 2


def test_a_statement_runs_backwards_page_by_page_with_the_balance_after_each_entry(day):
    first = selectors.account_statement(pending().id, limit=2)
    assert [
        (row.version, row.amount_minor, row.balance_after_minor, row.fact) for row in first
    ] == [
        (3, 9_680, 0, "settled"),
        (2, 320, -9_680, "payment_captured"),
    ]
    rest = selectors.account_statement(pending().id, limit=2, before_version=first[-1].version)
    assert [(row.version, row.reference) for row in rest] == [(1, "cap_1")]
    assert selectors.account_statement(wallet("NOBODY").id) == []


def test_test_money_has_books_of_its_own(day):
    """The same owner, kind and currency: two accounts, two totals, nothing of one in the other."""
    journals.post(
        JournalDraft(
            fact="tried_out",
            reference="tst_1",
            lines=(
                Line(AccountRef(AccountKind.BANK, "platform", "CNY", Books.TEST), 777),
                Line(AccountRef(AccountKind.MERCHANT_AVAILABLE, ALICE, "CNY", Books.TEST), -777),
            ),
            effective_at=NOON,
        ),
        by=CLERK,
        now=NOON,
    )

    trial = selectors.trial_balance()
    assert selectors.balance(available()) == -9_680
    assert [row.debit_minor for row in trial.of(Books.TEST, "CNY")] == [777, 0]
    assert {total.books for total in trial.totals} == {Books.LIVE, Books.TEST}
    assert [b.normal_minor for b in selectors.balances(ALICE, books=Books.TEST)] == [777]
