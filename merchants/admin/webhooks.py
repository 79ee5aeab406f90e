"""Webhook endpoints and what is owed to them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.asking import Ask, Request
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesCheckboxFilter,
    OwedFilter,
)
from audit.admin.links import list_url
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Anchor, Badge, Link
from audit.admin.work import work
from merchants.admin import parts
from merchants.models import WebhookDelivery, WebhookEndpoint
from merchants.services import webhooks
from merchants.states import DeliveryState, Mode

SHOWN_DELIVERIES = 20


def _replay(delivery: WebhookDelivery, confirmed: Request) -> str:
    webhooks.replay_deliveries(
        deliveries=WebhookDelivery.objects.filter(pk=delivery.pk),
        reason=confirmed.reason,
        by=confirmed.by,
        now=confirmed.now,
    )
    return "The event will be sent again within seconds."


def delivery_badge(delivery: WebhookDelivery) -> Badge:
    return parts.badge(DeliveryState, delivery.state)


def endpoint_badge(endpoint: WebhookEndpoint) -> Badge:
    if endpoint.deleted_at:
        return Badge("Deleted")
    return Badge("Enabled", "success") if endpoint.enabled else Badge("Switched off", "danger")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    id_prefix = "whe"
    list_display = (
        Column("url", "Address"),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        parts.mode_column(),
        ComputedColumn(endpoint_badge, "State", name="state"),
        ComputedColumn(lambda row: row.event_types or "All", "Events", name="event_types"),
        IdColumn(),
    )
    list_select_related = ("merchant",)
    list_filter = (
        ("enabled", BooleanRadioFilter),
        ("merchant", AutocompleteSelectFilter),
        ("mode", ChoicesCheckboxFilter),
    )
    search_ids = {"whe": "public_id", "mch": "merchant__public_id"}
    search_help_text = "The id of an endpoint or of a merchant"

    def sheet_rows(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.select_related("merchant")

    def sheet(self, request: HttpRequest, row: WebhookEndpoint) -> Sheet:
        newest = row.deliveries.select_related("event").order_by("-pk")[:SHOWN_DELIVERIES]
        return Sheet(
            heading=row.url,
            badges=[endpoint_badge(row), parts.badge(Mode, row.mode)],
            figures=[Figure("Merchant", Link(row.merchant.public_id, row.merchant.name))],
            main=[
                Table(
                    "Newest deliveries",
                    ["Delivery", "Event", "State", Heading("Tries", number=True), "Delivered"],
                    [
                        (
                            Link(delivery.public_id),
                            Link(delivery.event.public_id, delivery.event.type),
                            delivery_badge(delivery),
                            delivery.attempts,
                            delivery.delivered_at,
                        )
                        for delivery in newest
                    ],
                    empty="Nothing has been sent here yet.",
                    more=list_url(
                        "merchants", "webhookdelivery", endpoint__public_id=row.public_id
                    ),
                )
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Description", row.description),
                        Fact("Events", row.event_types or "All"),
                        Fact("Registered", row.created_at),
                        Fact("Secret", "Sealed; nobody can read it here."),
                        Fact("Old secret signs until", row.previous_secret_until),
                        Fact("Switched off because", row.disabled_reason),
                        Fact("Deleted", row.deleted_at),
                    ],
                )
            ],
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    id_prefix = "whd"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "Since"),
        ComputedColumn(delivery_badge, "State", name="state"),
        LinkColumn("event.public_id", "Event", text="event.type"),
        LinkColumn("endpoint.public_id", "To", text="endpoint.url"),
        Column("attempts", "Tries"),
        Column("last_status", "Last answer"),
        TimeColumn("delivered_at", "Delivered"),
    )
    list_select_related = ("event", "endpoint")
    list_filter = (("state", ChoicesCheckboxFilter), OwedFilter)
    search_ids = {"whd": "public_id", "evt": "event__public_id", "whe": "endpoint__public_id"}
    search_help_text = "The id of a delivery, event or endpoint"
    list_lookups = frozenset({"endpoint__public_id"})
    asks = (
        Ask(
            name="replay",
            label="Send again",
            permission="merchants.change_webhookdelivery",
            consequence="The same event, with the same id, is sent to the merchant once more."
            " Merchants are told to expect repeats.",
            carry_out=_replay,
            possible=lambda delivery: delivery.state != DeliveryState.PENDING,
            icon="send",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("event__body")

    def sheet_rows(self) -> QuerySet[WebhookDelivery]:
        return WebhookDelivery.objects.select_related("event", "endpoint__merchant")

    def sheet(self, request: HttpRequest, row: WebhookDelivery) -> Sheet:
        merchant = row.endpoint.merchant
        return Sheet(
            heading=row.event.type,
            badges=[delivery_badge(row)],
            figures=[
                Figure("Merchant", Link(merchant.public_id, merchant.name)),
                Figure("Tries", row.attempts),
                Figure("Last answer", row.last_status or "None yet"),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Event", Link(row.event.public_id)),
                        Fact("To", Link(row.endpoint.public_id, row.endpoint.url)),
                        Fact("Owed since", row.created_at),
                        Fact("Delivered", row.delivered_at),
                        Fact("All of this event", _siblings(row)),
                    ],
                ),
                work(row),
            ],
        )


def _siblings(delivery: WebhookDelivery) -> Anchor:
    return Anchor("Show", list_url("merchants", "webhookdelivery", q=delivery.event.public_id))
