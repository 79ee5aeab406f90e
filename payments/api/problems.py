"""The error codes of orders, payments and refunds, and how services' refusals become them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger.services.accounts import AccountFrozen
from ledger.services.journals import NegativeBalanceForbidden
from merchants.api.errors import ApiError, FieldError
from merchants.api.problems import Problem, define
from payments.models import Order, Payment
from payments.routing import NoRoute
from payments.services.captures import (
    CaptureExceedsAuthorization,
    CaptureRefused,
    CaptureUnderWay,
    PaymentNotCapturable,
)
from payments.services.closings import PaymentNotCancelable
from payments.services.orders import OrderHasPayment, OrderNotOpen, ReferenceTaken
from payments.services.payments import MethodMissing, PaymentNotConfirmable
from payments.services.refunds import (
    PaymentNotRefundable,
    RefundExceedsPayment,
    RefundNotBookable,
)

# A person has to look at the books first; a retry sooner than that finds nothing new.
BOOKS_CLOSED_SECONDS = 60

define(
    {
        "order_not_found": Problem(
            422, "There is no such order", "Name an order of this merchant and mode, or none."
        ),
        "payment_not_found": Problem(
            422, "There is no such payment", "Name a payment of this merchant and mode."
        ),
        "reference_taken": Problem(
            409,
            "An order with this reference exists",
            "Look up the order that `detail` names; use a fresh reference for a new sale.",
        ),
        "order_not_open": Problem(
            409, "The order is not open", "Create a new order; a paid one needs no second payment."
        ),
        "order_has_payment": Problem(
            409,
            "A payment stands in the way",
            "Wait for the order's payment to end, or cancel it first.",
        ),
        "payment_state_invalid": Problem(
            409,
            "The payment's state does not allow this",
            "Look at the payment; what you ask for may have happened already.",
        ),
        "capture_in_progress": Problem(
            409, "A capture is under way", "Look at the payment again in a few seconds."
        ),
        "channel_refused": Problem(
            409, "The channel refused", "Read `detail`; nothing was changed at the channel."
        ),
        "method_missing": Problem(
            422, "No payment method is given", "Send `method` when you create or confirm."
        ),
        "method_unsupported": Problem(
            422,
            "No channel takes this method and currency",
            "Use a method that your account has in this mode and currency.",
        ),
        "capture_exceeds_authorized": Problem(
            422, "More than was authorized", "Capture at most what `detail` names."
        ),
        "refund_exceeds_captured": Problem(
            422, "More than is left to refund", "Refund at most what `detail` names."
        ),
        "refund_not_possible_now": Problem(
            409,
            "The account that would pay for the refund is held",
            "Nothing was begun. Write to support, or ask for the refund later with a fresh key.",
        ),
    }
)


@contextmanager
def refusals(*, named: str = "") -> Iterator[None]:
    """Turns the services' named refusals into problems.

    `named` is the body's field that names the order or payment: a wrong one is then the field's error,
    not a 404 of the address.
    """
    try:
        yield
    except (Order.DoesNotExist, Payment.DoesNotExist) as error:
        raise _absent(error, named) from error
    except (AccountFrozen, NegativeBalanceForbidden) as error:
        # What the channel did is booked by its callback or an inquiry once the books take it.
        headers = {"Retry-After": str(BOOKS_CLOSED_SECONDS)}
        raise ApiError("temporarily_unavailable", headers=headers) from error
    except tuple(PROBLEM_OF) as error:
        raise PROBLEM_OF[type(error)](error) from error


def _absent(error: Exception, named: str) -> ApiError:
    if not named:
        return ApiError("not_found")
    code = "order_not_found" if isinstance(error, Order.DoesNotExist) else "payment_not_found"
    return ApiError(code, errors=[FieldError(named, code, "There is no such object.")])


def _too_much(code: str, most_minor: int) -> ApiError:
    detail = f"At most {most_minor} minor units."
    return ApiError(code, detail, errors=[FieldError("amount", code, detail)])


def _wrong_state(error: Any) -> ApiError:
    return ApiError("payment_state_invalid", f"The payment is {error.state}.")


PROBLEM_OF: dict[type[Exception], Callable[[Any], ApiError]] = {
    ReferenceTaken: lambda e: ApiError("reference_taken", f"The order is {e.order_id}."),
    OrderNotOpen: lambda e: ApiError("order_not_open", f"The order is {e.state}."),
    OrderHasPayment: lambda e: ApiError("order_has_payment", str(e)),
    PaymentNotConfirmable: _wrong_state,
    PaymentNotCapturable: _wrong_state,
    PaymentNotCancelable: _wrong_state,
    PaymentNotRefundable: _wrong_state,
    CaptureUnderWay: lambda _: ApiError("capture_in_progress"),
    CaptureRefused: lambda e: ApiError("channel_refused", str(e)),
    CaptureExceedsAuthorization: lambda e: _too_much(
        "capture_exceeds_authorized", e.authorized_minor
    ),
    RefundExceedsPayment: lambda e: _too_much("refund_exceeds_captured", e.refundable_minor),
    RefundNotBookable: lambda _: ApiError("refund_not_possible_now"),
    MethodMissing: lambda _: ApiError("method_missing"),
    NoRoute: lambda e: ApiError("method_unsupported", str(e)),
}
