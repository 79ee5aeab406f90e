"""What several pages of payments show alike: badges, and tables of the rows that belong together."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import TextChoices

from audit.admin.columns import StateColumn, state_badge
from audit.admin.sheets import Heading, Table
from audit.admin.values import Badge, Evidence, Link, words
from ledger.admin.amounts import Amount
from merchants.states import COLOURS as MERCHANT_COLOURS
from merchants.states import Mode
from payments.models import Attempt, CallbackReceipt, Capture, Payment, Refund
from payments.states import (
    COLOURS,
    AttemptState,
    CaptureState,
    PaymentState,
    ReceiptState,
    RefundState,
)

AMOUNT = Heading("Amount", number=True)
HOW_MANY_CALLBACKS = 50


def state_column(states: type[TextChoices]) -> StateColumn:
    return StateColumn("state", labels=dict(states.choices), colours=COLOURS)


def mode_column(path: str = "mode") -> StateColumn:
    return StateColumn(path, "Mode", labels=dict(Mode.choices), colours=MERCHANT_COLOURS)


def badge(states: type[TextChoices], state: str) -> Badge:
    return state_badge(state, labels=dict(states.choices), colours=COLOURS)


def mode_badge(mode: str) -> Badge:
    return state_badge(mode, labels=dict(Mode.choices), colours=MERCHANT_COLOURS)


def payments_table(payments: Iterable[Payment], title: str = "Payments") -> Table:
    return Table(
        title,
        ["Payment", "State", "Created", AMOUNT, Heading("Refunded", number=True)],
        [
            (
                Link(payment.public_id),
                badge(PaymentState, payment.state),
                payment.created_at,
                Amount(payment.amount_minor, payment.currency),
                money_if_any(payment.amount_refunded_minor, payment.currency),
            )
            for payment in payments
        ],
        empty="Nobody has tried to pay yet.",
    )


def attempts_table(attempts: Iterable[Attempt]) -> Table:
    """Their channel accounts are selected."""
    return Table(
        "Attempts",
        ["Attempt", "Channel", "State", "Channel's reference", "Answer"],
        [
            (
                Link(attempt.public_id),
                Link(attempt.channel_account.public_id, attempt.channel_account.title),
                attempt_badge(attempt),
                attempt.channel_id,
                failure(attempt) or attempt.channel_state,
            )
            for attempt in attempts
        ],
        empty="No channel has been asked yet.",
    )


def captures_table(captures: Iterable[Capture]) -> Table:
    return Table(
        "Captures",
        ["Capture", "State", "Captured", AMOUNT, Heading("Fee", number=True), "Settled"],
        [
            (
                Link(capture.public_id),
                badge(CaptureState, capture.state),
                capture.captured_at,
                Amount(capture.amount_minor, capture.currency),
                Amount(capture.fee_minor, capture.currency),
                capture.settled_at or "Not yet",
            )
            for capture in captures
        ],
        empty="No money has been collected.",
    )


def refunds_table(refunds: Iterable[Refund]) -> Table:
    return Table(
        "Refunds",
        ["Refund", "State", "Asked for", AMOUNT, "Reason", "Settled"],
        [
            (
                Link(refund.public_id),
                badge(RefundState, refund.state),
                refund.created_at,
                Amount(refund.amount_minor, refund.currency),
                refund.reason or failure(refund),
                refund.settled_at or "Not yet",
            )
            for refund in refunds
        ],
        empty="Nothing has been refunded.",
    )


def callbacks_about(references: Collection[str]) -> list[CallbackReceipt]:
    """What channels told us about these attempts and refunds, in the order of arrival."""
    return list(
        CallbackReceipt.objects.filter(reference__in=references)
        .select_related("channel_account")
        .order_by("received_at", "pk")[:HOW_MANY_CALLBACKS]
    )


def callbacks_table(receipts: Iterable[CallbackReceipt]) -> Table:
    return Table(
        "Callbacks",
        ["Callback", "Result", "Received", "Sent", "What it said"],
        [
            (
                Link(receipt.public_id),
                badge(ReceiptState, receipt.state),
                receipt.received_at,
                times(receipt.deliveries),
                Evidence("Show", receipt.body),
            )
            for receipt in receipts
        ],
        empty="The channel has not called back.",
    )


def attempt_badge(attempt: Attempt) -> Badge:
    if attempt.outcome_unknown:
        return Badge("Outcome unknown", "warning")
    return badge(AttemptState, attempt.state)


def failure(row: Any) -> str:
    """The channel's words for why it refused."""
    if not row.failure_code:
        return ""
    code = words(row.failure_code)
    return f"{code}: {row.failure_message}" if row.failure_message else code


def money_if_any(amount_minor: int, currency: str) -> Amount | None:
    return Amount(amount_minor, currency) if amount_minor else None


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
