"""How often channels called back."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, Sum

from payments.models import CallbackReceipt
from payments.states import ReceiptState


@dataclass(frozen=True, slots=True)
class CallbackTally:
    """`repeated` counts deliveries of what we had received before."""

    received: int
    repeated: int
    refused: int


def tally(*, since: datetime) -> CallbackTally:
    """Of what first came at `since` or later."""
    refused = Q(state=ReceiptState.REJECTED)
    found = CallbackReceipt.objects.filter(received_at__gte=since).aggregate(
        received=Count("pk", filter=~refused),
        repeated=Sum(F("deliveries") - 1, filter=~refused, default=0),
        refused=Count("pk", filter=refused),
    )
    return CallbackTally(**found)
