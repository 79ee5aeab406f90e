"""Every queue of due rows, gathered from the apps that own them."""

from datetime import datetime

import merchants.selectors
import payments.selectors.queues
import reconciliation.selectors.queues
from audit.selectors import QueueState


def queues(*, now: datetime) -> dict[str, QueueState]:
    return {
        **payments.selectors.queues.queues(now=now),
        **merchants.selectors.queues(now=now),
        **reconciliation.selectors.queues.queues(now=now),
    }
