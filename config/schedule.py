"""When the clock rings: one table, with the reason for each time.

It seeds django-celery-beat's tables (`manage.py sync_schedule`); from then on the console may change an
interval or switch a task off, and a later sync leaves that alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tick:
    """Every `seconds`, or at `hour`:`minute` UTC each day."""

    name: str
    task: str
    why: str
    seconds: int | None = None
    hour: int | None = None
    minute: int = 0


SCHEDULE = (
    Tick(
        "Apply callbacks",
        "payments.tasks.apply_callbacks",
        "Sweeps what the bell missed; a payer waits for it.",
        seconds=5,
    ),
    Tick(
        "Ask channels for outcomes",
        "payments.tasks.inquire",
        "First inquiries are due seconds after an unknown outcome.",
        seconds=5,
    ),
    Tick(
        "Pursue refunds",
        "payments.tasks.pursue_refunds",
        "Refunds that the channel has not confirmed.",
        seconds=5,
    ),
    Tick(
        "Expire payments",
        "payments.tasks.expire_payments",
        "A payer at the end of a payment's life must not wait for a minute's sweep.",
        seconds=5,
    ),
    Tick(
        "Expire orders",
        "payments.tasks.expire_orders",
        "Nothing depends on the second.",
        seconds=30,
    ),
    Tick(
        "Deliver webhooks",
        "merchants.tasks.deliver_webhooks",
        "Sweeps what the bell missed, and the retries that are due.",
        seconds=5,
    ),
    Tick(
        "Open tickets for suspense",
        "reconciliation.tasks.open_tickets",
        "An alert within 60 seconds of money that nobody can place.",
        seconds=15,
    ),
    Tick(
        "Reconcile yesterday",
        "reconciliation.tasks.nightly",
        "Channels have yesterday's statement by 03:00 UTC; finance reads the result at 06:00.",
        hour=3,
        minute=15,
    ),
    Tick(
        "Fetch and compare statements",
        "reconciliation.tasks.pursue_statements",
        "Sweeps what the bell missed, and statements that were not ready at night.",
        seconds=60,
    ),
    Tick(
        "Verify the ledger",
        "ledger.tasks.verify",
        "Hourly: damage is found while its cause is still in the logs.",
        seconds=3600,
    ),
    Tick(
        "Forget used nonces",
        "merchants.tasks.forget_nonces",
        "They matter for 300 s; the table stays small.",
        seconds=600,
    ),
    Tick(
        "Forget idempotency keys",
        "merchants.tasks.forget_idempotency_keys",
        "Kept for 24 hours at least; by night nobody waits for the deletion.",
        hour=2,
        minute=30,
    ),
)
