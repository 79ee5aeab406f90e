"""Comparing a day's statement with our books: match, heal, settle, and a ticket for the rest.

Every step is a short transaction and can be repeated: a run that died is taken up where it stopped, and
one that finds nothing new writes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q

from audit.actor import Actor
from audit.services import due
from payments.channels.base import ChannelError
from reconciliation.models import Run, StatementFile, Ticket
from reconciliation.models.statement import FETCH_SCHEDULE_SECONDS
from reconciliation.services import imports, judging, locks, settlements, tickets
from reconciliation.services.hearing import Hearing
from reconciliation.services.imports import StatementRefused
from reconciliation.states import (
    DiscrepancyKind,
    FileSource,
    FileState,
    LineState,
    RunState,
    TicketState,
)

if TYPE_CHECKING:
    from payments.models import ChannelAccount

# Longer than any run; after that a run that died is taken up by somebody else.
LEASE_SECONDS = 900

Progress = Callable[[str, int, int], None]


class ComparisonUnderWay(Exception):
    """Somebody compares this day's statement just now."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"this day is being compared; its worker has until {until:%H:%M:%S} UTC")
        self.until = until


def reconcile(
    *,
    channel_account: "ChannelAccount",
    business_date: date,
    file: bytes | None = None,
    by: Actor,
    now: datetime,
    progress: Progress | None = None,
) -> Run:
    """Compares the given file, or the statement that the channel gives now.

    Raises ChannelError, StatementRefused, StatementTooLarge, ComparisonUnderWay.
    """
    _say(progress, "Statement", 0, 1)
    if file is None:
        kept = imports.fetch(
            channel_account=channel_account, business_date=business_date, by=by, now=now
        )
    else:
        kept = imports.upload(
            channel_account=channel_account,
            business_date=business_date,
            data=file,
            by=by,
            now=now,
        )
    imports.read(file=kept)
    _say(progress, "Statement", 1, 1)
    with _leased(kept, now=now) as leased:
        return _compare(leased, by=by, now=now, progress=progress)


def pursue(*, file: StatementFile, by: Actor, now: datetime) -> None:
    """A worker's step for a statement that is due: fetch, read, compare. The caller holds the row's
    lease."""
    try:
        kept = file
        if file.state == FileState.AWAITED:
            kept = imports.fetch_into(file=file, by=by, now=now)
        kept = imports.read(file=kept)
        if kept.pk == file.pk:
            _refuse_rivals(kept, now=now)
            _compare(kept, by=by, now=now)
    except (ChannelError, ComparisonUnderWay) as error:
        postpone(file=file, now=now, error=str(error))
    except StatementRefused as refused:
        _ask_again(file, now=now, error=str(refused))
    else:
        # Bytes that somebody else brought are compared by whoever brought them.
        due.done(file)


def postpone(*, file: StatementFile, now: datetime, error: str) -> None:
    """Again later, then a person has to look."""
    due.retry_or_bury(file, now=now, schedule_seconds=FETCH_SCHEDULE_SECONDS, error=error)


def tickets_at_work(run: Run) -> list[Ticket]:
    """What is open about the run's account and day, whichever run found it."""
    about = Ticket.objects.at_work().filter(
        channel_account=run.channel_account_id, business_date=run.business_date
    )
    return list(about.order_by("pk"))


class _Row:
    """The run's row: taken up when its worker died, else made when there is something to write about."""

    def __init__(self, file: StatementFile, *, by: Actor, now: datetime) -> None:
        self._file, self._by, self._now = file, by, now
        self._started = monotonic()
        running = Run.objects.filter(
            channel_account=file.channel_account_id,
            business_date=file.business_date,
            state=RunState.RUNNING,
        )
        for left in running.exclude(file=file):
            # We hold the day's lease: nobody is at work on that one any more.
            left.interrupt()
            left.save(update_fields=["state"])
        self._run = running.filter(file=file).first()

    def made(self) -> Run:
        if self._run is None:
            self._run = Run.objects.create(
                channel_account=self._file.channel_account,
                business_date=self._file.business_date,
                file=self._file,
                line_count=self._file.line_count,
                triggered_by=str(self._by),
                started_at=self._now,
            )
        return self._run

    def finished(self) -> Run:
        if self._run is None and (before := self._finished_before()):
            return before
        run = self.made()
        lines = self._file.lines.aggregate(
            matched=Count("pk", filter=Q(state=LineState.MATCHED)),
            healed=Count("pk", filter=Q(state=LineState.HEALED)),
        )
        run.finish(
            matched=lines["matched"],
            healed=lines["healed"],
            discrepancies=_discrepancies(self._file),
            at=self._now + timedelta(seconds=monotonic() - self._started),
        )
        run.save()
        return run

    def _finished_before(self) -> Run | None:
        runs = Run.objects.filter(file=self._file, state=RunState.FINISHED)
        return runs.order_by("-pk").first()


def _compare(
    file: StatementFile, *, by: Actor, now: datetime, progress: Progress | None = None
) -> Run:
    """The caller holds the day's lease."""
    row = _Row(file, by=by, now=now)
    if file.state == FileState.READ:
        row.made()
    hearing = Hearing(file=file, run=row.made, by=by, now=now)
    to_judge = file.lines.to_judge().count()
    # What a worker that died had matched and not booked yet comes first: then every fact that is paid
    # for is marked so.
    booked = settlements.settle(file=file, by=by, now=now)
    judging.judge(hearing, lambda done: _say(progress, "Lines", done, to_judge))
    judging.miss(hearing)
    _say(progress, "Tickets", 0, 1)
    tickets.take_up(now=now)
    _say(progress, "Tickets", 1, 1)
    _say(progress, "Settlement", 0, 1)
    booked += settlements.settle(file=file, by=by, now=now)
    _say(progress, "Settlement", 1, 1)
    if booked:
        row.made()
    if file.state == FileState.READ:
        file.compare()
        file.save(update_fields=["state"])
    return row.finished()


def _discrepancies(file: StatementFile) -> dict[str, int]:
    """By kind: lines that are not as they should be, and bookings that no line speaks of."""
    of_lines = (
        file.lines.filter(state=LineState.TICKETED).values_list("verdict").order_by("verdict")
    )
    kinds = {str(kind): count for kind, count in of_lines.annotate(Count("pk"))}
    missing = Ticket.objects.filter(
        channel_account=file.channel_account_id,
        business_date=file.business_date,
        kind=DiscrepancyKind.MISSING_AT_CHANNEL,
    ).exclude(state=TicketState.HEALED)
    if count := missing.count():
        kinds[DiscrepancyKind.MISSING_AT_CHANNEL.value] = count
    return kinds


@contextmanager
def _leased(file: StatementFile, *, now: datetime) -> Iterator[StatementFile]:
    """The file, with its day reserved for the caller; given back, or owed to a worker, at the end."""
    with transaction.atomic():
        _refuse_rivals(file, now=now)
        files = StatementFile.objects.without_raw().filter(pk=file.pk)
        files.update(due_at=now)
        claimed = due.claim(
            files.select_related("channel_account"), now=now, limit=1, lease_seconds=LEASE_SECONDS
        )
    if not claimed:
        raise ComparisonUnderWay(now + timedelta(seconds=LEASE_SECONDS))
    [leased] = claimed
    finished = False
    try:
        yield leased
        finished = True
    finally:
        if finished:
            due.done(leased)
        else:
            due.retry(
                leased,
                now=now,
                delay_seconds=FETCH_SCHEDULE_SECONDS[0],
                error="the comparison broke off",
            )


@transaction.atomic
def _refuse_rivals(file: StatementFile, *, now: datetime) -> None:
    locks.day(channel_account=file.channel_account.public_id, business_date=file.business_date)
    rival = (
        StatementFile.objects.of_day(
            channel_account_pk=file.channel_account_id, business_date=file.business_date
        )
        .leased(now)
        .exclude(lease_token=file.lease_token)
        .without_raw()
        .first()
    )
    if rival and rival.lease_until:
        raise ComparisonUnderWay(rival.lease_until)


def _ask_again(file: StatementFile, *, now: datetime, error: str) -> None:
    """The file is kept as evidence. The channel is asked for another one; a person's upload is not."""
    if file.source == FileSource.UPLOADED:
        due.done(file)
    elif file.attempts > len(FETCH_SCHEDULE_SECONDS):
        due.bury(file, now=now, error=error)
    else:
        delay_seconds = due.jittered(FETCH_SCHEDULE_SECONDS[file.attempts - 1])
        imports.expect_again(file=file, now=now, delay_seconds=delay_seconds)
        due.done(file)


def _say(progress: Progress | None, step: str, done: int, total: int) -> None:
    if progress:
        progress(step, done, total)
