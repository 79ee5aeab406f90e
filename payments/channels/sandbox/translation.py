"""The sandbox's charges and refunds in the house's words. Whatever does not fit is refused, not guessed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from payments.channels.amounts import AmountUnreadable, to_minor
from payments.channels.base import ChannelReport, Outcome, PaymentState, RefundState, ReportKind

PAYMENT_STATES = {
    "WAITING_FOR_PAYER": PaymentState.REQUIRES_ACTION,
    "PENDING": PaymentState.PROCESSING,
    "AUTHORIZED": PaymentState.AUTHORIZED,
    "PAID": PaymentState.SUCCEEDED,
    "DECLINED": PaymentState.FAILED,
    "CLOSED": PaymentState.CANCELED,
}
REFUND_STATES = {
    "PENDING": RefundState.PENDING,
    "SUCCEEDED": RefundState.SUCCEEDED,
    "FAILED": RefundState.FAILED,
}
# What the sandbox's answer to a create or a refund means for the call; a read is always `done`.
OUTCOMES = {
    "WAITING_FOR_PAYER": Outcome.ACCEPTED,
    "PENDING": Outcome.ACCEPTED,
    "AUTHORIZED": Outcome.DONE,
    "PAID": Outcome.DONE,
    "SUCCEEDED": Outcome.DONE,
    "DECLINED": Outcome.REJECTED,
    "FAILED": Outcome.REJECTED,
    "CLOSED": Outcome.REJECTED,
}


class Unreadable(ValueError):
    """A field is missing or is not what the sandbox promises."""


def payment_report(
    charge: object, *, outcome: Outcome | None, raw: Mapping[str, object], reference: str = ""
) -> ChannelReport:
    """`outcome` None: as the charge's state says. Raises Unreadable, also for another reference."""
    wire = _mapping(charge)
    try:
        state = PAYMENT_STATES[wire["state"]]
        failure = _mapping(wire.get("failure") or {})
        currency = str(wire["currency"])
        url = str(wire.get("redirect_url") or "")
        report = ChannelReport(
            kind=ReportKind.PAYMENT,
            outcome=outcome or OUTCOMES[wire["state"]],
            reference=str(wire["reference"]),
            state=state,
            channel_state=str(wire["state"]),
            channel_id=str(wire["id"]),
            amount_minor=_minor(wire["amount"], currency),
            currency=currency,
            amount_captured_minor=_minor(wire["captured_amount"], currency),
            amount_refunded_minor=_minor(wire["refunded_amount"], currency),
            occurred_at=_moment(wire["updated_at"]),
            next_action={"type": "redirect", "url": url} if url else None,
            failure_code=str(failure.get("code", "")),
            failure_message=str(failure.get("message", "")),
            raw=raw,
        )
    except (KeyError, TypeError, AmountUnreadable) as error:
        raise Unreadable(f"charge: {error!r}") from error
    return _ours(report, reference)


def refund_report(
    refund: object, *, outcome: Outcome | None, raw: Mapping[str, object], reference: str = ""
) -> ChannelReport:
    """`outcome` None: as the refund's state says. Raises Unreadable, also for another reference."""
    wire = _mapping(refund)
    try:
        failure = _mapping(wire.get("failure") or {})
        currency = str(wire["currency"])
        report = ChannelReport(
            kind=ReportKind.REFUND,
            outcome=outcome or OUTCOMES[wire["state"]],
            reference=str(wire["reference"]),
            state=REFUND_STATES[wire["state"]],
            channel_state=str(wire["state"]),
            payment_reference=str(wire["charge_reference"]),
            channel_id=str(wire["id"]),
            amount_minor=_minor(wire["amount"], currency),
            currency=currency,
            occurred_at=_moment(wire["updated_at"]),
            failure_code=str(failure.get("code", "")),
            failure_message=str(failure.get("message", "")),
            raw=raw,
        )
    except (KeyError, TypeError, AmountUnreadable) as error:
        raise Unreadable(f"refund: {error!r}") from error
    return _ours(report, reference)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("not an object")
    return value


def _minor(amount: object, currency: str) -> int | None:
    """None where the sandbox gives none: a number that was closed before any charge came under it."""
    return None if amount is None else to_minor(amount, currency)


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Unreadable(f"{text!r} is not a time") from None
    if moment.tzinfo is None:
        raise Unreadable(f"{text!r} has no time zone")
    return moment


def _ours(report: ChannelReport, reference: str) -> ChannelReport:
    if reference and report.reference != reference:
        raise Unreadable(f"asked about {reference}, told about {report.reference}")
    return report
