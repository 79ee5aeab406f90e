"""Filters of lists."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    CheckboxFilter,
    ChoicesCheckboxFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.utils import parse_date_str

__all__ = [
    "AutocompleteSelectFilter",
    "BooleanRadioFilter",
    "CheckboxFilter",
    "ChoicesCheckboxFilter",
    "DaysFilter",
    "DropdownFilter",
    "OwedFilter",
    "RelatedDropdownFilter",
]


class DaysFilter(RangeDateFilter):
    """From one day to another, both included, in UTC."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _start(first)})
        if last:
            after = _start(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
        return queryset

    def _day(self, end: str) -> date | None:
        text = self.used_parameters.get(f"{self.field_path}_{end}")
        day: date | None = parse_date_str(str(text)) if text else None
        return day


class OwedFilter(DropdownFilter):
    """Due rows by what is owed."""

    title = "work"
    parameter_name = "work"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> Iterable[tuple[str, str]]:
        return (("owed", "Still owed"), ("dead", "Given up"), ("failing", "Failing"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "owed":
                return queryset.filter(due_at__isnull=False, dead_at=None)
            case "dead":
                return queryset.exclude(dead_at=None)
            case "failing":
                return queryset.filter(due_at__isnull=False, dead_at=None).exclude(last_error="")
            case _:
                return queryset


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
