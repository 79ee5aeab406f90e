"""Orders: what the payer buys, and the payments that tried to collect it."""

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    AutocompleteSelectFilter,
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
)
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Link
from audit.admin.work import revive, work
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from payments.admin import parts
from payments.models import Order, Payment, Refund
from payments.states import OrderState


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    id_prefix = "ord"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "Created"),
        Column("reference", "Merchant's reference"),
        parts.state_column(OrderState),
        MoneyColumn("amount_minor"),
        MoneyColumn("amount_refunded_minor", "Refunded", quiet=True),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        parts.mode_column(),
    )
    list_select_related = ("merchant",)
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("merchant", AutocompleteSelectFilter),
        CurrencyFilter,
        ("mode", ChoicesCheckboxFilter),
        ("created_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {"ord": "public_id", "pay": "payments__public_id"}
    search_exact = ("reference",)
    search_help_text = "An order's or payment's id, or the merchant's reference"
    list_lookups = frozenset({"merchant__public_id"})
    asks = (
        revive(
            "payments.change_order",
            consequence="The workers look again whether this order is over.",
        ),
    )

    def sheet_rows(self) -> QuerySet[Order]:
        return Order.objects.select_related("merchant").prefetch_related(
            Prefetch("payments", queryset=Payment.objects.order_by("pk"))
        )

    def sheet(self, request: HttpRequest, row: Order) -> Sheet:
        refunds = list(Refund.objects.filter(payment__order=row).order_by("pk"))
        return Sheet(
            heading=row.reference,
            badges=[parts.badge(OrderState, row.state), parts.mode_badge(row.mode)],
            figures=[
                Figure("Amount", Amount(row.amount_minor, row.currency)),
                Figure(
                    "Refunded",
                    Amount(row.amount_refunded_minor, row.currency),
                    tone="" if row.amount_refunded_minor else "empty",
                ),
                Figure("Merchant", Link(row.merchant.public_id, row.merchant.name)),
            ],
            main=[
                parts.payments_table(row.payments.all()),
                *([parts.refunds_table(refunds)] if refunds else []),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Merchant's reference", row.reference),
                        Fact("Description", row.description),
                        Fact("Created", row.created_at),
                        Fact("Expires", row.due_at),
                    ],
                ),
                *([_metadata(row)] if row.metadata else []),
                *([work(row)] if row.dead_at else []),
            ],
        )


def _metadata(order: Order) -> Facts:
    return Facts("Merchant's notes", [Fact(str(k), str(v)) for k, v in order.metadata.items()])
