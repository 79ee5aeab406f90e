"""Audit records: who did what, when, from where."""

from django.contrib import admin
from django.http import HttpRequest

from audit.admin import links
from audit.admin.base import ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, LinkColumn, TimeColumn
from audit.admin.filters import DaysFilter
from audit.admin.sheets import Fact, Facts, Figure, Sheet
from audit.admin.values import Evidence, Link, Moment, words
from audit.models import Record


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    id_prefix = "aud"
    list_display = (
        TimeColumn("at", "When"),
        ComputedColumn(lambda row: words(row.action), "What", name="action"),
        LinkColumn("target", "To what"),
        Column("actor_kind", "By"),
        LinkColumn("actor_id", "Who"),
        Column("ip", "Address"),
    )
    list_display_links = (list_display[1],)
    list_filter = (("at", DaysFilter),)
    search_ids = {"aud": "public_id"} | dict.fromkeys(
        ("pay", "ord", "ref", "mch", "key", "cha", "tkt", "opr", "whe", "acc"), "target"
    )
    search_exact = ("action", "target")
    search_help_text = "An action, or the id of what it was done to"
    list_lookups = frozenset({"target", "action"})
    named = ("target", "actor_id")

    def sheet(self, request: HttpRequest, row: Record) -> Sheet:
        links.learn([row.target, row.actor_id])
        facts = [
            Fact("Action", row.action),
            Fact("Address", row.ip),
            Fact("Request", row.request_id),
        ]
        details = [Fact(words(str(name)), _detail(value)) for name, value in row.detail.items()]
        return Sheet(
            heading=words(row.action),
            figures=[
                Figure("Who", Link(row.actor_id), row.actor_kind.capitalize()),
                *([Figure("To what", Link(row.target))] if row.target else []),
                Figure("When", Moment(row.at)),
            ],
            main=[Facts("What was said", details)] if details else [],
            side=[Facts("Record", facts)],
        )


def _detail(value: object) -> object:
    if isinstance(value, dict | list):
        return Evidence("Show", value)
    return Link(value) if isinstance(value, str) else value
