"""The local secrets: whole, private, made once."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.embedded import keyring


def test_keyring_holds_a_key_to_seal_and_a_key_to_sign(tmp_path):
    keyring.ensure_keyring(tmp_path / "keyring.json")
    found = json.loads((tmp_path / "keyring.json").read_text())
    assert len(base64.b64decode(found["data_keys"][found["current_data_key"]])) == 32
    seed = base64.b64decode(found["signing_keys"][found["current_signing_key"]])
    assert Ed25519PrivateKey.from_private_bytes(seed).private_bytes_raw() == seed


def test_keyring_is_for_one_user_only(tmp_path):
    keyring.ensure_keyring(tmp_path / "keyring.json")
    assert (tmp_path / "keyring.json").stat().st_mode & 0o777 == 0o600


def test_keyring_is_never_replaced(tmp_path):
    keyring.ensure_keyring(tmp_path / "keyring.json")
    before = (tmp_path / "keyring.json").read_text()
    keyring.ensure_keyring(tmp_path / "keyring.json")
    assert (tmp_path / "keyring.json").read_text() == before


def test_secret_key_stays_the_same(tmp_path):
    first = keyring.ensure_secret_key(tmp_path / "secret_key")
    assert len(first) >= 50
    assert keyring.ensure_secret_key(tmp_path / "secret_key") == first
