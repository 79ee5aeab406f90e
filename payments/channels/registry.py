"""Which channels there are and what each can do. A channel's code is imported when it is first used."""

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any, cast

from payments.channels.base import CallsBack, Captures, Credentials, Pays, Refunds, States
from payments.channels.http import ChannelClient


class Ability(StrEnum):
    PAYS = "pays"
    CAPTURES = "captures"
    REFUNDS = "refunds"
    CALLS_BACK = "calls_back"
    STATES = "states"


class ChannelUnknown(LookupError):
    """No channel has this name."""


class AbilityMissing(LookupError):
    """The channel exists and cannot do this."""


@dataclass(frozen=True, slots=True)
class Channel:
    label: str
    adapter: str
    abilities: frozenset[Ability]


CHANNELS = {
    "sandbox": Channel(
        "Sandbox", "payments.channels.sandbox.adapter.SandboxAdapter", frozenset(Ability)
    ),
}


def channel(name: str) -> Channel:
    """Raises ChannelUnknown."""
    try:
        return CHANNELS[name]
    except KeyError:
        raise ChannelUnknown(name) from None


def pays(name: str, credentials: Credentials, client: ChannelClient) -> Pays:
    return cast(Pays, _adapter(name, Ability.PAYS, credentials, client))


def captures(name: str, credentials: Credentials, client: ChannelClient) -> Captures:
    return cast(Captures, _adapter(name, Ability.CAPTURES, credentials, client))


def refunds(name: str, credentials: Credentials, client: ChannelClient) -> Refunds:
    return cast(Refunds, _adapter(name, Ability.REFUNDS, credentials, client))


def calls_back(name: str, credentials: Credentials, client: ChannelClient) -> CallsBack:
    return cast(CallsBack, _adapter(name, Ability.CALLS_BACK, credentials, client))


def states(name: str, credentials: Credentials, client: ChannelClient) -> States:
    return cast(States, _adapter(name, Ability.STATES, credentials, client))


def _adapter(name: str, ability: Ability, credentials: Credentials, client: ChannelClient) -> Any:
    chosen = channel(name)
    if ability not in chosen.abilities:
        raise AbilityMissing(f"{name} cannot do: {ability}")
    module, _, class_name = chosen.adapter.rpartition(".")
    return getattr(import_module(module), class_name)(credentials, client)
