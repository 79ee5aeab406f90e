"""Gives a merchant a key."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.actor import Actor, ActorKind
from merchants.models import Merchant
from merchants.services import api_keys
from merchants.signing.messages import KeyUnfit
from merchants.states import Algorithm, Mode

BY = Actor(kind=ActorKind.SYSTEM, id="manage.py issue_key")


class Command(BaseCommand):
    help = (
        "Issues an API key. With --public-key or --generate a signature key, otherwise a bearer "
        "secret, which is for tests only and is printed this once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("merchant", help="mch_…")
        parser.add_argument("--mode", choices=Mode.values, default=Mode.TEST)
        parser.add_argument("--public-key", type=Path, help="PEM file to register")
        parser.add_argument("--algorithm", choices=Algorithm.values, default=Algorithm.ED25519)
        parser.add_argument(
            "--generate", type=Path, help="write a fresh Ed25519 private key to this PEM file"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            merchant = Merchant.objects.get(public_id=options["merchant"])
            pem = self._public_key(options)
            issued = api_keys.issue(
                merchant=merchant,
                mode=Mode(options["mode"]),
                algorithm=Algorithm(options["algorithm"]) if pem else None,
                public_key_pem=pem,
                by=BY,
                now=timezone.now(),
            )
        except Merchant.DoesNotExist:
            raise CommandError(
                f"there is no merchant {options['merchant']}", returncode=2
            ) from None
        except (api_keys.BearerKeysAreForTests, KeyUnfit, OSError) as error:
            raise CommandError(f"{type(error).__name__}: {error}", returncode=2) from error
        described = {
            "key": issued.key.public_id,
            "merchant": merchant.public_id,
            "mode": issued.key.mode,
            "kind": issued.key.kind,
            "algorithm": issued.key.algorithm,
        }
        if issued.secret:
            described["secret"] = issued.secret
        self.stdout.write(
            json.dumps(described)
            if options["json"]
            else "\n".join(f"{name:10} {value}" for name, value in described.items() if value)
        )

    def _public_key(self, options: dict[str, Any]) -> str:
        """The PEM to register; empty for a bearer key."""
        if options["generate"] and options["public_key"]:
            raise CommandError("give --public-key or --generate, not both", returncode=2)
        if options["public_key"]:
            return str(options["public_key"].read_text())
        if not options["generate"]:
            return ""
        if options["algorithm"] != Algorithm.ED25519:
            raise CommandError("--generate makes Ed25519 keys", returncode=2)
        return generate(options["generate"])


def generate(path: Path) -> str:
    """Writes a private key that only its owner may read; answers the public half as PEM."""
    private_key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public_key = private_key.public_key()
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
