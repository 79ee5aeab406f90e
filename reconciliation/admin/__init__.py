"""Pages of reconciliation: what channels say, how it compares, and what somebody has to explain."""

from reconciliation.admin import contributions, runs, settlements, statements, tickets

__all__ = ["contributions", "runs", "settlements", "statements", "tickets"]
