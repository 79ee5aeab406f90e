"""Signs a request for people with curl. Works on files alone: no database, no settings of a server."""

import json
import shlex
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from http_message_signatures import HTTPMessageSignaturesException, SigningKey

from merchants.signing import messages
from merchants.states import Algorithm

WRITING = {"POST", "PATCH", "PUT", "DELETE"}
BEARER_PREFIX = "sk_test_"


class Command(BaseCommand):
    help = "Prints the headers (or with --curl a whole command) of a signed request."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("method")
        parser.add_argument("url", help="absolute, percent-encoded as it will be sent")
        parser.add_argument("--key", required=True, help="key_… with --private-key, or sk_test_…")
        parser.add_argument("--private-key", type=Path, help="PEM file")
        parser.add_argument(
            "--algorithm", choices=Algorithm.values, help="for RSA keys: which of two"
        )
        parser.add_argument("--data", default="", help="the body, or @FILE")
        parser.add_argument("--idempotency-key", default="", help="a fresh one unless given")
        parser.add_argument("--curl", action="store_true", help="print a curl command")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        method, url = options["method"].upper(), options["url"]
        if urlsplit(url).scheme not in {"http", "https"}:
            raise CommandError("the URL must be absolute", returncode=2)
        try:
            body = _body(options["data"])
            headers = _headers(method, url, body, options)
        except (OSError, ValueError, TypeError, HTTPMessageSignaturesException) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(_printed(method, url, headers, body, options))


def _body(data: str) -> bytes:
    return Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()


def _headers(method: str, url: str, body: bytes, options: dict[str, Any]) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if body else {}
    if method in WRITING:
        headers["Idempotency-Key"] = options["idempotency_key"] or str(uuid.uuid4())
    if options["key"].startswith(BEARER_PREFIX):
        return {**headers, "Authorization": f"Bearer {options['key']}"}
    if options["private_key"] is None:
        raise CommandError("--private-key is needed to sign", returncode=2)
    algorithm, private_key = _key(options["private_key"], options["algorithm"])
    signed = messages.sign_request(
        messages.Request(method, url, headers),
        body=body,
        key_id=options["key"],
        algorithm=algorithm,
        private_key=private_key,
        now=timezone.now(),
    )
    return {**headers, **signed}


def _key(path: Path, named: str | None) -> tuple[Algorithm, SigningKey]:
    key = load_pem_private_key(path.read_bytes(), password=None)
    match key:
        case ed25519.Ed25519PrivateKey():
            return Algorithm.ED25519, key
        case ec.EllipticCurvePrivateKey():
            return Algorithm.ECDSA_P256_SHA256, key
        case rsa.RSAPrivateKey():
            return Algorithm(named or Algorithm.RSA_PSS_SHA512), key
        case _:
            raise CommandError("the key is neither Ed25519 nor ECDSA nor RSA", returncode=2)


def _printed(
    method: str, url: str, headers: dict[str, str], body: bytes, options: dict[str, Any]
) -> str:
    if options["json"]:
        shown = {"method": method, "url": url, "headers": headers, "body": body.decode()}
        return json.dumps(shown, ensure_ascii=False)
    if options["curl"]:
        words = ["curl", "-sS", "-X", method, url]
        words += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        # Quoted by curl's own rules: --data-binary sends the bytes that were signed.
        words += ["--data-binary", options["data"]] if body else []
        return shlex.join(words)
    return "\n".join(f"{name}: {value}" for name, value in headers.items())
