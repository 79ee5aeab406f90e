"""A nonce counts once per key."""

from datetime import datetime

from merchants.models import ApiKey, SeenNonce


def remember(*, key: ApiKey, nonce: str, forget_after: datetime) -> bool:
    """False when this key has used the nonce before."""
    return SeenNonce.objects.remember(key_id=key.pk, nonce=nonce, forget_after=forget_after)


def forget(*, now: datetime) -> int:
    """Drops the nonces whose signatures are too old to be accepted again; answers how many."""
    deleted, _ = SeenNonce.objects.filter(forget_after__lt=now).delete()
    return deleted
