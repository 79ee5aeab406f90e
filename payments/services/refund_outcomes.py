"""What a channel says about a refund, applied: the refund's half of the one road in."""

from datetime import datetime

from audit.actor import Actor
from audit.services import records
from ledger.chart import AccountKind
from ledger.services import journals
from payments import events, postings
from payments.channels.base import ChannelReport, Outcome, RefundState
from payments.models import ChannelAccount, Refund
from payments.services import history, locks, notices
from payments.states import OPEN_REFUND_STATES, OrderState, PaymentState
from payments.states import RefundState as Ours

REFUND_FIELDS = (
    "state",
    "channel_id",
    "failure_code",
    "failure_message",
    "exchange",
    "refunded_at",
    "due_at",
    "lease_until",
    "lease_token",
)


def apply(
    *, report: ChannelReport, channel_account: ChannelAccount, by: Actor, now: datetime
) -> bool:
    """Whether the report changed anything. Called inside outcomes.apply's transaction."""
    try:
        refund = locks.refund(public_id=report.reference, channel_account_pk=channel_account.pk)
    except Refund.DoesNotExist:
        _record("refund.unknown_at_us", report, by=by, now=now)
        return False
    if report.raw:
        refund.exchange = dict(report.raw)
    refund.channel_id = refund.channel_id or report.channel_id
    if refund.state not in OPEN_REFUND_STATES:
        return False
    if report.outcome is Outcome.UNKNOWN or report.not_found or report.state is None:
        return _still_open(refund)
    match RefundState(report.state):
        case RefundState.PENDING:
            return _still_open(refund)
        case RefundState.SUCCEEDED:
            return _succeeded(refund, report, by=by, now=now)
        case RefundState.FAILED | RefundState.CANCELED:
            _failed(refund, report, by=by, now=now)
            return True


def _still_open(refund: Refund) -> bool:
    """Under way, or nobody knows; either way it stays due until the channel says."""
    changed = bool(refund.state == Ours.PENDING)
    if changed:
        refund.process()
    refund.save(update_fields=["state", "channel_id", "exchange"])
    return changed


def _succeeded(refund: Refund, report: ChannelReport, *, by: Actor, now: datetime) -> bool:
    if report.amount_minor not in (None, refund.amount_minor):
        _record("refund.amount_mismatch", report, by=by, now=now)
        return False
    payment, order = refund.payment, refund.payment.order
    refund.refunded_at = report.occurred_at or now
    refund.succeed()
    refund.save(update_fields=REFUND_FIELDS)

    order.amount_refunded_minor += refund.amount_minor
    if order.amount_refunded_minor == order.amount_minor:
        order.refund_in_full()
    elif order.state == OrderState.PAID:
        order.refund_in_part()
    order.save(update_fields=["state", "amount_refunded_minor"])

    payment.amount_refunded_minor += refund.amount_minor
    if payment.amount_refunded_minor == payment.amount_captured_minor:
        payment.refund_in_full()
    elif payment.state == PaymentState.SUCCEEDED:
        payment.refund_in_part()
    history.append(payment, name="refunded", cause=refund.public_id, by=by, now=now)
    journals.post(
        postings.refunded(
            refund=refund.public_id,
            payment=payment.public_id,
            merchant=payment.merchant.public_id,
            channel_account=refund.capture.attempt.channel_account.public_id,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            mode=payment.mode,
            effective_at=refund.refunded_at,
        ),
        by=by,
        now=now,
    )
    notices.tell_refund(events.REFUND_SUCCEEDED, refund=refund, now=now)
    return True


def _failed(refund: Refund, report: ChannelReport, *, by: Actor, now: datetime) -> None:
    payment = refund.payment
    refund.fail(code=report.failure_code or "channel_refused", message=report.failure_message)
    refund.save(update_fields=REFUND_FIELDS)
    payment.release_refund(amount_minor=refund.amount_minor)
    history.append(payment, name="refund_failed", cause=refund.public_id, by=by, now=now)
    journals.post(
        postings.refund_failed(
            refund=refund.public_id,
            payment=payment.public_id,
            merchant=payment.merchant.public_id,
            funded_from=AccountKind(refund.funded_from),
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            mode=payment.mode,
            effective_at=now,
        ),
        by=by,
        now=now,
    )
    notices.tell_refund(events.REFUND_FAILED, refund=refund, now=now)


def _record(action: str, report: ChannelReport, *, by: Actor, now: datetime) -> None:
    records.write(
        action=action,
        by=by,
        now=now,
        target=report.reference[:64],
        detail={"channel_id": report.channel_id, "amount_minor": report.amount_minor},
    )
