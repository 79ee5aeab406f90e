"""Nonces that were used: in PostgreSQL, so that losing a cache forgives nobody."""

from datetime import datetime
from typing import Any

from django.db import connection, models

from merchants.models.api_key import ApiKey

REMEMBER = """
INSERT INTO merchants_seennonce (key_id, nonce, forget_after) VALUES (%s, %s, %s)
ON CONFLICT (key_id, nonce) DO NOTHING
"""


class NonceQuerySet(models.QuerySet["SeenNonce"]):
    def remember(self, *, key_id: int, nonce: str, forget_after: datetime) -> bool:
        """False when the nonce had been used with this key before."""
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER, [key_id, nonce, forget_after])
            return bool(cursor.rowcount)


class SeenNonce(models.Model):
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, db_index=False)
    nonce = models.CharField(max_length=128)
    forget_after = models.DateTimeField(db_index=True)

    objects: Any = NonceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="nonce_counts_once_per_key", fields=["key", "nonce"])
        ]

    def __str__(self) -> str:
        return self.nonce
