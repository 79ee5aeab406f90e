"""What the exception desk and the pages of a payment show."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, QuerySet

from reconciliation.models import Settlement, StatementLine, Ticket


def tickets_at_work() -> "QuerySet[Ticket]":
    """The most urgent first."""
    return (
        Ticket.objects.at_work()
        .select_related("channel_account", "owner")
        .order_by("sla_due_at", "pk")
    )


def overdue_count(*, now: datetime) -> int:
    return Ticket.objects.overdue(now).count()


def counts_by_kind() -> dict[str, int]:
    """Tickets at work, by kind; kinds without one are left out."""
    rows = Ticket.objects.at_work().values_list("kind").order_by("kind")
    return {str(kind): count for kind, count in rows.annotate(Count("pk"))}


def tickets_about(payment: str) -> "QuerySet[Ticket]":
    """Everything that was ever asked about a payment, newest first."""
    return Ticket.objects.filter(payment=payment).order_by("-pk")


def lines_about(*, references: Collection[str]) -> "QuerySet[StatementLine]":
    """What channels said about attempts and refunds, with the file and the settlement of each line."""
    lines = StatementLine.objects.filter(reference__in=references)
    return (
        lines.select_related("file", "ticket", "settlement_item__settlement")
        .defer("file__raw")
        .order_by("pk")
    )


def settlements_of(facts: Collection[str]) -> "QuerySet[Settlement]":
    """The settlements that paid for these captures, refunds or suspense items."""
    return Settlement.objects.filter(items__fact__in=facts).distinct().order_by("pk")
