"""What production refuses to start with: a forgetful database, a keyring that nobody can read."""

import sys

from django.conf import settings
from django.db import connection

from audit import vault

# PostgreSQL settings under which a crash loses committed transactions, or pages.
UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def refuse_unfit_surroundings() -> None:
    """Ends the process with one line that names what is unfit; only where settings ask for it."""
    if not settings.SURROUNDINGS_MUST_BE_FIT:
        return
    try:
        vault.keyring()
    except vault.KeyringUnusable as error:
        sys.exit(f"zerosum: refusing to start: {error}")
    if broken := not_durable():
        sys.exit(f"zerosum: refusing to start: PostgreSQL runs with {broken}")


def not_durable() -> str:
    """The first setting under which acknowledged writes may be lost, or an empty string."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [[*UNSAFE]])
        broken = [f"{name}={value}" for name, value in cursor.fetchall() if UNSAFE[name] == value]
    return min(broken, default="")
