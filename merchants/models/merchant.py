"""Whom we serve."""

from auditlog.registry import auditlog
from django.db import models
from django_fsm import FSMField, transition

from audit.ids import PUBLIC_ID_LENGTH, new_id
from merchants.states import MerchantStatus


def new_merchant_id() -> str:
    return new_id("mch")


class Merchant(models.Model):
    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_merchant_id
    )
    name = models.CharField(max_length=200)
    status = FSMField(
        max_length=16, choices=MerchantStatus.choices, default=MerchantStatus.ACTIVE, protected=True
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="merchant_has_a_name", condition=~models.Q(name="")),
            models.CheckConstraint(
                name="merchant_is_active_or_suspended",
                condition=models.Q(status__in=MerchantStatus.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"

    @transition(status, source=MerchantStatus.ACTIVE, target=MerchantStatus.SUSPENDED)
    def suspend(self) -> None:
        """Its keys are refused from now on; money already under way is finished."""

    @transition(status, source=MerchantStatus.SUSPENDED, target=MerchantStatus.ACTIVE)
    def reinstate(self) -> None:
        """Its keys work again."""


auditlog.register(Merchant)
