"""Journals: one business fact each, in balance."""

from typing import Any

from django.contrib import admin
from django.db.models import Min, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, IdColumn, LinkColumn, TimeColumn
from audit.admin.filters import DaysFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Badge, Link, Moment, words
from ledger import selectors
from ledger.admin.amounts import Amount, MoneyColumn
from ledger.admin.tables import journal_table
from ledger.models import Entry, Journal


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    id_prefix = "jrn"
    list_display = (
        IdColumn(),
        TimeColumn("posted_at", "Booked"),
        ComputedColumn(lambda row: words(row.fact), "What happened", name="fact"),
        LinkColumn("reference", "About"),
        MoneyColumn("turnover_minor", "Turnover", currency="turnover_currency"),
        Column("line_count", "Lines"),
    )
    ordering = ("-posted_at", "-public_id")
    list_filter = (("posted_at", DaysFilter),)
    search_ids = {"jrn": "public_id"} | dict.fromkeys(("cap", "ref", "sus", "set"), "reference")
    search_exact = ("reference",)
    search_help_text = "The id of a journal, capture, refund, settlement or suspense item"
    list_lookups = frozenset({"reference"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Journal]:
        debits = Entry.objects.filter(journal_id=OuterRef("id"), amount_minor__gt=0)
        per_journal = debits.order_by().values("journal_id")
        rows: QuerySet[Journal] = super().get_queryset(request)
        return rows.annotate(
            turnover_minor=Subquery(per_journal.annotate(s=Sum("amount_minor")).values("s")),
            turnover_currency=Subquery(per_journal.annotate(c=Min("currency")).values("c")),
        )

    def sheet(self, request: HttpRequest, row: Journal) -> Sheet:
        entries = selectors.entries_of(row.public_id)
        links.learn([row.actor_id, *(v for v in row.metadata.values() if isinstance(v, str))])
        balanced = not sum(entry.amount_minor for entry in entries)
        return Sheet(
            heading=words(row.fact),
            badges=[Badge("Balanced", "success") if balanced else Badge("Not balanced", "danger")],
            figures=[
                *(Figure("Turnover", amount) for amount in _turnover(entries)),
                Figure("About", Link(row.reference)),
                Figure("Happened", Moment(row.effective_at)),
                Figure("Booked", Moment(row.posted_at)),
            ],
            main=[journal_table(entries)],
            side=[
                Facts("Said with it", [Fact(words(k), _said(v)) for k, v in row.metadata.items()]),
                Facts("Journal", _facts(row)),
            ]
            if row.metadata
            else [Facts("Journal", _facts(row))],
        )


def _facts(journal: Journal) -> list[Fact]:
    related = Journal.objects.filter(id=journal.reverses) if journal.reverses else None
    reversal = Journal.objects.filter(reverses=journal.id).first()
    facts = [
        Fact("Booked by", Link(journal.actor_id)),
        Fact("Lines", journal.line_count),
        Fact("Seal", journal.seal),
    ]
    if related:
        facts.append(Fact("Reverses", Link(related[0].public_id)))
    if reversal:
        facts.append(Fact("Reversed by", Link(reversal.public_id)))
    return facts


def _said(value: Any) -> Any:
    return Link(value) if isinstance(value, str) else value


def _turnover(entries: list[Any]) -> list[Amount]:
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry.currency] = sums.get(entry.currency, 0) + entry.debit_minor
    return [Amount(total, currency) for currency, total in sorted(sums.items())]
