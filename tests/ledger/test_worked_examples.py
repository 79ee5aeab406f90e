"""The books of a payment platform, example by example. Debits are +, credits are -.

For an accountant: receivables and the bank are assets; merchants' accounts, refunds payable and
suspense are liabilities; fees are income, the channel's charges an expense.
"""

import pytest

from ledger import selectors
from ledger.chart import PLATFORM, AccountKind
from ledger.drafts import AccountRef
from ledger.services import proof
from tests.ledger.books import (
    ALICE,
    BOB,
    CHANNEL,
    available,
    bank,
    commit_would,
    draft,
    fees,
    pending,
    post,
    receivable,
)

pytestmark = pytest.mark.django_db


def cost(currency="CNY"):
    return AccountRef(AccountKind.CHANNEL_COST, PLATFORM, currency)


def refunds_payable(owner=ALICE):
    return AccountRef(AccountKind.REFUNDS_PAYABLE, owner, "CNY")


def suspense():
    return AccountRef(AccountKind.SUSPENSE, CHANNEL, "CNY")


def sale(reference, amount, fee, *, owner=ALICE, currency="CNY"):
    return post(
        draft(
            reference,
            (receivable(currency), amount),
            (pending(owner, currency), -amount),
            (pending(owner, currency), fee),
            (fees(currency), -fee),
            fact="payment_captured",
        )
    )


def refund_requested(reference, amount, taken_from):
    return post(
        draft(
            reference, (taken_from, amount), (refunds_payable(), -amount), fact="refund_requested"
        )
    )


@pytest.fixture
def books_show():
    """Asserts what every account stands at; at the end the books must be proven."""

    def check(**expected):
        totals = {}
        for row in selectors.trial_balance().rows:
            if row.balance_minor:
                totals[f"{row.kind}_{row.currency}"] = row.balance_minor
        assert totals == {f"{name}": amount for name, amount in expected.items() if amount}

    yield check
    commit_would()
    assert proof.verify().violations == ()
    assert selectors.trial_balance().holds


def test_a_sale_of_100_yuan_at_2_9_percent_plus_30_fen(books_show):
    """The channel owes us 100.00; we owe Alice 96.80 and have earned 3.20."""
    journal = sale("cap_1", 10_000, 320)
    assert [
        (row.kind.label, row.debit_minor, row.credit_minor)
        for row in selectors.entries_of(journal.public_id)
    ] == [
        ("Channel receivable", 10_000, 0),
        ("Merchant pending", 0, 10_000),
        ("Merchant pending", 320, 0),
        ("Fee income", 0, 320),
    ]
    books_show(channel_receivable_CNY=10_000, merchant_pending_CNY=-9_680, fee_income_CNY=-320)


def test_a_refund_that_succeeds(books_show):
    """40.00 go back: first set aside out of what we owe Alice, then off what the channel owes us.
    The fee stays earned."""
    sale("cap_1", 10_000, 320)
    refund_requested("ref_1", 4_000, pending())
    books_show(
        channel_receivable_CNY=10_000,
        merchant_pending_CNY=-5_680,
        refunds_payable_CNY=-4_000,
        fee_income_CNY=-320,
    )
    post(draft("ref_1", (refunds_payable(), 4_000), (receivable(), -4_000), fact="refunded"))
    books_show(channel_receivable_CNY=6_000, merchant_pending_CNY=-5_680, fee_income_CNY=-320)


def test_a_refund_that_fails(books_show):
    """The channel refuses: what was set aside is Alice's again, as if nothing had been asked."""
    sale("cap_1", 10_000, 320)
    refund_requested("ref_1", 4_000, pending())
    post(draft("ref_1", (refunds_payable(), 4_000), (pending(), -4_000), fact="refund_failed"))
    books_show(channel_receivable_CNY=10_000, merchant_pending_CNY=-9_680, fee_income_CNY=-320)


def test_a_full_refund_leaves_the_merchant_owing_the_fee(books_show):
    sale("cap_1", 10_000, 320)
    refund_requested("ref_1", 10_000, pending())
    post(draft("ref_1", (refunds_payable(), 10_000), (receivable(), -10_000), fact="refunded"))
    assert selectors.balance(pending()) == 320
    books_show(merchant_pending_CNY=320, fee_income_CNY=-320)


def test_money_that_nobody_can_place(books_show):
    """The channel holds 55.00 more than we can explain. It is owed to us, and we owe it to someone."""
    post(draft("sus_1", (receivable(), 5_500), (suspense(), -5_500), fact="suspense"))
    books_show(channel_receivable_CNY=5_500, suspense_CNY=-5_500)


def test_a_settlement_of_two_merchants(books_show):
    """The channel pays 300.00 less its own 1.80. What was pending for each merchant, after our fee, is
    available; our margin is fee income less channel cost: 9.60 less 1.80."""
    sale("cap_1", 10_000, 320)
    sale("cap_2", 20_000, 640, owner=BOB)
    post(
        draft(
            "set_1",
            (bank(), 29_820),
            (cost(), 180),
            (receivable(), -30_000),
            (pending(), 9_680),
            (available(), -9_680),
            (pending(BOB), 19_360),
            (available(BOB), -19_360),
            fact="settled",
        )
    )
    assert selectors.balance(available()) == -9_680
    assert selectors.balance(available(BOB)) == -19_360
    books_show(
        bank_CNY=29_820, channel_cost_CNY=180, merchant_available_CNY=-29_040, fee_income_CNY=-960
    )


def test_a_settlement_net_of_a_refund(books_show):
    """One sale of 100.00, 40.00 of it refunded before the channel settles 60.00 less 0.36."""
    sale("cap_1", 10_000, 320)
    refund_requested("ref_1", 4_000, pending())
    post(draft("ref_1", (refunds_payable(), 4_000), (receivable(), -4_000), fact="refunded"))
    post(
        draft(
            "set_1",
            (bank(), 5_964),
            (cost(), 36),
            (receivable(), -6_000),
            (pending(), 5_680),
            (available(), -5_680),
            fact="settled",
        )
    )
    books_show(
        bank_CNY=5_964, channel_cost_CNY=36, merchant_available_CNY=-5_680, fee_income_CNY=-320
    )


def test_three_currencies_stand_side_by_side_and_each_balances_alone(books_show):
    """CNY 100.00, JPY 10,000 and KWD 10.000 are all 10,000 minor units, and never the same money."""
    for currency in ("CNY", "JPY", "KWD"):
        sale(f"cap_{currency}", 10_000, 320, currency=currency)
    assert [total.balance_minor for total in selectors.trial_balance().totals] == [0, 0, 0]
    books_show(
        **{
            f"{account}_{currency}": amount
            for currency in ("CNY", "JPY", "KWD")
            for account, amount in (
                ("channel_receivable", 10_000),
                ("merchant_pending", -9_680),
                ("fee_income", -320),
            )
        }
    )
