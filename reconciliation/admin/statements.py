"""Statements as they came, and their lines."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import (
    ChoicesCheckboxFilter,
    DaysFilter,
    OwedFilter,
    RelatedDropdownFilter,
)
from audit.admin.links import list_url
from audit.admin.sheets import Fact, Facts, Figure, Heading, Sheet, Table
from audit.admin.values import Link
from audit.admin.work import revive, work
from audit.redaction import mask_cards
from ledger.admin.amounts import Amount, CurrencyFilter, MoneyColumn
from reconciliation.admin import parts
from reconciliation.models import Run, StatementFile, StatementLine
from reconciliation.states import DiscrepancyKind, FileSource, FileState, LineState, RunState

SHOWN_LINES = 50


@admin.register(StatementFile)
class StatementFileAdmin(ReadOnlyAdmin):
    id_prefix = "stm"
    list_display = (
        IdColumn(),
        Column("business_date", "Day"),
        LinkColumn("channel_account.public_id", "Channel", text="channel_account.title"),
        parts.state_column(FileState),
        Column("line_count", "Lines"),
        Column("get_source_display", "Source"),
        TimeColumn("received_at", "Received"),
        Column("refused_because", "Refused because"),
    )
    list_select_related = ("channel_account",)
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("channel_account", RelatedDropdownFilter),
        ("received_at", DaysFilter),
        OwedFilter,
    )
    search_ids = {"stm": "public_id"}
    asks = (
        revive(
            "reconciliation.change_statementfile",
            consequence="The statement is fetched, read and compared again from where it stopped.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementFile]:
        rows: QuerySet[StatementFile] = super().get_queryset(request)
        return rows.defer("raw")

    def sheet_rows(self) -> QuerySet[StatementFile]:
        return StatementFile.objects.without_raw().select_related("channel_account")

    def sheet(self, request: HttpRequest, row: StatementFile) -> Sheet:
        account = row.channel_account
        lines = (
            StatementLine.objects.filter(file=row)
            .select_related("file", "ticket", "settlement_item__settlement")
            .defer("file__raw")
        )
        return Sheet(
            heading=f"{account.title}, {row.business_date}",
            badges=[parts.badge(FileState, row.state)],
            figures=[
                Figure("Lines", f"{row.line_count:,}"),
                Figure("Channel", Link(account.public_id, account.title)),
                Figure("Source", FileSource(row.source).label),
            ],
            main=[
                _runs(row),
                _with_more(parts.lines_table(lines.order_by("line_number")[:SHOWN_LINES]), row),
            ],
            side=[
                Facts(
                    "The file",
                    [
                        Fact("Received", row.received_at),
                        Fact("Size", f"{row.size_bytes:,} bytes"),
                        Fact("SHA-256", row.sha256),
                        Fact("Refused because", row.refused_because),
                        Fact("In line", row.refused_line),
                    ],
                ),
                work(row),
            ],
        )


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    list_display = (
        ComputedColumn(lambda row: row.line_number, "Line", name="line_number"),
        LinkColumn("file.public_id", "Statement", text="file.business_date"),
        Column("get_kind_display", "Kind"),
        LinkColumn("reference", "Our reference"),
        MoneyColumn("amount_minor"),
        MoneyColumn("fee_minor", "Channel's fee"),
        Column("channel_state", "Channel says"),
        parts.state_column(LineState),
        LinkColumn("ticket.public_id", "Ticket", text="get_verdict_display"),
        LinkColumn("fact", "Booked as"),
    )
    list_select_related = ("file", "ticket")
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("verdict", ChoicesCheckboxFilter),
        ("file__channel_account", RelatedDropdownFilter),
        CurrencyFilter,
    )
    search_ids = (
        {"stm": "file__public_id"}
        | dict.fromkeys(("cap", "sus"), "fact")
        | dict.fromkeys(("att", "ref"), "reference")
    )
    search_exact = ("reference",)
    search_help_text = "The id of a statement, attempt, refund or capture"
    list_lookups = frozenset({"file__public_id", "reference", "fact"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementLine]:
        rows: QuerySet[StatementLine] = super().get_queryset(request)
        return rows.defer("file__raw", "raw")

    def sheet_rows(self) -> QuerySet[StatementLine]:
        return StatementLine.objects.select_related(
            "file__channel_account", "ticket", "settlement_item__settlement"
        ).defer("file__raw")

    def sheet(self, request: HttpRequest, row: StatementLine) -> Sheet:
        account = row.file.channel_account
        return Sheet(
            heading=Amount(row.amount_minor, row.currency),
            badges=[parts.badge(LineState, row.state)],
            figures=[
                Figure(
                    "Statement",
                    Link(row.file.public_id, f"{row.file.business_date}, line {row.line_number}"),
                ),
                Figure("Our reference", Link(row.reference)),
                Figure("Channel's fee", Amount(row.fee_minor, row.currency)),
                Figure("Settled in", parts.settlement_link(row)),
            ],
            main=[
                Facts(
                    "As it stands in the file",
                    [
                        Fact(
                            "Line", format_html('<pre class="zs-pre">{}</pre>', mask_cards(row.raw))
                        )
                    ],
                )
            ],
            side=[
                Facts(
                    "About",
                    [
                        Fact("Channel", Link(account.public_id, account.title)),
                        Fact("Channel's reference", row.channel_id),
                        Fact("Channel says", row.channel_state.capitalize()),
                        Fact("When", row.occurred_at),
                        Fact("Booked as", Link(row.fact) if row.fact else None),
                        Fact(
                            "Difference",
                            DiscrepancyKind(row.verdict).label if row.verdict else None,
                        ),
                        Fact("Ticket", Link(row.ticket.public_id) if row.ticket else None),
                        Fact("Compared", row.judged_at),
                    ],
                )
            ],
        )


def _runs(file: StatementFile) -> Table:
    return Table(
        "Comparisons",
        [
            "Run",
            "State",
            "Started",
            Heading("Lines", number=True),
            Heading("Matched", number=True),
            Heading("Healed", number=True),
            Heading("Differences", number=True),
        ],
        [
            (
                Link(run.public_id),
                parts.badge(RunState, run.state),
                run.started_at,
                run.line_count,
                run.matched_count,
                run.healed_count,
                sum(run.discrepancies.values()),
            )
            for run in Run.objects.filter(file=file).order_by("-pk")
        ],
        empty="Not compared yet.",
    )


def _with_more(table: Table, file: StatementFile) -> Table:
    return Table(
        "Lines",
        table.headings,
        table.rows,
        empty="No line has been read.",
        note=f"The first {SHOWN_LINES} of {file.line_count:,}"
        if file.line_count > SHOWN_LINES
        else "",
        more=list_url("reconciliation", "statementline", file__public_id=file.public_id),
    )
