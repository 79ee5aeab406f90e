"""Money that the channel took and nobody can place yet: in the suspense account, one item each."""

from django.db import models

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from payments.models import fields
from payments.states import SuspenseKind


def new_suspense_id() -> str:
    return new_id("sus")


class SuspenseItemQuerySet(DueQuerySet["SuspenseItem"]):
    """Typed: what comes out of it is a SuspenseItem."""


class SuspenseItem(DueRow):
    """Due until the exception desk has opened a ticket for it."""

    public_id = fields.public_id(new_suspense_id)
    kind = models.CharField(max_length=20, choices=SuspenseKind.choices)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="suspense_items"
    )
    payment = models.ForeignKey(
        "payments.Payment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="suspense_items",
    )
    reference = models.CharField(max_length=128, help_text="Our reference, as the channel gave it.")
    channel_id = models.CharField(max_length=128)
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    occurred_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = SuspenseItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_account", "channel_id"],
                name="channel_transaction_is_in_suspense_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="suspense_amount_is_positive"
            ),
        ]
        indexes = [
            # read by payments.selectors.bookings: what the channel has not paid for yet
            models.Index(
                fields=["channel_account"],
                name="suspense_unsettled",
                condition=models.Q(settled_at=None),
            ),
            # read by reconciliation.tasks.open_tickets
            models.Index(
                fields=["due_at"],
                name="suspense_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
