"""Money is counted in whole minor units: no float may come near it.

Seconds may be floats, so the rule has two parts. In all apps nothing is turned into a float and no column
is one, but for the places named here. Where amounts are computed there is no float at all.
"""

import ast

import pytest

from tests.architecture.house import APPS, Module, called, modules, snippet

# Where something becomes a float, and what it is.
SECONDS = {
    "merchants/api/parsers.py": "JSON's own numbers, which every field then refuses",
    "merchants/delivery.py": "Retry-After",
    "payments/channels/sandbox/client.py": "timeouts",
    "payments/channels/sandbox/simulation/steps.py": "the simulator's clock",
}
ARITHMETIC = (
    "ledger/chart.py",
    "ledger/drafts.py",
    "ledger/money.py",
    "ledger/models/",
    "ledger/services/accounts.py",
    "ledger/services/journals.py",
    "ledger/services/locks.py",
    "merchants/fees.py",
    "merchants/models/fee_plan.py",
    "payments/channels/amounts.py",
    "payments/channels/sandbox/statement.py",
    "payments/channels/sandbox/translation.py",
    "payments/drafts.py",
    "payments/events.py",
    "payments/models/",
    "payments/postings.py",
    "payments/services/captures.py",
    "payments/services/outcomes.py",
    "payments/services/refund_outcomes.py",
    "payments/services/refunds.py",
    "payments/services/suspense.py",
    "reconciliation/matching.py",
    "reconciliation/models/",
    "reconciliation/postings.py",
)


def turned_into_floats(module: Module) -> list[str]:
    return [
        f"{module.path}:{node.lineno} {called(node)}"
        for node in module.walk(ast.Call)
        if called(node) in {"float", "FloatField"}
    ]


def floats_of_any_kind(module: Module) -> list[str]:
    names = [n for n in module.walk(ast.Name) if n.id in {"float", "round"}]
    literals = [c for c in module.walk(ast.Constant) if isinstance(c.value, float)]
    divisions = [b for b in module.walk(ast.BinOp) if isinstance(b.op, ast.Div)]
    return [
        f"{module.path}:{node.lineno} {ast.unparse(node)}"
        for node in (*names, *literals, *divisions)
    ]


def test_nothing_becomes_a_float():
    found = [module for module in modules(*APPS) if module.path not in SECONDS]
    assert [where for module in found for where in turned_into_floats(module)] == []


def test_every_exception_is_still_needed():
    needed = {module.path for module in modules(*APPS) if turned_into_floats(module)}
    assert needed == set(SECONDS)


def test_where_amounts_are_computed_there_is_no_float_at_all():
    strict = [module for module in modules(*APPS) if module.path.startswith(ARITHMETIC)]
    assert [found for module in strict for found in floats_of_any_kind(module)] == []


def test_every_room_of_arithmetic_exists():
    paths = [module.path for module in modules(*APPS)]
    assert [room for room in ARITHMETIC if not any(p.startswith(room) for p in paths)] == []


@pytest.mark.parametrize(
    "bad",
    ["amount = float(text)", "fee = models.FloatField()", "share = FloatField(default=0)"],
)
def test_control_a_conversion_is_seen(bad):
    assert turned_into_floats(snippet(bad))


@pytest.mark.parametrize(
    "bad",
    ["fee = amount * 0.029", "half = amount / 2", "def f(a: float): ...", "x = round(a)"],
)
def test_control_a_float_among_amounts_is_seen(bad):
    assert floats_of_any_kind(snippet(bad))
