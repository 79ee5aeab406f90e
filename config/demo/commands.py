"""Our own management commands, asked as a script would ask them."""

import io
import json
from typing import Any

from django.core.management import CommandError, call_command


def ask(command: str, *arguments: str) -> dict[str, Any]:
    """What `manage.py <command> --json` prints. Its status is not asked: the JSON says what holds.

    Raises CommandError when it printed nothing.
    """
    said = io.StringIO()
    try:
        call_command(command, *arguments, "--json", stdout=said)
    except (CommandError, SystemExit) as ended:
        if not said.getvalue():
            raise CommandError(f"manage.py {command}: {ended}") from ended
    found: dict[str, Any] = json.loads(said.getvalue())
    return found
