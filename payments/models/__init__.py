"""Private to payments; neighbours use its services and selectors."""

from payments.models.attempt import Attempt
from payments.models.callback import CallbackReceipt
from payments.models.capture import Capture
from payments.models.channel_account import ChannelAccount
from payments.models.order import Order
from payments.models.payment import Payment
from payments.models.payment_event import PaymentEvent
from payments.models.refund import Refund
from payments.models.suspense import SuspenseItem

__all__ = [
    "Attempt",
    "CallbackReceipt",
    "Capture",
    "ChannelAccount",
    "Order",
    "Payment",
    "PaymentEvent",
    "Refund",
    "SuspenseItem",
]
