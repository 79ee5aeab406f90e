"""What happened to a payment, in order, written once: the payment's row is rebuilt from this."""

import pgtrigger
from django.db import models


class PaymentEvent(models.Model):
    payment = models.ForeignKey(
        "payments.Payment", on_delete=models.PROTECT, related_name="history"
    )
    sequence = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    changes = models.JSONField(
        help_text="The payment's fields that changed, with their new values."
    )
    cause = models.CharField(
        max_length=64,
        blank=True,
        help_text="Public id of what brought it about, or the road it came.",
    )
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "sequence"], name="payment_events_are_numbered_once"
            ),
            models.CheckConstraint(
                condition=models.Q(sequence__gte=1), name="payment_events_are_numbered_from_one"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="payment_events_are_written_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="payment_events_are_never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'payment events are never truncated';",
            ),
            pgtrigger.Trigger(
                name="payment_events_are_dense",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("last", "INTEGER")],
                func="""
                    SELECT COALESCE(MAX(sequence), 0) INTO last
                    FROM payments_paymentevent WHERE payment_id = NEW.payment_id;
                    IF NEW.sequence <> last + 1 THEN
                        RAISE EXCEPTION 'payment event % of payment % does not follow %',
                            NEW.sequence, NEW.payment_id, last USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.sequence}"
