"""The people who sign in, and what their roles let them do.

Roles are data in config/roles.py, written by `manage.py sync_roles`; here they are given to people.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Prefetch, QuerySet
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from audit.admin import links
from audit.admin.asking import Ask, ReasonRequired, Request, actor_of
from audit.admin.base import FormAdmin, ReadOnlyAdmin
from audit.admin.columns import Column, ComputedColumn, TimeColumn
from audit.admin.sheets import Fact, Facts, Heading, Sheet, Table
from audit.admin.values import Badge, Link
from audit.models import Operator
from audit.services import records


def _forget_second_factor(operator: Operator, confirmed: Request) -> str:
    Authenticator.objects.filter(user=operator).delete()
    records.write(
        action="operator.second_factor_reset",
        by=confirmed.by,
        now=confirmed.now,
        target=operator.public_id,
        detail={"reason": confirmed.reason},
    )
    return f"{operator.username} has to set up a second factor at the next sign-in."


def second_factor(operator: Any) -> Badge:
    return Badge("Set up", "success") if operator.factors else Badge("Missing", "warning")


def _is_within_reach(request: HttpRequest, row: Any) -> bool:
    """Whoever could set a superuser's password would be one."""
    return row is None or not row.is_superuser or request.user.is_superuser


def _names(public_ids: Collection[str]) -> dict[str, str]:
    operators = Operator.objects.filter(public_id__in=public_ids)
    return {o.public_id: o.get_full_name() or o.username for o in operators}


@admin.register(Operator)
class OperatorAdmin(ReasonRequired, FormAdmin, UserAdmin):  # type: ignore[type-arg]
    """People are switched off, never deleted: their names stand in the records."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    change_form_outer_before_template = "admin/asks.html"
    list_display = (
        "username",
        Column("get_full_name", "Name"),
        ComputedColumn(lambda row: [g.name for g in row.groups.all()], "Roles", name="roles"),
        ComputedColumn(second_factor, "Second factor", name="factor"),
        TimeColumn("last_login", "Last sign-in"),
        ComputedColumn(
            lambda row: Badge("Active", "success") if row.is_active else Badge("Off"),
            "State",
            name="is_active",
        ),
    )
    list_filter = ("is_active", "groups")
    search_fields = ("username", "public_id")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("public_id", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "is_staff", "groups")}),
        ("Since", {"fields": ("public_id", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2", "groups")}),
    )
    asks = (
        Ask(
            name="reset-second-factor",
            label="Reset second factor",
            permission="audit.change_operator",
            consequence="Their authenticator and recovery codes stop working at once. Make sure"
            " that it is really them who ask.",
            carry_out=_forget_second_factor,
            possible=lambda operator: Authenticator.objects.filter(user=operator).exists(),
            icon="phonelink_erase",
            danger=True,
        ),
    )

    def __init__(self, model: type[Model], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        links.register("opr", app_label="audit", model_name="operator")
        links.register_names("opr", _names)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        field: ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(
            db_field, request, **kwargs
        )
        if field is not None:
            field.label, field.help_text = "Roles", ""
        return field

    def find(self, object_id: str) -> Operator | None:
        by = "public_id" if object_id.startswith("opr_") else "pk"
        try:
            return Operator.objects.filter(**{by: object_id}).first()
        except ValueError:
            return None

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Operator | None:
        return self.find(object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operator]:
        factors = Authenticator.objects.filter(type=Authenticator.Type.TOTP)
        return (
            super()
            .get_queryset(request)
            .prefetch_related(
                "groups", Prefetch("authenticator_set", queryset=factors, to_attr="factors")
            )
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Operator | None = None
    ) -> tuple[str, ...]:
        own = obj is not None and obj.pk == request.user.pk
        # Nobody changes what they themselves may do.
        locked = ("is_active", "is_staff", "groups") if own else ()
        return (*self.readonly_fields, *locked)

    def has_change_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and _is_within_reach(request, obj)

    def may_ask(self, request: HttpRequest, ask: Ask, row: Model) -> bool:
        return super().may_ask(request, ask, row) and _is_within_reach(request, row)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's signature
        form_url: str = "",
    ) -> HttpResponse:
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        operator = self.find(id)
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND and operator:
            records.write(
                action="operator.password_set",
                by=actor_of(request),
                now=timezone.now(),
                target=operator.public_id,
            )
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        row = self.find(object_id)
        buttons = self.buttons(request, row) if row else []
        return super().change_view(
            request, object_id, form_url, {"buttons": buttons, **(extra_context or {})}
        )

    def save_model(
        self,
        request: HttpRequest,
        obj: Operator,
        form: "ModelForm[Operator]",
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: "ModelForm[Operator]",
        formsets: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        super().save_related(request, form, formsets, change)
        operator = form.instance
        records.write(
            action="operator.changed" if change else "operator.created",
            by=actor_of(request),
            now=timezone.now(),
            target=operator.public_id,
            detail={
                "fields": sorted(set(form.changed_data) - {"password1", "password2"}),
                "roles": sorted(group.name for group in operator.groups.all()),
                "active": operator.is_active,
            },
        )


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """Shown, not edited: what a role may do is reviewed as code."""

    plural = "roles"
    list_display = (Column("name", "Role"),)
    ordering = ("name",)

    def sheet_rows(self) -> QuerySet[Group]:
        return Group.objects.prefetch_related(
            "permissions__content_type", Prefetch("user_set", to_attr="members")
        )

    def sheet(self, request: HttpRequest, row: Any) -> Sheet:
        allowed = sorted(
            (str(p.content_type.app_label), str(p.name)) for p in row.permissions.all()
        )
        return Sheet(
            heading=row.name.replace("_", " ").capitalize(),
            main=[
                Table(
                    "What this role may do",
                    [Heading("Part"), Heading("Permission")],
                    [(app.capitalize(), name) for app, name in allowed],
                    note="Roles are kept in config/roles.py and written by “manage.py sync_roles”.",
                )
            ],
            side=[
                Facts("People", [Fact(o.username, Link(o.public_id)) for o in row.members])
                if row.members
                else Facts("People", [Fact("Nobody", "No operator has this role.")])
            ],
        )
