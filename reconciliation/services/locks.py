"""Advisory locks, held until the transaction ends: no session locks, a pooler would give them away.

They come after the rows of payments and before the ledger's accounts.
"""

from datetime import date

from django.db import connection


def day(*, channel_account: str, business_date: date) -> None:
    """Only one transaction at a time decides who compares this day."""
    _lock(f"reconciliation/{channel_account}/{business_date.isoformat()}")


def settlements() -> None:
    """Settlements are booked one after the other: each begins with what the one before left short."""
    _lock("reconciliation/settlements")


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
