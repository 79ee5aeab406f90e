"""Refunds: money given back, from the asking to the channel's word."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
    RelatedDropdownFilter,
)
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Evidence, Link, Moment, words
from audit.admin.work import revive, work, work_badge
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from ledger.admin.tables import journals_about
from payments.admin import parts
from payments.models import Refund
from payments.states import RefundState


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    id_prefix = "ref"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "Asked for"),
        parts.state_column(RefundState),
        MoneyColumn("amount_minor"),
        LinkColumn("payment.public_id", "Payment", text="payment.order.reference"),
        LinkColumn("payment.merchant.public_id", "Merchant", text="payment.merchant.name"),
        TimeColumn("refunded_at", "Refunded"),
        TimeColumn("settled_at", "Settled"),
        ComputedColumn(work_badge, "Work", name="work"),
    )
    list_select_related = ("payment__order", "payment__merchant")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("capture__attempt__channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("created_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {
        "ref": "public_id",
        "pay": "payment__public_id",
        "cap": "capture__public_id",
        "ord": "payment__order__public_id",
    }
    search_help_text = "The id of a refund, payment, order or capture"
    asks = (
        revive(
            "payments.change_refund",
            consequence="The channel is asked again what became of this refund, and told of it"
            " if it never heard of it. The refund's id makes a repeat harmless.",
        ),
    )

    def sheet_rows(self) -> QuerySet[Refund]:
        return Refund.objects.select_related(
            "payment__order", "payment__merchant", "capture__attempt__channel_account"
        )

    def sheet(self, request: HttpRequest, row: Refund) -> Sheet:
        payment, account = row.payment, row.capture.attempt.channel_account
        return Sheet(
            heading=Amount(row.amount_minor, row.currency),
            badges=[parts.badge(RefundState, row.state)],
            figures=[
                Figure("Of the payment", Amount(payment.amount_captured_minor, row.currency)),
                Figure("Payment", Link(payment.public_id, payment.order.reference)),
                Figure("Settled", Moment(row.settled_at) if row.settled_at else "Not yet"),
            ],
            main=[
                journals_about([row.public_id]),
                parts.callbacks_table(parts.callbacks_about([row.public_id])),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Merchant", Link(payment.merchant.public_id, payment.merchant.name)),
                        Fact("Reason", row.reason),
                        Fact("Capture", Link(row.capture.public_id)),
                        Fact("Channel", Link(account.public_id, account.title)),
                        Fact("Channel's reference", row.channel_id),
                        Fact("Taken from", words(row.funded_from)),
                        Fact("Asked for", row.created_at),
                        Fact("Went back", row.refunded_at),
                        Fact("Failed because", parts.failure(row)),
                    ],
                ),
                Facts("Last exchange", [Fact("Redacted", Evidence("Show", row.exchange))])
                if row.exchange
                else Facts("Last exchange", [Fact("Nothing yet", None)]),
                work(row),
            ],
        )
