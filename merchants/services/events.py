"""Telling merchants: the numbered event and what is owed to each endpoint, in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from audit.ids import new_id
from merchants import events
from merchants.models import Event, WebhookDelivery

# The counter's row stays locked until the fact commits: numbers are dense, and a fact that is
# rolled back takes its number back. The endpoints are read in the same statement.
NEXT_NUMBER = """
WITH stream AS (
    INSERT INTO merchants_eventstream AS s (merchant_id, mode, last_sequence)
    VALUES (%(merchant)s, %(mode)s, 1)
    ON CONFLICT (merchant_id, mode) DO UPDATE SET last_sequence = s.last_sequence + 1
    RETURNING last_sequence
)
SELECT stream.last_sequence, endpoint.id
FROM stream LEFT JOIN merchants_webhookendpoint endpoint
    ON endpoint.merchant_id = %(merchant)s AND endpoint.mode = %(mode)s
    AND endpoint.enabled AND endpoint.deleted_at IS NULL
    AND (endpoint.event_types = '{}' OR %(type)s = ANY(endpoint.event_types))
"""


class EventTypeUnknown(Exception):
    """Merchants filter by name, so a name has to be in merchants.events.EVENT_TYPES first."""


def publish(
    *,
    merchant_id: int,
    mode: str,
    type: str,  # noqa: A002 - the word of Standard Webhooks
    data: Mapping[str, object],
    now: datetime,
) -> Event:
    """At most three statements. Call it last in a transaction: it holds the merchant's counter."""
    if type not in events.EVENT_TYPES:
        raise EventTypeUnknown(type)
    sequence, endpoints = _next_number(merchant_id=merchant_id, mode=mode, type_=type)
    public_id = new_id("evt")
    event = Event.objects.create(
        public_id=public_id,
        merchant_id=merchant_id,
        mode=mode,
        sequence=sequence,
        type=type,
        body=events.body(
            public_id=public_id, type=type, mode=mode, sequence=sequence, at=now, data=data
        ),
        created_at=now,
    )
    if endpoints:
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint_id=endpoint, event=event, due_at=now, created_at=now)
            for endpoint in endpoints
        )
    return event


def _next_number(*, merchant_id: int, mode: str, type_: str) -> tuple[int, list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, {"merchant": merchant_id, "mode": mode, "type": type_})
        rows = cursor.fetchall()
    return rows[0][0], [endpoint for _, endpoint in rows if endpoint is not None]
