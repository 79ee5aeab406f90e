"""Refused requests leave a record, but nobody can fill the table by being refused."""

import logging
import time
from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from limits.storage import MemoryStorage

from audit.actor import Actor, ActorKind
from audit.services import records
from merchants.api.errors import ApiError, request_id
from merchants.api.fields import is_public_id
from merchants.signing import messages

logger = logging.getLogger(__name__)

# Per process and minute: enough to see who tries what, too little to hurt. Counted in memory, so
# that an attacker who also takes the cache away gains nothing.
RECORDS_PER_SOURCE = 10
RECORDS_IN_ALL = 120
WINDOW_SECONDS = 60

counters = MemoryStorage()


def record(request: HttpRequest, refusal: ApiError, *, now: datetime) -> None:
    key_id = _key_id(request)
    ip = request.META.get("REMOTE_ADDR", "")
    logger.warning("request refused: %s from %s with %s", refusal.code, ip, key_id or "no key")
    if not _may_write(source=key_id or ip):
        return
    try:
        records.write(
            action="api.request_refused",
            by=Actor(
                kind=ActorKind.MERCHANT,
                id=key_id or "unknown",
                request_id=request_id(request),
                ip=ip,
            ),
            now=now,
            target=key_id,
            detail={
                "code": refusal.code,
                "method": str(request.method)[:16],
                # As ASCII: what an attacker sends may hold characters that PostgreSQL refuses.
                "path": ascii(request.path)[1:-1][:200],
            },
        )
    except (OperationalError, InterfaceError) as error:
        logger.warning("the refusal could not be recorded: %s", error)


def _may_write(*, source: str) -> bool:
    window = int(time.time()) // WINDOW_SECONDS
    of_source = counters.incr(f"{window}:{source}", WINDOW_SECONDS)
    if of_source > RECORDS_PER_SOURCE:
        return False
    return counters.incr(f"{window}", WINDOW_SECONDS) <= RECORDS_IN_ALL


def _key_id(request: HttpRequest) -> str:
    """The key that the request claims, if it looks like one of ours; empty for a bearer token."""
    try:
        claimed = messages.claimed(
            signature=request.headers.get("Signature", ""),
            signature_input=request.headers.get("Signature-Input", ""),
        )
    except messages.SignatureMalformed:
        return ""
    key_id = str(claimed.parameters.get("keyid", ""))
    return key_id if is_public_id(key_id, "key") else ""
