"""Rows that are due: the transactional outbox, one typed model per kind of work.

A row owes work while `due_at` is set. A worker claims it under a lease; a worker that died leaves a
lease that runs out; a worker that slept past its lease is fenced off by the token.
"""

from datetime import datetime
from typing import Self, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class DueQuerySet(models.QuerySet[M]):
    def due(self, now: datetime) -> Self:
        """Owed now and under nobody's lease."""
        return self.filter(due_at__lte=now, dead_at=None).filter(
            models.Q(lease_until=None) | models.Q(lease_until__lte=now)
        )

    def leased(self, now: datetime) -> Self:
        return self.filter(lease_until__gt=now)

    def dead(self) -> Self:
        """Given up: a person has to look."""
        return self.exclude(dead_at=None)


class DueRow(models.Model):
    """The parent of every kind of due work, each with a DueQuerySet of its own for `objects`. Fields
    change through audit.services.due only."""

    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    last_error = models.TextField(blank=True, default="", editable=False)
    dead_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
