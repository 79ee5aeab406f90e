"""The demo's merchants, channel account and operators; run again it changes nothing."""

import json
from typing import Any

import httpx2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.demo.installation import install
from config.demo.receiver import LOOPBACK, free_port
from config.demo.safe import open_safe


class Command(BaseCommand):
    help = "Load three merchants, a sandbox channel account and operators. Needs the simulator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="For machines.")

    def handle(self, **options: Any) -> None:
        safe = open_safe()
        safe.receiver_port = safe.receiver_port or free_port()
        try:
            installed = install(
                safe=safe,
                webhook_base=f"http://{LOOPBACK}:{safe.receiver_port}",
                now=timezone.now(),
            )
        except httpx2.HTTPError as error:
            raise CommandError(f"the channel simulator does not answer: {error}") from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "channel_account": installed.channel_account,
                        "merchants": installed.merchants,
                        "operators": sorted(safe.people),
                        "secrets": str(safe.path),
                    }
                )
            )
        else:
            self.stdout.write(
                f"demo: {len(installed.merchants)} merchants, {len(safe.people)} operators;"
                f" their secrets are in {safe.path}"
            )
