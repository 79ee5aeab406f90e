"""On what terms: data only, the arithmetic is in merchants/fees.py."""

from auditlog.registry import auditlog
from django.db import models
from django.db.models import Q

from merchants.models.merchant import Merchant


class FeePlan(models.Model):
    """A merchant's fee; the row that names the currency goes before the row for any currency."""

    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="fee_plans", db_index=False
    )
    currency = models.CharField(
        max_length=3, blank=True, help_text="Empty: every currency that has no row of its own."
    )
    percent_bps = models.PositiveIntegerField(help_text="Hundredths of a percent: 290 is 2.9 %.")
    fixed_minor = models.BigIntegerField(default=0, help_text="In the currency's minor unit.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_fee_plan_per_merchant_and_currency", fields=["merchant", "currency"]
            ),
            models.CheckConstraint(
                name="fee_percentage_is_between_none_and_all", condition=Q(percent_bps__lte=10_000)
            ),
            models.CheckConstraint(
                name="fixed_fee_is_not_negative", condition=Q(fixed_minor__gte=0)
            ),
            models.CheckConstraint(
                name="fixed_fee_names_its_currency", condition=~Q(currency="") | Q(fixed_minor=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.currency or 'any'}: {self.percent_bps} bps + {self.fixed_minor}"


auditlog.register(FeePlan)
