"""Where merchants are told, and what is still owed to them."""

from auditlog.registry import auditlog
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, Value, When

from audit.ids import PUBLIC_ID_LENGTH, new_id
from audit.models.due import DueQuerySet, DueRow
from merchants.models.event import Event
from merchants.models.merchant import Merchant
from merchants.states import DeliveryState, Mode

# The contract: 1, 3, 5, 15, 30 minutes, 1, 3, 6, 12 hours, then dead.
RETRY_SECONDS = (60, 180, 300, 900, 1800, 3600, 10_800, 21_600, 43_200)


def new_endpoint_id() -> str:
    return new_id("whe")


def new_delivery_id() -> str:
    return new_id("whd")


class EndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def kept(self) -> "EndpointQuerySet":
        return self.filter(deleted_at=None)


class DeliveryQuerySet(DueQuerySet["WebhookDelivery"]):
    """Due rows as they come."""


class WebhookEndpoint(models.Model):
    """Deleted by a date, never by DELETE: its deliveries are evidence."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_endpoint_id
    )
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="webhook_endpoints", db_index=False
    )
    mode = models.CharField(max_length=4, choices=Mode)
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="Empty: all."
    )
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    sealed_secret = models.TextField(editable=False)
    sealed_previous_secret = models.TextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="endpoint_is_test_or_live", condition=Q(mode__in=Mode.values)
            ),
            models.CheckConstraint(
                name="old_endpoint_secret_has_an_end",
                condition=Q(sealed_previous_secret="") | Q(previous_secret_until__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="endpoints_that_are_told",
                fields=["merchant", "mode", "public_id"],
                condition=Q(deleted_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.url} ({self.public_id})"


class WebhookDelivery(DueRow):
    """One event owed to one endpoint."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_delivery_id
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    created_at = models.DateTimeField(editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    # Computed by the database from the columns of the due row, so that the two never disagree.
    state = models.GeneratedField(
        expression=Case(
            When(dead_at__isnull=False, then=Value(DeliveryState.DEAD)),
            When(due_at__isnull=True, then=Value(DeliveryState.DELIVERED)),
            default=Value(DeliveryState.PENDING),
        ),
        output_field=models.CharField(max_length=16, choices=DeliveryState),
        db_persist=True,
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                name="event_is_owed_once_to_an_endpoint", fields=["endpoint", "event"]
            ),
        ]
        indexes = [
            models.Index(
                name="deliveries_that_are_due",
                fields=["due_at", "id"],
                condition=Q(due_at__isnull=False, dead_at=None),
            ),
            models.Index(
                name="deliveries_that_are_dead", fields=["dead_at"], condition=~Q(dead_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.state})"


auditlog.register(WebhookEndpoint, exclude_fields=["sealed_secret", "sealed_previous_secret"])
