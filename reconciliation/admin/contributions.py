"""What reconciliation adds to the pages of payments and of the ledger: lines, settlements and tickets."""

from collections.abc import Sequence
from typing import Any

from audit.admin.base import contribute
from audit.admin.links import may_view
from audit.admin.sheets import Section
from reconciliation.admin import parts
from reconciliation.models import Ticket
from reconciliation.selectors import exceptions


def _of_payment(payment: Any) -> Sequence[Section]:
    references = [attempt.public_id for attempt in payment.channel_attempts.all()]
    references += [refund.public_id for refund in payment.refunds.all()]
    return _lines_and_tickets(references, payment=payment.public_id)


def _of_attempt(attempt: Any) -> Sequence[Section]:
    return _lines_and_tickets([attempt.public_id], payment=attempt.payment.public_id)


def _of_refund(refund: Any) -> Sequence[Section]:
    return _lines_and_tickets([refund.public_id], payment=refund.payment.public_id)


def _of_capture(capture: Any) -> Sequence[Section]:
    return _lines_and_tickets([capture.attempt.public_id], payment=capture.payment.public_id)


def _of_suspense_item(item: Any) -> Sequence[Section]:
    if not may_view("reconciliation", "ticket"):
        return []
    tickets = Ticket.objects.filter(suspense_item=item.public_id).order_by("-pk")
    return [parts.tickets_table(tickets)]


def _lines_and_tickets(references: list[str], *, payment: str) -> Sequence[Section]:
    if not may_view("reconciliation", "ticket"):
        return []
    lines = list(exceptions.lines_about(references=references))
    tickets = list(exceptions.tickets_about(payment))
    return [
        parts.lines_table(lines),
        *([parts.tickets_table(tickets)] if tickets else []),
    ]


contribute("payments.payment", _of_payment)
contribute("payments.attempt", _of_attempt)
contribute("payments.refund", _of_refund)
contribute("payments.capture", _of_capture)
contribute("payments.suspenseitem", _of_suspense_item)
