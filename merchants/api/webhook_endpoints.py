"""Where a merchant wants to be told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import doorbell
from merchants import selectors
from merchants.api.errors import ApiError, FieldError
from merchants.api.fields import (
    FlagField,
    PublicIdField,
    TextField,
    TimeField,
    WholeNumberField,
)
from merchants.api.frame import MerchantAPIView
from merchants.api.pagination import newest_first, page, paged
from merchants.api.serializers import StrictSerializer
from merchants.delivery import MAX_URL_LENGTH, UrlForbidden
from merchants.events import EVENT_TYPES
from merchants.models import Event, WebhookEndpoint
from merchants.services import webhooks

PREFIX = "whe"
DELIVER = "merchants.tasks.deliver_webhooks"
EVENT_TYPE_LENGTH = 64


class EndpointIn(StrictSerializer):
    url = TextField(max_length=MAX_URL_LENGTH)
    event_types = serializers.ListField(
        child=TextField(max_length=EVENT_TYPE_LENGTH),
        max_length=len(EVENT_TYPES),
        required=False,
        help_text="Empty, or left out: every type.",
    )
    description = TextField(max_length=200, allow_blank=True, required=False)


class EndpointChange(EndpointIn):
    url = TextField(max_length=MAX_URL_LENGTH, required=False)
    enabled = FlagField(required=False)


class Nothing(StrictSerializer):
    """A body that says nothing: empty, or {}."""


class ReplayIn(StrictSerializer):
    """Exactly one of the three."""

    event = PublicIdField(prefix="evt", required=False)
    after = WholeNumberField(
        min_value=0, required=False, help_text="Every event with a greater sequence."
    )
    dead = FlagField(required=False, help_text="Every event whose delivery was given up.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1 or attrs.get("dead") is False:
            raise serializers.ValidationError("Name an event, a sequence, or the dead.", "required")
        return attrs


class EndpointOut(serializers.Serializer[WebhookEndpoint]):
    id = serializers.CharField(source="public_id")
    object = serializers.CharField(default="webhook_endpoint", read_only=True)
    mode = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField()
    created_at = TimeField()


class EndpointWithSecretOut(EndpointOut):
    secret = serializers.CharField(help_text="Shown in this answer only.")


class DeletedOut(serializers.Serializer[WebhookEndpoint]):
    id = serializers.CharField(source="public_id")
    object = serializers.CharField(default="webhook_endpoint", read_only=True)
    deleted = serializers.BooleanField(default=True, read_only=True)


class ReplayedOut(serializers.Serializer[int]):
    replayed = serializers.IntegerField(help_text="How many deliveries are owed again.")


class EndpointView(MerchantAPIView):
    """What the views of endpoints share: whose they are."""

    def rows(self) -> QuerySet[WebhookEndpoint]:
        return selectors.endpoints_of(merchant_id=self.caller.merchant.pk, mode=self.caller.mode)

    def endpoint(self, public_id: str) -> WebhookEndpoint:
        return self.find(self.rows(), public_id, prefix=PREFIX)


class WebhookEndpoints(EndpointView):
    query_class = newest_first(PREFIX)
    problems = ("webhook_url_forbidden", "event_type_unknown", "endpoint_limit_reached")

    @extend_schema(responses=paged(EndpointOut))
    def get(self, request: Request) -> Response:
        return Response(
            page(self.rows(), query=self.query, describe=lambda row: EndpointOut(row).data)
        )

    @extend_schema(request=EndpointIn, responses={201: EndpointWithSecretOut})
    def post(self, request: Request) -> Response:
        wanted = self.read(EndpointIn)
        with refusals():
            registered = webhooks.register(
                merchant_id=self.caller.merchant.pk,
                mode=self.caller.mode,
                by=self.caller.actor,
                now=timezone.now(),
                **wanted,
            )
        return Response(_with_secret(registered), status=201)


class WebhookEndpointDetail(EndpointView):
    problems = ("webhook_url_forbidden", "event_type_unknown")

    @extend_schema(responses=EndpointOut)
    def get(self, request: Request, endpoint: str) -> Response:
        return Response(EndpointOut(self.endpoint(endpoint)).data)

    @extend_schema(request=EndpointChange, responses=EndpointOut)
    def patch(self, request: Request, endpoint: str) -> Response:
        row, wanted = self.endpoint(endpoint), self.read(EndpointChange)
        with refusals():
            changed = webhooks.update(
                endpoint=row, by=self.caller.actor, now=timezone.now(), **wanted
            )
        return Response(EndpointOut(changed).data)

    @extend_schema(request=None, responses=DeletedOut)
    def delete(self, request: Request, endpoint: str) -> Response:
        row = self.endpoint(endpoint)
        self.read(Nothing)
        webhooks.delete(endpoint=row, by=self.caller.actor, now=timezone.now())
        return Response(DeletedOut(row).data)


class RotateSecret(EndpointView):
    @extend_schema(request=None, responses=EndpointWithSecretOut)
    def post(self, request: Request, endpoint: str) -> Response:
        row = self.endpoint(endpoint)
        self.read(Nothing)
        rotated = webhooks.rotate_secret(endpoint=row, by=self.caller.actor, now=timezone.now())
        return Response(_with_secret(rotated))


class Replay(EndpointView):
    @extend_schema(request=ReplayIn, responses=ReplayedOut)
    def post(self, request: Request, endpoint: str) -> Response:
        row, wanted = self.endpoint(endpoint), self.read(ReplayIn)
        replayed = webhooks.replay(
            endpoint=row,
            events_to_send=self._chosen(row, wanted),
            by=self.caller.actor,
            now=timezone.now(),
        )
        doorbell.ring(DELIVER)
        return Response({"replayed": replayed})

    def _chosen(self, endpoint: WebhookEndpoint, wanted: dict[str, Any]) -> QuerySet[Event]:
        rows = selectors.events_of(merchant_id=self.caller.merchant.pk, mode=self.caller.mode)
        if "event" in wanted:
            return rows.filter(pk=self.find(rows, wanted["event"], prefix="evt").pk)
        if "after" in wanted:
            return selectors.events_for(endpoint).filter(sequence__gt=wanted["after"])
        return selectors.events_dead_at(endpoint)


@contextmanager
def refusals() -> Iterator[None]:
    """The service's facts as the API's codes."""
    try:
        yield
    except UrlForbidden as error:
        raise _refused("webhook_url_forbidden", "url", f"{error}.") from error
    except webhooks.EventTypeUnknown as error:
        raise _refused("event_type_unknown", "event_types") from error
    except webhooks.TooManyEndpoints as error:
        raise ApiError("endpoint_limit_reached") from error


def _refused(code: str, field: str, detail: str = "") -> ApiError:
    error = ApiError(code, detail)
    return ApiError(code, detail, errors=[FieldError(field, code, str(error.detail))])


def _with_secret(registered: webhooks.Registered) -> dict[str, Any]:
    return {**EndpointOut(registered.endpoint).data, "secret": registered.secret}
