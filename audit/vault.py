"""The keyring: seals secrets at rest, holds the platform's signing keys. Keys never touch the database.

A sealed token is `v1.<key id>.<base64url(nonce + ciphertext)>`, AES-256-GCM with the context as
associated data, so that a token moved to another row or column does not open.
"""

import base64
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


class KeyringUnusable(Exception):
    """KEYRING is missing, unreadable or names no such key."""


class SealBroken(Exception):
    """The token is not ours, was changed, or belongs to another context."""


@dataclass(frozen=True, slots=True)
class Keyring:
    data_keys: dict[str, bytes]
    current_data_key: str
    signing_keys: dict[str, Ed25519PrivateKey]
    current_signing_key: str


def seal(plaintext: bytes, *, context: str) -> str:
    """Encrypts for storage; `context` is `table.column:row` and must be given again to open."""
    ring = keyring()
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(ring.data_keys[ring.current_data_key]).encrypt(nonce, plaintext, context.encode())
    return f"v1.{ring.current_data_key}.{base64.urlsafe_b64encode(nonce + box).decode()}"


def open_sealed(token: str, *, context: str) -> bytes:
    """Raises SealBroken for a token that was changed or moved, KeyringUnusable for an unknown key."""
    version, key_id, body = [*token.split(".", 2), "", ""][:3]
    if version != "v1":
        raise SealBroken("not a sealed token")
    try:
        key = keyring().data_keys[key_id]
    except KeyError:
        raise KeyringUnusable(f"the keyring has no data key {key_id!r}") from None
    raw = base64.urlsafe_b64decode(body)
    try:
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode())
    except InvalidTag:
        raise SealBroken(f"the seal for {context} does not open") from None


def signing_key() -> tuple[str, Ed25519PrivateKey]:
    """The platform's current signing key with its id."""
    ring = keyring()
    return ring.current_signing_key, ring.signing_keys[ring.current_signing_key]


def keyring() -> Keyring:
    """The keyring that settings.KEYRING names; read once per process and location."""
    return _load(settings.KEYRING)


@lru_cache(maxsize=4)
def _load(location: str) -> Keyring:
    scheme, _, path = location.partition(":")
    if scheme != "file" or not path:
        raise KeyringUnusable("KEYRING must be file:/path/to/keyring.json")
    try:
        stored = json.loads(Path(path).read_text())
        return Keyring(
            data_keys={k: base64.b64decode(v) for k, v in stored["data_keys"].items()},
            current_data_key=stored["current_data_key"],
            signing_keys={
                k: Ed25519PrivateKey.from_private_bytes(base64.b64decode(v))
                for k, v in stored["signing_keys"].items()
            },
            current_signing_key=stored["current_signing_key"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise KeyringUnusable(f"KEYRING {location} cannot be used: {error}") from error
