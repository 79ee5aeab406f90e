"""Which channel account takes a payment."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Candidate(Protocol):
    channel: str
    mode: str
    enabled: bool
    currencies: list[str]


C = TypeVar("C", bound=Candidate)


class NoRoute(Exception):
    """No channel account takes this method, mode and currency."""


def choose(candidates: Iterable[C], *, channel: str, mode: str, currency: str) -> C:
    """The first account of the channel that is enabled and takes the currency. Raises NoRoute."""
    for candidate in candidates:
        if (
            candidate.channel == channel
            and candidate.mode == mode
            and candidate.enabled
            and (not candidate.currencies or currency in candidate.currencies)
        ):
            return candidate
    raise NoRoute(f"no {mode} account of channel {channel!r} takes {currency}")
