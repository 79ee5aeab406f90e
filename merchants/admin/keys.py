"""API keys: never the secret, only what proves it."""

from collections.abc import Collection

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import AutocompleteSelectFilter, ChoicesCheckboxFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Badge, Link
from merchants.admin import parts
from merchants.models import ApiKey, SeenNonce
from merchants.states import Algorithm, KeyKind, Mode


def proof(key: ApiKey) -> str:
    if key.kind == KeyKind.BEARER:
        return f"A secret, {key.secret_hint}"
    return Algorithm(key.algorithm).label


def force_badge(key: ApiKey) -> Badge:
    return Badge("Revoked", "danger") if key.revoked_at else Badge("In force", "success")


def _names(public_ids: Collection[str]) -> dict[str, str]:
    """A key acts for its merchant."""
    found = ApiKey.objects.filter(public_id__in=public_ids)
    return dict(found.values_list("public_id", "merchant__name"))


links.register_names("key", _names)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    id_prefix = "key"
    list_display = (
        IdColumn(),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        parts.mode_column(),
        Column("get_kind_display", "Kind"),
        ComputedColumn(proof, "Proves itself by", name="proof"),
        TimeColumn("created_at", "Issued"),
        ComputedColumn(force_badge, "State", name="state"),
    )
    list_select_related = ("merchant",)
    list_filter = (
        ("mode", ChoicesCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
        ("merchant", AutocompleteSelectFilter),
    )
    search_ids = {"key": "public_id", "mch": "merchant__public_id"}
    search_help_text = "The id of a key or of a merchant"

    def sheet_rows(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.select_related("merchant")

    def sheet(self, request: HttpRequest, row: ApiKey) -> Sheet:
        facts = [
            Fact("Merchant", Link(row.merchant.public_id, row.merchant.name)),
            Fact("API version", row.api_version),
            Fact("Issued", row.created_at),
            Fact("Revoked", row.revoked_at or "No"),
        ]
        public_key = format_html('<pre class="zs-pre">{}</pre>', row.public_key_pem)
        return Sheet(
            heading=f"Key of {row.merchant.name}",
            badges=[force_badge(row), parts.badge(Mode, row.mode)],
            figures=[
                Figure("Kind", KeyKind(row.kind).label),
                Figure("Proves itself by", proof(row)),
            ],
            main=[Facts("Public key", [Fact("", public_key)])] if row.public_key_pem else [],
            side=[Facts("About", facts)],
        )


@admin.register(SeenNonce)
class SeenNonceAdmin(ReadOnlyAdmin):
    list_display = (
        Column("nonce"),
        LinkColumn("key.public_id", "Key"),
        TimeColumn("forget_after", "Forgotten after"),
    )
    list_select_related = ("key",)
