"""Private to audit; others use its services and selectors. DueRow is the parent of every app's due rows."""

from audit.models.operator import Operator
from audit.models.record import Record

__all__ = ["Operator", "Record"]
