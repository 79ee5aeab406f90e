"""Every state of the payments app, with its label, its colour and the moves that are legal.

The tables of moves are read twice: by the models' transitions and by the database's triggers. A test
holds the two against each other.
"""

from enum import StrEnum

from django.db.models import TextChoices


class Colour(StrEnum):
    """What the console's badge says before it is read."""

    CALM = "info"
    GOOD = "success"
    WAITING = "warning"
    BAD = "danger"
    OVER = "default"


class OrderState(TextChoices):
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
    REFUNDED = "refunded", "Refunded"
    VOID = "void", "Void"
    EXPIRED = "expired", "Expired"


class PaymentState(TextChoices):
    CREATED = "created", "Created"
    REQUIRES_ACTION = "requires_action", "Requires action"
    PROCESSING = "processing", "Processing"
    AUTHORIZED = "authorized", "Authorized"
    SUCCEEDED = "succeeded", "Succeeded"
    PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
    REFUNDED = "refunded", "Refunded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"
    EXPIRED = "expired", "Expired"


class AttemptState(TextChoices):
    SENDING = "sending", "Sending"
    REQUIRES_ACTION = "requires_action", "Requires action"
    PROCESSING = "processing", "Processing"
    AUTHORIZED = "authorized", "Authorized"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


class CaptureState(TextChoices):
    PROCESSING = "processing", "Processing"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class RefundState(TextChoices):
    REQUIRES_APPROVAL = "requires_approval", "Requires approval"
    PENDING = "pending", "Pending"
    PROCESSING = "processing", "Processing"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


class ReceiptState(TextChoices):
    RECEIVED = "received", "Received"
    APPLIED = "applied", "Applied"
    IGNORED = "ignored", "Nothing new"
    PARKED = "parked", "Parked in suspense"
    REJECTED = "rejected", "Rejected"


class SuspenseKind(TextChoices):
    AMOUNT_MISMATCH = "amount_mismatch", "Another amount than asked"
    LATE_SUCCESS = "late_success", "Paid after the payment was closed"
    PAID_TWICE = "paid_twice", "Order paid twice"
    UNKNOWN_PAYMENT = "unknown_payment", "Payment that we do not know"


COLOURS: dict[str, Colour] = {
    OrderState.OPEN: Colour.CALM,
    OrderState.PAID: Colour.GOOD,
    OrderState.VOID: Colour.OVER,
    PaymentState.CREATED: Colour.CALM,
    PaymentState.REQUIRES_ACTION: Colour.WAITING,
    PaymentState.PROCESSING: Colour.WAITING,
    PaymentState.AUTHORIZED: Colour.CALM,
    PaymentState.SUCCEEDED: Colour.GOOD,
    PaymentState.PARTIALLY_REFUNDED: Colour.CALM,
    PaymentState.REFUNDED: Colour.OVER,
    PaymentState.FAILED: Colour.BAD,
    PaymentState.CANCELED: Colour.OVER,
    PaymentState.EXPIRED: Colour.OVER,
    AttemptState.SENDING: Colour.WAITING,
    RefundState.REQUIRES_APPROVAL: Colour.WAITING,
    RefundState.PENDING: Colour.WAITING,
    ReceiptState.RECEIVED: Colour.WAITING,
    ReceiptState.APPLIED: Colour.GOOD,
    ReceiptState.IGNORED: Colour.OVER,
    ReceiptState.PARKED: Colour.BAD,
    ReceiptState.REJECTED: Colour.BAD,
}

_O, _P, _A, _R = OrderState, PaymentState, AttemptState, RefundState

ORDER_MOVES = frozenset(
    {
        (_O.OPEN, _O.PAID),
        (_O.OPEN, _O.VOID),
        (_O.OPEN, _O.EXPIRED),
        # Money that arrives after expiry is taken, not dropped.
        (_O.EXPIRED, _O.PAID),
        (_O.PAID, _O.PARTIALLY_REFUNDED),
        (_O.PAID, _O.REFUNDED),
        (_O.PARTIALLY_REFUNDED, _O.REFUNDED),
    }
)
PAYMENT_MOVES = frozenset(
    {
        (_P.CREATED, _P.PROCESSING),
        (_P.CREATED, _P.CANCELED),
        (_P.CREATED, _P.EXPIRED),
        (_P.PROCESSING, _P.REQUIRES_ACTION),
        (_P.REQUIRES_ACTION, _P.PROCESSING),
        # A late success: the channel took the money after we had given up.
        (_P.FAILED, _P.SUCCEEDED),
        (_P.EXPIRED, _P.SUCCEEDED),
        (_P.SUCCEEDED, _P.PARTIALLY_REFUNDED),
        (_P.SUCCEEDED, _P.REFUNDED),
        (_P.PARTIALLY_REFUNDED, _P.REFUNDED),
    }
    | {
        (source, target)
        for source in (_P.PROCESSING, _P.REQUIRES_ACTION)
        for target in (_P.AUTHORIZED, _P.SUCCEEDED, _P.FAILED, _P.CANCELED, _P.EXPIRED)
    }
    | {(_P.AUTHORIZED, target) for target in (_P.SUCCEEDED, _P.FAILED, _P.CANCELED, _P.EXPIRED)}
)
ATTEMPT_MOVES = frozenset(
    {
        (_A.SENDING, _A.REQUIRES_ACTION),
        (_A.SENDING, _A.PROCESSING),
        (_A.PROCESSING, _A.REQUIRES_ACTION),
        (_A.REQUIRES_ACTION, _A.PROCESSING),
        (_A.AUTHORIZED, _A.SUCCEEDED),
        (_A.AUTHORIZED, _A.FAILED),
        (_A.AUTHORIZED, _A.CANCELED),
        (_A.FAILED, _A.SUCCEEDED),
        (_A.CANCELED, _A.SUCCEEDED),
    }
    | {
        (source, target)
        for source in (_A.SENDING, _A.REQUIRES_ACTION, _A.PROCESSING)
        for target in (_A.AUTHORIZED, _A.SUCCEEDED, _A.FAILED, _A.CANCELED)
    }
)
CAPTURE_MOVES = frozenset(
    {
        (CaptureState.PROCESSING, CaptureState.SUCCEEDED),
        (CaptureState.PROCESSING, CaptureState.FAILED),
    }
)
REFUND_MOVES = frozenset(
    {
        (_R.REQUIRES_APPROVAL, _R.PENDING),
        (_R.REQUIRES_APPROVAL, _R.CANCELED),
        (_R.PENDING, _R.PROCESSING),
        (_R.PENDING, _R.SUCCEEDED),
        (_R.PENDING, _R.FAILED),
        (_R.PROCESSING, _R.SUCCEEDED),
        # The channel said no and made the refund all the same.
        (_R.FAILED, _R.SUCCEEDED),
        (_R.PROCESSING, _R.FAILED),
    }
)
RECEIPT_MOVES = frozenset(
    {
        (ReceiptState.RECEIVED, ReceiptState.APPLIED),
        (ReceiptState.RECEIVED, ReceiptState.IGNORED),
        (ReceiptState.RECEIVED, ReceiptState.PARKED),
        (ReceiptState.RECEIVED, ReceiptState.REJECTED),
    }
)

LIVE_PAYMENT_STATES = frozenset({_P.REQUIRES_ACTION, _P.PROCESSING, _P.AUTHORIZED})
EXPIRABLE_PAYMENT_STATES = LIVE_PAYMENT_STATES | {_P.CREATED}
REFUNDABLE_PAYMENT_STATES = frozenset({_P.SUCCEEDED, _P.PARTIALLY_REFUNDED})
OPEN_ATTEMPT_STATES = frozenset({_A.SENDING, _A.REQUIRES_ACTION, _A.PROCESSING})
OPEN_REFUND_STATES = frozenset({_R.PENDING, _R.PROCESSING})


def sources(moves: frozenset[tuple[str, str]], target: str) -> list[str]:
    """Every state from which `target` may be reached, in a stable order."""
    return sorted(a for a, b in moves if b == target)
