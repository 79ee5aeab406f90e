"""Whatever a search or a link asks of a list, an index answers, however long the table has become."""

import pytest
from django.contrib import admin
from django.db.models import UniqueConstraint
from django.db.models.constants import LOOKUP_SEP

from audit.admin.base import ReadOnlyAdmin
from payments.models import Order, Payment
from tests.factories.console import name_of

# Short tables, whatever happens: merchants, people, settings.
SHORT = {"merchants.merchant", "auth.group"}
ENDS = {"exact", "istartswith", "isnull", "id"}


def leading_fields(model) -> set[str]:
    meta = model._meta
    indexes = [index.fields[0].lstrip("-") for index in meta.indexes if index.fields]
    unique = [c.fields[0] for c in meta.constraints if isinstance(c, UniqueConstraint) and c.fields]
    own = [f.name for f in meta.concrete_fields if f.unique or f.db_index or f.primary_key]
    return {*indexes, *unique, *own}


def is_indexed(model, lookup: str) -> bool:
    """Every step of the lookup starts from a column that an index begins with."""
    for name in lookup.split(LOOKUP_SEP):
        if name in ENDS:
            continue
        field = model._meta.get_field(name)
        if not field.is_relation:
            return name_of(model) in SHORT or field.name in leading_fields(model)
        model = field.related_model
    return True


def asked() -> list[tuple[type, str]]:
    found = []
    for model, page in admin.site._registry.items():
        if isinstance(page, ReadOnlyAdmin):
            found += [(model, lookup) for lookup in page.search_ids.values()]
            found += [(model, lookup) for lookup in page.search_exact]
    return found


def test_every_search_is_answered_by_an_index():
    assert {
        f"{name_of(m)}: {lookup}" for m, lookup in asked() if not is_indexed(m, lookup)
    } == set()


def test_lists_are_in_the_order_of_an_index():
    unordered = {
        name_of(model): page.ordering
        for model, page in admin.site._registry.items()
        if isinstance(page, ReadOnlyAdmin)
        and page.ordering[0].lstrip("-").removesuffix("_id") not in {"pk", *leading_fields(model)}
        and name_of(model) not in SHORT
    }
    assert unordered == {}


@pytest.mark.parametrize("lookup", ["description", "merchant__name__istartswith", "failure_code"])
def test_control_a_search_without_an_index_is_seen(lookup):
    model = Order if lookup == "description" else Payment
    assert is_indexed(model, lookup) is lookup.startswith("merchant")
