"""Callbacks: stored before they are understood, acknowledged when stored, applied by a worker."""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from limits.storage import MemoryStorage

from audit.actor import Actor, ActorKind
from audit.services import due, records
from payments.channels.base import CallbackAnswer, CallbackForged, CallbackUnreadable, Verified
from payments.models import CallbackReceipt, ChannelAccount
from payments.models.callback import APPLY_SCHEDULE_SECONDS
from payments.services import connections, outcomes
from payments.services.outcomes import Applied
from payments.states import ReceiptState

logger = logging.getLogger(__name__)

RECEIPT_FIELDS = ("state", "reference", "rejected_because", "due_at", "lease_until", "lease_token")
KEPT_HEADER_LENGTH = 1000
# Of a forged callback: enough to see what was tried. Per process, account and minute, counted in
# memory: nobody fills the table by being refused.
FORGERY_SAMPLE_BYTES = 4096
FORGERIES_KEPT = 10
FORGERY_WINDOW_SECONDS = 60

forgeries = MemoryStorage()


def receive(
    *,
    channel: str,
    account_id: str,
    headers: Mapping[str, str],
    body: bytes,
    by: Actor,
    now: datetime,
) -> CallbackAnswer:
    """Stores a genuine callback once and answers as the channel demands.

    Of a forged one a sample is kept as evidence; it changes nothing, and is answered with the channel's
    refusal. Raises ChannelAccount.DoesNotExist.
    """
    account = ChannelAccount.objects.get(channel=channel, public_id=account_id)
    adapter = connections.calls_back(account)
    try:
        verified = adapter.verify(headers, body, now=now)
    except CallbackForged as forged:
        _keep_forgery(account, headers, body, reason=forged.reason, by=by, now=now)
        return adapter.nack()
    _keep(account, headers, body, verified=verified, now=now)
    return adapter.ack()


def pursue(*, receipt: CallbackReceipt, now: datetime) -> None:
    """A worker's step for a receipt that is due. The caller holds the row's lease."""
    try:
        apply(receipt=receipt, now=now)
    except CallbackUnreadable as unreadable:
        due.bury(receipt, now=now, error=str(unreadable))


def postpone(*, receipt: CallbackReceipt, now: datetime, error: str) -> None:
    """Applying failed for a reason of ours: again later, then a person has to look."""
    due.retry_or_bury(receipt, now=now, schedule_seconds=APPLY_SCHEDULE_SECONDS, error=error)


@transaction.atomic
def apply(*, receipt: CallbackReceipt, now: datetime) -> Applied:
    """Lets the callback's reports in by the one road, and closes the receipt in the same transaction.

    Raises CallbackUnreadable.
    """
    account = receipt.channel_account
    by = Actor(kind=ActorKind.CHANNEL, id=account.public_id)
    reports = connections.calls_back(account).translate(bytes(receipt.body))
    applied = {
        outcomes.apply(
            report=report, channel_account=account, source=receipt.public_id, by=by, now=now
        )
        for report in reports
    }
    receipt.reference = reports[0].reference[:128] if reports else ""
    result = next(
        (one for one in (Applied.PARKED, Applied.CHANGED) if one in applied), Applied.NOTHING_NEW
    )
    match result:
        case Applied.PARKED:
            receipt.park()
        case Applied.CHANGED:
            receipt.apply()
        case Applied.NOTHING_NEW:
            receipt.ignore()
    receipt.save(update_fields=RECEIPT_FIELDS)
    return result


def _keep(
    account: ChannelAccount,
    headers: Mapping[str, str],
    body: bytes,
    *,
    verified: Verified,
    now: datetime,
) -> None:
    receipt = CallbackReceipt(
        channel_account=account,
        delivery_id=verified.event_id,
        headers=_kept(headers),
        body=body,
        received_at=now,
        due_at=now,
    )
    stored = CallbackReceipt.objects.bulk_create([receipt], ignore_conflicts=True)
    if not CallbackReceipt.objects.filter(public_id=stored[0].public_id).exists():
        CallbackReceipt.objects.filter(
            channel_account=account, delivery_id=verified.event_id
        ).update(deliveries=F("deliveries") + 1)


def _keep_forgery(
    account: ChannelAccount,
    headers: Mapping[str, str],
    body: bytes,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    sha256 = hashlib.sha256(body).hexdigest()
    logger.warning("forged callback for %s: %s, sha256 %s", account, reason, sha256)
    if not _may_keep_forgery(account, now=now):
        return
    receipt = CallbackReceipt.objects.create(
        channel_account=account,
        headers=_kept(headers),
        body=body[:FORGERY_SAMPLE_BYTES],
        state=ReceiptState.REJECTED,
        rejected_because=reason[:128],
        received_at=now,
    )
    records.write(
        action="callback.forged",
        by=by,
        now=now,
        target=account.public_id,
        detail={
            "receipt": receipt.public_id,
            "reason": reason,
            "sha256": sha256,
            "size_bytes": len(body),
        },
    )


def _may_keep_forgery(account: ChannelAccount, *, now: datetime) -> bool:
    window = int(now.timestamp()) // FORGERY_WINDOW_SECONDS
    seen = forgeries.incr(f"{window}:{account.public_id}", FORGERY_WINDOW_SECONDS)
    return seen <= FORGERIES_KEPT


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:KEPT_HEADER_LENGTH] for name, value in headers.items()}
