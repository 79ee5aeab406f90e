"""How business goes: counts and sums for the console's first page, each in one query."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from payments.models import Attempt, Capture, Payment, Refund
from payments.states import AttemptState, CaptureState, PaymentState, RefundState


class Result(StrEnum):
    """What became of a payment, as far as a day's chart is concerned."""

    SUCCEEDED = "succeeded"
    WAITING = "waiting"
    FAILED = "failed"
    GIVEN_UP = "given up"


RESULTS: dict[PaymentState, Result] = {
    PaymentState.CREATED: Result.WAITING,
    PaymentState.REQUIRES_ACTION: Result.WAITING,
    PaymentState.PROCESSING: Result.WAITING,
    PaymentState.AUTHORIZED: Result.WAITING,
    PaymentState.SUCCEEDED: Result.SUCCEEDED,
    PaymentState.PARTIALLY_REFUNDED: Result.SUCCEEDED,
    PaymentState.REFUNDED: Result.SUCCEEDED,
    PaymentState.FAILED: Result.FAILED,
    PaymentState.CANCELED: Result.GIVEN_UP,
    PaymentState.EXPIRED: Result.GIVEN_UP,
}
OVER = (AttemptState.SUCCEEDED, AttemptState.FAILED)


@dataclass(frozen=True, slots=True)
class ChannelSuccess:
    """Of the attempts that a channel has answered for good."""

    public_id: str
    title: str
    succeeded: int
    failed: int

    @property
    def percent(self) -> int:
        return round(100 * self.succeeded / (self.succeeded + self.failed))


@dataclass(frozen=True, slots=True)
class Volume:
    """In one currency: what was collected, what of it we keep as fees, what went back."""

    currency: str
    payments: int
    collected_minor: int
    fee_minor: int
    refunded_minor: int


def results_by_day(*, since: datetime) -> Mapping[date, Counter[Result]]:
    """Payments by the UTC day of their creation; days without one are left out."""
    rows = (
        Payment.objects.filter(created_at__gte=since)
        .order_by()
        .values_list(TruncDate("created_at", tzinfo=UTC), "state")
        .annotate(Count("pk"))
    )
    days: dict[date, Counter[Result]] = {}
    for day, state, count in rows:
        days.setdefault(day, Counter())[RESULTS[PaymentState(state)]] += count
    return days


def success_by_channel(*, since: datetime) -> list[ChannelSuccess]:
    rows = (
        Attempt.objects.filter(payment__created_at__gte=since, state__in=OVER)
        .order_by()
        .values_list("channel_account__public_id", "channel_account__title", "state")
        .annotate(Count("pk"))
    )
    found: dict[tuple[str, str], Counter[str]] = {}
    for public_id, title, state, count in rows:
        found.setdefault((title, public_id), Counter())[state] += count
    return [
        ChannelSuccess(
            public_id, title, states[AttemptState.SUCCEEDED], states[AttemptState.FAILED]
        )
        for (title, public_id), states in sorted(found.items())
    ]


def volumes(*, since: datetime) -> list[Volume]:
    """What moved, by the time that the channel gives; two queries."""
    collected = (
        Capture.objects.filter(captured_at__gte=since, state=CaptureState.SUCCEEDED)
        .order_by()
        .values_list("currency")
        .annotate(Count("pk"), Sum("amount_minor"), Sum("fee_minor"))
    )
    back = (
        Refund.objects.filter(refunded_at__gte=since, state=RefundState.SUCCEEDED)
        .order_by()
        .values_list("currency")
        .annotate(Sum("amount_minor"))
    )
    captures = {currency: sums for currency, *sums in collected}
    refunds = dict(back)
    return [
        _volume(currency, captures.get(currency, (0, 0, 0)), refunds.get(currency, 0))
        for currency in sorted(captures.keys() | refunds.keys())
    ]


def _volume(currency: str, captured: Sequence[int], refunded_minor: int) -> Volume:
    payments, collected_minor, fee_minor = (int(figure) for figure in captured)
    return Volume(
        currency=currency,
        payments=payments,
        collected_minor=collected_minor,
        fee_minor=fee_minor,
        refunded_minor=int(refunded_minor),
    )
