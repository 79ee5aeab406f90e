"""A callback as it arrived: kept verbatim before anybody interprets it."""

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from payments.models import fields
from payments.states import RECEIPT_MOVES, ReceiptState

# Seconds between tries to apply a receipt; past the end a person has to look.
APPLY_SCHEDULE_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600)


def new_receipt_id() -> str:
    return new_id("cbk")


class CallbackReceiptQuerySet(DueQuerySet["CallbackReceipt"]):
    """Typed: what comes out of it is a CallbackReceipt."""


class CallbackReceipt(ConcurrentTransitionMixin, DueRow):
    """Due until it has been applied."""

    public_id = fields.public_id(new_receipt_id)
    channel_account = models.ForeignKey(
        "payments.ChannelAccount", on_delete=models.PROTECT, related_name="receipts"
    )
    # Empty for a callback whose signature did not hold: a forger chooses no unique key of ours.
    delivery_id = models.CharField(max_length=128, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    state = fields.state(ReceiptState, ReceiptState.RECEIVED)
    deliveries = models.PositiveIntegerField(default=1, help_text="How often the channel sent it.")
    reference = models.CharField(
        max_length=128,
        blank=True,
        db_index=True,
        help_text="Our reference that it speaks of: an attempt's or a refund's public id.",
    )
    rejected_because = models.CharField(max_length=128, blank=True)
    received_at = models.DateTimeField()

    objects = CallbackReceiptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_account", "delivery_id"],
                condition=~models.Q(delivery_id=""),
                name="callback_is_received_once",
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="receipt_by_time"),
            # read by payments.tasks.apply_callbacks
            models.Index(
                fields=["due_at"],
                name="receipt_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [fields.legal_moves("receipt_moves_are_legal", RECEIPT_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=ReceiptState.RECEIVED, target=ReceiptState.APPLIED)
    def apply(self) -> None:
        self._closed()

    @transition(field=state, source=ReceiptState.RECEIVED, target=ReceiptState.IGNORED)
    def ignore(self) -> None:
        self._closed()

    @transition(field=state, source=ReceiptState.RECEIVED, target=ReceiptState.PARKED)
    def park(self) -> None:
        self._closed()

    @transition(field=state, source=ReceiptState.RECEIVED, target=ReceiptState.REJECTED)
    def reject(self, *, because: str) -> None:
        self.rejected_because = because[:128]
        self._closed()

    def _closed(self) -> None:
        self.due_at = None
        self.lease_until = self.lease_token = None
