"""Fields and triggers that every model of this app spells the same way."""

from collections.abc import Callable

import pgtrigger
from django.db import models
from django_fsm import FSMField

from audit.ids import PUBLIC_ID_LENGTH

# What a channel may use as a reference or an id of its own.
REFERENCE_LENGTH = 128


def public_id(default: Callable[[], str]) -> "models.CharField[str, str]":
    return models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=default
    )


def names(what: str, *, indexed: bool = False) -> "models.CharField[str, str]":
    """The public id of a row that another app owns; empty when there is none."""
    return models.CharField(
        max_length=PUBLIC_ID_LENGTH, blank=True, db_index=indexed, help_text=f"Public id of {what}."
    )


def reference() -> "models.CharField[str, str]":
    return models.CharField(max_length=REFERENCE_LENGTH, blank=True)


def amount_minor() -> "models.BigIntegerField[int, int]":
    """Integer minor units of the row's currency."""
    return models.BigIntegerField()


def currency() -> "models.CharField[str, str]":
    return models.CharField(max_length=3)


def state(choices: type[models.TextChoices], default: str) -> FSMField:
    """A state that only transitions may change."""
    return FSMField(choices=choices.choices, default=default, max_length=20, protected=True)


def sources(moves: frozenset[tuple[str, str]], target: str) -> list[str]:
    """Every state from which `target` may be reached, in a stable order."""
    return sorted(a for a, b in moves if b == target)


def legal_moves(name: str, moves: frozenset[tuple[str, str]]) -> pgtrigger.FSM:
    """The database's own refusal of a jump that `moves` does not name."""
    return pgtrigger.FSM(
        name=name,
        field="state",
        transitions=sorted((str(a), str(b)) for a, b in moves),
    )


def written_once(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def never_deleted(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Delete)


def never_truncated(name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=f"RAISE EXCEPTION '{name.replace('_', ' ')}';",
    )
