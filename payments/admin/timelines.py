"""What happened to a payment, told in order: its events, what we sent, what came back, whom we told."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.admin import links
from audit.admin.sheets import Happening, Timeline
from audit.admin.values import Badge, Evidence, Link, words
from merchants.selectors import events_written_at
from merchants.states import COLOURS as MERCHANT_COLOURS
from merchants.states import DeliveryState
from payments.admin import parts
from payments.models import Attempt, CallbackReceipt, Payment, PaymentEvent, Refund
from payments.states import COLOURS, PaymentState, ReceiptState

if TYPE_CHECKING:
    from merchants.models import Event

ROADS = {
    "answer": "The channel's answer",
    "inquiry": "Our inquiry at the channel",
    "close": "The channel closed it for us",
    "clock": "Its time was over",
    "merchant": "The merchant's wish",
    "statement": "The channel's statement",
}
STATE_NAMES = {"reinstated": "Succeeded after all", "submitted": "Sent to a channel"}


def payment_timeline(
    payment: Payment,
    *,
    attempts: Iterable[Attempt],
    refunds: Iterable[Refund],
    receipts: Iterable[CallbackReceipt],
) -> Timeline:
    history = list(payment.history.order_by("sequence"))
    links.learn(event.actor_id for event in history)
    links.call({attempt.public_id: f"Attempt {attempt.number}" for attempt in attempts})
    links.call({r.public_id: f"Refund {n}" for n, r in enumerate(refunds, start=1)})
    links.call({r.public_id: f"Callback {n}" for n, r in enumerate(receipts, start=1)})
    return Timeline(
        "What happened",
        [
            *(_event(event) for event in history),
            *(_attempt(attempt) for attempt in attempts),
            *(_receipt(receipt) for receipt in receipts),
            *_notices(payment, history),
        ],
    )


def _event(event: PaymentEvent) -> Happening:
    state = event.changes.get("state", "")
    label = PaymentState(state).label if state in PaymentState.values else words(event.name)
    return Happening(
        at=event.at,
        title=format_html("<strong>{}</strong>", STATE_NAMES.get(event.name, label)),
        colour=str(COLOURS.get(state, "default")),
        detail=_why(event),
    )


def _why(event: PaymentEvent) -> SafeString:
    """Through what, and by whom."""
    who = Link(event.actor_id)
    if not event.cause:
        return format_html("{}", who)
    cause = ROADS.get(event.cause) or Link(event.cause)
    return format_html("{} · {}", cause, who)


def _attempt(attempt: Attempt) -> Happening:
    evidence = [Evidence("Last exchange with the channel", attempt.exchange)]
    return Happening(
        at=attempt.created_at,
        title=format_html(
            "{} at {}{}",
            Link(attempt.public_id),
            attempt.channel_account.title,
            parts.attempt_badge(attempt),
        ),
        colour="info",
        detail=parts.failure(attempt),
        evidence=evidence if attempt.exchange else [],
    )


def _receipt(receipt: CallbackReceipt) -> Happening:
    repeats = f"sent {parts.times(receipt.deliveries)}" if receipt.deliveries > 1 else ""
    return Happening(
        at=receipt.received_at,
        title=format_html(
            "{} received{}",
            Link(receipt.public_id),
            parts.badge(ReceiptState, receipt.state),
        ),
        colour="info",
        detail=repeats,
        evidence=[Evidence("What it said", receipt.body)],
    )


def _notices(payment: Payment, history: Sequence[PaymentEvent]) -> list[Happening]:
    """The merchant's events were written in the transactions of the payment's."""
    written = events_written_at(
        merchant_id=payment.merchant_id, mode=payment.mode, moments={e.at for e in history}
    )
    return [
        Happening(
            at=event.created_at,
            title=format_html("Merchant told {}", Link(event.public_id, event.type)),
            detail=_deliveries(event),
        )
        for event in written
        if payment.public_id in event.body
    ]


def _deliveries(event: "Event") -> Any:
    deliveries = list(event.deliveries.all())
    if not deliveries:
        return "No endpoint asked for it"
    badges = [_delivery(delivery) for delivery in deliveries]
    return format_html(" ".join("{}" for _ in badges), *badges)


def _delivery(delivery: Any) -> SafeString:
    state = DeliveryState(delivery.state)
    return format_html(
        "{} {}",
        Link(delivery.public_id, delivery.endpoint.url),
        Badge(state.label, MERCHANT_COLOURS[state]),
    )
