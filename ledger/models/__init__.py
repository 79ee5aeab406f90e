"""Private to ledger; others use its services, selectors and words."""

from ledger.models.account import Account
from ledger.models.journal import Entry, Journal

__all__ = ["Account", "Entry", "Journal"]
