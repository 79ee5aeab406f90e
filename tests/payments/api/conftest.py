"""A merchant's signed requests against the API, without a network between."""

import pytest

from merchants.api import refusals, throttling
from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulator import serve
from tests.factories import payments as make
from tests.factories.merchants import signer
from tests.merchants.api.client import ApiClient

SECRET = b"shared-with-the-simulator-0123456"


@pytest.fixture(autouse=True)
def fresh_counters():
    refusals.counters.reset()
    throttling.forget()


@pytest.fixture
def merchant(db):
    return make.merchant()


@pytest.fixture
def caller(merchant):
    return ApiClient(signer(merchant, mode="test"))


@pytest.fixture
def stranger(db):
    return ApiClient(signer(make.merchant(name="Another shop"), mode="test"))


@pytest.fixture
def channel(db, tmp_path):
    """Our account at a sandbox that really answers."""
    with serve(book=tmp_path / "book.sqlite3", pace=0.02) as simulator:
        account = make.channel_account(base_url=simulator.address, timeout=1)
        control = Control(simulator.address)
        control.open_account(account.public_id, SECRET)
        yield account
        control.close()
