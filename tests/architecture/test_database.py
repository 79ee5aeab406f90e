"""What every model keeps to."""

from typing import Any

from django.apps import apps
from django.db import models

from audit.ids import PREFIXES
from tests.architecture.house import APPS


def house_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


def fields_of(model: type[models.Model]) -> dict[str, Any]:
    return {field.name: field for field in model._meta.get_fields()}


def amounts_of(model: type[models.Model]) -> set[str]:
    return {name for name in fields_of(model) if name.endswith("_minor")}


def test_no_model_orders_itself():
    assert [m._meta.label for m in house_models() if m._meta.ordering] == []


def test_an_amount_is_a_big_integer():
    assert [
        f"{model._meta.label}.{name}"
        for model in house_models()
        for name in amounts_of(model)
        if not isinstance(fields_of(model)[name], models.BigIntegerField)
    ] == []


def test_an_amount_has_its_currency_beside_it():
    # What a channel charges beside its percentage is in whatever currency it charged.
    elsewhere = {"payments.ChannelAccount"}
    # An entry is in its account's currency, an item in its settlement's.
    beside = {"currency", "account", "settlement"}
    assert [
        model._meta.label
        for model in house_models()
        if amounts_of(model)
        and not beside & set(fields_of(model))
        and model._meta.label not in elsewhere
    ] == []


def test_a_public_id_has_a_known_prefix():
    for model in house_models():
        default = getattr(fields_of(model).get("public_id"), "default", models.NOT_PROVIDED)
        if default is not models.NOT_PROVIDED:
            prefix, _, rest = str(default()).partition("_")
            assert prefix in PREFIXES
            assert len(rest) == 26


def test_control_what_is_looked_at_is_there():
    payment = next(m for m in house_models() if m._meta.label == "payments.Payment")
    assert {"amount_minor", "amount_captured_minor"} <= amounts_of(payment)
    assert "public_id" in fields_of(payment)
