"""How much work is due, under way and dead, by kind."""

import json
from dataclasses import asdict
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from config.queues import queues


class Command(BaseCommand):
    help = "Show the queues of due rows; exit 1 when a row is dead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="For machines.")

    def handle(self, **options: Any) -> None:
        states = queues(now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({kind: asdict(state) for kind, state in states.items()}))
        else:
            table = Table("queue", title="Due rows")
            for heading in ("due", "leased", "dead", "oldest (s)"):
                table.add_column(heading, justify="right")
            for kind, state in states.items():
                table.add_row(
                    kind,
                    str(state.due),
                    str(state.leased),
                    str(state.dead),
                    f"{state.oldest_seconds:.0f}",
                )
            Console(file=cast(IO[str], self.stdout)).print(table)
        if any(state.dead for state in states.values()):
            raise SystemExit(1)
