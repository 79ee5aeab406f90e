"""Secrets at rest: opened only where they were sealed."""

import pytest

from audit import vault


def test_what_was_sealed_opens_in_its_place():
    token = vault.seal(b"secret", context="table.column:1")

    assert vault.open_sealed(token, context="table.column:1") == b"secret"
    assert b"secret" not in token.encode()


def test_a_token_moved_to_another_row_does_not_open():
    token = vault.seal(b"secret", context="table.column:1")

    with pytest.raises(vault.SealBroken):
        vault.open_sealed(token, context="table.column:2")


@pytest.mark.parametrize("spoil", [lambda t: t[:-2] + "AA", lambda t: "x" + t, lambda t: t[:0]])
def test_a_changed_token_does_not_open(spoil):
    token = vault.seal(b"secret", context="table.column:1")

    with pytest.raises(vault.SealBroken):
        vault.open_sealed(spoil(token), context="table.column:1")


def test_a_key_that_the_keyring_lost_is_named():
    token = vault.seal(b"secret", context="c").replace("v1.dk1.", "v1.dk9.")

    with pytest.raises(vault.KeyringUnusable, match="dk9"):
        vault.open_sealed(token, context="c")


@pytest.mark.parametrize("location", ["", "file:", "file:/nowhere/keyring.json", "ftp://x"])
def test_a_keyring_that_cannot_be_read_says_so(settings, location):
    settings.KEYRING = location

    with pytest.raises(vault.KeyringUnusable):
        vault.keyring()
