"""Private to merchants; others use its services, selectors and words."""

from merchants.models.api_key import ApiKey
from merchants.models.event import Event, EventStream
from merchants.models.fee_plan import FeePlan
from merchants.models.idempotency import IdempotencyRecord
from merchants.models.merchant import Merchant
from merchants.models.nonce import SeenNonce
from merchants.models.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Event",
    "EventStream",
    "FeePlan",
    "IdempotencyRecord",
    "Merchant",
    "SeenNonce",
    "WebhookDelivery",
    "WebhookEndpoint",
]
