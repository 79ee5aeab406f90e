"""What reconciliation still owes, by kind of work."""

from datetime import datetime

from audit.selectors import QueueState, queue_state
from reconciliation.models import StatementFile


def queues(*, now: datetime) -> dict[str, QueueState]:
    return {"statements": queue_state(StatementFile.objects.all(), now=now)}
