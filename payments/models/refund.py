"""Money given back to the payer. Its public id is our reference at the channel."""

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from payments.models import fields
from payments.states import REFUND_MOVES, RefundState, sources

# Seconds until the channel is asked (or told) again; past the end a person has to look.
REFUND_SCHEDULE_SECONDS = (5, 10, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)


def new_refund_id() -> str:
    return new_id("ref")


class RefundQuerySet(DueQuerySet["Refund"]):
    """Typed: what comes out of it is a Refund."""


class Refund(ConcurrentTransitionMixin, DueRow):
    """Due while the channel has not said what became of it."""

    public_id = fields.public_id(new_refund_id)
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, related_name="refunds"
    )
    capture = models.ForeignKey(
        "payments.Capture", on_delete=models.PROTECT, related_name="refunds"
    )
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    reason = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    state = fields.state(RefundState, RefundState.PENDING)
    funded_from = models.CharField(
        max_length=32, help_text="The kind of merchant account that the money came from."
    )
    channel_id = models.CharField(max_length=128, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    exchange = models.JSONField(
        default=dict, help_text="The last exchange with the channel, redacted."
    )
    refunded_at = models.DateTimeField(
        null=True, blank=True, help_text="When the channel says the money went back."
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = RefundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="refund_amount_is_positive"
            ),
        ]
        indexes = [
            # read by payments.selectors.bookings: what the channel has not paid for yet
            models.Index(
                fields=["capture"],
                name="refund_unsettled",
                condition=models.Q(settled_at=None),
            ),
            models.Index(fields=["refunded_at"], name="refund_by_day"),
            # read by payments.tasks.pursue_refunds
            models.Index(
                fields=["due_at"],
                name="refund_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [fields.legal_moves("refund_moves_are_legal", REFUND_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=RefundState.PENDING, target=RefundState.PROCESSING)
    def process(self) -> None:
        """The channel works on it."""

    @transition(
        field=state,
        source=sources(REFUND_MOVES, RefundState.SUCCEEDED),
        target=RefundState.SUCCEEDED,
    )
    def succeed(self) -> None:
        self._closed()

    @transition(
        field=state,
        source=sources(REFUND_MOVES, RefundState.FAILED),
        target=RefundState.FAILED,
    )
    def fail(self, *, code: str, message: str) -> None:
        self.failure_code, self.failure_message = code, message[:255]
        self._closed()

    def _closed(self) -> None:
        self.due_at = None
        self.lease_until = self.lease_token = None
