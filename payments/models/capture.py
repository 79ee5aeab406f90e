"""Money collected: the fact that the ledger books, at most one that succeeds per attempt."""

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from payments.models import fields
from payments.states import CAPTURE_MOVES, CaptureState


def new_capture_id() -> str:
    return new_id("cap")


class Capture(ConcurrentTransitionMixin, models.Model):
    public_id = fields.public_id(new_capture_id)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, related_name="captures"
    )
    attempt = models.ForeignKey(
        "payments.Attempt", on_delete=models.PROTECT, related_name="captures"
    )
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    fee_minor = fields.amount_minor(default=0, help_text="What the merchant pays us.")
    state = fields.state(CaptureState, CaptureState.PROCESSING)
    channel_id = models.CharField(max_length=128, blank=True)
    captured_at = models.DateTimeField(
        null=True, blank=True, help_text="When the channel says it took the money."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"],
                condition=~models.Q(state=CaptureState.FAILED),
                name="attempt_is_captured_once_at_most",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="capture_amount_is_positive"
            ),
        ]
        indexes = [
            # read by payments.selectors.bookings: what the channel has not paid for yet
            models.Index(
                fields=["attempt"],
                name="capture_unsettled",
                condition=models.Q(settled_at=None),
            ),
            # read by reconciliation: what should stand on a day's statement
            models.Index(fields=["captured_at"], name="capture_by_day"),
        ]
        triggers = [fields.legal_moves("capture_moves_are_legal", CAPTURE_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=CaptureState.PROCESSING, target=CaptureState.SUCCEEDED)
    def succeed(self) -> None:
        """The channel took the money."""

    @transition(field=state, source=CaptureState.PROCESSING, target=CaptureState.FAILED)
    def fail(self) -> None:
        """The channel refused to take it."""
