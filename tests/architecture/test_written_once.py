"""What is written once is kept twice: by triggers, and by the rights of the role that the processes use."""

from typing import Any

import pgtrigger
from django.apps import apps

from config.database_roles import APPEND_ONLY, NEVER_DELETED, grants
from tests.architecture.house import APPS

# Triggers that look at some fields and let the rest of the row change.
OF_SOME_FIELDS = (pgtrigger.FSM, pgtrigger.ReadOnly)


def tables() -> dict[str, Any]:
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in APPS
    }


def refuses(model: Any, operation: pgtrigger.Operation) -> bool:
    """Whether a trigger without a condition stands before this operation and lets no row through."""
    return any(
        str(operation) in str(trigger.operation)
        and trigger.when == pgtrigger.Before
        and trigger.condition is None
        and not isinstance(trigger, OF_SOME_FIELDS)
        and "RAISE EXCEPTION" in trigger.get_func(model)
        for trigger in getattr(model._meta, "triggers", [])
    )


def written_once() -> set[str]:
    return {
        table
        for table, model in tables().items()
        if refuses(model, pgtrigger.Update) and refuses(model, pgtrigger.Delete)
    }


def test_the_roles_list_is_what_the_triggers_say():
    assert set(APPEND_ONLY) == written_once()


def test_what_is_written_once_cannot_be_truncated_either():
    assert [t for t in written_once() if not refuses(tables()[t], pgtrigger.Truncate)] == []


def test_every_table_in_the_roles_list_exists():
    assert set(APPEND_ONLY + NEVER_DELETED) - set(tables()) == set()


def test_every_table_of_money_is_never_deleted_from():
    money = {
        table
        for table, model in tables().items()
        if any(field.name.endswith("_minor") for field in model._meta.get_fields())
    }
    # Terms, not money: what will be charged from now on.
    terms = {"merchants_feeplan", "payments_channelaccount"}
    assert money - set(APPEND_ONLY) - set(NEVER_DELETED) - terms == set()


def test_the_app_role_gets_no_right_to_change_what_is_written_once():
    for table in APPEND_ONLY:
        assert f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM zerosum_app" in grants()


def test_control_a_model_without_such_a_trigger_does_not_count():
    assert not refuses(tables()["payments_payment"], pgtrigger.Delete)
    assert "payments_payment" not in written_once()
