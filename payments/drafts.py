"""What somebody wants to start, as values, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from payments.states import SuspenseKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Whose rows may be seen and touched: one merchant's, of one mode."""

    merchant_pk: int
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """`expires_in` counts seconds; None: the order waits for ever."""

    reference: str
    amount_minor: int
    currency: str
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    expires_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDraft:
    """For the order named by its public id, or for a new one. `expires_in` counts seconds."""

    order: str | OrderDraft
    capture: str = "automatic"
    method: Mapping[str, Any] = field(default_factory=dict)
    return_url: str = ""
    expires_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplacedMoney:
    """What the channel took and nobody can place. `reference` is ours as the channel gave it."""

    kind: SuspenseKind
    reference: str
    channel_id: str
    amount_minor: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAccountDraft:
    """`fee_bps` and `fee_fixed_minor` are what the channel's contract charges."""

    channel: str
    mode: str
    title: str
    base_url: str
    secret: bytes = field(repr=False)
    fee_bps: int = 0
    fee_fixed_minor: int = 0
    timeout_seconds: int = 10
