"""Signatures of deliveries to merchants, after Standard Webhooks 1.0.0."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that the specification gives every secret
SECRET_BYTES = 32


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    *, message_id: str, at: datetime, body: str, secrets_in_force: Sequence[str]
) -> dict[str, str]:
    """`at` is this attempt's time; one signature per secret, so that a rotation overlaps."""
    moment = at.astimezone(UTC).replace(microsecond=0)
    signatures = [Webhook(secret).sign(message_id, moment, body) for secret in secrets_in_force]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
