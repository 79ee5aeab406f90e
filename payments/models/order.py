"""What the payer buys."""

from django.db import models
from django_fsm import ConcurrentTransitionMixin, transition

from audit.ids import new_id
from audit.models.due import DueQuerySet, DueRow
from merchants.states import Mode
from payments.models import fields
from payments.states import ORDER_MOVES, OrderState, sources


def new_order_id() -> str:
    return new_id("ord")


# What pay, void and expire change.
CLOSED_FIELDS = ("state", "due_at", "lease_until", "lease_token")


class OrderQuerySet(DueQuerySet["Order"]):
    """Typed: what comes out of it is an Order."""


class Order(ConcurrentTransitionMixin, DueRow):
    """Due when it expires."""

    public_id = fields.public_id(new_order_id)
    merchant = models.ForeignKey(
        "merchants.Merchant", on_delete=models.PROTECT, related_name="orders"
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    reference = models.CharField(max_length=64)
    amount_minor = fields.amount_minor()
    currency = fields.currency()
    amount_refunded_minor = fields.amount_minor(default=0)
    description = models.CharField(max_length=255, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    state = fields.state(OrderState, OrderState.OPEN)
    created_at = models.DateTimeField()

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "reference"],
                name="order_reference_is_unique_per_merchant_and_mode",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="order_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(amount_refunded_minor__gte=0)
                & models.Q(amount_refunded_minor__lte=models.F("amount_minor")),
                name="order_refunds_do_not_exceed_its_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "mode", "-id"], name="order_newest_per_merchant"),
            # support asks by the merchant's reference, whoever the merchant is
            models.Index(fields=["reference"], name="order_by_reference"),
            # read by payments.tasks.expire_orders
            models.Index(
                fields=["due_at"],
                name="order_due",
                condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
            ),
        ]
        triggers = [fields.legal_moves("order_moves_are_legal", ORDER_MOVES)]

    def __str__(self) -> str:
        return self.public_id

    @transition(field=state, source=sources(ORDER_MOVES, OrderState.PAID), target=OrderState.PAID)
    def pay(self) -> None:
        self._closed()

    @transition(field=state, source=OrderState.OPEN, target=OrderState.VOID)
    def void(self) -> None:
        self._closed()

    @transition(field=state, source=OrderState.OPEN, target=OrderState.EXPIRED)
    def expire(self) -> None:
        self._closed()

    @transition(field=state, source=OrderState.PAID, target=OrderState.PARTIALLY_REFUNDED)
    def refund_in_part(self) -> None:
        """Some of the money went back."""

    @transition(
        field=state,
        source=sources(ORDER_MOVES, OrderState.REFUNDED),
        target=OrderState.REFUNDED,
    )
    def refund_in_full(self) -> None:
        """All of the money went back."""

    def _closed(self) -> None:
        self.due_at = None
        self.lease_until = self.lease_token = None
