"""A day compared: what agrees is settled, what differs becomes a ticket, the books say so."""

import pytest

from ledger.chart import AccountKind
from ledger.drafts import AccountRef
from ledger.selectors import balance
from payments.channels.base import PaymentState, RefundState
from reconciliation.models import Run, Settlement, StatementLine, Ticket
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


@pytest.fixture
def account():
    return make.channel_account()


def stands(kind, owner, currency="CNY"):
    return balance(AccountRef(kind, owner, currency))


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
