"""Channels by name, abilities by what was asked for."""

import pytest

from payments.channels import registry
from payments.channels.base import Credentials
from payments.channels.registry import Ability, AbilityMissing, Channel, ChannelUnknown
from payments.channels.sandbox.adapter import SandboxAdapter

CREDENTIALS = Credentials(account_id="cha_1", base_url="http://127.0.0.1:9", secret=b"hush")


@pytest.mark.parametrize("name", registry.CHANNELS)
def test_every_registered_channel_can_do_what_it_claims(name, client):
    claimed = registry.channel(name).abilities
    for ability in Ability:
        ask = getattr(registry, ability)
        if ability in claimed:
            assert ask(name, CREDENTIALS, client)
        else:
            with pytest.raises(AbilityMissing):
                ask(name, CREDENTIALS, client)


def test_sandbox_is_found_by_name(client):
    assert isinstance(registry.pays("sandbox", CREDENTIALS, client), SandboxAdapter)


def test_unknown_channel_is_refused(client):
    with pytest.raises(ChannelUnknown):
        registry.pays("cheques", CREDENTIALS, client)


def test_missing_ability_is_refused(client, monkeypatch):
    monkeypatch.setitem(
        registry.CHANNELS,
        "payer",
        Channel("Payer", registry.CHANNELS["sandbox"].adapter, frozenset({Ability.PAYS})),
    )

    with pytest.raises(AbilityMissing):
        registry.refunds("payer", CREDENTIALS, client)


def test_secret_does_not_show_in_credentials():
    assert "hush" not in repr(CREDENTIALS)
