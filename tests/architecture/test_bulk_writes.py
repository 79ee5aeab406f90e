"""`QuerySet.update`, `bulk_create` and `bulk_update` step past transitions, events and the audit log.

They stay off states and money. Where they are right (leases, counters, rows that are only ever added)
the place stands here with its reason.
"""

import ast

import pytest

from tests.architecture.house import APPS, Module, imported, modules, snippet

BULK = {"update", "bulk_create", "bulk_update"}
ALLOWED = {
    ("audit/services/due.py", "update"): "leases, fenced by their token",
    ("ledger/services/journals.py", "bulk_create"): "the entries of one journal, guarded at commit",
    ("ledger/services/locks.py", "bulk_create"): "accounts at zero, opened by whoever comes first",
    ("merchants/services/events.py", "bulk_create"): "deliveries, added and due",
    ("merchants/services/idempotency.py", "update"): "the answer, fenced by the lease's token",
    ("merchants/services/webhooks.py", "bulk_create"): "deliveries that are owed again",
    ("merchants/services/webhooks.py", "update"): "deliveries that are due again",
    ("payments/services/callbacks.py", "bulk_create"): "one receipt, or none when it is a repeat",
    ("payments/services/callbacks.py", "update"): "how often a callback came",
    ("payments/services/settling.py", "update"): "a date, on rows that are locked and checked",
    ("reconciliation/services/imports.py", "bulk_create"): "a statement's lines, all or none",
    ("reconciliation/services/runs.py", "update"): "files that are due again",
    ("reconciliation/services/settlements.py", "bulk_create"): "a settlement's items and shares",
    ("reconciliation/services/tickets.py", "bulk_create"): "tickets, each difference once",
}


def bulk_writes(module: Module) -> list[tuple[str, str]]:
    """(path, method) of each call that may write rows in bulk.

    A dict's or a hash's `update` takes one value and no keyword; a queryset's takes keywords only. A
    function of that name in a module that was imported (`orders.update`) is somebody's service.
    """
    known = {name.split(".")[-1] for name in imported(module)}
    return [
        (module.path, call.func.attr)
        for call in module.walk(ast.Call)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in BULK
        and (call.keywords or call.func.attr != "update")
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id in known)
    ]


def is_of_a_progress_bar(path: str) -> bool:
    """rich's bars have an `update` too; commands draw them and write nothing in bulk."""
    return "/management/commands/" in path


def test_bulk_writes_stay_where_they_are_allowed():
    found = {write for module in modules(*APPS) for write in bulk_writes(module)}
    assert {write for write in found - set(ALLOWED) if not is_of_a_progress_bar(write[0])} == set()


def test_every_allowance_is_still_needed():
    found = {write for module in modules(*APPS) for write in bulk_writes(module)}
    assert set(ALLOWED) - found == set()


@pytest.mark.parametrize(
    "bad",
    [
        "Payment.objects.filter(pk=1).update(state='succeeded')",
        "payments.update(**values)",
        "Refund.objects.bulk_create(refunds)",
        "Order.objects.bulk_update(orders, ['state'])",
    ],
)
def test_control_a_bulk_write_is_seen(bad):
    assert bulk_writes(snippet(bad))


@pytest.mark.parametrize("good", ["fields.update(more)", "digest.update(chunk)"])
def test_control_dicts_and_hashes_are_left_alone(good):
    assert bulk_writes(snippet(good)) == []
