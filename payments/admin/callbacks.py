"""Callbacks as they arrived: what was said, whether it was genuine, what it changed."""

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
from audit.admin.values import Evidence, Link, Moment
from audit.admin.work import revive, work, work_badge
from payments.admin import parts
from payments.models import CallbackReceipt
from payments.states import ReceiptState


@admin.register(CallbackReceipt)
class CallbackReceiptAdmin(ReadOnlyAdmin):
    id_prefix = "cbk"
    list_display = (
        IdColumn(),
        TimeColumn("received_at", "Received"),
        parts.state_column(ReceiptState),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        LinkColumn("reference", "About"),
        ComputedColumn(lambda row: parts.times(row.deliveries), "Sent", name="deliveries"),
        Column("rejected_because", "Rejected because"),
        ComputedColumn(work_badge, "Work", name="work"),
    )
    list_select_related = ("channel_account",)
    ordering = ("-received_at", "-pk")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("channel_account", RelatedDropdownFilter),
        ("received_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {"cbk": "public_id", "att": "reference", "ref": "reference"}
    search_exact = ("reference",)
    search_help_text = "The id of a callback, or of the attempt or refund that it is about"
    list_lookups = frozenset({"reference"})
    asks = (
        revive(
            "payments.change_callbackreceipt",
            consequence="The callback is applied again by the one road, which changes nothing"
            " that it had changed before.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallbackReceipt]:
        return super().get_queryset(request).defer("body", "headers")

    def sheet_rows(self) -> QuerySet[CallbackReceipt]:
        return CallbackReceipt.objects.select_related("channel_account")

    def sheet(self, request: HttpRequest, row: CallbackReceipt) -> Sheet:
        account = row.channel_account
        return Sheet(
            heading=f"Callback from {account.title}",
            badges=[parts.badge(ReceiptState, row.state)],
            figures=[
                Figure("About", Link(row.reference) if row.reference else "Not known yet"),
                Figure("Received", Moment(row.received_at)),
                Figure("Sent", parts.times(row.deliveries)),
            ],
            main=[
                Facts(
                    "As it arrived",
                    [
                        Fact("Body", Evidence("Show", row.body)),
                        Fact("Headers", Evidence("Show", row.headers)),
                    ],
                )
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Channel", Link(account.public_id, account.title)),
                        Fact("Channel's number for it", row.delivery_id),
                        Fact("Rejected because", row.rejected_because),
                    ],
                ),
                work(row),
            ],
        )
