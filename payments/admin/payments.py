"""The page that answers “what happened to this payment?”."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    AutocompleteSelectFilter,
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
    RelatedDropdownFilter,
)
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Badge, Link, Moment
from audit.admin.work import revive, work
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from ledger.admin.tables import journals_about
from payments.admin import parts
from payments.admin.timelines import payment_timeline
from payments.models import Attempt, Capture, Payment, Refund
from payments.states import CaptureState, PaymentState


def channel_link(payment: Payment) -> Link | None:
    """The account that was asked last; the attempts are prefetched in order."""
    attempts = list(payment.channel_attempts.all())
    if not attempts:
        return None
    account = attempts[-1].channel_account
    return Link(account.public_id, account.title)


def _names(public_ids: Collection[str]) -> dict[str, str]:
    """By what the merchant calls the order."""
    found = Payment.objects.filter(public_id__in=public_ids)
    return dict(found.values_list("public_id", "order__reference"))


links.register_names("pay", _names)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    id_prefix = "pay"
    list_display = (
        IdColumn(),
        TimeColumn("created_at", "Created"),
        parts.state_column(PaymentState),
        MoneyColumn("amount_minor"),
        MoneyColumn("amount_refunded_minor", "Refunded", quiet=True),
        LinkColumn("order.public_id", "Order", text="order.reference"),
        LinkColumn("merchant.public_id", "Merchant", text="merchant.name"),
        ComputedColumn(channel_link, "Channel", name="channel"),
        parts.mode_column(),
    )
    list_select_related = ("order", "merchant")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("merchant", AutocompleteSelectFilter),
        ("channel_attempts__channel_account", RelatedDropdownFilter),
        CurrencyFilter,
        ("mode", ChoicesCheckboxFilter),
        ("created_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {
        "pay": "public_id",
        "ord": "order__public_id",
        "att": "channel_attempts__public_id",
        "cap": "captures__public_id",
        "ref": "refunds__public_id",
    }
    search_exact = ("order__reference", "channel_attempts__channel_id")
    search_help_text = "Any id, the merchant's reference, the channel's reference"
    list_lookups = frozenset({"merchant__public_id", "order__public_id"})
    asks = (
        revive(
            "payments.change_payment",
            consequence="The channel is asked again to close this payment, whose time is over.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        rows: QuerySet[Payment] = super().get_queryset(request)
        return rows.prefetch_related(_attempts())

    def sheet_rows(self) -> QuerySet[Payment]:
        return Payment.objects.select_related("order", "merchant").prefetch_related(
            _attempts(),
            Prefetch("captures", queryset=Capture.objects.order_by("pk")),
            Prefetch("refunds", queryset=Refund.objects.order_by("pk")),
            "suspense_items",
        )

    def sheet(self, request: HttpRequest, row: Payment) -> Sheet:
        attempts, captures = list(row.channel_attempts.all()), list(row.captures.all())
        refunds, suspense = list(row.refunds.all()), list(row.suspense_items.all())
        facts = [
            *(capture.public_id for capture in captures),
            *(refund.public_id for refund in refunds),
            *(item.public_id for item in suspense),
        ]
        receipts = parts.callbacks_about(
            [*(a.public_id for a in attempts), *(r.public_id for r in refunds)]
        )
        links.call({row.public_id: row.order.reference, row.merchant.public_id: row.merchant.name})
        links.call({a.channel_account.public_id: a.channel_account.title for a in attempts})
        return Sheet(
            heading=Amount(row.amount_minor, row.currency),
            badges=badges(row),
            figures=_figures(row, captures),
            notice=_notice(row, attempts),
            main=[
                journals_about(facts),
                parts.attempts_table(attempts),
                *([parts.captures_table(captures)] if captures else []),
                *([parts.refunds_table(refunds)] if refunds else []),
                *([parts.callbacks_table(receipts)] if receipts else []),
            ],
            side=[
                _about(row),
                payment_timeline(row, attempts=attempts, refunds=refunds, receipts=receipts),
                *([work(row)] if row.dead_at or row.last_error else []),
            ],
        )


def _attempts() -> "Prefetch[Any]":
    in_order = Attempt.objects.select_related("channel_account").order_by("number")
    return Prefetch("channel_attempts", queryset=in_order)


def badges(payment: Payment) -> list[Badge]:
    found = [parts.badge(PaymentState, payment.state)]
    if payment.late:
        found.append(Badge("Money came late", "warning"))
    if any(attempt.outcome_unknown for attempt in payment.channel_attempts.all()):
        found.append(Badge("Outcome unknown", "warning"))
    found.append(parts.mode_badge(payment.mode))
    return found


def _notice(payment: Payment, attempts: list[Attempt]) -> Any:
    """The one thing about this payment that a reader has to know."""
    for attempt in attempts:
        if attempt.outcome_unknown:
            return format_html(
                "The channel has not said whether it took the money. It is asked again{}. The payer"
                " should wait and not pay again.",
                format_html(" at {}", Moment(attempt.due_at)) if attempt.due_at else "",
            )
    if payment.late:
        return "The money came after the payment had been given up; it was taken for the order."
    return parts.failure(payment)


def _figures(payment: Payment, captures: list[Capture]) -> list[Figure]:
    fee = sum(c.fee_minor for c in captures if c.state == CaptureState.SUCCEEDED)
    kept = payment.amount_captured_minor - payment.amount_refunded_minor - fee
    under_way = payment.refund_reserved_minor - payment.amount_refunded_minor
    return [
        Figure(
            "Collected",
            Amount(payment.amount_captured_minor, payment.currency),
            tone="" if payment.amount_captured_minor else "empty",
        ),
        Figure(
            "Refunded",
            Amount(payment.amount_refunded_minor, payment.currency),
            format_html("{} under way", Amount(under_way, payment.currency)) if under_way else "",
            tone="" if payment.amount_refunded_minor else "empty",
        ),
        Figure("Our fee", Amount(fee, payment.currency), tone="" if fee else "empty"),
        Figure(
            "Left for the merchant",
            Amount(kept, payment.currency),
            tone="" if payment.amount_captured_minor else "empty",
        ),
    ]


def _about(payment: Payment) -> Facts:
    facts = [
        Fact("Merchant", Link(payment.merchant.public_id, payment.merchant.name)),
        Fact("Order", Link(payment.order.public_id, payment.order.reference)),
        Fact("Description", payment.order.description),
        Fact("Channel", channel_link(payment)),
        Fact("Method", _method(payment.method)),
        Fact("Capture", payment.get_capture_mode_display()),
        Fact("Created", payment.created_at),
        Fact("Expires", payment.expires_at),
    ]
    if payment.next_action:
        facts.append(Fact("The payer's next step", payment.next_action))
    if payment.return_url:
        facts.append(Fact("Payer returns to", payment.return_url))
    return Facts("About", facts)


def _method(method: dict[str, Any]) -> str:
    details = [f"{name} {value}" for name, value in method.items() if name != "type"]
    return ", ".join([str(method.get("type", "")).capitalize(), *details]) if method else ""
