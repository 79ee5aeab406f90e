"""What the books say at the end of a journey."""

from ledger.chart import AccountKind
from ledger.drafts import AccountRef
from ledger.selectors import balance
from reconciliation.selectors.headline import unexplained


def receivable(account, currency="CNY"):
    return balance(AccountRef(AccountKind.CHANNEL_RECEIVABLE, account.public_id, currency))


def suspense(account, currency="CNY"):
    return -balance(AccountRef(AccountKind.SUSPENSE, account.public_id, currency))


def pending(shop, currency="CNY"):
    owner = shop.merchant.public_id
    return -balance(AccountRef(AccountKind.MERCHANT_PENDING, owner, currency))


def available(shop, currency="CNY"):
    owner = shop.merchant.public_id
    return -balance(AccountRef(AccountKind.MERCHANT_AVAILABLE, owner, currency))


def fee_income(currency="CNY"):
    return -balance(AccountRef(AccountKind.FEE_INCOME, "platform", currency))


def at_bank(currency="CNY"):
    return balance(AccountRef(AccountKind.BANK, "platform", currency))


def nothing_is_unexplained():
    return all(row.total_minor == 0 for row in unexplained())
