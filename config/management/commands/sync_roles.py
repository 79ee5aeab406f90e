"""Writes the roles of config/roles.py into the database, and takes away what is not listed there."""

import json
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from audit.actor import Actor, ActorKind
from audit.services import records
from config.roles import ROLES

BY = Actor(kind=ActorKind.SYSTEM, id="sync_roles")


class Command(BaseCommand):
    help = "Write the roles of config/roles.py; remove roles and permissions that are not listed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="For machines.")

    def handle(self, **options: Any) -> None:
        with transaction.atomic():
            added, removed = _sync()
            if added or removed:
                records.write(
                    action="roles.synced",
                    by=BY,
                    now=timezone.now(),
                    detail={"added": added, "removed": removed},
                )
        if options["json"]:
            self.stdout.write(
                json.dumps({"roles": sorted(ROLES), "added": added, "removed": removed})
            )
        else:
            self.stdout.write(f"{len(ROLES)} roles: {len(added)} added, {len(removed)} removed")


def _sync() -> tuple[list[str], list[str]]:
    """What was added and what was removed, as `role` or `role: permission`."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in _permissions()}
    unknown = sorted({name for names in ROLES.values() for name in names} - set(known))
    if unknown:
        raise CommandError(f"no such permission: {', '.join(unknown)}", returncode=2)
    added: list[str] = []
    removed: list[str] = []
    for group in Group.objects.exclude(name__in=ROLES).order_by("name"):
        removed.append(group.name)
        group.delete()
    for role, wanted in ROLES.items():
        group, created = Group.objects.get_or_create(name=role)
        held = {f"{p.content_type.app_label}.{p.codename}" for p in _held(group)}
        added += [role] if created else [f"{role}: {name}" for name in sorted(wanted - held)]
        removed += [f"{role}: {name}" for name in sorted(held - wanted)]
        if wanted != held:
            group.permissions.set([known[name] for name in wanted])
    return added, removed


def _permissions() -> Any:
    return Permission.objects.select_related("content_type")


def _held(group: Group) -> Any:
    return group.permissions.select_related("content_type")
