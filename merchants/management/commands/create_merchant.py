"""Takes a merchant in."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actor import Actor, ActorKind
from merchants.services import onboarding

BY = Actor(kind=ActorKind.SYSTEM, id="manage.py create_merchant")


class Command(BaseCommand):
    help = "Creates a merchant and prints its id; with --percent-bps, its fee for every currency."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--percent-bps", type=int, help="290 is 2.9 %%")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        name, percent_bps = options["name"].strip(), options["percent_bps"]
        if not name or len(name) > 200:
            raise CommandError("a merchant's name has 1 to 200 characters", returncode=2)
        if percent_bps is not None and not 0 <= percent_bps <= 10_000:
            raise CommandError("--percent-bps is from 0 to 10000", returncode=2)
        now = timezone.now()
        merchant = onboarding.create_merchant(name=name, by=BY, now=now)
        if percent_bps is not None:
            onboarding.agree_fee(merchant=merchant, percent_bps=percent_bps, by=BY, now=now)
        self.stdout.write(
            json.dumps({"merchant": merchant.public_id, "name": name})
            if options["json"]
            else f"{merchant.public_id}  {name}"
        )
