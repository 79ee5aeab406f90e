"""Our promise to collect an order's money."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from merchants.states import Mode
from payments.models import fields
from payments.states import (
    EXPIRABLE_PAYMENT_STATES,
    LIVE_PAYMENT_STATES,
    PAYMENT_MOVES,
    PaymentState,
    sources,
)


def new_payment_id() -> str:
    return new_id("pay")


class CaptureMode(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic"
    MANUAL = "manual", "Manual"


class PaymentQuerySet(DueQuerySet["Payment"]):
    def live(self) -> Self:
        """Money may move at any moment."""
        return self.filter(state__in=LIVE_PAYMENT_STATES)


class Payment(ConcurrentTransitionMixin, DueRow):
    """Due when it expires. Its row is a projection: the fields named in PROJECTED are what its
    payment events say, and can be rebuilt from them."""

    PROJECTED = (
        "state",
        "amount_captured_minor",
        "refund_reserved_minor",
        "amount_refunded_minor",
        "next_action",
        "failure_code",
        "failure_message",
        "late",
    )

    public_id = fields.public_id(new_payment_id)
    merchant = models.ForeignKey(
        "merchants.Merchant", on_delete=models.PROTECT, related_name="payments"
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    order = models.ForeignKey("payments.Order", on_delete=models.PROTECT, related_name="payments")
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    capture_mode = models.CharField(
        max_length=9, choices=CaptureMode.choices, default=CaptureMode.AUTOMATIC
    )
    method = models.JSONField(default=dict, blank=True)
    return_url = models.CharField(max_length=500, blank=True)
    state = fields.state(PaymentState, PaymentState.CREATED)
    amount_captured_minor = fields.amount_minor(default=0)
    refund_reserved_minor = fields.amount_minor(
        default=0, help_text="Refunds that succeeded or are under way."
    )
    amount_refunded_minor = fields.amount_minor(default=0)
    next_action = models.JSONField(null=True, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=255, blank=True)
    late = models.BooleanField(
        default=False, help_text="The money came after the payment had been given up."
    )
    sequence = models.PositiveIntegerField(default=0, help_text="Of the last payment event.")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="payment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_captured_minor__gte=0)
                & models.Q(amount_captured_minor__lte=models.F("amount_minor")),
                name="payment_captures_do_not_exceed_its_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_refunded_minor__gte=0)
                & models.Q(amount_refunded_minor__lte=models.F("refund_reserved_minor"))
                & models.Q(refund_reserved_minor__lte=models.F("amount_captured_minor")),
                name="payment_refunds_do_not_exceed_its_captures",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(state__in=sorted(LIVE_PAYMENT_STATES)),
                name="order_has_one_live_payment_at_most",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "mode", "-id"], name="payment_newest_per_merchant"),
            models.Index(fields=["state", "-id"], name="payment_newest_per_state"),
            models.Index(fields=["created_at"], name="payment_by_day"),
            # read by payments.tasks.expire_payments
            models.Index(
                fields=["due_at"],
                name="payment_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [fields.legal_moves("payment_moves_are_legal", PAYMENT_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        payment = super().from_db(db, field_names, values, **kwargs)
        payment.note_as_stored()
        return payment

    def note_as_stored(self) -> None:
        """Remembers the projected fields as the database has them, for `changes`."""
        loaded = self.__dict__
        self._as_stored = {name: loaded.get(name) for name in self.PROJECTED}

    def changes(self) -> dict[str, Any]:
        """The projected fields that differ from what was stored: what the next payment event says."""
        before = getattr(self, "_as_stored", {})
        return {
            name: getattr(self, name)
            for name in self.PROJECTED
            if name not in before or getattr(self, name) != before[name]
        }

    @property
    def refundable_minor(self) -> int:
        return self.amount_captured_minor - self.refund_reserved_minor

    @transition(field=state, source=PaymentState.CREATED, target=PaymentState.PROCESSING)
    def submit(self, *, payment_method: dict[str, Any]) -> None:
        self.method = payment_method

    @transition(
        field=state,
        source=sources(PAYMENT_MOVES, PaymentState.REQUIRES_ACTION),
        target=PaymentState.REQUIRES_ACTION,
    )
    def require_action(self, *, next_action: dict[str, Any]) -> None:
        self.next_action = next_action

    @transition(field=state, source=PaymentState.REQUIRES_ACTION, target=PaymentState.PROCESSING)
    def resume_processing(self) -> None:
        self.next_action = None

    @transition(
        field=state,
        source=sources(PAYMENT_MOVES, PaymentState.AUTHORIZED),
        target=PaymentState.AUTHORIZED,
    )
    def authorize(self) -> None:
        self.next_action = None

    @transition(
        field=state,
        source=sorted(LIVE_PAYMENT_STATES),
        target=PaymentState.SUCCEEDED,
    )
    def succeed(self, *, amount_minor: int) -> None:
        self._collected(amount_minor)

    @transition(
        field=state,
        source=[PaymentState.FAILED, PaymentState.EXPIRED],
        target=PaymentState.SUCCEEDED,
    )
    def reinstate(self, *, amount_minor: int) -> None:
        """The money came after all."""
        self._collected(amount_minor)
        self.late = True

    @transition(
        field=state,
        source=sources(PAYMENT_MOVES, PaymentState.FAILED),
        target=PaymentState.FAILED,
    )
    def fail(self, *, code: str, message: str) -> None:
        self._closed()
        self.failure_code, self.failure_message = code, message[:255]

    @transition(
        field=state,
        source=sources(PAYMENT_MOVES, PaymentState.CANCELED),
        target=PaymentState.CANCELED,
    )
    def cancel(self) -> None:
        self._closed()

    @transition(field=state, source=sorted(EXPIRABLE_PAYMENT_STATES), target=PaymentState.EXPIRED)
    def expire(self) -> None:
        self._closed()

    def reserve_refund(self, *, amount_minor: int) -> None:
        """Sets aside what a refund will take; the database refuses more than was captured."""
        self.refund_reserved_minor += amount_minor

    def release_refund(self, *, amount_minor: int) -> None:
        """A refund failed: what it had set aside may be refunded again."""
        self.refund_reserved_minor -= amount_minor

    @transition(
        field=state,
        source=PaymentState.SUCCEEDED,
        target=PaymentState.PARTIALLY_REFUNDED,
    )
    def refund_in_part(self) -> None:
        """Some of the money went back."""

    @transition(
        field=state,
        source=sources(PAYMENT_MOVES, PaymentState.REFUNDED),
        target=PaymentState.REFUNDED,
    )
    def refund_in_full(self) -> None:
        """All of the money went back."""

    def postpone_expiry(self, *, until: datetime) -> None:
        """A worker that is about to expire it is fenced off."""
        self.expires_at = self.due_at = until
        self.lease_until = self.lease_token = None

    def _collected(self, amount_minor: int) -> None:
        self.amount_captured_minor = amount_minor
        self.failure_code = self.failure_message = ""
        self._closed()

    def _closed(self) -> None:
        self.next_action = None
        self.due_at = None
        self.lease_until = self.lease_token = None
