"""Requests that came with an Idempotency-Key: what became of each."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, LinkColumn, TimeColumn
from audit.admin.filters import AutocompleteSelectFilter, ChoicesCheckboxFilter, DaysFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Link
from merchants.admin import parts
from merchants.models import IdempotencyRecord
from merchants.states import IdempotencyState, Mode


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    list_display = (
        TimeColumn("created_at", "Came"),
        Column("method", "Method"),
        Column("path", "Path"),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        parts.state_column("state", IdempotencyState),
        LinkColumn("resource", "Started"),
        Column("response_status", "Answered"),
        parts.mode_column(),
    )
    list_select_related = ("merchant",)
    ordering = ("-created_at", "-pk")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("merchant", AutocompleteSelectFilter),
        ("created_at", DaysFilter),
    )
    search_ids = dict.fromkeys(("pay", "ord", "ref", "whe"), "resource")
    search_help_text = "The id of what the request started"

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdempotencyRecord]:
        return super().get_queryset(request).defer("sealed_body")

    def sheet_rows(self) -> QuerySet[IdempotencyRecord]:
        return IdempotencyRecord.objects.select_related("merchant").defer("sealed_body")

    def sheet(self, request: HttpRequest, row: IdempotencyRecord) -> Sheet:
        return Sheet(
            heading=f"{row.method} {row.path}",
            badges=[parts.badge(IdempotencyState, row.state), parts.badge(Mode, row.mode)],
            figures=[
                Figure("Merchant", Link(row.merchant.public_id, row.merchant.name)),
                Figure("Started", Link(row.resource) if row.resource else "Nothing"),
                Figure("Answered", row.response_status or "Not yet"),
            ],
            main=[
                Facts(
                    "Request",
                    [
                        Fact("Key", row.key),
                        Fact("Fingerprint of its body", row.fingerprint),
                        Fact("Came", row.created_at),
                        Fact("A worker has it until", row.lease_until),
                        Fact("Answer", "Sealed; only a repeat of the request gets it."),
                    ],
                )
            ],
        )
