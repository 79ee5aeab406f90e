"""The advisory lock of a day, held until the transaction ends: no session locks, a pooler would give
them away."""

from datetime import date

from django.db import connection


def day(*, channel_account: str, business_date: date) -> None:
    """Only one transaction at a time decides who compares this day."""
    name = f"reconciliation/{channel_account}/{business_date.isoformat()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
