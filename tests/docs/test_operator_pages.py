"""What operators read is what the code does."""

import ast
import dataclasses
import json
import re

import pytest

from config.embedded.keyring import ensure_keyring
from config.embedded.postgres import APP, OWNER, READONLY, ROLE_SETTINGS
from config.roles import ROLES
from payments.channels import base
from payments.channels.registry import Ability
from reconciliation.selectors.headline import Unexplained
from reconciliation.states import DiscrepancyKind
from tests.docs.pages import ROOT, first_column, page

RUNNING = page("docs/operators/running.md")
# Read by something else than the settings: Django itself, and the embedded servers.
READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "PORT", "ZEROSUM_STATE_DIR"}


def read_by_settings(source: str) -> set[str]:
    """The names in `env.str("NAME")`, `required("NAME")` and their like."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and re.fullmatch(r"[A-Z][A-Z_]+", call.args[0].value)
    }


def test_every_variable_is_in_the_table_and_no_other():
    readers = [*(ROOT / "config/settings").glob("*.py"), ROOT / "config/observability.py"]
    sources = [path.read_text() for path in readers]
    read = set().union(*(read_by_settings(source) for source in sources))
    assert set(first_column(RUNNING.below("## Environment"))) == read | READ_ELSEWHERE


def test_the_embedded_servers_know_the_variables_that_only_they_read():
    sources = "".join(path.read_text() for path in (ROOT / "config/embedded").glob("*.py"))
    assert '"PORT"' in sources
    assert '"ZEROSUM_STATE_DIR"' in sources


def test_the_roles_of_the_database_are_all_there():
    assert set(first_column(RUNNING.below("## The database"))) == {OWNER, APP, READONLY}
    for setting, value in ROLE_SETTINGS[APP].items():
        assert f"ALTER ROLE {APP} SET {setting} = '{value}';" in RUNNING.text


def test_the_roles_of_people_are_all_there():
    named = first_column(page("docs/operators/quick-start.md").below("## Roles"))
    assert named == list(ROLES)


def test_the_keyring_has_the_shape_of_the_page(tmp_path):
    [shown] = [json.loads(block) for block in RUNNING.blocks("json")]
    ensure_keyring(tmp_path / "keyring.json")
    assert list(json.loads((tmp_path / "keyring.json").read_text())) == list(shown)


def test_every_kind_of_difference_is_explained():
    table = page("docs/reconciliation.md").below("## What can differ")
    assert first_column(table) == DiscrepancyKind.values


def test_every_part_of_the_headline_is_explained():
    table = page("docs/reconciliation.md").below("## Unexplained money")
    rows = [line for line in table.splitlines() if line.startswith("|")][2:]
    parts = [f.name for f in dataclasses.fields(Unexplained) if f.name.endswith("_minor")]
    assert len(rows) == len(parts)


def test_every_ability_of_a_channel_is_explained():
    table = page("docs/adding-a-channel.md").below("## Abilities")
    named = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE))
    assert len(named) == len(Ability)
    for protocol, methods in named.items():
        promised = {n for n in vars(getattr(base, protocol)) if not n.startswith("_")}
        assert set(re.findall(r"`(\w+)`", methods)) == promised


@pytest.mark.parametrize("name", ["FORGOTTEN", "ALSO_FORGOTTEN"])
def test_control_a_new_variable_is_seen(name):
    assert read_by_settings(f'X = env.int("{name}", 3)') == {name}
    assert read_by_settings(f'X = required("{name}")') == {name}
