"""The sandbox's callbacks: verified over the raw bytes, then translated."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from payments.channels.base import (
    CallbackAnswer,
    CallbackForged,
    CallbackUnreadable,
    ChannelReport,
    Credentials,
    Outcome,
    Verified,
)
from payments.channels.http import evidence
from payments.channels.sandbox.signing import SignatureRefused, check_callback
from payments.channels.sandbox.translation import Unreadable, payment_report, refund_report

ACK = CallbackAnswer(status=200, content_type="application/json", body=b'{"received":true}')
NACK = CallbackAnswer(status=503, content_type="application/json", body=b'{"received":false}')


def verify(
    headers: Mapping[str, str], body: bytes, *, credentials: Credentials, now: datetime
) -> Verified:
    """Raises CallbackForged."""
    try:
        signed_at = check_callback(
            headers,
            account=credentials.account_id,
            secret=credentials.secret,
            body=body,
            now=now.timestamp(),
        )
    except SignatureRefused as refusal:
        raise CallbackForged(refusal.reason) from None
    return Verified(event_id=_event_id(body), sent_at=datetime.fromtimestamp(signed_at, UTC))


def translate(body: bytes) -> list[ChannelReport]:
    """Raises CallbackUnreadable."""
    try:
        event = json.loads(body)
        raw = {"callback": evidence(body)}
        if "charge" in event:
            return [payment_report(event["charge"], outcome=Outcome.DONE, raw=raw)]
        return [refund_report(event["refund"], outcome=Outcome.DONE, raw=raw)]
    except (ValueError, RecursionError, KeyError, TypeError, Unreadable) as error:
        raise CallbackUnreadable(str(error)) from error


def _event_id(body: bytes) -> str:
    """The event's id; what cannot be read is still genuine, kept under the digest of its bytes."""
    try:
        event_id = json.loads(body)["id"]
    except (ValueError, RecursionError, KeyError, TypeError):
        event_id = None
    if isinstance(event_id, str) and 0 < len(event_id) <= 64:
        return event_id
    return f"sha256:{hashlib.sha256(body).hexdigest()}"[:64]
