"""Getting a day's statement: kept verbatim first, read all or nothing after.

The same bytes are the same file; other bytes for the same day are another file, compared anew.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.services import records
from ledger.money import MAX_MINOR
from payments.channels.base import StatementInvalid, StatementRow
from payments.selectors import bookings
from payments.services import connections
from reconciliation.models import StatementFile, StatementLine
from reconciliation.models.fields import REFERENCE_LENGTH
from reconciliation.states import FileSource, FileState

if TYPE_CHECKING:
    from payments.models import ChannelAccount

MAX_BYTES = 512 * 1024 * 1024
BATCH = 2000
# If whoever imported the file dies before comparing it, a worker does it after that.
OWED_AFTER = timedelta(seconds=90)
# How far back a night makes good what earlier nights did not do.
MADE_GOOD_DAYS = 31


class StatementRefused(Exception):
    """Nothing of the file was used. It is kept, with the line and the reason."""

    def __init__(self, *, file: StatementFile, line_number: int, reason: str) -> None:
        super().__init__(f"{file.public_id}, line {line_number}: {reason}")
        self.file = file
        self.line_number = line_number
        self.reason = reason


class StatementTooLarge(Exception):
    """More bytes than we take; nothing is kept."""


def expect(*, channel_account: "ChannelAccount", business_date: date, now: datetime) -> None:
    """Owes the fetching and comparing of a day's statement; once, however often it is said."""
    files = StatementFile.objects.of_day(
        channel_account_pk=channel_account.pk, business_date=business_date
    )
    if not files.filter(source=FileSource.FETCHED).exclude(state=FileState.REFUSED).exists():
        _await(channel_account, business_date, due_at=now, attempts=0, now=now)


def expect_nights(*, channel_account: "ChannelAccount", today: date, now: datetime) -> None:
    """Owes yesterday, and every day before it that was never asked for: from the account's first
    booking or statement on, at most MADE_GOOD_DAYS back."""
    yesterday, since = today - timedelta(days=1), today - timedelta(days=MADE_GOOD_DAYS)
    asked = set(
        StatementFile.objects.filter(channel_account=channel_account, source=FileSource.FETCHED)
        .filter(business_date__lte=yesterday)
        .values_list("business_date", flat=True)
    )
    begun = bookings.first_day(channel_account=channel_account, since=since)
    first = max(since, min([*asked, begun or yesterday, yesterday]))
    days = [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]
    for day in days:
        if day == yesterday or day not in asked:
            expect(channel_account=channel_account, business_date=day, now=now)


def expect_again(*, file: StatementFile, now: datetime, delay_seconds: float) -> None:
    """The channel gave something unreadable: ask again later, as the next try of the same work."""
    _await(
        file.channel_account,
        file.business_date,
        due_at=now + timedelta(seconds=delay_seconds),
        attempts=file.attempts,
        now=now,
    )


def fetch(
    *, channel_account: "ChannelAccount", business_date: date, by: Actor, now: datetime
) -> StatementFile:
    """Asks the channel, outside any transaction, and keeps what it gave. Raises ChannelError."""
    data = connections.states(channel_account).fetch_statement(business_date)
    return _keep(
        StatementFile(
            channel_account=channel_account,
            business_date=business_date,
            source=FileSource.FETCHED,
            created_at=now,
            due_at=now + OWED_AFTER,
        ),
        data,
        by=by,
        now=now,
    )


def fetch_into(*, file: StatementFile, by: Actor, now: datetime) -> StatementFile:
    """For a file that is awaited: the file itself, or the one of the day that has the same bytes.
    Raises ChannelError."""
    data = connections.states(file.channel_account).fetch_statement(file.business_date)
    return _keep(file, data, by=by, now=now)


def upload(
    *,
    channel_account: "ChannelAccount",
    business_date: date,
    data: bytes,
    by: Actor,
    now: datetime,
) -> StatementFile:
    """Keeps a file that a person brought."""
    return _keep(
        StatementFile(
            channel_account=channel_account,
            business_date=business_date,
            source=FileSource.UPLOADED,
            created_at=now,
            due_at=now + OWED_AFTER,
        ),
        data,
        by=by,
        now=now,
    )


def read(*, file: StatementFile) -> StatementFile:
    """Turns the file into lines, all or none; a file that was read already stays as it is.

    Raises StatementRefused.
    """
    try:
        with transaction.atomic():
            locked = StatementFile.objects.select_for_update(no_key=True).get(pk=file.pk)
            if locked.state in (FileState.KEPT, FileState.REFUSED):
                locked.read(line_count=_write_lines(locked))
                locked.save(
                    update_fields=["state", "line_count", "refused_line", "refused_because"]
                )
    except StatementInvalid as invalid:
        _refuse(file, invalid)
        raise StatementRefused(
            file=file, line_number=invalid.line_number, reason=invalid.reason
        ) from invalid
    return StatementFile.objects.without_raw().select_related("channel_account").get(pk=file.pk)


def _await(
    channel_account: "ChannelAccount",
    business_date: date,
    *,
    due_at: datetime,
    attempts: int,
    now: datetime,
) -> None:
    StatementFile.objects.get_or_create(
        channel_account=channel_account,
        business_date=business_date,
        state=FileState.AWAITED,
        defaults={
            "source": FileSource.FETCHED,
            "due_at": due_at,
            "attempts": attempts,
            "created_at": now,
        },
    )


def _keep(file: StatementFile, data: bytes, *, by: Actor, now: datetime) -> StatementFile:
    if len(data) > MAX_BYTES:
        raise StatementTooLarge(f"{len(data)} bytes")
    sha256 = hashlib.sha256(data).hexdigest()
    known = StatementFile.objects.without_raw().filter(
        channel_account=file.channel_account, business_date=file.business_date, sha256=sha256
    )
    if found := known.first():
        return _repeated(file, found)
    file.keep(raw=data, sha256=sha256, now=now)
    try:
        with transaction.atomic():
            file.save()
            records.write(
                action=f"statement.{file.source}",
                by=by,
                now=now,
                target=file.public_id,
                detail={
                    "channel_account": file.channel_account.public_id,
                    "business_date": file.business_date.isoformat(),
                    "sha256": sha256,
                    "size_bytes": len(data),
                },
            )
    except IntegrityError:
        # Somebody kept the same bytes a moment ago.
        return _repeated(StatementFile.objects.get(pk=file.pk) if file.pk else file, known.get())
    return file


def _repeated(file: StatementFile, found: StatementFile) -> StatementFile:
    if file.pk:
        file.repeat()
        file.save(update_fields=["state"])
    return found


def _write_lines(file: StatementFile) -> int:
    """How many there are. Raises StatementInvalid, with nothing left of the lines before."""
    rows = connections.states(file.channel_account).parse_statement(bytes(file.raw))
    lines = (_line(file, row) for row in rows)
    count = 0
    while batch := list(islice(lines, BATCH)):
        StatementLine.objects.bulk_create(batch)
        count += len(batch)
    return count


def _line(file: StatementFile, row: StatementRow) -> StatementLine:
    for reason in _complaints(file, row):
        raise StatementInvalid(row.line_number, reason)
    return StatementLine(
        file=file,
        line_number=row.line_number,
        kind=row.kind,
        reference=row.reference,
        channel_id=row.channel_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        fee_minor=row.fee_minor,
        channel_state=row.state,
        occurred_at=row.occurred_at,
        raw=row.raw,
    )


def _complaints(file: StatementFile, row: StatementRow) -> Iterator[str]:
    """What a line may not say, whichever channel it comes from."""
    day = row.occurred_at.astimezone(UTC).date()
    if day != file.business_date:
        yield f"is of {day}, the statement is for {file.business_date}"
    if not 0 < row.amount_minor <= MAX_MINOR:
        yield "the amount is not a positive number of 63 bits"
    if abs(row.fee_minor) > MAX_MINOR:
        yield "the fee does not fit 63 bits"
    if max(len(row.reference), len(row.channel_id)) > REFERENCE_LENGTH:
        yield f"a reference has more than {REFERENCE_LENGTH} characters"
    if "\x00" in row.raw:
        yield "holds a NUL"


@transaction.atomic
def _refuse(file: StatementFile, invalid: StatementInvalid) -> None:
    locked = StatementFile.objects.select_for_update(no_key=True).get(pk=file.pk)
    if locked.state == FileState.KEPT:
        # The reason may quote the file, and PostgreSQL stores no NUL.
        because = invalid.reason.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        locked.refuse(line_number=invalid.line_number, because=because)
        # Reading it again will not help; a changed file or parser is another matter.
        locked.due_at = None
        locked.save(update_fields=["state", "refused_line", "refused_because", "due_at"])
