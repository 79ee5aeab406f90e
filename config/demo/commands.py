"""Our own management commands, asked as a script would ask them."""

import io
import json
from typing import Any

from django.core.management import call_command

# 1 says that what was asked does not hold; the JSON says why.
ANSWERED = (None, 0, 1)


def ask(command: str, **options: object) -> dict[str, Any]:
    """What `manage.py <command> --json` prints. Raises SystemExit when the call itself was wrong."""
    said = io.StringIO()
    try:
        call_command(command, json=True, stdout=said, **options)
    except SystemExit as ended:
        if ended.code not in ANSWERED:
            raise
    found: dict[str, Any] = json.loads(said.getvalue())
    return found
