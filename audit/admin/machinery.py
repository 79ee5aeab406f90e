"""Pages of other packages' models, in the console's dress: the clock's table and the diff log."""

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from auditlog.models import LogEntry
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from audit.admin.base import FormAdmin, ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, LinkColumn, TimeColumn
from audit.admin.filters import ChoicesCheckboxFilter, DaysFilter
from audit.admin.links import PUBLIC_ID
from audit.admin.sheets import Fact, Facts, Sheet, Table
from audit.admin.values import Badge, Link

# Each registers itself when its admin module is imported; that has to have happened before it is undone.
for module in (
    "django_celery_beat.admin",
    "auditlog.admin",
    "allauth.account.admin",
    "allauth.mfa.admin",
):
    import_module(module)
for model in (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
    LogEntry,
    Authenticator,
    EmailAddress,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def which(entry: Any) -> Any:
    """The row's page, where its text names a public id."""
    named = PUBLIC_ID.search(entry.object_repr)
    return Link(named.group(), entry.object_repr) if named else entry.object_repr


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(FormAdmin):
    """When the clock rings. Which task it is comes from config/schedule.py: here it is slowed down,
    sped up or switched off, never pointed at something else."""

    list_display = (
        "name",
        ComputedColumn(lambda row: str(row.interval or row.crontab or ""), "When", name="when"),
        TimeColumn("last_run_at", "Last rang"),
        ComputedColumn(
            lambda row: Badge("On", "success") if row.enabled else Badge("Off", "warning"),
            "State",
            name="state",
        ),
        Column("description", "Why"),
    )
    list_select_related = ("interval", "crontab")
    ordering = ("name",)
    fields = ("name", "task", "description", "enabled", "interval", "crontab", "last_run_at")
    readonly_fields = ("name", "task", "description", "last_run_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ScheduleAdmin(FormAdmin):
    """Rhythms that periodic tasks choose from; deleting one would delete the tasks that follow it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A rhythm is shared: another one is added instead.
        return obj is None and super().has_change_permission(request, obj)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ScheduleAdmin):
    ordering = ("period", "every")


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ScheduleAdmin):
    ordering = ("hour", "minute")


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What changed in a row, before and after: for people. The proof is in the audit records."""

    plural = "row changes"
    list_display = (
        TimeColumn("timestamp", "When"),
        Column("content_type.name", "What"),
        ComputedColumn(which, "Which", name="which"),
        Column("get_action_display", "Change"),
        ComputedColumn(lambda row: sorted(row.changes or {}), "Fields", name="fields"),
        LinkColumn("actor.public_id", "Who", text="actor.username"),
    )
    list_display_links = (list_display[0],)
    list_select_related = ("content_type", "actor")
    list_filter = (("action", ChoicesCheckboxFilter), ("timestamp", DaysFilter))
    list_lookups = frozenset({"object_pk", "content_type__id__exact"})

    def sheet_rows(self) -> QuerySet[Any]:
        return super().sheet_rows().select_related("content_type", "actor")

    def sheet(self, request: HttpRequest, row: Any) -> Sheet:
        changes = [
            (name, *_before_and_after(change)) for name, change in (row.changes or {}).items()
        ]
        return Sheet(
            heading=format_html("{} of {}", row.get_action_display().capitalize(), row.object_repr),
            main=[Table("Changes", ["Field", "Before", "After"], changes)],
            side=[
                Facts(
                    "Entry",
                    [
                        Fact("When", row.timestamp),
                        Fact("What", row.content_type.name),
                        Fact("Which", which(row)),
                        Fact(
                            "Who",
                            Link(row.actor.public_id, row.actor.username) if row.actor else None,
                        ),
                        Fact("Address", row.remote_addr),
                    ],
                )
            ],
        )


def _before_and_after(change: Any) -> tuple[Any, Any]:
    match change:
        case [before, after]:
            return _said(before), _said(after)
        case _:
            return None, str(change)


def _said(value: Any) -> Any:
    # auditlog writes Python's words for nothing.
    return None if value == "None" else str(value)
