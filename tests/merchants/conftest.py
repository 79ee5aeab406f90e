"""What the tests of merchants share."""

import pytest

from merchants.api import refusals, throttling
from tests.factories.merchants import MerchantFactory, bearer, signer
from tests.merchants.api.client import ApiClient


@pytest.fixture(autouse=True)
def fresh_counters():
    """Rate limits are counted in memory here, and must not carry over from test to test."""
    refusals.counters.reset()
    throttling.forget()


@pytest.fixture
def merchant(db):
    return MerchantFactory()


@pytest.fixture
def api(merchant):
    """A client that signs with a live key."""
    return ApiClient(signer(merchant))


@pytest.fixture
def stranger(db):
    """A client of another merchant."""
    return ApiClient(signer())


@pytest.fixture
def test_api(merchant):
    """A client with a test key's bearer secret, of the same merchant."""
    return ApiClient(bearer(merchant))
