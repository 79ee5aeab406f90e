"""The names of the events that a merchant may be told about, and how an event reads on the wire."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

EVENT_TYPES: dict[str, str] = {
    "order.created": "An order was created.",
    "order.updated": "An open order was changed.",
    "order.paid": "An order was paid in full.",
    "order.partially_refunded": "Part of a paid order was given back.",
    "order.refunded": "A paid order was given back in full.",
    "order.void": "An open order was withdrawn by the merchant.",
    "order.expired": "An open order ran out of time.",
    "payment.created": "A payment was created.",
    "payment.requires_action": "The payer has a step to take.",
    "payment.processing": "The channel is at work, or its outcome is not known yet.",
    "payment.authorized": "The amount is held and waits for capture.",
    "payment.succeeded": "The money was collected.",
    "payment.partially_refunded": "Part of a payment was given back.",
    "payment.refunded": "A payment was given back in full.",
    "payment.failed": "The payment was declined; nothing was collected.",
    "payment.canceled": "The payment was canceled; nothing was collected.",
    "payment.expired": "The payment ran out of time; nothing was collected.",
    "capture.succeeded": "A held amount was captured.",
    "capture.failed": "A capture was declined; the amount is still held.",
    "refund.created": "A refund was asked for.",
    "refund.processing": "The channel is at work on a refund.",
    "refund.succeeded": "The money was given back.",
    "refund.failed": "A refund was declined; the money is still the merchant's.",
    "refund.canceled": "A refund was withdrawn before the channel was asked.",
    "webhook_endpoint.disabled": "An endpoint answered 410 Gone and is no longer called.",
}


def body(
    *,
    public_id: str,
    type: str,  # noqa: A002 - the word of Standard Webhooks
    mode: str,
    sequence: int,
    at: datetime,
    data: Mapping[str, object],
) -> str:
    """The event as text: signed and delivered as these bytes, shown in /v1/events as these bytes."""
    return json.dumps(
        {
            "id": public_id,
            "object": "event",
            "type": type,
            "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "mode": mode,
            "sequence": sequence,
            "data": data,
        },
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
