"""Payment events, one by one: the payment's page tells them as a story."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, LinkColumn, TimeColumn
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Evidence, Link, Moment, words
from payments.models import PaymentEvent


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    list_display = (
        TimeColumn("at", "When"),
        ComputedColumn(lambda row: words(row.name), "What", name="event"),
        LinkColumn("payment.public_id", "Payment"),
        Column("sequence", "No."),
        LinkColumn("cause", "Because of"),
        LinkColumn("actor_id", "By"),
    )
    list_select_related = ("payment",)
    search_ids = {"pay": "payment__public_id"}
    search_help_text = "The id of a payment"

    def sheet_rows(self) -> QuerySet[PaymentEvent]:
        return PaymentEvent.objects.select_related("payment")

    def sheet(self, request: HttpRequest, row: PaymentEvent) -> Sheet:
        return Sheet(
            heading=words(row.name),
            figures=[
                Figure("Payment", Link(row.payment.public_id)),
                Figure("Number", row.sequence),
                Figure("When", Moment(row.at)),
            ],
            main=[Facts("What it changed", [Fact("Fields", Evidence("Show", row.changes))])],
            side=[
                Facts(
                    "Why",
                    [
                        Fact("Because of", Link(row.cause) if row.cause else None),
                        Fact("By", row.actor_kind),
                        Fact("Who", Link(row.actor_id)),
                        Fact("Request", row.request_id),
                    ],
                )
            ],
        )
