"""What production refuses to start with: a database that may forget what it acknowledged."""

import sys

from django.conf import settings
from django.db import connection

# PostgreSQL settings under which a crash loses committed transactions, or pages.
UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def refuse_unsafe_database() -> None:
    """Ends the process with one line when the database is not durable; only where settings ask for it."""
    if settings.DATABASE_MUST_BE_DURABLE and (broken := not_durable()):
        sys.exit(f"zerosum: refusing to start: PostgreSQL runs with {broken}")


def not_durable() -> str:
    """The first setting under which acknowledged writes may be lost, or an empty string."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [[*UNSAFE]])
        broken = [f"{name}={value}" for name, value in cursor.fetchall() if UNSAFE[name] == value]
    return min(broken, default="")
