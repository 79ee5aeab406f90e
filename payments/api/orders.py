"""/v1/orders: what the payer buys."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.fields import (
    AmountField,
    CurrencyField,
    MetadataField,
    TextField,
    WholeNumberField,
)
from merchants.api.pagination import newest_first, page, paged
from merchants.api.serializers import StrictSerializer
from payments.api.frame import (
    LONGEST_LIFE_SECONDS,
    SHORTEST_LIFE_SECONDS,
    NothingIn,
    PaymentsView,
    TimedListQuery,
    narrowed,
)
from payments.api.problems import refusals
from payments.drafts import OrderDraft
from payments.events import describe_order
from payments.models import Order
from payments.selectors.listing import orders_of
from payments.services import orders
from payments.states import OrderState

OF_A_NEW_ORDER_PROBLEMS = ("amount_invalid", "currency_unsupported", "reference_taken")


class OrderIn(StrictSerializer):
    reference = TextField(max_length=64)
    amount = AmountField()
    currency = CurrencyField()
    description = TextField(max_length=255, required=False, allow_blank=True)
    metadata = MetadataField(required=False)
    expires_in = WholeNumberField(
        min_value=SHORTEST_LIFE_SECONDS,
        max_value=LONGEST_LIFE_SECONDS,
        required=False,
        help_text="Seconds until the order expires.",
    )


class OrderChanges(StrictSerializer):
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    description = TextField(max_length=255, required=False, allow_blank=True)
    metadata = MetadataField(required=False)


class OrderListQuery(TimedListQuery):
    state = serializers.ChoiceField(OrderState.choices, required=False)
    reference = TextField(max_length=64, required=False)


class OrderOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    mode = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    amount_refunded = serializers.IntegerField()
    state = serializers.ChoiceField(OrderState.choices)
    description = serializers.CharField()
    metadata = serializers.DictField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


def draft_of(read: dict[str, Any]) -> OrderDraft:
    return OrderDraft(
        reference=read["reference"],
        amount_minor=read["amount"],
        currency=read["currency"],
        description=read.get("description", ""),
        metadata=read.get("metadata", {}),
        expires_in=read.get("expires_in"),
    )


class OrdersView(PaymentsView):
    problems = OF_A_NEW_ORDER_PROBLEMS
    query_class = newest_first("ord", OrderListQuery)

    @extend_schema(operation_id="orders_list", responses=paged(OrderOut))
    def get(self, request: Request) -> Response:
        rows = orders_of(self.tenant).filter(
            **narrowed(self.query, state="state", reference="reference")
        )
        return Response(page(rows, query=self.query, describe=describe_order))

    @extend_schema(operation_id="orders_create", request=OrderIn, responses={201: OrderOut})
    def post(self, request: Request) -> Response:
        draft = draft_of(self.read(OrderIn))
        with refusals():
            order = orders.create(
                tenant=self.tenant, draft=draft, by=self.caller.actor, now=timezone.now()
            )
        return Response(describe_order(order), status=201)


class OrderView(PaymentsView):
    problems = ("amount_invalid", "currency_unsupported", "order_not_open", "order_has_payment")

    @extend_schema(operation_id="orders_retrieve", responses=OrderOut)
    def get(self, request: Request, order_id: str) -> Response:
        return Response(describe_order(self.find(orders_of(self.tenant), order_id, prefix="ord")))

    @extend_schema(operation_id="orders_update", request=OrderChanges, responses=OrderOut)
    def patch(self, request: Request, order_id: str) -> Response:
        read = self.read(OrderChanges)
        if "amount" in read:
            read["amount_minor"] = read.pop("amount")
        with refusals():
            order = orders.update(
                public_id=self._known(order_id),
                tenant=self.tenant,
                changes=read,
                by=self.caller.actor,
                now=timezone.now(),
            )
        return Response(describe_order(order))

    @extend_schema(
        operation_id="orders_void",
        request=None,
        responses=OrderOut,
        description="Voids the order: it stays, and nobody may pay it any more.",
    )
    def delete(self, request: Request, order_id: str) -> Response:
        self.read(NothingIn)
        with refusals():
            order = orders.void(
                public_id=self._known(order_id),
                tenant=self.tenant,
                by=self.caller.actor,
                now=timezone.now(),
            )
        return Response(describe_order(order))

    def _known(self, order_id: str) -> str:
        found: Order = self.find(orders_of(self.tenant), order_id, prefix="ord")
        return found.public_id
