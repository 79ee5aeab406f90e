"""Rows that are due: found through an index that holds nothing else, and counted by queue_status."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import models

import merchants.selectors
import payments.selectors.queues
import reconciliation.selectors.queues
from audit.models.due import DueRow

DUE_AND_ALIVE = {("due_at__isnull", False), ("dead_at__isnull", True)}


def due_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, DueRow)]


def plain(condition: Any) -> set[tuple[str, object]]:
    """`dead_at=None` and `dead_at__isnull=True` say the same."""
    if condition is None or condition.negated:
        return set()
    return {
        (f"{name}__isnull", True) if value is None else (name, value)
        for name, value in condition.children
    }


def due_indexes(options: Any) -> list[models.Index]:
    return [
        index
        for index in options.indexes
        if index.fields[:1] == ["due_at"] and plain(index.condition) == DUE_AND_ALIVE
    ]


@pytest.mark.parametrize("model", due_models(), ids=lambda m: m._meta.label)
def test_every_kind_of_due_row_has_its_partial_index(model):
    assert due_indexes(model._meta)


def test_there_are_due_rows():
    assert len(due_models()) >= 7


def test_every_kind_of_due_row_is_a_queue_that_queue_status_counts():
    gathered = "".join(
        inspect.getsource(module.queues)
        for module in (
            merchants.selectors,
            payments.selectors.queues,
            reconciliation.selectors.queues,
        )
    )
    assert [m.__name__ for m in due_models() if f"{m.__name__}.objects" not in gathered] == []


@pytest.mark.parametrize(
    "bad",
    [
        models.Index(fields=["due_at"], name="whole"),
        models.Index(fields=["due_at"], name="half", condition=models.Q(due_at__isnull=False)),
        models.Index(
            fields=["state", "due_at"],
            name="state_first",
            condition=models.Q(due_at__isnull=False, dead_at__isnull=True),
        ),
    ],
    ids=lambda index: index.name,
)
def test_control_an_index_that_is_not_partial_does_not_count(bad):
    assert due_indexes(SimpleNamespace(indexes=[bad])) == []
