"""Attempts: one try each on one channel, with the last exchange."""

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    BooleanRadioFilter,
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
    RelatedDropdownFilter,
)
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Evidence, Link
from audit.admin.work import revive, work, work_badge
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from payments.admin import parts
from payments.models import Attempt, Capture


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    id_prefix = "att"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "Created"),
        ComputedColumn(parts.attempt_badge, "State", name="state"),
        MoneyColumn("amount_minor"),
        LinkColumn("payment.public_id", "Payment", text="payment.state"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        Column("channel_id", "Channel's reference"),
        ComputedColumn(work_badge, "Work", name="work"),
    )
    list_select_related = ("payment", "channel_account")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("outcome_unknown", BooleanRadioFilter),
        ("channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("created_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {"att": "public_id", "pay": "payment__public_id"}
    search_exact = ("channel_id",)
    search_help_text = "An attempt's or payment's id, or the channel's reference"
    asks = (
        revive(
            "payments.change_attempt",
            consequence="The channel is asked again what became of this attempt.",
        ),
    )

    def sheet_rows(self) -> QuerySet[Attempt]:
        return Attempt.objects.select_related(
            "payment__order", "payment__merchant", "channel_account"
        ).prefetch_related(Prefetch("captures", queryset=Capture.objects.order_by("pk")))

    def sheet(self, request: HttpRequest, row: Attempt) -> Sheet:
        captures = list(row.captures.all())
        receipts = parts.callbacks_about([row.public_id])
        return Sheet(
            heading=f"Attempt {row.number} at {row.channel_account.title}",
            badges=[parts.attempt_badge(row)],
            figures=[
                Figure("Asked for", Amount(row.amount_minor, row.currency)),
                Figure("Payment", Link(row.payment.public_id, row.payment.order.reference)),
                Figure("Channel", Link(row.channel_account.public_id, row.channel_account.title)),
            ],
            main=[
                *([parts.captures_table(captures)] if captures else []),
                parts.callbacks_table(receipts),
                Facts(
                    "Last exchange with the channel",
                    [Fact("As it came, redacted", Evidence("Show", row.exchange))]
                    if row.exchange
                    else [Fact("Nothing yet", None)],
                ),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact(
                            "Merchant",
                            Link(row.payment.merchant.public_id, row.payment.merchant.name),
                        ),
                        Fact("Our reference", row.public_id),
                        Fact("Channel's reference", row.channel_id),
                        Fact("Channel's word", row.channel_state),
                        Fact("Failed because", parts.failure(row)),
                        Fact("To be closed", row.close_wanted),
                        Fact("Created", row.created_at),
                    ],
                ),
                work(row),
            ],
        )
