"""A request that comes again gets the first answer; one that died half-way is finished, not repeated.

A record is begun under a lease before anything happens. The service that starts an effect attaches
its resource in the same transaction. From then on a retry resumes that resource. A worker that
lost its lease is fenced off: attaching and completing name the lease token.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from audit import vault
from merchants.models import IdempotencyRecord
from merchants.models.idempotency import Scope
from merchants.states import IdempotencyState

LEASE = timedelta(seconds=60)
KEPT = timedelta(hours=24)


class InProgress(Exception):
    """Another worker is at it; `retry_after_seconds` says when to ask again."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"in progress, ask again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class KeyReused(Exception):
    """The key came with another body before."""


class LeaseLost(Exception):
    """The request took longer than its lease and a retry took over: roll back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer this request. `resource` is set when an earlier try had started it."""

    record_id: int
    token: uuid.UUID
    resource: str = ""

    def attach(self, resource: str) -> None:
        """Call it in the transaction that starts the effect, with the public id that it starts.

        Raises LeaseLost: let it roll the effect back.
        """
        if not self.rows().update(resource=resource):
            raise LeaseLost(f"record {self.record_id}")

    def rows(self) -> QuerySet[IdempotencyRecord]:
        """The record, as long as the lease is ours."""
        return IdempotencyRecord.objects.filter(pk=self.record_id, lease_token=self.token)


@dataclass(frozen=True, slots=True)
class Replay:
    """The first answer, byte for byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def begin(*, scope: Scope, fingerprint: str, now: datetime) -> Claim | Replay:
    """One statement for a request that was not seen before.

    Raises KeyReused, InProgress.
    """
    while True:
        begun = IdempotencyRecord.objects.begin(
            scope, fingerprint=fingerprint, lease_until=now + LEASE, now=now
        )
        if begun:
            return Claim(*begun)
        earlier = _seen_before(scope=scope, fingerprint=fingerprint, now=now)
        if earlier:
            return earlier


def complete(claim: Claim, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keeps the answer; in the transaction of the effect where there is only one.

    Raises LeaseLost.
    """
    kept = claim.rows().update(
        state=IdempotencyState.COMPLETE,
        response_status=status,
        response_headers=dict(headers),
        sealed_body=vault.seal(body, context=_context(claim.record_id)),
        lease_until=None,
        lease_token=None,
    )
    if not kept:
        raise LeaseLost(f"record {claim.record_id}")


def abandon(claim: Claim, *, now: datetime) -> None:
    """The request failed: forgotten if nothing was attached, else free for its retry to resume."""
    rows = claim.rows()
    forgotten, _ = rows.filter(resource="").delete()
    if not forgotten:
        rows.update(lease_until=now)


def forget(*, now: datetime) -> int:
    """Drops what is older than the contract's 24 hours; requests that started something and were
    never finished stay."""
    deleted, _ = (
        IdempotencyRecord.objects.filter(created_at__lt=now - KEPT)
        .filter(Q(state=IdempotencyState.COMPLETE) | Q(resource="", lease_until__lt=now))
        .delete()
    )
    return deleted


@transaction.atomic
def _seen_before(*, scope: Scope, fingerprint: str, now: datetime) -> Claim | Replay | None:
    """None when the record went away meanwhile: begin again."""
    record = IdempotencyRecord.objects.of(scope).select_for_update(no_key=True).first()
    if record is None:
        return None
    if record.fingerprint != fingerprint:
        raise KeyReused(record.key)
    if record.response_status is not None:
        body = vault.open_sealed(record.sealed_body, context=_context(record.pk))
        return Replay(record.response_status, record.response_headers, body)
    if record.lease_until and record.lease_until > now:
        raise InProgress(retry_after_seconds=1)
    record.lease_token, record.lease_until = uuid.uuid4(), now + LEASE
    record.save(update_fields=["lease_token", "lease_until"])
    return Claim(record.pk, record.lease_token, record.resource)


def _context(record_id: int) -> str:
    return f"merchants_idempotencyrecord.sealed_body:{record_id}"
