"""Runs the channels' simulators; needs no database."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulation.book import BookInUse
from payments.channels.sandbox.simulator import DEFAULT_SEED, serve, told_to_stop


class Command(BaseCommand):
    help = "Serves the sandbox channel's simulator until SIGTERM. Its book outlives it."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
        parser.add_argument("--book", type=Path, required=True, help="the book's SQLite file")
        parser.add_argument("--pace", type=float, default=1.0, help="multiplies every delay")
        parser.add_argument("--seed", default=DEFAULT_SEED, help="decides the channel's own ids")
        parser.add_argument(
            "--account",
            type=_account,
            action="append",
            default=[],
            metavar="ID:SECRET",
            help="an account to open at the start; more by POST /control/accounts",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *_: object, **options: Any) -> None:
        told = told_to_stop()
        try:
            simulator = serve(
                host=options["host"],
                port=options["port"],
                book=options["book"],
                pace=options["pace"],
                seed=options["seed"],
                open_accounts=tuple(options["account"]),
            )
        except BookInUse as error:
            raise CommandError(f"another simulator writes the book {error}") from error
        except OSError as error:
            raise CommandError(f"cannot serve: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps({"address": simulator.address}))
        else:
            self.stdout.write(f"Sandbox channel at {simulator.address}, book {options['book']}")
        self.stdout.flush()
        told.wait()
        simulator.stop()


def _account(text: str) -> Account:
    name, colon, secret = text.partition(":")
    if not (name and colon and secret):
        raise ArgumentTypeError("write it as ID:SECRET")
    return Account(name, secret.encode())
