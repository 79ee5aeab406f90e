"""Pages of the books: shown, never typed over. Money on any page is rendered by `amounts`."""

from ledger.admin import accounts, journals

__all__ = ["accounts", "journals"]
