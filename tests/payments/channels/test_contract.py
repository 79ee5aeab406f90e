"""The contract, once per channel."""

import pytest

from tests.payments.channels.contract import ChannelContract, World


@pytest.fixture
def sandbox(adapter, receiver):
    return World(
        adapter=adapter,
        receiver=receiver,
        paid={"type": "sandbox", "scenario": "succeed"},
        declined={"type": "sandbox", "scenario": "decline"},
        waiting={"type": "sandbox", "scenario": "requires_redirect"},
    )


@pytest.fixture(params=["sandbox"])
def world(request):
    return request.getfixturevalue(request.param)


class TestChannel(ChannelContract):
    pass
