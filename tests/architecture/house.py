"""The house's own source, read as text and as syntax trees, for the checks of this directory."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
APPS = ("audit", "ledger", "merchants", "payments", "reconciliation")
PACKAGES = ("config", *APPS)

T = TypeVar("T", bound=ast.AST)


@dataclass(frozen=True)
class Module:
    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, filename=self.path)

    def walk(self, kind: type[T]) -> Iterator[T]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))


def modules(*packages: str) -> list[Module]:
    """Every module of these packages but the migrations, which are generated."""
    return [
        Module(path=str(path.relative_to(ROOT)), source=path.read_text())
        for package in packages or PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def snippet(source: str, path: str = "payments/services/snippet.py") -> Module:
    """A module that no file holds: what a check must refuse."""
    return Module(path=path, source=source)


def imported(module: Module) -> Iterator[str]:
    """Every dotted name that the module imports, whole: `from a.b import c` is `a.b.c`."""
    for plain in module.walk(ast.Import):
        yield from (alias.name for alias in plain.names)
    for chosen in module.walk(ast.ImportFrom):
        yield from (f"{chosen.module}.{alias.name}" for alias in chosen.names)


def called(call: ast.Call) -> str:
    """The last name of what is called: `float`, `update`, `save`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
