"""What became of a request that may come again."""

import uuid
from datetime import datetime
from typing import NamedTuple

from django.db import connection, models
from django.db.models import Q

from audit.ids import PUBLIC_ID_LENGTH
from merchants.models.merchant import Merchant
from merchants.states import IdempotencyState, Mode

BEGIN = """
INSERT INTO merchants_idempotencyrecord
    (merchant_id, mode, method, path, key, fingerprint, state, resource,
     response_headers, sealed_body, lease_until, lease_token, created_at)
VALUES (%s, %s, %s, %s, %s, %s, 'in_progress', '', '{}', '', %s, %s, %s)
ON CONFLICT (merchant_id, mode, method, path, key) DO NOTHING
RETURNING id
"""


class Scope(NamedTuple):
    """Within which an Idempotency-Key is unique."""

    merchant_id: int
    mode: str
    method: str
    path: str
    key: str


class IdempotencyQuerySet(models.QuerySet["IdempotencyRecord"]):
    def begin(
        self, scope: Scope, *, fingerprint: str, lease_until: datetime, now: datetime
    ) -> tuple[int, uuid.UUID] | None:
        """The new row's key and lease token, or None when the scope is taken: one statement."""
        token = uuid.uuid4()
        with connection.cursor() as cursor:
            cursor.execute(BEGIN, [*scope, fingerprint, lease_until, token, now])
            row = cursor.fetchone()
        return (row[0], token) if row else None

    def of(self, scope: Scope) -> "IdempotencyQuerySet":
        return self.filter(**scope._asdict())


class IdempotencyRecord(models.Model):
    """`resource` is set in the transaction that starts the effect: from then on the request is
    resumed, never begun again."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, db_index=False)
    mode = models.CharField(max_length=4, choices=Mode)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=IdempotencyState)
    resource = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True, db_index=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_headers = models.JSONField(default=dict)
    # Sealed: an answer may show a secret once, and is kept so that it can be repeated.
    sealed_body = models.TextField(blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    objects = IdempotencyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="idempotency_key_is_used_once",
                fields=["merchant", "mode", "method", "path", "key"],
            ),
            models.CheckConstraint(
                name="complete_request_has_an_answer",
                condition=~Q(state=IdempotencyState.COMPLETE)
                | Q(response_status__isnull=False, lease_token__isnull=True),
            ),
            models.CheckConstraint(
                name="request_is_in_progress_or_complete",
                condition=Q(state__in=IdempotencyState.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.state})"
