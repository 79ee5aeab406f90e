"""Which moves are legal is said once, in a table, and kept three times: by the table, by the models'
transitions and by the database's triggers. Here they are held against each other."""

import itertools
from dataclasses import dataclass
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection, models
from django_fsm import FSMField

import payments.states
import reconciliation.states

Moves = frozenset[tuple[str, str]]
# Judged by the thousand in one statement, so that no transition of a single row makes the move.
BY_THE_DATABASE_ALONE = {"StatementLine.state"}


@dataclass(frozen=True)
class Machine:
    """One model's field of state, as each of the three sees it."""

    model: Any
    field: Any

    @property
    def states(self) -> set[str]:
        return {str(value) for value, _ in self.field.choices}

    @property
    def by_transitions(self) -> Moves:
        if by_name(self) in BY_THE_DATABASE_ALONE:
            return frozenset()
        return frozenset(
            (str(transition.source), str(transition.target))
            for transition in self.field.get_all_transitions(self.model)
            if transition.target is not None
        )

    @property
    def by_triggers(self) -> Moves:
        return frozenset(
            (str(a), str(b))
            for trigger in self.model._meta.triggers
            if isinstance(trigger, pgtrigger.FSM) and trigger.field == self.field.name
            for a, b in trigger.transitions
        )

    @property
    def is_free(self) -> bool:
        """Every state leads to every other: there is no illegal move that a table could forbid."""
        return self.by_transitions == set(itertools.permutations(self.states, 2))

    @property
    def by_tables(self) -> Moves | None:
        """The table of moves whose states are this field's own enum."""
        return next((t for e, t in TABLES.items() if {str(m) for m in e} == self.states), None)


def tables() -> dict[type[models.TextChoices], Moves]:
    """Each `…_MOVES` table under the enum that its members come from."""
    found = {}
    for module in (payments.states, reconciliation.states):
        for name, value in vars(module).items():
            if name.endswith("_MOVES"):
                enum = type(next(iter(value))[0])
                found[enum] = frozenset((str(a), str(b)) for a, b in value)
    return found


TABLES = tables()
# Moves that the contract names and no service makes yet: refunds that wait for a second person.
WITHOUT_TRANSITION = {
    "Refund.state": {("requires_approval", "pending"), ("requires_approval", "canceled")}
}


def machines() -> list[Machine]:
    """All but those whose every move is legal."""
    found = [
        Machine(model, field)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FSMField) or f"{model.__name__}.{field.name}" in BY_THE_DATABASE_ALONE
    ]
    return [machine for machine in found if not machine.is_free]


def by_name(machine: Machine) -> str:
    return f"{machine.model.__name__}.{machine.field.name}"


def with_transitions() -> list[Machine]:
    return [machine for machine in machines() if by_name(machine) not in BY_THE_DATABASE_ALONE]


@pytest.mark.parametrize("machine", with_transitions(), ids=by_name)
def test_transitions_are_the_table(machine):
    assert machine.by_tables is not None
    absent = machine.by_tables - machine.by_transitions
    assert machine.by_transitions <= machine.by_tables
    assert absent == WITHOUT_TRANSITION.get(by_name(machine), set())


@pytest.mark.parametrize("machine", machines(), ids=by_name)
def test_triggers_are_the_table(machine):
    assert machine.by_triggers == machine.by_tables


@pytest.mark.parametrize("machine", with_transitions(), ids=by_name)
def test_a_state_is_protected(machine):
    assert machine.field.protected


@pytest.mark.parametrize("enum", TABLES, ids=lambda e: e.__name__)
def test_every_state_has_a_way_in_or_is_where_things_begin(enum):
    entered = {b for _, b in TABLES[enum]}
    begun = {str(m.field.get_default()) for m in machines() if m.states == {str(s) for s in enum}}
    never = {str(state) for state in enum} - entered - begun
    # Asked for by the contract, and granted once refunds can wait for a second person.
    assert never - {"requires_approval"} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("machine", machines(), ids=by_name)
def test_the_triggers_stand_in_the_database(machine):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal",
            [machine.model._meta.db_table],
        )
        bodies = [row[0] for row in cursor.fetchall()]
    legal = [body for body in bodies if f'"{machine.field.column}"' in body and "ANY('{" in body]
    assert len(legal) == 1
    listed = legal[0].split("ANY('{", 1)[1].split("}'", 1)[0].split(",")
    assert {tuple(move.split(":")) for move in listed} == set(machine.by_tables)


def capture() -> Machine:
    return next(m for m in machines() if by_name(m) == "Capture.state")


def test_control_a_transition_that_the_table_lacks_is_seen():
    assert capture().by_transitions | {("failed", "succeeded")} != capture().by_tables


def test_control_a_trigger_that_lacks_a_move_is_seen():
    assert capture().by_triggers - {("processing", "failed")} != capture().by_tables
