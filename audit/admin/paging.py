"""Lists of any length: a page is read, nothing is counted."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.views import ChangeList

# Behind this page an OFFSET reads more rows than a person will ever look at: filter instead.
LAST_PAGE = 200


class UncountedPage(Page):  # type: ignore[type-arg]  # not generic at run time
    """Knows that there is a next one by having looked one row further."""

    def has_next(self) -> bool:
        more: bool = self.paginator.more  # type: ignore[attr-defined]
        return more and self.number < LAST_PAGE


class UncountedPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    template_name = "admin/pagination_uncounted.html"
    more = False

    @cached_property
    def count(self) -> int:
        return LAST_PAGE * self.per_page

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows = list(self.object_list[first : first + self.per_page + 1])
        self.more = len(rows) > self.per_page
        return UncountedPage(rows[: self.per_page], number, self)


class PublicIdChangeList(ChangeList):
    """Rows are addressed by public id, and what the list could not do is said."""

    def url_for_result(self, result: Model) -> str:
        opts = self.opts
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_change",
            args=[getattr(result, "public_id", result.pk)],
            current_app=self.model_admin.admin_site.name,
        )

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.page_num >= LAST_PAGE:
            messages.info(request, "This is as far as paging goes: narrow the list with a filter.")
