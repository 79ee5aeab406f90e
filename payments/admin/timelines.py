"""What happened to a payment, told in order: its events, what we sent, what came back, whom we told."""

from collections.abc import Iterable

from django.utils.html import format_html

from audit.admin.columns import short
from audit.admin.sheets import Happening, Timeline
from audit.admin.values import Badge, Evidence, Link, words
from merchants.selectors import events_written_at
from merchants.states import COLOURS as MERCHANT_COLOURS
from merchants.states import DeliveryState
from payments.admin import parts
from payments.models import Attempt, CallbackReceipt, Payment, PaymentEvent
from payments.states import COLOURS, PaymentState, ReceiptState

ROADS = {
    "answer": "the channel's answer",
    "inquiry": "our inquiry at the channel",
    "close": "the channel's answer when we closed it",
    "clock": "its time was over",
    "merchant": "the merchant's wish",
    "statement": "the channel's statement",
}


def payment_timeline(
    payment: Payment, *, attempts: Iterable[Attempt], receipts: Iterable[CallbackReceipt]
) -> Timeline:
    history = list(payment.history.order_by("sequence"))
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
    title = PaymentState(state).label if state in PaymentState.values else ""
    name = words(event.name)
    return Happening(
        at=event.at,
        title=format_html("<strong>{}</strong>", title or name),
        colour=str(COLOURS.get(state, "default")),
        detail=_why(event),
    )


def _why(event: PaymentEvent) -> object:
    who = format_html("by {} {}", event.actor_kind, Link(event.actor_id, short(event.actor_id)))
    if not event.cause:
        return who
    if event.cause in ROADS:
        return format_html("because of {} · {}", ROADS[event.cause], who)
    return format_html("because of {} · {}", Link(event.cause, short(event.cause)), who)


def _attempt(attempt: Attempt) -> Happening:
    evidence = [Evidence("Last exchange with the channel", attempt.exchange)]
    return Happening(
        at=attempt.created_at,
        title=format_html(
            "{} sent to {} {}",
            Link(attempt.public_id, f"Attempt {attempt.number}"),
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
            "{} received {}",
            Link(receipt.public_id, "Callback"),
            parts.badge(ReceiptState, receipt.state),
        ),
        colour="info",
        detail=repeats,
        evidence=[Evidence("What it said", receipt.body)],
    )


def _notices(payment: Payment, history: list[PaymentEvent]) -> list[Happening]:
    """The merchant's events were written in the transactions of the payment's."""
    written = events_written_at(
        merchant_id=payment.merchant_id, mode=payment.mode, moments={e.at for e in history}
    )
    return [
        Happening(
            at=event.created_at,
            title=format_html("Merchant told: {}", Link(event.public_id, event.type)),
            colour="default",
            detail=_deliveries(event),
        )
        for event in written
        if payment.public_id in event.body
    ]


def _deliveries(event: object) -> object:
    deliveries = list(event.deliveries.all())  # type: ignore[attr-defined]  # merchants' models are private
    if not deliveries:
        return "no endpoint asked for it"
    return format_html(
        " ".join("{} {}" for _ in deliveries),
        *(
            part
            for delivery in deliveries
            for part in (
                Link(delivery.public_id, delivery.endpoint.url),
                Badge(
                    DeliveryState(delivery.state).label,
                    MERCHANT_COLOURS[DeliveryState(delivery.state)],
                ),
            )
        ),
    )
