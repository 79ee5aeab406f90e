"""What the pages take from the code is what the code says now. If not: `python -m docs.hooks`."""

import pytest

from docs.hooks import state_diagrams, tables
from docs.hooks.state_diagrams import MACHINES
from tests.architecture.test_moves import machines

REFRESH = "run `.venv/bin/python -m docs.hooks` and look at the difference"


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_is_current(name):
    path, _ = tables.TABLES[name]
    text = path.read_text()
    assert tables.with_table(text, name) == text, REFRESH


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_a_diagram_is_current(machine):
    assert state_diagrams.picture_of(machine).read_text() == state_diagrams.drawn(machine), REFRESH


def test_the_page_of_states_is_current():
    text = state_diagrams.PAGE.read_text()
    assert state_diagrams.with_tables(text) == text, REFRESH


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_a_diagram_places_every_state(machine):
    assert set(machine.places) == {str(state) for state in machine.states}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
def test_a_diagram_begins_where_the_model_does(machine):
    [found] = [m for m in machines() if m.states == set(machine.places)]
    assert machine.begins(str(found.field.get_default()))


def test_every_table_of_moves_has_a_diagram():
    drawn = {frozenset(machine.places) for machine in MACHINES}
    assert [m.model.__name__ for m in machines() if frozenset(m.states) not in drawn] == []


def test_control_a_stale_table_is_seen():
    path, _ = tables.TABLES["events"]
    stale = path.read_text().replace("`payment.succeeded` |", "`payment.suceeded` |")
    assert tables.with_table(stale, "events") != stale


def test_control_a_page_without_its_marks_is_seen():
    with pytest.raises(ValueError, match="no place"):
        tables.with_table("nothing here", "events")
