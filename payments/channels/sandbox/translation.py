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
        url = _name(wire.get("redirect_url") or "", longest=2048)
        report = ChannelReport(
            kind=ReportKind.PAYMENT,
            outcome=outcome or OUTCOMES[wire["state"]],
            reference=_name(wire["reference"]),
            state=state,
            channel_state=wire["state"],
            channel_id=_name(wire["id"]),
            amount_minor=_minor(wire["amount"], currency),
            currency=currency,
            amount_captured_minor=_minor(wire["captured_amount"], currency),
            amount_refunded_minor=_minor(wire["refunded_amount"], currency),
            occurred_at=_moment(wire["updated_at"]),
            next_action={"type": "redirect", "url": url} if url else None,
            failure_code=plain(failure.get("code", ""), 64),
            failure_message=plain(failure.get("message", ""), 255),
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
            reference=_name(wire["reference"]),
            state=REFUND_STATES[wire["state"]],
            channel_state=wire["state"],
            payment_reference=_name(wire["charge_reference"]),
            channel_id=_name(wire["id"]),
            amount_minor=_minor(wire["amount"], currency),
            currency=currency,
            occurred_at=_moment(wire["updated_at"]),
            failure_code=plain(failure.get("code", ""), 64),
            failure_message=plain(failure.get("message", ""), 255),
            raw=raw,
        )
    except (KeyError, TypeError, AmountUnreadable) as error:
        raise Unreadable(f"refund: {error!r}") from error
    return _ours(report, reference)


def plain(value: object, longest: int) -> str:
    """For people only: without what does not print, cut to a length that a column holds."""
    return "".join(character for character in str(value) if character.isprintable())[:longest]


def _name(value: object, *, longest: int = 64) -> str:
    """What is compared and stored must be plain as it is."""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise Unreadable(f"{value!r:.80} is no identifier")
    return value


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
    if moment.tzinfo is None or not 2000 < moment.year < 2100:
        raise Unreadable(f"{text!r} has no time zone, or is not of our time")
    return moment


def _ours(report: ChannelReport, reference: str) -> ChannelReport:
    if reference and report.reference != reference:
        raise Unreadable(f"asked about {reference}, told about {report.reference}")
    return report
