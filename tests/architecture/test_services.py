"""Services take plain values by name, know no HTTP and ring no bell; doors alone read the clock."""

import ast

import pytest

from tests.architecture.house import APPS, Module, imported, modules, snippet

# Values that look alike at a call: two of them swap without anybody seeing it.
BELLS = ("audit.doorbell", "celery")
HTTP = ("django.http", "rest_framework")
PLAIN = {"int", "str", "bytes", "bool", "date", "datetime", "Money", "UUID"}


def swappable(module: Module) -> list[str]:
    """Public functions that take a plain value by position although they take something else too."""
    return [
        f"{module.path}: {function.name}"
        for function in module.tree.body
        if isinstance(function, ast.FunctionDef)
        and not function.name.startswith("_")
        and len(positional(function) + function.args.kwonlyargs) > 1
        and any(is_plain(argument) for argument in positional(function)[1:])
    ]


def positional(function: ast.FunctionDef) -> list[ast.arg]:
    return function.args.posonlyargs + function.args.args


def is_plain(argument: ast.arg) -> bool:
    """A function to be called back is not mistaken for anything."""
    if "Callable" in ast.unparse(argument):
        return False
    names = {node.id for node in ast.walk(argument) if isinstance(node, ast.Name)}
    return bool(names & PLAIN)


def clock_readers(module: Module) -> list[str]:
    """`timezone.now` is ruff's to find; these are the other ways to ask what time it is."""
    return [
        f"{module.path}:{node.lineno}"
        for node in module.walk(ast.Attribute)
        if node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    ]


def services() -> list[Module]:
    return [module for module in modules(*APPS) if "/services/" in module.path]


def below_the_doors() -> list[Module]:
    floors = ("/services/", "/selectors", "/models/", "postings.py", "fees.py", "matching.py")
    return [module for module in modules(*APPS) if any(f in module.path for f in floors)]


def test_a_service_takes_plain_values_by_name():
    assert [found for module in services() for found in swappable(module)] == []


def test_nothing_below_a_door_reads_the_clock():
    assert [found for module in below_the_doors() for found in clock_readers(module)] == []


def test_no_service_knows_http():
    knows = {m.path: [n for n in imported(m) if n.startswith(HTTP)] for m in services()}
    assert {path: names for path, names in knows.items() if names} == {}


def test_no_service_rings_or_enqueues():
    below = [*services(), *below_the_doors()]
    rings = {m.path: [n for n in imported(m) if n.startswith(BELLS)] for m in below}
    assert {path: names for path, names in rings.items() if names} == {}


def test_control_a_bell_is_seen():
    assert next(imported(snippet("from audit import doorbell"))).startswith(BELLS)


def test_control_values_that_can_be_swapped_are_seen():
    assert swappable(snippet("def refund(payment: Payment, amount_minor: int): ..."))
    assert swappable(snippet("def refund(payment: Payment, *, amount_minor: int): ...")) == []


def test_control_http_is_seen():
    assert next(imported(snippet("from django.http import HttpRequest"))).startswith(HTTP)


@pytest.mark.parametrize("bad", ["now = datetime.now(UTC)", "day = date.today()"])
def test_control_a_clock_is_seen(bad):
    assert clock_readers(snippet(bad))
