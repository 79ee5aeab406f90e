"""What a channel says about a refund, applied: the refund's half of the one road in."""

from datetime import datetime

from audit.actor import Actor
from audit.services import records
from ledger.chart import AccountKind
from ledger.money import Money
from ledger.services import journals
from payments import events, postings
from payments.channels.base import ChannelReport, Outcome, RefundState
from payments.models import ChannelAccount, Refund
from payments.services import history, locks, notices
from payments.states import OPEN_REFUND_STATES, PaymentState
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
    return _hear(refund, report, by=by, now=now)


def _hear(refund: Refund, report: ChannelReport, *, by: Actor, now: datetime) -> bool:
    if refund.state == Ours.FAILED and report.state == RefundState.SUCCEEDED:
        return _succeeded_after_all(refund, report, by=by, now=now)
    if refund.state not in OPEN_REFUND_STATES:
        return False
    nothing_said = report.outcome is Outcome.UNKNOWN or report.not_found or report.state is None
    if nothing_said or report.state == RefundState.PENDING:
        return _still_open(refund)
    if report.state == RefundState.SUCCEEDED:
        return _succeeded(refund, report, by=by, now=now)
    _failed(refund, report, by=by, now=now)
    return True


def _still_open(refund: Refund) -> bool:
    """Under way, or nobody knows; either way it stays due until the channel says."""
    changed = bool(refund.state == Ours.PENDING)
    if changed:
        refund.process()
    refund.save(update_fields=["state", "channel_id", "exchange"])
    return changed


def _succeeded_after_all(
    refund: Refund, report: ChannelReport, *, by: Actor, now: datetime
) -> bool:
    """The merchant had its money again, and the payer was paid back nevertheless: taken once more.

    Where the payment has no such amount left to refund, the money went back twice: a person has to look.
    """
    if refund.amount_minor > refund.payment.refundable_minor:
        return _give_up(refund, "refund.made_twice", report, by=by, now=now)
    refund.payment.reserve_refund(amount_minor=refund.amount_minor)
    return _succeeded(refund, report, paid_from=AccountKind(refund.funded_from), by=by, now=now)


def _succeeded(
    refund: Refund,
    report: ChannelReport,
    *,
    paid_from: AccountKind = AccountKind.REFUNDS_PAYABLE,
    by: Actor,
    now: datetime,
) -> bool:
    if report.amount_minor not in (None, refund.amount_minor):
        return _give_up(refund, "refund.amount_mismatch", report, by=by, now=now)
    if report.currency not in ("", refund.currency):
        return _give_up(refund, "refund.currency_mismatch", report, by=by, now=now)
    payment, order = refund.payment, refund.payment.order
    refund.refunded_at = report.occurred_at or now
    refund.succeed()
    refund.save(update_fields=REFUND_FIELDS)

    payment.amount_refunded_minor += refund.amount_minor
    order.amount_refunded_minor += refund.amount_minor
    # What was collected decides, not what was ordered: a capture may take a part.
    if payment.amount_refunded_minor == payment.amount_captured_minor:
        payment.refund_in_full()
        order.refund_in_full()
    elif payment.state == PaymentState.SUCCEEDED:
        payment.refund_in_part()
        order.refund_in_part()
    order.save(update_fields=["state", "amount_refunded_minor"])
    history.append(payment, name="refunded", cause=refund.public_id, by=by, now=now)
    journals.post(
        postings.refunded(
            refund=refund.public_id,
            payment=payment.public_id,
            merchant=payment.merchant.public_id,
            channel_account=refund.capture.attempt.channel_account.public_id,
            paid_from=paid_from,
            amount=Money(refund.amount_minor, refund.currency),
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


def _give_up(
    refund: Refund, action: str, report: ChannelReport, *, by: Actor, now: datetime
) -> bool:
    """The channel's word contradicts ours: nothing is booked, and the row waits for a person as dead."""
    _record(action, report, by=by, now=now)
    refund.due_at, refund.dead_at, refund.last_error = now, now, action
    refund.lease_until = refund.lease_token = None
    refund.save(update_fields=[*REFUND_FIELDS, "dead_at", "last_error"])
    return False


def _record(action: str, report: ChannelReport, *, by: Actor, now: datetime) -> None:
    records.write(
        action=action,
        by=by,
        now=now,
        target=report.reference[:64],
        detail={"channel_id": report.channel_id, "amount_minor": report.amount_minor},
    )
