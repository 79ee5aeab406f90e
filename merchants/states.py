"""Every enum of merchants, with its label and the colour of its badge."""

from django.db.models import TextChoices


class Mode(TextChoices):
    TEST = "test", "Test"
    LIVE = "live", "Live"


class MerchantStatus(TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"


class KeyKind(TextChoices):
    BEARER = "bearer", "Bearer secret"
    SIGNATURE = "signature", "Signature"


class Algorithm(TextChoices):
    """The signature algorithms of RFC 9421 that a merchant may use."""

    ED25519 = "ed25519", "Ed25519"
    ECDSA_P256_SHA256 = "ecdsa-p256-sha256", "ECDSA P-256, SHA-256"
    RSA_PSS_SHA512 = "rsa-pss-sha512", "RSA-PSS, SHA-512"
    RSA_V1_5_SHA256 = "rsa-v1_5-sha256", "RSA PKCS#1 v1.5, SHA-256"


class DeliveryState(TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead"


class IdempotencyState(TextChoices):
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETE = "complete", "Complete"


COLOURS: dict[TextChoices, str] = {
    Mode.TEST: "info",
    Mode.LIVE: "primary",
    MerchantStatus.ACTIVE: "success",
    MerchantStatus.SUSPENDED: "danger",
    DeliveryState.PENDING: "warning",
    DeliveryState.DELIVERED: "success",
    DeliveryState.DEAD: "danger",
    IdempotencyState.IN_PROGRESS: "warning",
    IdempotencyState.COMPLETE: "success",
}
