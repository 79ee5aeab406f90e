"""The local secrets: made once per state directory, readable for one user."""

import base64
import json
import os
import secrets
from pathlib import Path

from config.embedded.places import Account, hand_over


def ensure_keyring(path: Path, account: Account | None = None) -> None:
    """A keyring as audit/vault.py reads it: one key to seal with, one to sign with."""
    keyring = {
        "data_keys": {"dk1": _random_key()},
        "current_data_key": "dk1",
        "signing_keys": {"sk1": _random_key()},
        "current_signing_key": "sk1",
    }
    _write_once(path, json.dumps(keyring, indent=1) + "\n", account)


def ensure_secret_key(path: Path, account: Account | None = None) -> str:
    _write_once(path, secrets.token_urlsafe(64), account)
    return path.read_text()


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _write_once(path: Path, text: str, account: Account | None) -> None:
    """Whole or not at all: half a keyring would lock up everything sealed with it."""
    if path.exists():
        return
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    hand_over(unfinished, account)
    unfinished.rename(path)
