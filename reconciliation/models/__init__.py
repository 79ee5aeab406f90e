"""Private to reconciliation; the console reads them through reconciliation's own admin and selectors."""

from reconciliation.models.discrepancy import Ticket
from reconciliation.models.run import Run
from reconciliation.models.settlement import MerchantShare, Settlement, SettlementItem
from reconciliation.models.statement import StatementFile, StatementLine

__all__ = [
    "MerchantShare",
    "Run",
    "Settlement",
    "SettlementItem",
    "StatementFile",
    "StatementLine",
    "Ticket",
]
