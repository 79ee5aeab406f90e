"""Brings the database to where the processes expect it: `python -m config.embedded.preparation`.

One process for all steps, as the owner of the tables: each start of Django costs a second.
"""

import io
import sys
import time

import django
from django.core.management import call_command, get_commands

STEPS = ("migrate", "grant_database_roles", "sync_roles", "sync_schedule")


def prepare() -> None:
    django.setup()
    known = get_commands()
    for step in STEPS:
        if step not in known:
            continue
        began = time.monotonic()
        more = {"interactive": False} if step == "migrate" else {}
        call_command(step, verbosity=0, stdout=io.StringIO(), **more)
        sys.stdout.write(f"         {step}: {time.monotonic() - began:.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    prepare()
