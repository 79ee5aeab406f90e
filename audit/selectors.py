"""How the queues of due rows stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from audit.models.due import DueQuerySet


@dataclass(frozen=True, slots=True)
class QueueState:
    """`oldest_seconds` is how long the oldest due row has waited; 0 when none waits."""

    due: int
    leased: int
    dead: int
    oldest_seconds: float


def queue_state(rows: "DueQuerySet[Any]", *, now: datetime) -> QueueState:
    """One kind of due work, in one query."""
    alive = Q(dead_at=None)
    waiting = alive & Q(due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))
    counted = rows.filter(Q(due_at__isnull=False) | Q(dead_at__isnull=False)).aggregate(
        due=Count("pk", filter=waiting),
        leased=Count("pk", filter=alive & Q(lease_until__gt=now)),
        dead=Count("pk", filter=Q(dead_at__isnull=False)),
        oldest=Min("due_at", filter=waiting),
    )
    oldest = counted.pop("oldest")
    seconds = (now - oldest).total_seconds() if oldest else 0.0
    return QueueState(**counted, oldest_seconds=seconds)
