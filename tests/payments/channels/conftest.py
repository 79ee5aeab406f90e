"""A running simulator, a platform that takes its callbacks, and the sandbox's adapter between them."""

import pytest

from payments.channels.base import Credentials
from payments.channels.http import ChannelClient
from payments.channels.sandbox.adapter import SandboxAdapter
from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulation.accounts import Account
from payments.channels.sandbox.simulator import serve
from tests.payments.channels.receiver import Receiver

ACCOUNT = "cha_1"
SECRET = b"the secret of cha_1"
PACE = 0.05


@pytest.fixture
def book(tmp_path):
    return tmp_path / "book.sqlite3"


@pytest.fixture
def simulator(book):
    with serve(book=book, pace=PACE, open_accounts=(Account(ACCOUNT, SECRET),)) as simulator:
        yield simulator


@pytest.fixture
def control(simulator):
    control = Control(simulator.address)
    yield control
    control.close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def client():
    client = ChannelClient()
    yield client
    client.close()


@pytest.fixture
def credentials(simulator):
    return Credentials(account_id=ACCOUNT, base_url=simulator.address, secret=SECRET)


@pytest.fixture
def adapter(credentials, client):
    return SandboxAdapter(credentials, client)
