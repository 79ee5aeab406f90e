"""Claiming, finishing, retrying and burying rows that are due.

Every call after the claim is fenced: it names the lease token, and a row that was claimed by
somebody else meanwhile raises LeaseLost instead of being written twice.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import F

from audit.actor import Actor
from audit.models.due import DueQuerySet, DueRow
from audit.services import records

R = TypeVar("R", bound=DueRow)

# A row that kills its worker never comes to its schedule's end. Above every schedule's length.
CLAIMS_AT_MOST = 50


class LeaseLost(Exception):
    """The row belongs to another worker now: drop what you hold."""


class NotDead(Exception):
    """Nobody has given the row up, or somebody has revived it already."""


def claim(rows: "DueQuerySet[R]", *, now: datetime, limit: int, lease_seconds: int) -> list[R]:
    """Up to `limit` due rows of the queryset, oldest first, leased to the caller.

    Runs in its own short transaction; rows that another worker holds are skipped, not waited for. A
    row that was claimed CLAIMS_AT_MOST times and is due still is buried instead.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        claimed = _locked(rows, now=now, limit=limit)
        while worn_out := [row.pk for row in claimed if row.attempts >= CLAIMS_AT_MOST]:
            _rows(rows.model).filter(pk__in=worn_out).update(
                dead_at=now,
                lease_until=None,
                lease_token=None,
                last_error=f"claimed {CLAIMS_AT_MOST} times and never finished",
            )
            claimed = _locked(rows, now=now, limit=limit)
        lease_until = now + timedelta(seconds=lease_seconds)
        _rows(rows.model).filter(pk__in=[row.pk for row in claimed]).update(
            lease_token=token, lease_until=lease_until, attempts=F("attempts") + 1
        )
    for row in claimed:
        row.lease_token, row.lease_until, row.attempts = token, lease_until, row.attempts + 1
    return claimed


def done(row: DueRow) -> None:
    """Nothing more is owed."""
    _fenced(row, due_at=None, lease_until=None, lease_token=None, last_error="")


def retry(row: DueRow, *, now: datetime, delay_seconds: float, error: str) -> None:
    """Owed again after `delay_seconds`."""
    _fenced(
        row,
        due_at=now + timedelta(seconds=delay_seconds),
        lease_until=None,
        lease_token=None,
        last_error=error[:2000],
    )


def wait(row: DueRow, *, now: datetime, delay_seconds: float, reason: str) -> None:
    """Owed again after `delay_seconds`; nothing went wrong, so attempts are counted from the start."""
    _fenced(
        row,
        due_at=now + timedelta(seconds=delay_seconds),
        attempts=0,
        lease_until=None,
        lease_token=None,
        last_error=reason[:2000],
    )


def bury(row: DueRow, *, now: datetime, error: str) -> None:
    """Given up; shown in the console and in queue_status until a person revives it."""
    _fenced(row, dead_at=now, lease_until=None, lease_token=None, last_error=error[:2000])


def retry_or_bury(
    row: DueRow, *, now: datetime, schedule_seconds: Sequence[int], error: str
) -> None:
    """The next delay of the schedule by the number of attempts made, with jitter; past its end, buried."""
    if row.attempts > len(schedule_seconds):
        bury(row, now=now, error=error)
    else:
        delay = jittered(schedule_seconds[row.attempts - 1])
        retry(row, now=now, delay_seconds=delay, error=error)


@transaction.atomic
def revive(row: DueRow, *, reason: str, by: Actor, now: datetime) -> None:
    """A row that was given up is owed again, from its first attempt on. Raises NotDead."""
    rows = _rows(type(row)).filter(pk=row.pk).exclude(dead_at=None)
    if not rows.update(
        due_at=now, dead_at=None, attempts=0, lease_until=None, lease_token=None, last_error=""
    ):
        raise NotDead("it is not given up any more")
    records.write(
        action="due_row.revived",
        by=by,
        now=now,
        target=str(getattr(row, "public_id", row.pk)),
        detail={"reason": reason, "error": row.last_error},
    )


def jittered(seconds: float, *, share: float = 0.1) -> float:
    """The delay plus up to `share` of it, so that a herd does not come back at once."""
    return seconds * (1 + random.random() * share)  # noqa: S311 - spreads load, guards nothing


def _locked(rows: "DueQuerySet[R]", *, now: datetime, limit: int) -> list[R]:
    return list(
        rows.due(now)
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("due_at", "pk")[:limit]
    )


def _fenced(row: DueRow, **values: object) -> None:
    changed = _rows(type(row)).filter(pk=row.pk, lease_token=row.lease_token).update(**values)
    if not changed:
        raise LeaseLost(f"{row} was claimed by another worker")
    for name, value in values.items():
        setattr(row, name, value)


def _rows(model: type[R]) -> "models.QuerySet[R]":
    return model._default_manager.all()  # noqa: SLF001 - documented API of Django, underscore or not
