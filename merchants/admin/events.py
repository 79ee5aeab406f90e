"""What merchants were told: numbered, written once."""

import json

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import AutocompleteSelectFilter, ChoicesCheckboxFilter, DaysFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet, Table
from audit.admin.values import Link, Moment, pretty
from merchants.admin import parts
from merchants.admin.webhooks import delivery_badge
from merchants.models import Event, EventStream, WebhookDelivery
from merchants.states import Mode


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    id_prefix = "evt"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "When"),
        Column("type", "What"),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        Column("sequence", "Number"),
        parts.mode_column(),
    )
    list_select_related = ("merchant",)
    ordering = ("-created_at", "-pk")
    list_filter = (
        ("merchant", AutocompleteSelectFilter),
        ("mode", ChoicesCheckboxFilter),
        ("created_at", DaysFilter),
    )
    search_ids = {"evt": "public_id"}
    search_help_text = "The id of an event"
    list_lookups = frozenset({"merchant__public_id"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).defer("body")

    def sheet_rows(self) -> QuerySet[Event]:
        deliveries = WebhookDelivery.objects.select_related("endpoint").order_by("pk")
        return Event.objects.select_related("merchant").prefetch_related(
            Prefetch("deliveries", queryset=deliveries)
        )

    def sheet(self, request: HttpRequest, row: Event) -> Sheet:
        about = subject(row)
        links.learn([about])
        return Sheet(
            heading=row.type,
            badges=[parts.badge(Mode, row.mode)],
            figures=[
                Figure("About", Link(about) if about else "-"),
                Figure("Merchant", Link(row.merchant.public_id, row.merchant.name)),
                Figure("Number", f"{row.sequence:,}"),
                Figure("When", Moment(row.created_at)),
            ],
            main=[
                Table(
                    "Deliveries",
                    ["Delivery", "To", "State", "Tries", "Last answer", "Delivered"],
                    [
                        (
                            Link(delivery.public_id, "Show"),
                            Link(delivery.endpoint.public_id, delivery.endpoint.url),
                            delivery_badge(delivery),
                            delivery.attempts,
                            delivery.last_status,
                            delivery.delivered_at,
                        )
                        for delivery in row.deliveries.all()
                    ],
                    empty="No endpoint asked for it; the merchant reads it from /v1/events.",
                ),
                Facts(
                    "What the merchant was told",
                    [Fact("", format_html('<pre class="zs-pre">{}</pre>', pretty(row.body)))],
                ),
            ],
        )


@admin.register(EventStream)
class EventStreamAdmin(ReadOnlyAdmin):
    list_display = (
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        parts.mode_column(),
        Column("last_sequence", "Last number"),
    )
    list_display_links = (list_display[2],)
    list_select_related = ("merchant",)

    def sheet_rows(self) -> QuerySet[EventStream]:
        return EventStream.objects.select_related("merchant")


def subject(event: Event) -> str:
    """The public id of what the event is about."""
    data = json.loads(event.body).get("data", {})
    return str(data.get("id", "")) if isinstance(data, dict) else ""
