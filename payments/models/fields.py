"""Fields that every model of this app spells the same way."""

from collections.abc import Callable

import pgtrigger
from django.db import models
from django_fsm import FSMField

from audit.ids import PUBLIC_ID_LENGTH


def public_id(default: Callable[[], str]) -> "models.CharField[str, str]":
    return models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, editable=False, default=default
    )


def amount_minor(**kwargs: object) -> "models.BigIntegerField[int, int]":
    """Integer minor units of the row's currency."""
    return models.BigIntegerField(**kwargs)  # type: ignore[arg-type]  # passes any field option on


def currency() -> "models.CharField[str, str]":
    return models.CharField(max_length=3)


def state(choices: type[models.TextChoices], default: str) -> FSMField:
    """A state that only transitions may change."""
    return FSMField(choices=choices.choices, default=default, max_length=20, protected=True)


def legal_moves(name: str, moves: frozenset[tuple[str, str]]) -> pgtrigger.FSM:
    """The database's own refusal of a jump that `moves` does not name."""
    return pgtrigger.FSM(
        name=name,
        field="state",
        transitions=sorted((str(a), str(b)) for a, b in moves),
    )
