from datetime import timedelta

import pytest

from merchants.services import nonces
from tests.factories.merchants import signer

pytestmark = pytest.mark.django_db


def test_a_nonce_counts_once_per_key(now):
    key, other = signer().key, signer().key
    later = now + timedelta(minutes=10)
    assert nonces.remember(key=key, nonce="n" * 16, forget_after=later)
    assert not nonces.remember(key=key, nonce="n" * 16, forget_after=later)
    assert nonces.remember(key=other, nonce="n" * 16, forget_after=later)


def test_a_nonce_is_forgotten_only_when_its_signature_is_too_old(now):
    key = signer().key
    nonces.remember(key=key, nonce="n" * 16, forget_after=now)
    assert nonces.forget(now=now) == 0
    assert nonces.forget(now=now + timedelta(seconds=1)) == 1
