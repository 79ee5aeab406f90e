"""Gives the database roles their rights; run as the owner, after each migration."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from config.database_roles import APP, READER, grants


class Command(BaseCommand):
    help = "Grant and revoke table rights for zerosum_app and zerosum_readonly."

    def handle(self, **_options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)", [APP, READER])
            present = {row[0] for row in cursor.fetchall()}
            if missing := {APP, READER} - present:
                self.stderr.write(
                    f"roles missing: {', '.join(sorted(missing))}; create them with "
                    "CREATE ROLE … LOGIN and run this again"
                )
                return
            for statement in grants():
                cursor.execute(statement)
        self.stdout.write("database roles: granted")
