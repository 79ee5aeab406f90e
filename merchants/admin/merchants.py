"""Merchants and their fees."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import ChoicesCheckboxFilter
from audit.admin.links import list_url
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Anchor, Link
from ledger import selectors
from ledger.admin.amounts import Amount
from ledger.chart import Books
from ledger.selectors import AccountBalance
from merchants.admin import parts
from merchants.models import FeePlan, Merchant
from merchants.states import KeyKind, MerchantStatus, Mode

MOST_FIGURES = 4


def _fixed(plan: FeePlan) -> Amount | None:
    return Amount(plan.fixed_minor, plan.currency) if plan.currency else None


def _names(public_ids: Collection[str]) -> dict[str, str]:
    found = Merchant.objects.filter(public_id__in=public_ids)
    return dict(found.values_list("public_id", "name"))


links.register_names("mch", _names)


@admin.register(Merchant)
class MerchantAdmin(ReadOnlyAdmin):
    id_prefix = "mch"
    list_display = (
        Column("name"),
        parts.state_column("status", MerchantStatus),
        TimeColumn("created_at", "Since"),
        IdColumn(),
    )
    list_filter = (("status", ChoicesCheckboxFilter),)
    search_ids = {"mch": "public_id"}
    # Merchants are few; the filters of other lists find them by the beginning of their name.
    search_exact = ("name__istartswith",)
    search_help_text = "The beginning of a name, or an id"

    def sheet_rows(self) -> QuerySet[Merchant]:
        return Merchant.objects.prefetch_related("fee_plans", "api_keys", "webhook_endpoints")

    def sheet(self, request: HttpRequest, row: Merchant) -> Sheet:
        balances = [
            balance for books in Books for balance in selectors.balances(row.public_id, books=books)
        ]
        return Sheet(
            heading=row.name,
            badges=[parts.badge(MerchantStatus, row.status)],
            figures=[
                Figure(_named(balance), Amount(balance.normal_minor, balance.currency))
                for balance in balances[:MOST_FIGURES]
            ],
            main=[
                _balances(balances),
                _fees(row.fee_plans.all()),
                _keys(row),
                _endpoints(row),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Since", row.created_at),
                        Fact("Payments", Anchor("Show all", _list("payments", "payment", row))),
                        Fact("Orders", Anchor("Show all", _list("payments", "order", row))),
                        Fact("Events", Anchor("Show all", _list("merchants", "event", row))),
                    ],
                )
            ],
        )


@admin.register(FeePlan)
class FeePlanAdmin(ReadOnlyAdmin):
    list_display = (
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        ComputedColumn(lambda row: row.currency or "Any other", "Currency", name="currency"),
        ComputedColumn(lambda row: parts.percent(row.percent_bps), "Percentage", name="percent"),
        ComputedColumn(_fixed, "Fixed part", name="fixed"),
    )
    list_display_links = (list_display[1],)
    list_select_related = ("merchant",)
    ordering = ("merchant_id", "currency")
    search_ids = {"mch": "merchant__public_id"}
    search_help_text = "The id of a merchant"
    list_lookups = frozenset({"merchant__public_id"})

    def sheet_rows(self) -> QuerySet[FeePlan]:
        return FeePlan.objects.select_related("merchant")

    def sheet(self, request: HttpRequest, row: FeePlan) -> Sheet:
        return Sheet(
            heading=f"Fee of {row.merchant.name}",
            figures=[
                Figure("Percentage", parts.percent(row.percent_bps)),
                Figure("Fixed part", _fixed(row)),
                Figure("Currency", row.currency or "Any other"),
            ],
            side=[
                Facts("About", [Fact("Merchant", Link(row.merchant.public_id, row.merchant.name))])
            ],
        )


def _list(app: str, model: str, merchant: Merchant) -> str:
    return list_url(app, model, merchant__public_id=merchant.public_id)


def _named(balance: AccountBalance) -> str:
    test = balance.books is Books.TEST
    return f"{balance.kind.label}, test money" if test else balance.kind.label


def _balances(balances: list[AccountBalance]) -> Table:
    return Table(
        "Balances",
        ["Account", Heading("Balance", number=True)],
        [
            (
                Link(balance.public_id, _named(balance)),
                Amount(balance.normal_minor, balance.currency),
            )
            for balance in balances
        ],
        empty="No money has moved for this merchant yet.",
        note="What we owe to the merchant is positive.",
    )


def _fees(plans: Any) -> Table:
    return Table(
        "Fees",
        ["Currency", Heading("Percentage", number=True), Heading("Fixed part", number=True)],
        [
            (plan.currency or "Any other", parts.percent(plan.percent_bps), _fixed(plan))
            for plan in plans
        ],
        empty="No fee is agreed: this merchant pays nothing.",
    )


def _keys(merchant: Merchant) -> Table:
    return Table(
        "API keys",
        ["Key", "Mode", "Kind", "Issued", "Revoked"],
        [
            (
                Link(key.public_id),
                parts.badge(Mode, key.mode),
                KeyKind(key.kind).label,
                key.created_at,
                key.revoked_at or "In force",
            )
            for key in merchant.api_keys.all()
        ],
        empty="No key has been issued.",
    )


def _endpoints(merchant: Merchant) -> Table:
    return Table(
        "Webhook endpoints",
        ["Address", "Mode", "State"],
        [
            (
                Link(endpoint.public_id, endpoint.url),
                parts.badge(Mode, endpoint.mode),
                "Enabled" if endpoint.enabled else format_html("Off: {}", endpoint.disabled_reason),
            )
            for endpoint in merchant.webhook_endpoints.all()
            if not endpoint.deleted_at
        ],
        empty="The merchant asks for events instead of being called.",
    )
