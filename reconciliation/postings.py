"""What a settlement does to the books. Debit is positive, credit negative."""

from collections.abc import Mapping
from datetime import datetime

from ledger.chart import PLATFORM, AccountKind, Books
from ledger.drafts import AccountRef, JournalDraft, Line


def settled(
    *,
    settlement: str,
    channel_account: str,
    currency: str,
    mode: str,
    gross_minor: int,
    fee_minor: int,
    available_minor: Mapping[str, int],
    effective_at: datetime,
) -> JournalDraft | None:
    """The channel pays what it owes, less its fees; what it paid for becomes available to merchants
    (or less so, where a merchant's refunds outweigh its sales). None when no account moves."""

    def line(kind: AccountKind, owner: str, amount_minor: int) -> tuple[AccountRef, int]:
        return AccountRef(kind, owner, currency, Books(mode)), amount_minor

    movements = [
        line(AccountKind.BANK, PLATFORM, gross_minor - fee_minor),
        line(AccountKind.CHANNEL_COST, PLATFORM, fee_minor),
        line(AccountKind.CHANNEL_RECEIVABLE, channel_account, -gross_minor),
    ]
    for merchant, amount_minor in sorted(available_minor.items()):
        movements += [
            line(AccountKind.MERCHANT_PENDING, merchant, amount_minor),
            line(AccountKind.MERCHANT_AVAILABLE, merchant, -amount_minor),
        ]
    lines = tuple(
        Line(account, amount_minor) for account, amount_minor in movements if amount_minor
    )
    if not lines:
        return None
    return JournalDraft(
        fact="settled",
        reference=settlement,
        lines=lines,
        effective_at=effective_at,
        metadata={"channel_account": channel_account},
    )
