"""Pages of money in: orders, payments, attempts, captures, refunds, callbacks, suspense, channel accounts."""

from payments.admin import (
    attempts,
    callbacks,
    captures,
    channel_accounts,
    orders,
    payment_events,
    payments,
    refunds,
    suspense,
)

__all__ = [
    "attempts",
    "callbacks",
    "captures",
    "channel_accounts",
    "orders",
    "payment_events",
    "payments",
    "refunds",
    "suspense",
]
