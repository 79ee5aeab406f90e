"""Giving out keys and taking them back."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import records
from merchants.models import ApiKey, Merchant
from merchants.signing import messages
from merchants.states import Algorithm, KeyKind, Mode

CURRENT_API_VERSION = "2026-11-20"
SECRET_PREFIX = "sk_test_"  # noqa: S105 - the public prefix of every test secret
SECRET_BYTES = 32


class BearerKeysAreForTests(Exception):
    """A bearer secret travels with every request, so live keys sign instead."""


@dataclass(frozen=True, slots=True)
class Issued:
    """`secret` is shown once, for a bearer key only; afterwards nobody can read it."""

    key: ApiKey
    secret: str = ""


@transaction.atomic
def issue(
    *,
    merchant: Merchant,
    mode: Mode,
    by: Actor,
    now: datetime,
    algorithm: Algorithm | None = None,
    public_key_pem: str = "",
) -> Issued:
    """With a public key and its algorithm: a signature key. Without: a bearer secret, test mode only.

    Raises BearerKeysAreForTests, signing.messages.KeyUnfit.
    """
    secret = "" if algorithm else _new_secret(mode)
    if algorithm:
        messages.public_key(public_key_pem, algorithm)
    key = ApiKey.objects.create(
        merchant=merchant,
        mode=mode,
        kind=KeyKind.SIGNATURE if algorithm else KeyKind.BEARER,
        algorithm=algorithm or "",
        public_key_pem=public_key_pem if algorithm else "",
        secret_hash=hash_of(secret) if secret else "",
        secret_hint=secret and f"{SECRET_PREFIX}…{secret[-4:]}",
        api_version=CURRENT_API_VERSION,
        created_at=now,
    )
    records.write(
        action="api_key.issued",
        by=by,
        now=now,
        target=key.public_id,
        detail={"merchant": merchant.public_id, "mode": mode, "kind": key.kind},
    )
    return Issued(key=key, secret=secret)


@transaction.atomic
def revoke(*, key: ApiKey, reason: str, by: Actor, now: datetime) -> None:
    """Refused from the next request on; revoking twice keeps the first date."""
    locked = ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    if locked.revoked_at:
        return
    locked.revoked_at = now
    locked.save(update_fields=["revoked_at"])
    records.write(
        action="api_key.revoked", by=by, now=now, target=locked.public_id, detail={"reason": reason}
    )


def hash_of(secret: str) -> str:
    """SHA-256 is enough for a secret with 256 bits of randomness: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_secret(mode: Mode) -> str:
    if mode != Mode.TEST:
        raise BearerKeysAreForTests(mode)
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
