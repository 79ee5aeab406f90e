"""What each fact does to the books: one function per fact, one line per account.

Debit is positive, credit negative. Owners: merchants and channel accounts by public id, the platform
by the word. A payment's mode is also its set of books.
"""

from datetime import datetime

from ledger.chart import PLATFORM, AccountKind, Books
from ledger.drafts import AccountRef, JournalDraft, Line
from ledger.money import Money


def captured(
    *,
    capture: str,
    payment: str,
    merchant: str,
    channel_account: str,
    gross: Money,
    fee_minor: int,
    mode: str,
    effective_at: datetime,
) -> JournalDraft:
    """The channel took the payer's money; the merchant owes us our fee."""
    receivable = AccountRef(
        AccountKind.CHANNEL_RECEIVABLE, channel_account, gross.currency, Books(mode)
    )
    pending = AccountRef(AccountKind.MERCHANT_PENDING, merchant, gross.currency, Books(mode))
    fee_income = AccountRef(AccountKind.FEE_INCOME, PLATFORM, gross.currency, Books(mode))
    lines = [Line(receivable, gross.amount_minor), Line(pending, -gross.amount_minor)]
    if fee_minor:
        lines += [Line(pending, fee_minor), Line(fee_income, -fee_minor)]
    return JournalDraft(
        fact="payment_captured",
        reference=capture,
        lines=tuple(lines),
        effective_at=effective_at,
        metadata={"payment": payment},
    )


def refund_requested(
    *,
    refund: str,
    payment: str,
    merchant: str,
    funded_from: AccountKind,
    amount_minor: int,
    currency: str,
    mode: str,
    effective_at: datetime,
) -> JournalDraft:
    """The merchant gives the money back; until the channel confirms, we hold it for the payer."""
    return JournalDraft(
        fact="refund_requested",
        reference=refund,
        lines=(
            Line(AccountRef(funded_from, merchant, currency, Books(mode)), amount_minor),
            Line(
                AccountRef(AccountKind.REFUNDS_PAYABLE, merchant, currency, Books(mode)),
                -amount_minor,
            ),
        ),
        effective_at=effective_at,
        metadata={"payment": payment},
    )


def refunded(
    *,
    refund: str,
    payment: str,
    merchant: str,
    channel_account: str,
    paid_from: AccountKind = AccountKind.REFUNDS_PAYABLE,
    amount: Money,
    mode: str,
    effective_at: datetime,
) -> JournalDraft:
    """The channel paid the payer back, out of what it owes us. `paid_from` is where the money waited."""
    return JournalDraft(
        fact="refunded",
        reference=refund,
        lines=(
            Line(
                AccountRef(paid_from, merchant, amount.currency, Books(mode)),
                amount.amount_minor,
            ),
            Line(
                AccountRef(
                    AccountKind.CHANNEL_RECEIVABLE, channel_account, amount.currency, Books(mode)
                ),
                -amount.amount_minor,
            ),
        ),
        effective_at=effective_at,
        metadata={"payment": payment},
    )


def refund_failed(
    *,
    refund: str,
    payment: str,
    merchant: str,
    funded_from: AccountKind,
    amount_minor: int,
    currency: str,
    mode: str,
    effective_at: datetime,
) -> JournalDraft:
    """The channel refused: the merchant has its money again."""
    return JournalDraft(
        fact="refund_failed",
        reference=refund,
        lines=(
            Line(
                AccountRef(AccountKind.REFUNDS_PAYABLE, merchant, currency, Books(mode)),
                amount_minor,
            ),
            Line(AccountRef(funded_from, merchant, currency, Books(mode)), -amount_minor),
        ),
        effective_at=effective_at,
        metadata={"payment": payment},
    )


def suspended(
    *,
    item: str,
    channel_account: str,
    amount_minor: int,
    currency: str,
    mode: str,
    effective_at: datetime,
    reference: str,
) -> JournalDraft:
    """The channel took money that nobody can place yet."""
    return JournalDraft(
        fact="suspended",
        reference=item,
        lines=(
            Line(
                AccountRef(AccountKind.CHANNEL_RECEIVABLE, channel_account, currency, Books(mode)),
                amount_minor,
            ),
            Line(
                AccountRef(AccountKind.SUSPENSE, channel_account, currency, Books(mode)),
                -amount_minor,
            ),
        ),
        effective_at=effective_at,
        metadata={"channel_reference": reference},
    )
