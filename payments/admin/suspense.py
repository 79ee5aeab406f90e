"""Money that nobody can place yet."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
    RelatedDropdownFilter,
)
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Badge, Link, Moment
from audit.admin.work import work
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from ledger.admin.tables import journals_about
from payments.models import SuspenseItem


def place_badge(item: SuspenseItem) -> Badge:
    if item.cleared_at:
        return Badge("Placed", "success")
    return (
        Badge("Waiting for a ticket", "danger") if item.due_at else Badge("In a ticket", "warning")
    )


@admin.register(SuspenseItem)
class SuspenseItemAdmin(ReadOnlyAdmin):
    id_prefix = "sus"
    list_display = (
        IdColumn(),
        TimeColumn("occurred_at", "Taken"),
        Column("get_kind_display", "Why"),
        MoneyColumn("amount_minor"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        LinkColumn("payment.public_id", "Payment"),
        ComputedColumn(place_badge, "State", name="state"),
    )
    list_select_related = ("channel_account", "payment")
    list_filter = (
        ("kind", ChoicesCheckboxFilter),
        ("channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("occurred_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {"sus": "public_id", "pay": "payment__public_id"}
    search_help_text = "The id of a suspense item or of a payment"
    list_lookups = frozenset({"cleared_at__isnull"})

    def sheet_rows(self) -> QuerySet[SuspenseItem]:
        return SuspenseItem.objects.select_related("channel_account", "payment__merchant")

    def sheet(self, request: HttpRequest, row: SuspenseItem) -> Sheet:
        account = row.channel_account
        return Sheet(
            heading=Amount(row.amount_minor, row.currency),
            badges=[Badge(row.get_kind_display(), "danger"), place_badge(row)],
            figures=[
                Figure("Channel", Link(account.public_id, account.title)),
                Figure("Payment", Link(row.payment.public_id) if row.payment else "Unknown"),
                Figure("Taken", Moment(row.occurred_at)),
            ],
            main=[journals_about([row.public_id])],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Reference that the channel gave", Link(row.reference)),
                        Fact("Channel's reference", row.channel_id),
                        Fact("Settled", row.settled_at or "Not yet"),
                        Fact("Placed", row.cleared_at or "Not yet"),
                    ],
                ),
                work(row),
            ],
        )
