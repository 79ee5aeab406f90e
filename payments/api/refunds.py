"""/v1/refunds: money back."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.fields import AmountField, MetadataField, PublicIdField, TextField
from merchants.api.pagination import newest_first, page, paged
from merchants.api.serializers import StrictSerializer
from payments.api.frame import FailureOut, PaymentsView, TimedListQuery, narrowed
from payments.api.problems import refusals
from payments.events import describe_refund
from payments.models import Refund
from payments.selectors.listing import refunds_of
from payments.services import refunds
from payments.states import RefundState


class RefundIn(StrictSerializer):
    payment = PublicIdField(prefix="pay")
    amount = AmountField(required=False, help_text="All that is left when left out.")
    reason = TextField(max_length=255, required=False, allow_blank=True)
    metadata = MetadataField(required=False)


class RefundListQuery(TimedListQuery):
    state = serializers.ChoiceField(RefundState.choices, required=False)
    payment = PublicIdField(prefix="pay", required=False)


class RefundOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    mode = serializers.CharField()
    payment = serializers.CharField()
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    state = serializers.ChoiceField(RefundState.choices)
    reason = serializers.CharField(allow_blank=True)
    metadata = serializers.DictField(child=serializers.CharField())
    failure = FailureOut(allow_null=True)
    refunded_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


def described(refund: Refund) -> dict[str, Any]:
    return describe_refund(refund, payment=refund.payment)


class RefundsView(PaymentsView):
    one_transaction = False
    problems = (
        "amount_invalid",
        "payment_not_found",
        "payment_state_invalid",
        "refund_exceeds_captured",
        "refund_not_possible_now",
    )
    query_class = newest_first("ref", RefundListQuery)

    @extend_schema(operation_id="refunds_list", responses=paged(RefundOut))
    def get(self, request: Request) -> Response:
        rows = refunds_of(self.tenant).filter(
            **narrowed(self.query, state="state", payment="payment__public_id")
        )
        return Response(page(rows, query=self.query, describe=described))

    @extend_schema(operation_id="refunds_create", request=RefundIn, responses={201: RefundOut})
    def post(self, request: Request) -> Response:
        read = self.read(RefundIn)
        with refusals(named="payment"):
            refund = refunds.request(
                payment_id=read["payment"],
                tenant=self.tenant,
                amount_minor=read.get("amount"),
                reason=read.get("reason", ""),
                metadata=read.get("metadata"),
                by=self.caller.actor,
                now=timezone.now(),
                claim=self.claim,
            )
        return Response(described(refund), status=201)

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response:
        """The refund is due until the channel has said; nothing is asked twice."""
        refund = self.find(refunds_of(self.tenant), resource, prefix="ref")
        return Response(described(refund), status=201)


class RefundView(PaymentsView):
    @extend_schema(operation_id="refunds_retrieve", responses=RefundOut)
    def get(self, request: Request, refund_id: str) -> Response:
        return Response(described(self.find(refunds_of(self.tenant), refund_id, prefix="ref")))
