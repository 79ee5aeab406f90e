"""Money can be looked at in the console, and not typed over."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.test import RequestFactory

from audit.admin.base import ReadOnlyAdmin
from audit.models import Operator
from tests.architecture.house import APPS

# Rows that mean something only beside others of their kind, on the page of what they belong to.
SHOWN_ELSEWHERE = {"ledger.Entry", "reconciliation.SettlementItem", "reconciliation.MerchantShare"}
# What may be changed in a form, and why.
FORMS = {"audit.Operator": "people are admitted, renamed and switched off"}
WRITING = ("has_add_permission", "has_change_permission", "has_delete_permission")


def house_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if m._meta.app_label in APPS and not m._meta.auto_created]


def page_of(model: type[models.Model]) -> Any:
    return admin.site._registry.get(model)


def holds_money(model: type[models.Model]) -> bool:
    return any(field.name.endswith("_minor") for field in model._meta.get_fields())


def may_be_written(page: Any, request: HttpRequest) -> list[str]:
    return [name for name in WRITING if getattr(page, name)(request)]


@pytest.fixture
def request_of_everybody():
    request = RequestFactory().get("/admin/")
    request.user = Operator(username="root", is_superuser=True, is_staff=True, is_active=True)
    return request


def test_every_model_has_a_page_or_a_place_on_one():
    absent = {m._meta.label for m in house_models() if page_of(m) is None}
    assert absent <= SHOWN_ELSEWHERE


def test_every_page_of_money_is_read_only():
    pages = {m._meta.label: page_of(m) for m in house_models() if holds_money(m) and page_of(m)}
    assert len(pages) > 5
    assert [label for label, page in pages.items() if not isinstance(page, ReadOnlyAdmin)] == []


def test_only_people_are_edited_in_forms():
    pages = {m._meta.label: page_of(m) for m in house_models() if page_of(m)}
    assert {n for n, page in pages.items() if not isinstance(page, ReadOnlyAdmin)} == set(FORMS)


def test_not_even_a_superuser_writes_to_a_page_of_money(request_of_everybody):
    written = {
        model._meta.label: may_be_written(page_of(model), request_of_everybody)
        for model in house_models()
        if holds_money(model) and page_of(model)
    }
    assert {label: names for label, names in written.items() if names} == {}


def test_control_an_ordinary_page_is_seen(request_of_everybody):
    page = admin.ModelAdmin(Operator, admin.site)
    assert not isinstance(page, ReadOnlyAdmin)
    assert may_be_written(page, request_of_everybody)
