"""What the views of orders, payments and refunds share."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from audit import doorbell
from merchants.api.fields import QueryTimeField
from merchants.api.frame import MerchantAPIView
from merchants.api.serializers import ListQuery, StrictSerializer
from payments.drafts import Tenant

DELIVER = "merchants.tasks.deliver_webhooks"
LONGEST_LIFE_SECONDS = 90 * 24 * 3600
SHORTEST_LIFE_SECONDS = 5


class PaymentsView(MerchantAPIView):
    """Rings for the merchant's notices after each write."""

    @property
    def tenant(self) -> Tenant:
        return Tenant(merchant_pk=self.caller.merchant.pk, mode=self.caller.mode)

    def finalize_response(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            doorbell.ring(DELIVER)
        return super().finalize_response(request, *args, **kwargs)


class TimedListQuery(ListQuery):
    """Lists that can be narrowed to a span of creation times: from inclusive, to exclusive."""

    created_from = QueryTimeField(required=False)
    created_before = QueryTimeField(required=False)


def narrowed(query: dict[str, Any], **lookups: str) -> dict[str, Any]:
    """The queryset's filters for the query's parameters that were given."""
    lookups = {
        "created_from": "created_at__gte",
        "created_before": "created_at__lt",
        **lookups,
    }
    return {lookup: query[name] for name, lookup in lookups.items() if query.get(name) is not None}


class FailureOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class NothingIn(StrictSerializer):
    """No body, or an empty object."""
