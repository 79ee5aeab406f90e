"""Business steps are called, never triggered: no signals, no logic in `save()` or `delete()`."""

import ast

import pytest

from tests.architecture.house import APPS, Module, imported, modules, snippet

SIGNALS = ("django.db.models.signals", "django.dispatch", "django.core.signals", "celery.signals")
WRITERS = {"save", "delete", "save_base", "asave", "adelete"}


def signals(module: Module) -> list[str]:
    return [name for name in imported(module) if name.startswith(SIGNALS)]


def overridden_writers(module: Module) -> list[str]:
    return [
        f"{parent.name}.{method.name}"
        for parent in module.walk(ast.ClassDef)
        for method in parent.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in WRITERS
    ]


def test_no_app_listens_to_signals():
    assert {m.path: signals(m) for m in modules(*APPS) if signals(m)} == {}


def test_no_model_overrides_save_or_delete():
    models = [module for module in modules(*APPS) if "/models/" in module.path]
    assert {m.path: overridden_writers(m) for m in models if overridden_writers(m)} == {}


@pytest.mark.parametrize(
    "bad",
    [
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "from django.dispatch import receiver",
        "import django.dispatch",
    ],
)
def test_control_a_signal_is_seen(bad):
    assert signals(snippet(bad))


def test_control_an_overridden_save_is_seen():
    bad = "class Refund(models.Model):\n    def save(self, **kwargs):\n        self.post()"
    assert overridden_writers(snippet(bad)) == ["Refund.save"]
