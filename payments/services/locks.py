"""The one file that says in which order rows are locked: attempt or refund, payment, order, capture;
then ledger accounts (ledger.services.journals), then the merchant's event stream, always last.

`no_key` because a plain FOR UPDATE would make every insert that points at the row wait.
"""

from payments.drafts import Tenant
from payments.models import Attempt, Capture, Order, Payment, Refund


def order(*, public_id: str, tenant: Tenant) -> Order:
    """Raises Order.DoesNotExist, for another merchant's order too."""
    return Order.objects.select_for_update(no_key=True).get(
        public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode
    )


def payment(*, public_id: str, tenant: Tenant) -> Payment:
    """The payment and its order. Raises Payment.DoesNotExist, for another merchant's payment too."""
    return (
        Payment.objects.select_related("order", "merchant")
        .select_for_update(of=("self", "order"), no_key=True)
        .get(public_id=public_id, merchant_id=tenant.merchant_pk, mode=tenant.mode)
    )


def payment_and_attempt(*, public_id: str, tenant: Tenant) -> tuple[Payment, Attempt | None]:
    """The payment with its order, and its latest attempt if it was sent: for those who change both.
    Raises Payment.DoesNotExist, for another merchant's payment too."""
    found = (
        Attempt.objects.select_related(
            "payment", "payment__order", "payment__merchant", "channel_account"
        )
        .select_for_update(of=("self", "payment", "payment__order"), no_key=True)
        .filter(
            payment__public_id=public_id,
            payment__merchant_id=tenant.merchant_pk,
            payment__mode=tenant.mode,
        )
        .order_by("-number")
        .first()
    )
    if found is not None:
        return found.payment, found
    return payment(public_id=public_id, tenant=tenant), None


def payment_by_key(*, pk: int) -> Payment:
    return (
        Payment.objects.select_related("order", "merchant")
        .select_for_update(of=("self", "order"), no_key=True)
        .get(pk=pk)
    )


def attempt(*, public_id: str, channel_account_pk: int) -> Attempt:
    """The attempt, its payment and its order. Raises Attempt.DoesNotExist, also when the attempt was
    made through another channel account: a channel speaks for its own attempts only."""
    return (
        Attempt.objects.select_related(
            "payment", "payment__order", "payment__merchant", "channel_account"
        )
        .select_for_update(of=("self", "payment", "payment__order"), no_key=True)
        .get(public_id=public_id, channel_account_id=channel_account_pk)
    )


def refund(*, public_id: str, channel_account_pk: int) -> Refund:
    """The refund, its payment, order and capture. Raises Refund.DoesNotExist."""
    return (
        Refund.objects.select_related(
            "payment",
            "payment__order",
            "payment__merchant",
            "capture",
            "capture__attempt__channel_account",
        )
        .select_for_update(of=("self", "payment", "payment__order", "capture"), no_key=True)
        .get(public_id=public_id, capture__attempt__channel_account_id=channel_account_pk)
    )


def capture_of(*, payment: Payment) -> Capture:
    """The capture that collected this payment's money. Raises Capture.DoesNotExist."""
    return (
        Capture.objects.select_related("attempt__channel_account")
        .select_for_update(of=("self",), no_key=True)
        .get(payment=payment, state="succeeded")
    )
