"""/v1/payments: collecting an order's money."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.errors import ApiError, FieldError
from merchants.api.fields import (
    AmountField,
    CurrencyField,
    FlagField,
    MetadataField,
    PublicIdField,
    QueryNumberField,
    TextField,
    WholeNumberField,
)
from merchants.api.pagination import newest_first, page, paged
from merchants.api.serializers import ListQuery, StrictSerializer
from payments.api.frame import (
    LONGEST_LIFE_SECONDS,
    SHORTEST_LIFE_SECONDS,
    FailureOut,
    NothingIn,
    PaymentsView,
    TimedListQuery,
    narrowed,
)
from payments.api.orders import OF_A_NEW_ORDER_PROBLEMS, draft_of
from payments.api.problems import refusals
from payments.channels.registry import CHANNELS
from payments.drafts import PaymentDraft
from payments.events import describe_payment, describe_payment_event
from payments.models import Payment
from payments.models.payment import CaptureMode
from payments.selectors.listing import history_of, latest_attempt, payments_of
from payments.services import captures, closings, inquiries
from payments.services import payments as service
from payments.services.payments import PaymentNotConfirmable
from payments.states import AttemptState, PaymentState

MOST_METHOD_FIELDS = 10
LONGEST_METHOD_TEXT = 100


@extend_schema_field(
    {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": sorted(CHANNELS)}},
        "additionalProperties": {"type": "string", "maxLength": LONGEST_METHOD_TEXT},
        "maxProperties": MOST_METHOD_FIELDS,
    }
)
class MethodField(serializers.DictField):
    """How the payer pays: `type` names the channel, the rest is that channel's."""

    default_error_messages = {
        "field_invalid": "An object of texts is needed, with `type` naming the channel.",
        "method_unsupported": "There is no such method.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping) or not _flat(data) or "type" not in data:
            self.fail("field_invalid")
        if data["type"] not in CHANNELS:
            self.fail("method_unsupported")
        return dict(data)


class PaymentIn(StrictSerializer):
    order = PublicIdField(prefix="ord", required=False, help_text="Or the fields of a new order.")
    reference = TextField(max_length=64, required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    description = TextField(max_length=255, required=False, allow_blank=True)
    metadata = MetadataField(required=False)
    capture = serializers.ChoiceField(CaptureMode.choices, default=CaptureMode.AUTOMATIC)
    method = MethodField(required=False)
    confirm = FlagField(default=False)
    return_url = serializers.URLField(max_length=500, required=False)
    expires_in = WholeNumberField(
        min_value=SHORTEST_LIFE_SECONDS,
        max_value=LONGEST_LIFE_SECONDS,
        required=False,
        help_text="Seconds until the payment expires; 1800 when left out.",
    )

    NEW_ORDER = ("reference", "amount", "currency")
    OF_A_NEW_ORDER = (*NEW_ORDER, "description", "metadata")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "order" in attrs:
            surplus = [name for name in self.OF_A_NEW_ORDER if name in attrs]
            self._refuse(surplus, "field_invalid", "The order has its own.")
        else:
            missing = [name for name in self.NEW_ORDER if name not in attrs]
            self._refuse(missing, "field_missing", "Needed unless `order` is given.")
        if attrs["confirm"] and "method" not in attrs:
            self._refuse(["method"], "method_missing", "Needed to confirm.")
        return attrs

    def _refuse(self, names: list[str], code: str, detail: str) -> None:
        if names:
            raise ApiError(code, errors=[FieldError(name, code, detail) for name in names])


class ConfirmIn(StrictSerializer):
    method = MethodField(required=False)


class CaptureIn(StrictSerializer):
    amount = AmountField(required=False, help_text="All that is authorized when left out.")


class PaymentListQuery(TimedListQuery):
    state = serializers.ChoiceField(PaymentState.choices, required=False)
    reference = TextField(max_length=64, required=False)
    order = PublicIdField(prefix="ord", required=False)


class HistoryQuery(ListQuery):
    after = QueryNumberField(min_value=0, max_value=2**31 - 1, required=False)


class AttemptOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(AttemptState.choices)
    outcome_unknown = serializers.BooleanField(
        help_text="The channel may or may not have taken the money; it is being asked."
    )
    failure = FailureOut(allow_null=True)


class PaymentOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    mode = serializers.CharField()
    version = serializers.IntegerField(help_text="Of two versions the larger is newer.")
    order = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    amount_captured = serializers.IntegerField()
    amount_refunded = serializers.IntegerField()
    state = serializers.ChoiceField(PaymentState.choices)
    capture = serializers.ChoiceField(CaptureMode.choices)
    method = serializers.DictField(child=serializers.CharField(), allow_null=True)
    next_action = serializers.DictField(
        child=serializers.CharField(), allow_null=True, help_text="The payer's next step."
    )
    failure = FailureOut(allow_null=True)
    late = serializers.BooleanField(help_text="The money came after the payment had been given up.")
    latest_attempt = AttemptOut(allow_null=True)
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class PaymentEventOut(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    name = serializers.CharField()
    changes = serializers.DictField()
    cause = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


def described(payment: Payment) -> dict[str, Any]:
    return describe_payment(payment, order=payment.order, attempt=latest_attempt(payment))


class PaymentsListView(PaymentsView):
    one_transaction = False
    problems = (
        *OF_A_NEW_ORDER_PROBLEMS,
        "order_not_found",
        "order_not_open",
        "order_has_payment",
        "method_missing",
        "method_unsupported",
    )
    query_class = newest_first("pay", PaymentListQuery)

    @extend_schema(operation_id="payments_list", responses=paged(PaymentOut))
    def get(self, request: Request) -> Response:
        rows = payments_of(self.tenant).filter(
            **narrowed(
                self.query, state="state", reference="order__reference", order="order__public_id"
            )
        )
        return Response(page(rows, query=self.query, describe=described))

    @extend_schema(operation_id="payments_create", request=PaymentIn, responses={201: PaymentOut})
    def post(self, request: Request) -> Response:
        read = self.read(PaymentIn)
        draft = PaymentDraft(
            order=read["order"] if "order" in read else draft_of(read),
            capture=read["capture"],
            method=read.get("method", {}),
            return_url=read.get("return_url", ""),
            expires_in=read.get("expires_in"),
        )
        with refusals(named="order"):
            payment = service.start(
                tenant=self.tenant,
                draft=draft,
                confirmed=read["confirm"],
                by=self.caller.actor,
                now=timezone.now(),
                claim=self.claim,
            )
        return Response(described(payment), status=201)

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response:
        """Confirming again is harmless: a payment that was sent is answered as it is, failed ones too."""
        if self.read(PaymentIn)["confirm"]:
            with refusals(), suppress(PaymentNotConfirmable):
                service.confirm(
                    public_id=resource,
                    tenant=self.tenant,
                    by=self.caller.actor,
                    now=timezone.now(),
                )
        payment = self.find(payments_of(self.tenant), resource, prefix="pay")
        return Response(described(payment), status=201)


class OnePaymentView(PaymentsView):
    """What is done with one payment; a retry of it is answered with the payment as it is by then."""

    one_transaction = False

    def known(self, payment_id: str) -> str:
        return self.find(payments_of(self.tenant), payment_id, prefix="pay").public_id

    def answer(self, payment_id: str) -> Response:
        return Response(described(self.find(payments_of(self.tenant), payment_id, prefix="pay")))

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response:
        return self.answer(resource)


class PaymentView(OnePaymentView):
    @extend_schema(operation_id="payments_retrieve", responses=PaymentOut)
    def get(self, request: Request, payment_id: str) -> Response:
        return self.answer(payment_id)


class ConfirmView(OnePaymentView):
    problems = (
        "payment_state_invalid",
        "order_not_open",
        "order_has_payment",
        "method_missing",
        "method_unsupported",
    )

    @extend_schema(operation_id="payments_confirm", request=ConfirmIn, responses=PaymentOut)
    def post(self, request: Request, payment_id: str) -> Response:
        method = self.read(ConfirmIn).get("method")
        with refusals():
            service.confirm(
                public_id=self.known(payment_id),
                tenant=self.tenant,
                method=method,
                by=self.caller.actor,
                now=timezone.now(),
                claim=self.claim,
            )
        return self.answer(payment_id)

    def resume(self, request: Request, resource: str, **kwargs: str) -> Response:
        with refusals(), suppress(PaymentNotConfirmable):
            service.confirm(
                public_id=resource,
                tenant=self.tenant,
                method=self.read(ConfirmIn).get("method"),
                by=self.caller.actor,
                now=timezone.now(),
            )
        return self.answer(resource)


class CaptureView(OnePaymentView):
    problems = (
        "amount_invalid",
        "payment_state_invalid",
        "capture_in_progress",
        "capture_exceeds_authorized",
        "channel_refused",
    )

    @extend_schema(operation_id="payments_capture", request=CaptureIn, responses=PaymentOut)
    def post(self, request: Request, payment_id: str) -> Response:
        amount_minor = self.read(CaptureIn).get("amount")
        with refusals():
            captures.capture(
                public_id=self.known(payment_id),
                tenant=self.tenant,
                amount_minor=amount_minor,
                by=self.caller.actor,
                now=timezone.now(),
                claim=self.claim,
            )
        return self.answer(payment_id)


class CancelView(OnePaymentView):
    problems = ("payment_state_invalid",)

    @extend_schema(
        operation_id="payments_cancel",
        request=NothingIn,
        responses=PaymentOut,
        description="Closes the payment at the channel first. A payment that is not `canceled` in the "
        "answer has a channel that did not say yet; it is asked until it does.",
    )
    def post(self, request: Request, payment_id: str) -> Response:
        self.read(NothingIn)
        with refusals():
            closings.cancel(
                public_id=self.known(payment_id),
                tenant=self.tenant,
                by=self.caller.actor,
                now=timezone.now(),
                claim=self.claim,
            )
        return self.answer(payment_id)


class RefreshView(OnePaymentView):
    @extend_schema(
        operation_id="payments_refresh",
        request=NothingIn,
        responses=PaymentOut,
        description="Asks the channel now.",
    )
    def post(self, request: Request, payment_id: str) -> Response:
        self.read(NothingIn)
        with refusals():
            inquiries.refresh(
                public_id=self.known(payment_id),
                tenant=self.tenant,
                by=self.caller.actor,
                now=timezone.now(),
            )
        return self.answer(payment_id)


class HistoryView(OnePaymentView):
    query_class = HistoryQuery

    @extend_schema(operation_id="payments_events", responses=paged(PaymentEventOut))
    def get(self, request: Request, payment_id: str) -> Response:
        payment = self.find(payments_of(self.tenant), payment_id, prefix="pay")
        return Response(
            page(
                history_of(payment),
                query=self.query,
                describe=describe_payment_event,
                key="sequence",
                ascending=True,
            )
        )


def _flat(data: Mapping[Any, Any]) -> bool:
    return len(data) <= MOST_METHOD_FIELDS and all(
        isinstance(value, str) and len(value) <= LONGEST_METHOD_TEXT for value in data.values()
    )
