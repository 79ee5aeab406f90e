"""The parents of all operator pages. Unfold is known to this package alone.

A page that shows money offers nothing to type: no add, no change, no delete, no bulk action.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from audit.admin import links
from audit.admin.asking import ReasonRequired
from audit.admin.columns import Column
from audit.admin.paging import PublicIdChangeList, UncountedPaginator
from audit.admin.sheets import Fact, Facts, Section, Sheet
from audit.admin.values import Link, PublicId
from audit.ids import PREFIXES

# Sections that another app adds to this app's pages: the app above knows the row, not the other way.
Contribution = Callable[[Any], Sequence[Section]]
_contributions: dict[str, list[Contribution]] = {}


def contribute(label: str, sections: Contribution) -> None:
    """Shows `sections(row)` on the pages of the model `app_label.model_name`."""
    _contributions.setdefault(label, []).append(sections)


class FormAdmin(ModelAdmin):
    """A list and a form, for what is not money: no bulk actions, no deleting."""

    actions: Any = ()
    list_fullwidth = True
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": str(self.opts.verbose_name_plural).capitalize()}
        with links.viewing(request.user):
            response = super().changelist_view(request, {**title, **(extra_context or {})})
            return response.render() if isinstance(response, TemplateResponse) else response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        only_save = {"show_save_and_add_another": False, "show_save_and_continue": False}
        answer: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**only_save, **(extra_context or {})}
        )
        return answer


class ReadOnlyAdmin(ReasonRequired, ModelAdmin):
    """Lists and sheets, called by `plural` where the model's own word is not ours. `id_prefix` makes every public id of this kind a link to its sheet.

    `search_ids` says which lookup finds the rows that belong to an id of another kind, `search_exact`
    which lookups are tried for anything else: indexed ones only. `list_lookups` are the query
    parameters that links may set beside the filters; `named`, which fields hold ids of other rows that
    the list calls by name.
    """

    id_prefix = ""
    plural = ""
    search_ids: Mapping[str, str] = {}
    search_exact: Sequence[str] = ()
    list_lookups: frozenset[str] = frozenset()
    hidden_fields: frozenset[str] = frozenset()
    named: Sequence[str] = ()

    actions: Any = ()
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = UncountedPaginator
    list_filter_submit = True
    list_fullwidth = True
    empty_value_display = "-"

    def __init__(self, model: type[Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        if self.id_prefix:
            links.register(
                self.id_prefix,
                app_label=self.opts.app_label,
                model_name=str(self.opts.model_name),
            )

    def sheet(self, request: HttpRequest, row: Any) -> Sheet:
        """The page of one row; by default all its fields."""
        return Sheet(heading=str(row), main=[Facts("Details", self.facts(row))])

    def sheet_rows(self) -> QuerySet[Any]:
        """Where a sheet's row comes from, with what the sheet reads of its relations."""
        rows: QuerySet[Any] = self.model.objects.all()
        return rows

    def facts(self, row: Model) -> list[Fact]:
        return [
            Fact(str(f.verbose_name).capitalize(), self._fact(row, f))
            for f in self.opts.concrete_fields
            if f.name not in self.hidden_fields and not f.primary_key
        ]

    def find(self, object_id: str) -> Any:
        by = "public_id" if self._has_public_id() else "pk"
        try:
            return self.sheet_rows().filter(**{by: object_id}).first()
        except ValueError:
            return None

    # What Django's admin asks.

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Django would let those who may change see; here nobody may change.
        return request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PublicIdChangeList]:
        return PublicIdChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown: ChangeList = super().get_changelist_instance(request)
        fields = [Column(path) for path in self.named]
        links.learn(str(field.value(row)) for row in shown.result_list for field in fields)
        return shown

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        # Only says that there is a search box; get_search_results does not use it.
        return ("pk",) if self.search_ids or self.search_exact else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By exact id or exact reference: what an index answers, however long the table."""
        term = search_term.strip()
        prefix = term.partition("_")[0].lower()
        if not term:
            return queryset, False
        if prefix in PREFIXES and prefix in self.search_ids:
            prefix_kept, _, rest = term.partition("_")
            return queryset.filter(
                **{self.search_ids[prefix]: f"{prefix_kept.lower()}_{rest.upper()}"}
            ), False
        found = queryset.none()
        for lookup in self.search_exact:
            found = found | queryset.filter(**{lookup: term})
        return found, False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The filters on the page and the links to it, nothing else: `?secret__startswith=a` is a
        question too."""
        return lookup in self.list_lookups or lookup in self._filter_parameters()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        with links.viewing(request.user):
            title = {"title": self._title()}
            response = super().changelist_view(request, {**title, **(extra_context or {})})
            return response.render() if isinstance(response, TemplateResponse) else response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.find(object_id)
        if row is None:
            messages.warning(request, f"There is no {self.opts.verbose_name} {object_id}.")
            return HttpResponseRedirect(self._list_url())
        with links.viewing(request.user):
            sheet = self.sheet(request, row)
            context = {
                **self.admin_site.each_context(request),
                "title": f"{self.opts.verbose_name} {getattr(row, 'public_id', row.pk)}",
                "crumb": links.name_of(row.public_id) if self._has_public_id() else sheet.heading,
                "opts": self.opts,
                "public_id": PublicId(row.public_id) if self._has_public_id() else "",
                "sheet": sheet,
                "contributed": self._contributed(row),
                "buttons": self.buttons(request, row),
                "list_url": self._list_url(),
                "list_title": self._title(),
                **(extra_context or {}),
            }
            return TemplateResponse(request, "admin/sheet.html", context).render()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sheet tells what happened."""
        return self.change_view(request, object_id)

    def _title(self) -> str:
        # An abbreviation keeps its capitals: API keys.
        plural = self.plural or str(self.opts.verbose_name_plural)
        return plural[:1].upper() + plural[1:]

    def _contributed(self, row: Model) -> list[Section]:
        label = f"{self.opts.app_label}.{self.opts.model_name}"
        return [section for give in _contributions.get(label, []) for section in give(row)]

    def _has_public_id(self) -> bool:
        try:
            self.opts.get_field("public_id")
        except FieldDoesNotExist:
            return False
        return True

    def _fact(self, row: Model, field: "Field[Any, Any]") -> Any:
        if field.is_relation:
            related = getattr(row, field.name)
            public_id = getattr(related, "public_id", None)
            return Link(public_id, str(related)) if public_id else related
        if field.name == "public_id":
            return PublicId(row.public_id)  # type: ignore[attr-defined]
        if field.choices:
            return getattr(row, f"get_{field.name}_display")()
        return field.value_from_object(row)

    def _filter_parameters(self) -> set[str]:
        names: set[str] = set()
        for spec in self.list_filter:
            if isinstance(spec, tuple | list):
                name = str(spec[0])
                names |= {f"{name}_from", f"{name}_to"}
                names |= {f"{name}{end}" for end in ("__exact", "__id__exact")}
            else:
                names.add(str(getattr(spec, "parameter_name", spec)))
        return names
