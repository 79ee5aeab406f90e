"""What a ticket says: both sides as they were seen, and by what the same difference is known again."""

from datetime import UTC
from typing import TYPE_CHECKING, Any

from payments.channels.base import StatementRow
from payments.selectors.bookings import Booking
from reconciliation.drafts import Difference
from reconciliation.matching import Contract, Verdict
from reconciliation.models import StatementFile, StatementLine
from reconciliation.states import OF_SUSPENSE, DiscrepancyKind

if TYPE_CHECKING:
    from payments.models import SuspenseItem


def of_verdict(
    verdict: Verdict,
    *,
    file: StatementFile,
    contract: Contract,
    occurrence: int = 1,
    suspense_item: str = "",
) -> Difference:
    """`occurrence` counts lines that say the same; `suspense_item` is where unknown money was put."""
    kind = DiscrepancyKind(verdict.kind or "")
    line, booking = verdict.line, verdict.booking
    return Difference(
        kind=kind,
        subject=suspense_item or _subject(kind, line, booking, occurrence),
        business_date=file.business_date,
        amount_minor=verdict.at_stake_minor,
        currency=verdict.about.currency,
        our_reference=verdict.about.reference,
        their_reference=verdict.about.channel_id,
        payment=booking.payment if booking else "",
        fact=booking.fact if booking else "",
        suspense_item=suspense_item,
        evidence={
            "statement": file.public_id,
            "channel": _theirs(line, contract) if line else None,
            "ours": _ours(booking) if booking else None,
        },
    )


def of_suspense(item: "SuspenseItem") -> Difference:
    return Difference(
        kind=OF_SUSPENSE[item.kind],
        subject=item.public_id,
        business_date=item.occurred_at.astimezone(UTC).date(),
        amount_minor=item.amount_minor,
        currency=item.currency,
        our_reference=item.reference,
        their_reference=item.channel_id,
        payment=item.payment.public_id if item.payment else "",
        suspense_item=item.public_id,
        evidence={"because": item.kind},
    )


def of_misfit(
    line: StatementLine, *, file: StatementFile, fact: str, ours_minor: int
) -> Difference:
    """A line that was matched, and whose fact has another amount by now; refunds are negative."""
    theirs_minor = line.amount_minor if line.kind == "payment" else -line.amount_minor
    return Difference(
        kind=DiscrepancyKind.AMOUNT_MISMATCH,
        subject=f"{fact}/{line.currency}/{line.amount_minor}",
        business_date=file.business_date,
        amount_minor=abs(theirs_minor - ours_minor),
        currency=line.currency,
        our_reference=line.reference,
        their_reference=line.channel_id,
        fact=fact,
        evidence={
            "statement": file.public_id,
            "because": "matched before, and does not fit at settlement",
            "channel": {"line_number": line.line_number, "amount_minor": theirs_minor},
            "ours": {"fact": fact, "amount_minor": ours_minor},
        },
    )


def _subject(
    kind: DiscrepancyKind, line: StatementRow | None, booking: Booking | None, occurrence: int
) -> str:
    fact = booking.fact if booking else ""
    if line is None:
        return fact
    match kind:
        case DiscrepancyKind.AMOUNT_MISMATCH | DiscrepancyKind.CURRENCY_MISMATCH:
            return f"{fact}/{line.currency}/{line.amount_minor}"
        case DiscrepancyKind.FEE_MISMATCH:
            return f"{fact}/{line.fee_minor}"
        case DiscrepancyKind.DUPLICATE_LINE:
            day = line.occurred_at.astimezone(UTC).date()
            return f"{line.kind}/{line.channel_id}/{day}/{occurrence}"
        case _:
            return fact or f"{line.kind}/{line.channel_id}"


def _theirs(line: StatementRow, contract: Contract) -> dict[str, Any]:
    return {
        "line_number": line.line_number,
        "raw": line.raw,
        "kind": line.kind,
        "state": line.state,
        "amount_minor": line.amount_minor,
        "currency": line.currency,
        "fee_minor": line.fee_minor,
        "fee_agreed_minor": contract.fee_minor(line),
        "occurred_at": line.occurred_at.isoformat(),
    }


def _ours(booking: Booking) -> dict[str, Any]:
    return {
        "fact": booking.fact,
        "payment": booking.payment,
        "state": booking.state,
        "amount_minor": booking.amount_minor,
        "currency": booking.currency,
        "channel_id": booking.channel_id,
        "occurred_at": booking.occurred_at.isoformat() if booking.occurred_at else None,
    }
