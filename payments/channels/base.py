"""What the house and a channel say to each other: values in, values out, one small protocol per ability.

The rule for every call that moves money: `ChannelError` is raised only when it is certain that the
channel did nothing because of this call. Everything else comes back as a `ChannelReport`, and an answer
that never came, or that nobody can read, is the outcome `unknown`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol


class PaymentState(StrEnum):
    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Outcome(StrEnum):
    """What became of the call, as opposed to the state of the thing that it was about."""

    DONE = "done"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class ReportKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


class ErrorKind(StrEnum):
    """Named by what the caller should do."""

    RETRY_SAME = "retry_same"  # again, with the same number and parameters
    UNKNOWN = "unknown"  # a read that failed: ask again later
    RATE_LIMITED = "rate_limited"  # slow down, then as retry_same
    CONFLICT = "conflict"  # the number was used with other parameters: never retry, tell people
    INVALID = "invalid"  # our request is wrong: never retry, tell people
    AUTH = "auth"  # key, signature, permission: stop the account, do not fail its payments


class ChannelError(Exception):
    """The channel certainly did nothing because of this call."""

    def __init__(
        self,
        *,
        kind: ErrorKind,
        code: str,
        message: str,
        permanent: bool,
        raw: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.kind = kind
        self.code = code
        self.message = message
        self.permanent = permanent
        self.raw: Mapping[str, object] = raw or {}


class CallbackForged(Exception):
    """The signature, the account or the time of a callback is wrong. `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CallbackUnreadable(Exception):
    """The callback is genuine, yet says something that this adapter cannot translate."""


class StatementInvalid(Exception):
    """A statement that is cut short, changed or garbled; nothing of it may be used."""

    def __init__(self, line_number: int, reason: str) -> None:
        super().__init__(f"line {line_number}: {reason}")
        self.line_number = line_number
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One account at one channel. `account_id` also names its circuit breaker and its log lines."""

    account_id: str
    base_url: str
    secret: bytes = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRequest:
    reference: str
    amount_minor: int
    currency: str
    capture: Literal["automatic", "manual"]
    method: Mapping[str, object]
    callback_url: str
    return_url: str = ""
    description: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRef:
    """A payment that the channel may know: under our reference, and under its own id once it told us."""

    reference: str
    amount_minor: int
    currency: str
    channel_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequest:
    payment: PaymentRef
    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    payment: PaymentRef
    reference: str
    amount_minor: int
    reason: str
    callback_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRef:
    payment: PaymentRef
    reference: str
    channel_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What a channel told us about one payment or one refund, by an answer, a callback or a statement.

    `outcome` is about the call, `state` about the payment or refund as the channel sees it now (None: it
    did not say). A rejected create or refund is `failed` or `canceled`; a rejected capture or cancel
    carries the state that stood in the way, to be adopted. `not_found` means that the channel does not know
    our reference, which is not the same as "not charged": some channels show a charge only later.
    `amount_captured_minor` and `amount_refunded_minor` are a payment's totals; a refund has `amount_minor`.
    `raw` is the evidence of the exchange or the callback, masked, fit to be stored.
    """

    kind: ReportKind
    outcome: Outcome
    reference: str
    state: PaymentState | RefundState | None = None
    channel_state: str = ""
    payment_reference: str = ""
    channel_id: str = ""
    amount_minor: int | None = None
    currency: str = ""
    amount_captured_minor: int | None = None
    amount_refunded_minor: int | None = None
    occurred_at: datetime | None = None
    next_action: Mapping[str, str] | None = None
    failure_code: str = ""
    failure_message: str = ""
    not_found: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A genuine callback; the channel repeats `event_id` when it delivers the same event again."""

    event_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A line of a channel's statement. Amounts are positive; `kind` says which way the money went."""

    kind: ReportKind
    reference: str
    channel_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    state: PaymentState | RefundState
    occurred_at: datetime
    line_number: int
    raw: str


class Pays(Protocol):
    """Raises ChannelError when the channel certainly did nothing; never for an unknown outcome."""

    def create(self, request: CreateRequest) -> ChannelReport: ...

    def query(self, payment: PaymentRef) -> ChannelReport: ...

    def cancel(self, payment: PaymentRef) -> ChannelReport:
        """Close what is unpaid, or void an authorization."""
        ...


class Captures(Protocol):
    """Raises ChannelError when the channel certainly did nothing; never for an unknown outcome."""

    def capture(self, request: CaptureRequest) -> ChannelReport: ...


class Refunds(Protocol):
    """Raises ChannelError when the channel certainly did nothing; never for an unknown outcome."""

    def refund(self, request: RefundRequest) -> ChannelReport: ...

    def query_refund(self, refund: RefundRef) -> ChannelReport: ...


class CallsBack(Protocol):
    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Verified:
        """Check a callback over its raw bytes. Raises CallbackForged."""
        ...

    def translate(self, body: bytes) -> list[ChannelReport]:
        """Say in our words what a verified callback says. Raises CallbackUnreadable."""
        ...

    def ack(self) -> CallbackAnswer:
        """The answer once the callback is stored."""
        ...

    def nack(self) -> CallbackAnswer:
        """The answer that makes the channel deliver it again."""
        ...


class States(Protocol):
    def fetch_statement(self, day: date) -> bytes:
        """The file as the channel gave it. Raises ChannelError."""
        ...

    def parse_statement(self, data: bytes) -> Iterator[StatementRow]:
        """The file's lines, in order. Raises StatementInvalid, also while iterating."""
        ...
