"""Runs: one comparison each of a day's statement with our books."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import ChoicesCheckboxFilter, DaysFilter, RelatedDropdownFilter
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Badge, Link
from reconciliation.admin import parts
from reconciliation.models import Run, Ticket
from reconciliation.states import DiscrepancyKind, RunState


def difference_badge(run: Run) -> Badge:
    count = sum(run.discrepancies.values())
    return Badge(f"{count}", "danger") if count else Badge("None", "success")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    id_prefix = "rec"
    list_display = (
        IdColumn(),
        Column("business_date", "Day"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        parts.state_column(RunState),
        Column("line_count", "Lines"),
        Column("matched_count", "Matched"),
        Column("healed_count", "Healed"),
        ComputedColumn(difference_badge, "Differences", name="differences"),
        TimeColumn("started_at", "Started"),
        LinkColumn("file.public_id", "Statement"),
    )
    list_select_related = ("channel_account", "file")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("channel_account", RelatedDropdownFilter),
        ("started_at", DaysFilter),
    )
    search_ids = {"rec": "public_id", "stm": "file__public_id"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        rows: QuerySet[Run] = super().get_queryset(request)
        return rows.defer("file__raw")

    def sheet_rows(self) -> QuerySet[Run]:
        return Run.objects.select_related("channel_account", "file").defer("file__raw")

    def sheet(self, request: HttpRequest, row: Run) -> Sheet:
        tickets = Ticket.objects.filter(run=row).order_by("pk")
        return Sheet(
            heading=f"{row.channel_account.title}, {row.business_date}",
            badges=[parts.badge(RunState, row.state)],
            figures=[
                Figure("Lines", f"{row.line_count:,}"),
                Figure("Matched", f"{row.matched_count:,}"),
                Figure("Healed", f"{row.healed_count:,}"),
                Figure(
                    "Differences",
                    f"{sum(row.discrepancies.values()):,}",
                    tone="bad" if row.discrepancies else "good",
                ),
            ],
            main=[
                Table(
                    "Differences by kind",
                    ["Kind", Heading("How many", number=True)],
                    _by_kind(row.discrepancies),
                    empty="None: both sides say the same.",
                ),
                parts.tickets_table(tickets, "Tickets that it opened"),
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Statement", Link(row.file.public_id)),
                        Fact(
                            "Channel",
                            Link(row.channel_account.public_id, row.channel_account.title),
                        ),
                        Fact("Asked for by", Link(row.triggered_by.partition(":")[2])),
                        Fact("Started", row.started_at),
                        Fact("Finished", row.finished_at),
                    ],
                )
            ],
        )


def _by_kind(discrepancies: dict[str, Any]) -> list[tuple[str, int]]:
    labels = dict(DiscrepancyKind.choices)
    return [(str(labels.get(kind, kind)), count) for kind, count in discrepancies.items()]
