"""A module has a name that says what is in it, and a length that can be read at one sitting."""

from pathlib import PurePosixPath

import pytest

from tests.architecture.house import PACKAGES, ROOT, Module, modules, snippet

DRAWERS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "shared", "managers"}
LONGEST = 400


def drawers(path: str) -> set[str]:
    pure = PurePosixPath(path)
    return {*pure.parts[:-1], pure.stem} & DRAWERS


def length(module: Module) -> int:
    return module.source.count("\n")


def test_no_module_is_a_drawer():
    assert [m.path for m in modules() if drawers(m.path)] == []


def test_no_module_is_longer_than_a_sitting():
    assert {m.path: length(m) for m in modules() if length(m) > LONGEST} == {}


def test_no_generated_file_was_left_empty():
    left = {"tests.py", "views.py", "admin.py", "models.py"}
    assert [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name in left and len(path.read_text().strip().splitlines()) < 4
    ] == []


@pytest.mark.parametrize("bad", ["payments/utils.py", "ledger/helpers/money.py", "core/models.py"])
def test_control_a_drawer_is_seen(bad):
    assert drawers(bad)


def test_control_a_long_module_is_seen():
    assert length(snippet("x = 1\n" * (LONGEST + 1))) > LONGEST
