"""What happened, by whom: written once, never changed.

Meant for people and for proof: refused signatures, operator actions, onboarding. Money's own
history is in payment events and journals.
"""

import pgtrigger
from django.db import models

from audit.ids import PUBLIC_ID_LENGTH, new_id


def new_record_id() -> str:
    return new_id("aud")


class Record(models.Model):
    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_record_id
    )
    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=64, db_index=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    target = models.CharField(max_length=64, blank=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = "audit record"
        triggers = [
            pgtrigger.Protect(
                name="audit_records_are_written_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="audit_records_are_never_truncated",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'audit records are never truncated';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target} ({self.public_id})"
