"""With what a merchant proves that a request is its own."""

from auditlog.registry import auditlog
from django.db import models
from django.db.models import Q

from audit.ids import PUBLIC_ID_LENGTH, new_id
from merchants.models.merchant import Merchant
from merchants.states import Algorithm, KeyKind, Mode


def new_key_id() -> str:
    return new_id("key")


class ApiKey(models.Model):
    """A bearer key keeps the hash of its secret only, a signature key the public half only."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=new_key_id
    )
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="api_keys")
    mode = models.CharField(max_length=4, choices=Mode)
    kind = models.CharField(max_length=16, choices=KeyKind)
    algorithm = models.CharField(max_length=32, choices=Algorithm, blank=True)
    public_key_pem = models.TextField(blank=True)
    secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    secret_hint = models.CharField(max_length=16, blank=True)
    api_version = models.CharField(max_length=10)
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(
                name="bearer_secret_opens_one_key",
                fields=["secret_hash"],
                condition=~Q(secret_hash=""),
            ),
            models.CheckConstraint(
                name="bearer_keys_are_for_tests_and_keep_a_hash_only",
                condition=~Q(kind=KeyKind.BEARER)
                | Q(
                    mode=Mode.TEST,
                    secret_hash__regex="^[0-9a-f]{64}$",  # noqa: S106 - the shape of a hash
                    public_key_pem="",
                    algorithm="",
                ),
            ),
            models.CheckConstraint(
                name="signature_keys_keep_a_public_key_and_its_algorithm",
                condition=~Q(kind=KeyKind.SIGNATURE)
                | Q(secret_hash="", algorithm__in=Algorithm.values) & ~Q(public_key_pem=""),
            ),
            models.CheckConstraint(
                name="key_is_bearer_or_signature", condition=Q(kind__in=KeyKind.values)
            ),
            models.CheckConstraint(name="key_is_test_or_live", condition=Q(mode__in=Mode.values)),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.mode} {self.kind})"


auditlog.register(ApiKey, exclude_fields=["secret_hash"])
