"""A sandbox channel that really answers over HTTP, with a book of its own."""

import pytest

from payments.channels.sandbox.control import Control
from payments.channels.sandbox.simulator import serve
from tests.factories import payments as make
from tests.factories.reconciliation import SECRET


@pytest.fixture
def simulator(tmp_path):
    with serve(book=tmp_path / "book.sqlite3", pace=0.02) as running:
        yield running


@pytest.fixture
def control(simulator):
    control = Control(simulator.address)
    yield control
    control.close()


@pytest.fixture
def channel(db, simulator, control):
    """Our account at the running channel, patient for a second."""
    account = make.channel_account(base_url=simulator.address, timeout=1)
    control.open_account(account.public_id, SECRET)
    return account
