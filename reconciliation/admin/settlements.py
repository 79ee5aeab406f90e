"""Settlements: what channels paid us, with every fact that they paid for."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import DaysFilter, RelatedDropdownFilter
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Link
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from ledger.admin.tables import journals_about
from reconciliation.models import Settlement, SettlementItem

SHOWN_ITEMS = 100


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    id_prefix = "set"
    list_display = (
        IdColumn(),
        Column("business_date", "Day"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        MoneyColumn("gross_minor"),
        MoneyColumn("fee_minor", "Channel's fees"),
        MoneyColumn("net_minor", "To our bank"),
        Column("item_count", "Facts"),
        TimeColumn("settled_at", "Booked"),
    )
    list_select_related = ("channel_account",)
    list_filter = (
        ("channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("settled_at", DaysFilter),
    )
    search_ids = {"set": "public_id"} | dict.fromkeys(("cap", "ref", "sus"), "items__fact")
    search_help_text = "The id of a settlement, or of a capture or refund that it paid for"

    def sheet_rows(self) -> QuerySet[Settlement]:
        return Settlement.objects.select_related("channel_account", "file").defer("file__raw")

    def sheet(self, request: HttpRequest, row: Settlement) -> Sheet:
        account = row.channel_account
        return Sheet(
            heading=f"{account.title}, {row.business_date}, {row.currency}",
            figures=[
                Figure("Payments less refunds", Amount(row.gross_minor, row.currency)),
                Figure("The channel kept", Amount(row.fee_minor, row.currency)),
                Figure("To our bank", Amount(row.net_minor, row.currency)),
                Figure("Facts", f"{row.item_count:,}"),
            ],
            main=[
                journals_about([row.public_id]),
                _items(row),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Channel", Link(account.public_id, account.title)),
                        Fact("Statement", Link(row.file.public_id)),
                        Fact("Number of the day", row.sequence),
                        Fact("Booked", row.settled_at),
                        Fact("Journal", Link(row.journal) if row.journal else "No account moved"),
                    ],
                )
            ],
        )


@admin.register(SettlementItem)
class SettlementItemAdmin(ReadOnlyAdmin):
    list_display = (
        LinkColumn("fact", "Paid for"),
        LinkColumn("settlement.public_id", "Settlement", text="settlement.business_date"),
        MoneyColumn("amount_minor", currency="settlement.currency"),
        MoneyColumn("fee_minor", "Channel's fee", currency="settlement.currency"),
    )
    list_display_links = (list_display[2],)
    list_select_related = ("settlement",)
    search_ids = {"set": "settlement__public_id"} | dict.fromkeys(("cap", "ref", "sus"), "fact")
    search_help_text = "The id of a settlement, capture, refund or suspense item"

    def sheet_rows(self) -> QuerySet[SettlementItem]:
        return SettlementItem.objects.select_related("settlement", "line__file").defer(
            "line__file__raw"
        )

    def sheet(self, request: HttpRequest, row: SettlementItem) -> Sheet:
        currency = row.settlement.currency
        return Sheet(
            heading=Amount(row.amount_minor, currency),
            figures=[
                Figure("Paid for", Link(row.fact)),
                Figure("Channel's fee", Amount(row.fee_minor, currency)),
                Figure("Settlement", Link(row.settlement.public_id)),
                Figure("Statement", Link(row.line.file.public_id, f"line {row.line.line_number}")),
            ],
        )


def _items(settlement: Settlement) -> Table:
    items = settlement.items.select_related("line").order_by("pk")[:SHOWN_ITEMS]
    return Table(
        "What it paid for",
        [
            "Fact",
            "Channel's reference",
            Heading("Amount", number=True),
            Heading("Fee", number=True),
        ],
        [
            (
                Link(item.fact),
                item.line.channel_id,
                Amount(item.amount_minor, settlement.currency),
                Amount(item.fee_minor, settlement.currency),
            )
            for item in items
        ],
        note=f"The first {SHOWN_ITEMS} of {settlement.item_count:,}"
        if settlement.item_count > SHOWN_ITEMS
        else "",
    )
