"""What payments shows to those who compare it with a channel's word: values, in bulk."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from django.db.models import Exists, Min, Model, OuterRef, Q, QuerySet, Sum

from audit.models.due import DueQuerySet
from payments.channels.base import ReportKind
from payments.models import Attempt, Capture, ChannelAccount, Refund, SuspenseItem
from payments.states import CaptureState, RefundState

M = TypeVar("M", bound=Model)

SLICE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """Money that we say moved, or a try of ours by which it may have moved (`done` is False).

    `fact` is the public id of the capture, refund or suspense item; of the attempt while nothing was
    captured. `reference` is what we called it when we spoke with the channel.
    """

    fact: str
    kind: ReportKind
    reference: str
    channel_id: str
    amount_minor: int
    currency: str
    state: str
    done: bool
    in_suspense: bool = False
    payment: str = ""
    occurred_at: datetime | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """What one channel account owes us by our own books of payments, in one currency."""

    channel_account: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSuspense:
    """Money in suspense that nobody has placed yet."""

    item: str
    channel_account: str
    currency: str
    amount_minor: int


def accounts(*, channel: str = "", public_id: str = "") -> list[ChannelAccount]:
    """The enabled accounts, of one channel where it is given; or the one that is named, enabled or not."""
    found = ChannelAccount.objects.order_by("pk")
    if channel:
        found = found.filter(channel=channel)
    return list(found.filter(public_id=public_id) if public_id else found.filter(enabled=True))


def accounts_to_compare(*, since: date) -> list[ChannelAccount]:
    """The enabled accounts, and those disabled ones that the channel still owes us for, or that were
    used since."""
    start = datetime.combine(since, time(), UTC)
    captures = Capture.objects.filter(
        attempt__channel_account=OuterRef("pk"), state=CaptureState.SUCCEEDED
    )
    refunds = Refund.objects.filter(
        capture__attempt__channel_account=OuterRef("pk"), state=RefundState.SUCCEEDED
    )
    return list(
        ChannelAccount.objects.filter(
            Q(enabled=True)
            | Exists(captures.filter(Q(settled_at=None) | Q(captured_at__gte=start)))
            | Exists(refunds.filter(Q(settled_at=None) | Q(refunded_at__gte=start)))
            | Exists(SuspenseItem.objects.filter(channel_account=OuterRef("pk"), settled_at=None))
        ).order_by("pk")
    )


def first_day(*, channel_account: ChannelAccount, since: date) -> date | None:
    """The first UTC day, not before `since`, on which money moved; None where none did."""
    start = datetime.combine(since, time(), UTC)
    captures = Capture.objects.filter(
        attempt__channel_account=channel_account,
        state=CaptureState.SUCCEEDED,
        captured_at__gte=start,
    )
    refunds = Refund.objects.filter(
        capture__attempt__channel_account=channel_account,
        state=RefundState.SUCCEEDED,
        refunded_at__gte=start,
    )
    parked = SuspenseItem.objects.filter(channel_account=channel_account, occurred_at__gte=start)
    moments = [
        captures.aggregate(first=Min("captured_at"))["first"],
        refunds.aggregate(first=Min("refunded_at"))["first"],
        parked.aggregate(first=Min("occurred_at"))["first"],
    ]
    return min((moment.astimezone(UTC).date() for moment in moments if moment), default=None)


def named(
    *, channel_account: ChannelAccount, references: Collection[str], channel_ids: Collection[str]
) -> list[Booking]:
    """Captures, open tries and refunds by our reference; suspense items by the channel's own id."""
    attempts = Attempt.objects.filter(channel_account=channel_account, public_id__in=references)
    captured = _captured(Capture.objects.filter(attempt__in=attempts, state=CaptureState.SUCCEEDED))
    tried = attempts.exclude(public_id__in=[booking.reference for booking in captured])
    refunds = Refund.objects.filter(
        capture__attempt__channel_account=channel_account, public_id__in=references
    )
    parked = SuspenseItem.objects.filter(
        channel_account=channel_account, channel_id__in=channel_ids
    )
    return [*captured, *_tried(tried), *_refunded(refunds), *_parked(parked)]


def of_day(*, channel_account: ChannelAccount, day: date) -> Iterator[list[Booking]]:
    """Everything that moved on the UTC day, slice by slice: what the day's statement should show."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    captures = Capture.objects.filter(
        attempt__channel_account=channel_account,
        state=CaptureState.SUCCEEDED,
        captured_at__gte=start,
        captured_at__lt=end,
    )
    refunds = Refund.objects.filter(
        capture__attempt__channel_account=channel_account,
        state=RefundState.SUCCEEDED,
        refunded_at__gte=start,
        refunded_at__lt=end,
    )
    parked = SuspenseItem.objects.filter(
        channel_account=channel_account, occurred_at__gte=start, occurred_at__lt=end
    )
    yield from map(_captured, _slices(captures))
    yield from map(_refunded, _slices(refunds))
    yield from map(_parked, _slices(parked))


def unsettled() -> list[Unsettled]:
    """Captured or parked, less refunded, and not yet paid out to us by the channel."""
    sums: dict[tuple[str, str], int] = {}
    for sign, rows in (
        (
            1,
            _sums(
                Capture.objects.filter(settled_at=None, state=CaptureState.SUCCEEDED),
                "attempt__channel_account__public_id",
            ),
        ),
        (
            -1,
            _sums(
                Refund.objects.filter(settled_at=None, state=RefundState.SUCCEEDED),
                "capture__attempt__channel_account__public_id",
            ),
        ),
        (1, _sums(SuspenseItem.objects.filter(settled_at=None), "channel_account__public_id")),
    ):
        for account, currency, amount_minor in rows:
            key = (account, currency)
            sums[key] = sums.get(key, 0) + sign * int(amount_minor)
    return [
        Unsettled(channel_account=account, currency=currency, amount_minor=amount_minor)
        for (account, currency), amount_minor in sorted(sums.items())
    ]


def open_suspense() -> list[OpenSuspense]:
    rows = SuspenseItem.objects.filter(cleared_at=None).order_by("pk")
    return [
        OpenSuspense(item=item, channel_account=account, currency=currency, amount_minor=amount)
        for item, account, currency, amount in rows.values_list(
            "public_id", "channel_account__public_id", "currency", "amount_minor"
        )
    ]


def is_in_suspense(item: str) -> bool:
    """Whether the item's money still waits to be placed."""
    return SuspenseItem.objects.filter(public_id=item, cleared_at=None).exists()


def suspense_items() -> "DueQuerySet[SuspenseItem]":
    """For the desk that takes them up: they are due until they are on it."""
    return SuspenseItem.objects.select_related("channel_account", "payment")


# Tuples, not models: a day has a hundred thousand of them.


def _captured(captures: "QuerySet[Capture]") -> list[Booking]:
    rows = captures.values_list(
        "public_id",
        "attempt__public_id",
        "channel_id",
        "amount_minor",
        "currency",
        "state",
        "payment__public_id",
        "captured_at",
        "settled_at",
    )
    return [
        Booking(
            fact=fact,
            kind=ReportKind.PAYMENT,
            reference=reference,
            channel_id=channel_id,
            amount_minor=amount_minor,
            currency=currency,
            state=state,
            done=True,
            payment=payment,
            occurred_at=captured_at,
            settled=settled_at is not None,
        )
        for (
            fact,
            reference,
            channel_id,
            amount_minor,
            currency,
            state,
            payment,
            captured_at,
            settled_at,
        ) in rows
    ]


def _tried(attempts: "QuerySet[Attempt]") -> list[Booking]:
    rows = attempts.values_list(
        "public_id", "channel_id", "amount_minor", "currency", "state", "payment__public_id"
    )
    return [
        Booking(
            fact=fact,
            kind=ReportKind.PAYMENT,
            reference=fact,
            channel_id=channel_id,
            amount_minor=amount_minor,
            currency=currency,
            state=state,
            done=False,
            payment=payment,
        )
        for fact, channel_id, amount_minor, currency, state, payment in rows
    ]


def _refunded(refunds: "QuerySet[Refund]") -> list[Booking]:
    rows = refunds.values_list(
        "public_id",
        "channel_id",
        "amount_minor",
        "currency",
        "state",
        "payment__public_id",
        "refunded_at",
        "settled_at",
    )
    return [
        Booking(
            fact=fact,
            kind=ReportKind.REFUND,
            reference=fact,
            channel_id=channel_id,
            amount_minor=amount_minor,
            currency=currency,
            state=state,
            done=state == RefundState.SUCCEEDED,
            payment=payment,
            occurred_at=refunded_at,
            settled=settled_at is not None,
        )
        for (
            fact,
            channel_id,
            amount_minor,
            currency,
            state,
            payment,
            refunded_at,
            settled_at,
        ) in rows
    ]


def _parked(items: "QuerySet[SuspenseItem]") -> list[Booking]:
    return [
        Booking(
            fact=item.public_id,
            kind=ReportKind.PAYMENT,
            reference=item.reference,
            channel_id=item.channel_id,
            amount_minor=item.amount_minor,
            currency=item.currency,
            state=item.kind,
            done=True,
            in_suspense=True,
            payment=item.payment.public_id if item.payment else "",
            occurred_at=item.occurred_at,
            settled=item.settled_at is not None,
        )
        for item in items.select_related("payment")
    ]


def _slices(rows: "QuerySet[M]") -> "Iterator[QuerySet[M]]":
    last = 0
    while keys := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SLICE]
    ):
        yield rows.filter(pk__gt=last, pk__lte=keys[-1]).order_by("pk")
        last = keys[-1]


def _sums(rows: "QuerySet[M]", account: str) -> Iterable[tuple[str, str, int]]:
    return rows.order_by().values_list(account, "currency").annotate(Sum("amount_minor"))
