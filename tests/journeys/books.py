"""What the books say at the end of a journey."""

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from reconciliation.selectors.headline import unexplained


def receivable(account, currency="CNY"):
    return balance(
        AccountRef(AccountKind.CHANNEL_RECEIVABLE, account.public_id, currency, Books.TEST)
    )


def suspense(account, currency="CNY"):
    return -balance(AccountRef(AccountKind.SUSPENSE, account.public_id, currency, Books.TEST))


def pending(shop, currency="CNY"):
    owner = shop.merchant.public_id
    return -balance(AccountRef(AccountKind.MERCHANT_PENDING, owner, currency, Books.TEST))


def available(shop, currency="CNY"):
    owner = shop.merchant.public_id
    return -balance(AccountRef(AccountKind.MERCHANT_AVAILABLE, owner, currency, Books.TEST))


def fee_income(currency="CNY"):
    return -balance(AccountRef(AccountKind.FEE_INCOME, "platform", currency, Books.TEST))


def at_bank(currency="CNY"):
    return balance(AccountRef(AccountKind.BANK, "platform", currency, Books.TEST))


def nothing_is_unexplained():
    return all(row.total_minor == 0 for row in unexplained())
