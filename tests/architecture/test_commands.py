"""Commands speak to machines as well: all take `--json`."""

import pytest
from django.core.management import get_commands, load_command_class

from tests.architecture.house import PACKAGES

# Steps of a deployment: they bring something about and say so in one line.
STEPS = {"grant_database_roles", "sync_schedule"}


def house_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in PACKAGES)


def options(name: str) -> set[str]:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return {option for action in parser._actions for option in action.option_strings}


def test_the_commands_are_found():
    assert {"verify_ledger", "reconcile", "queue_status", "sign_request"} <= set(house_commands())


@pytest.mark.parametrize("name", [name for name in house_commands() if name not in STEPS])
def test_a_command_takes_json(name):
    assert "--json" in options(name)


def test_control_a_command_without_it_is_seen():
    assert "--json" not in options("migrate")
