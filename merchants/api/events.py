"""The numbered event stream: how a merchant proves that it missed nothing."""

import json

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants import selectors
from merchants.api.fields import QueryNumberField, TimeField
from merchants.api.frame import MerchantAPIView
from merchants.api.pagination import page, paged
from merchants.api.serializers import ListQuery, described_as
from merchants.events import EVENT_TYPES
from merchants.models import Event
from merchants.states import Mode

# Made from a dict: `data` as a class attribute would hide the framework's own.
EventOut = described_as(
    "EventOut",
    {
        "id": serializers.CharField(),
        "object": serializers.CharField(default="event", read_only=True),
        "type": serializers.ChoiceField(choices=list(EVENT_TYPES)),
        "timestamp": TimeField(),
        "mode": serializers.ChoiceField(choices=Mode.choices),
        "sequence": serializers.IntegerField(min_value=1),
        "data": serializers.DictField(),
    },
)


class EventQuery(ListQuery):
    after = QueryNumberField(
        default=0, help_text="The last sequence that was seen; the answer goes on from there."
    )


class Events(MerchantAPIView):
    query_class = EventQuery

    @extend_schema(responses=paged(EventOut))
    def get(self, request: Request) -> Response:
        rows = selectors.events_of(merchant_id=self.caller.merchant.pk, mode=self.caller.mode)
        return Response(
            page(rows, query=self.query, describe=_described, key="sequence", ascending=True)
        )


def _described(event: Event) -> object:
    """Parsed and written again with the same rules, these are the bytes that were delivered."""
    return json.loads(event.body)
