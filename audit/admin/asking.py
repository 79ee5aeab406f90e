"""What an operator may ask for on a page: each with its own permission, a reason, and a second look.

Nothing here moves money. An ask is shown to those who may use it, confirmed on a page that says what
will happen, and carried out by one call of a service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from structlog.contextvars import get_contextvars
from unfold.widgets import UnfoldAdminTextareaWidget

from audit.actor import Actor, ActorKind
from audit.admin import links

SHORTEST_REASON = 5
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What a service needs to know of an ask that was confirmed."""

    reason: str
    by: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """`carry_out` calls one service and answers with a sentence; `possible` says whether the row is
    in a state for it; the errors in `refusals` are told to the operator, all others rise."""

    name: str
    label: str
    permission: str
    consequence: str
    carry_out: Callable[[Any, Request], str]
    possible: Callable[[Any], bool]
    refusals: Sequence[type[Exception]] = ()
    icon: str = "bolt"
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str
    icon: str
    danger: bool


class ReasonForm(forms.Form):
    reason = forms.CharField(
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="Kept with your name in the audit records.",
    )


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in operator."""
    return Actor(
        kind=ActorKind.OPERATOR,
        id=getattr(request.user, "public_id", ""),
        request_id=str(get_contextvars().get("request_id", ""))[:64],
        ip=request.META.get("REMOTE_ADDR", ""),
    )


class ReasonRequired(ModelAdmin):  # type: ignore[type-arg]  # generic over any model
    """Adds the pages of `asks` to an admin whose `find` knows rows by public id."""

    asks: Sequence[Ask] = ()

    def may_ask(self, request: HttpRequest, ask: Ask, row: Model) -> bool:
        """Whether this operator may ask for that of this row; what the row's state allows comes later."""
        return request.user.has_perm(ask.permission)

    def find(self, object_id: str) -> Model | None:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_ask"
        view = self.admin_site.admin_view(self.ask_view)
        return [path("<path:object_id>/ask/<slug:ask>/", view, name=name), *super().get_urls()]

    def buttons(self, request: HttpRequest, row: Model) -> list[Button]:
        """What this operator may ask for of this row now."""
        return [
            Button(ask.label, self._ask_url(row, ask), ask.icon, ask.danger)
            for ask in self.asks
            if self.may_ask(request, ask, row) and ask.possible(row)
        ]

    def ask_view(self, request: HttpRequest, object_id: str, ask: str) -> HttpResponse:
        asked = next((known for known in self.asks if known.name == ask), None)
        if asked is None or not request.user.has_perm(asked.permission):
            raise PermissionDenied
        row = self.find(object_id)
        if row is not None and not self.may_ask(request, asked, row):
            raise PermissionDenied
        if row is None or not asked.possible(row):
            messages.warning(request, f"“{asked.label}” is not possible here any more.")
            return HttpResponseRedirect(self._back(object_id))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._carry_out(request, asked, row, reason=form.cleaned_data["reason"])
            return HttpResponseRedirect(self._back(object_id))
        return self._confirm(request, asked, row, form)

    def _carry_out(self, request: HttpRequest, ask: Ask, row: Model, *, reason: str) -> None:
        confirmed = Request(reason=reason, by=actor_of(request), now=timezone.now())
        try:
            sentence = ask.carry_out(row, confirmed)
        except tuple(ask.refusals) as refused:
            messages.error(request, f"Not done: {refused}.")
        else:
            messages.success(request, sentence)

    def _confirm(
        self, request: HttpRequest, ask: Ask, row: Model, form: ReasonForm
    ) -> HttpResponse:
        with links.viewing(request.user):
            context = {
                **self.admin_site.each_context(request),
                "title": ask.label,
                "opts": self.opts,
                "ask": ask,
                "row": row,
                "form": form,
                "back": self._back(str(getattr(row, "public_id", row.pk))),
                "crumb": f"{ask.label}?",
                "list_url": self._list_url(),
                "list_title": str(self.opts.verbose_name_plural).capitalize(),
            }
            return TemplateResponse(request, "admin/ask.html", context).render()

    def _ask_url(self, row: Model, ask: Ask) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_ask",
            args=[getattr(row, "public_id", row.pk), ask.name],
        )

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _back(self, object_id: str) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id]
        )
