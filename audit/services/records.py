"""Writing the record of who did what."""

from collections.abc import Mapping
from datetime import datetime

from audit.actor import Actor
from audit.models.record import Record
from audit.redaction import redacted


def write(
    *,
    action: str,
    by: Actor,
    now: datetime,
    target: str = "",
    detail: Mapping[str, object] | None = None,
) -> Record:
    """One line that stays: `action` is a dotted name, `target` a public id; secrets in `detail` are masked."""
    return Record.objects.create(
        at=now,
        action=action,
        actor_kind=by.kind,
        actor_id=by.id,
        target=target,
        request_id=by.request_id,
        ip=by.ip,
        detail=redacted(detail or {}),
    )
