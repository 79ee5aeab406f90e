"""What merchants are told: numbered 1, 2, 3, … per merchant and mode, written once."""

import pgtrigger
from django.db import models
from django.db.models import Q

from audit.ids import PUBLIC_ID_LENGTH, new_id
from merchants.models.merchant import Merchant
from merchants.states import Mode


def new_event_id() -> str:
    return new_id("evt")


class EventStream(models.Model):
    """The counter: its row lock makes the numbers dense, since a rollback takes the number back."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, db_index=False)
    mode = models.CharField(max_length=4, choices=Mode)
    last_sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_event_stream_per_merchant_and_mode", fields=["merchant", "mode"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.mode}: {self.last_sequence}"


class Event(models.Model):
    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_event_id
    )
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    mode = models.CharField(max_length=4, choices=Mode)
    sequence = models.BigIntegerField()
    type = models.CharField(max_length=64)
    # Text, not jsonb: these bytes are signed, and every delivery and page must repeat them.
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="event_number_counts_once", fields=["merchant", "mode", "sequence"]
            ),
            models.CheckConstraint(name="event_numbers_start_at_one", condition=Q(sequence__gte=1)),
        ]
        indexes = [models.Index(name="events_by_time", fields=["created_at"])]
        triggers = [
            pgtrigger.Protect(
                name="events_are_written_once", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="events_are_never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'events are never truncated';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} #{self.sequence} ({self.public_id})"
