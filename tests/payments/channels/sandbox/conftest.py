"""A shop that pays through the sandbox."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from payments.channels.sandbox.adapter import SandboxAdapter
from tests.payments.channels.sandbox.shop import Shop


@pytest.fixture
def shop(adapter, receiver):
    return Shop(adapter, receiver)


@pytest.fixture
def impatient_shop(credentials, client, receiver):
    """Gives up on an answer soon, for the scenarios that never answer."""
    hasty = replace(credentials, settings={"timeout_seconds": "0.3"})
    return Shop(SandboxAdapter(hasty, client), receiver)


@pytest.fixture
def now_utc():
    """The real clock: the simulator, as every real channel, has no other."""
    return lambda: datetime.now(UTC)
