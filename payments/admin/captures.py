"""Captures: money collected, as the ledger booked it."""

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import ChoicesCheckboxFilter, DaysFilter, RelatedDropdownFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Link, Moment
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from ledger.admin.tables import journals_about
from payments.admin import parts
from payments.models import Capture, Refund
from payments.states import CaptureState


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin):
    id_prefix = "cap"
    list_display = (
        IdColumn(),
        TimeColumn("captured_at", "Captured"),
        parts.state_column(CaptureState),
        MoneyColumn("amount_minor"),
        MoneyColumn("fee_minor", "Our fee"),
        LinkColumn("payment.public_id", "Payment", text="payment.order.reference"),
        LinkColumn("payment.merchant.public_id", "Merchant", text="payment.merchant.name"),
        LinkColumn(
            "attempt.channel_account.public_id", "Channel", text="attempt.channel_account.title"
        ),
        TimeColumn("settled_at", "Settled"),
    )
    list_select_related = ("payment__order", "payment__merchant", "attempt__channel_account")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("attempt__channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("captured_at", DaysFilter),
    )
    search_ids = {
        "cap": "public_id",
        "pay": "payment__public_id",
        "att": "attempt__public_id",
        "ref": "refunds__public_id",
    }
    search_help_text = "The id of a capture, payment, attempt or refund"

    def sheet_rows(self) -> QuerySet[Capture]:
        return Capture.objects.select_related(
            "payment__order", "payment__merchant", "attempt__channel_account"
        ).prefetch_related(Prefetch("refunds", queryset=Refund.objects.order_by("pk")))

    def sheet(self, request: HttpRequest, row: Capture) -> Sheet:
        payment, account = row.payment, row.attempt.channel_account
        refunds = list(row.refunds.all())
        return Sheet(
            heading=Amount(row.amount_minor, row.currency),
            badges=[parts.badge(CaptureState, row.state)],
            figures=[
                Figure("Our fee", Amount(row.fee_minor, row.currency)),
                Figure("Payment", Link(payment.public_id, payment.order.reference)),
                Figure("Settled", Moment(row.settled_at) if row.settled_at else "Not yet"),
            ],
            main=[
                journals_about([row.public_id]),
                parts.refunds_table(refunds),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Merchant", Link(payment.merchant.public_id, payment.merchant.name)),
                        Fact("Channel", Link(account.public_id, account.title)),
                        Fact("Attempt", Link(row.attempt.public_id, f"No. {row.attempt.number}")),
                        Fact("Channel's reference", row.channel_id),
                        Fact("Captured", row.captured_at),
                        Fact("Known to us since", row.created_at),
                    ],
                )
            ],
        )
