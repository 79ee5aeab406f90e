"""Roles are what config/roles.py says: no more, no less, however often they are written."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from audit.models import Record
from config import roles
from config.management.commands import sync_roles

pytestmark = pytest.mark.django_db

CONTRACT = {
    "viewer",
    "support",
    "finance_maker",
    "finance_checker",
    "reconciler",
    "risk_analyst",
    "merchant_manager",
    "auditor",
    "administrator",
}


def synced():
    answer = StringIO()
    call_command("sync_roles", json=True, stdout=answer)
    return json.loads(answer.getvalue())


def written():
    return {
        group.name: {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        for group in Group.objects.all()
    }


def test_the_roles_are_those_of_the_contract():
    assert set(roles.ROLES) == CONTRACT


def test_syncing_writes_every_role():
    answer = synced()
    assert set(answer["added"]) == CONTRACT
    assert written() == {name: set(permissions) for name, permissions in roles.ROLES.items()}


def test_syncing_again_changes_nothing():
    synced()
    assert synced() == {"roles": sorted(CONTRACT), "added": [], "removed": []}
    assert Record.objects.filter(action="roles.synced").count() == 1


def test_what_is_not_listed_is_taken_away():
    synced()
    Group.objects.create(name="friends of the house")
    extra = Permission.objects.get(codename="delete_operator")
    Group.objects.get(name="viewer").permissions.add(extra)
    assert synced()["removed"] == ["friends of the house", "viewer: audit.delete_operator"]
    assert written() == {name: set(permissions) for name, permissions in roles.ROLES.items()}


def test_what_was_taken_away_comes_back():
    synced()
    Group.objects.get(name="auditor").permissions.clear()
    assert "auditor: ledger.view_journal" in synced()["added"]


def test_a_permission_that_does_not_exist_stops_it(monkeypatch):
    monkeypatch.setattr(sync_roles, "ROLES", {"viewer": {"payments.view_rainbow"}})
    with pytest.raises(CommandError, match=r"payments\.view_rainbow") as refused:
        synced()
    assert refused.value.returncode == 2
    assert not Group.objects.exists()


def test_auditors_only_look():
    assert {p.partition(".")[2].partition("_")[0] for p in roles.ROLES["auditor"]} == {"view"}


@pytest.mark.parametrize("role", sorted(CONTRACT))
def test_no_role_deletes_or_edits_money(role):
    for permission in roles.ROLES[role]:
        assert ".delete_" not in permission
        assert ".add_" not in permission or permission.startswith(("audit.", "django_celery_beat."))


def test_whoever_explains_differences_does_not_admit_people():
    for role in ("reconciler", "finance_maker", "finance_checker"):
        assert not {p for p in roles.ROLES[role] if "operator" in p}
