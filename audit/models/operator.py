"""A person who signs in to the console."""

from auditlog.registry import auditlog
from django.contrib.auth.models import AbstractUser
from django.db import models

from audit.ids import PUBLIC_ID_LENGTH, new_id


def new_operator_id() -> str:
    return new_id("opr")


class Operator(AbstractUser):
    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_operator_id
    )

    class Meta:
        verbose_name = "operator"


auditlog.register(Operator, exclude_fields=["password", "last_login"])
