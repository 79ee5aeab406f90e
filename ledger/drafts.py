"""A journal before it is written: balanced when it is made, or not made at all.

Amounts are signed: debit is positive, credit is negative.
"""

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType

from ledger.chart import CHART, AccountKind, Books
from ledger.money import checked_amount, digits

# Changing one of these would post every known fact a second time.
ACCOUNT_NAMESPACE = uuid.UUID("fb4e00c3-560f-4fc6-b78b-dbee4294378a")
JOURNAL_NAMESPACE = uuid.UUID("175f802f-00a2-4e70-bb4d-f160dd9010b2")

# No slash and no line break, so that `fact/reference` and a seal's lines read in one way only.
FACT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
REFERENCE = re.compile(r"[!-~]{1,64}", re.ASCII)
OWNER = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Metadata = Mapping[str, object]


class OwnerNotAllowed(ValueError):
    """The chart does not let this owner have an account of this kind."""


class FactUnfit(ValueError):
    """The fact's name, its reference or its time cannot be booked."""


class MetadataUnfit(ValueError):
    """Metadata is flat text and whole numbers: what reads back from the database as it was."""


class EmptyJournal(ValueError):
    """A journal without lines."""


class ZeroLine(ValueError):
    """A line that moves nothing: leave it out."""


class BooksMixed(ValueError):
    """A journal belongs to one set of books: real money or test money."""


class UnbalancedJournal(ValueError):
    """Debits and credits differ in some currency."""


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Names an account, whether it was opened already or not."""

    kind: AccountKind
    owner: str
    currency: str
    books: Books = Books.LIVE

    def __post_init__(self) -> None:
        digits(self.currency)
        owner_kind = CHART[self.kind].owner_kind
        if not OWNER.fullmatch(self.owner) or not owner_kind.accepts(self.owner):
            raise OwnerNotAllowed(f"{self.kind} belongs to a {owner_kind}, not to {self.owner!r}")

    def __str__(self) -> str:
        return account_name(self.kind, self.owner, self.currency, self.books)

    @property
    def id(self) -> uuid.UUID:
        """Derived, so that two who open the same account at once open one."""
        return account_id(self.kind, self.owner, self.currency, self.books)


@dataclass(frozen=True, slots=True)
class Line:
    account: AccountRef
    amount_minor: int

    def __post_init__(self) -> None:
        if checked_amount(self.amount_minor) == 0:
            raise ZeroLine(f"a line of nothing on {self.account}")


@dataclass(frozen=True)
class JournalDraft:
    """What happened (`fact`), to what (`reference`, a public id), when (`effective_at`), and what
    that means for the accounts. `reverses` is set by journals.reverse alone."""

    fact: str
    reference: str
    lines: Sequence[Line]
    effective_at: datetime
    metadata: Metadata = field(default_factory=dict)
    reverses: uuid.UUID | None = None

    def __post_init__(self) -> None:
        # Copies, so that nobody changes what was checked.
        object.__setattr__(self, "lines", tuple(self.lines))
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        self._check_fact()
        self._check_metadata()
        self._check_balance()

    @cached_property
    def id(self) -> uuid.UUID:
        return journal_id(self.fact, self.reference)

    @cached_property
    def seal(self) -> str:
        return seal(
            fact=self.fact,
            reference=self.reference,
            reverses=self.reverses,
            effective_at=self.effective_at,
            metadata=dict(self.metadata),
            rendered_lines="\n".join(
                f"{line.account.id} {line.account.currency} {line.amount_minor}"
                for line in self.lines
            ),
        )

    def _check_fact(self) -> None:
        if not FACT.fullmatch(self.fact):
            raise FactUnfit(f"{self.fact!r} does not name a fact")
        if not REFERENCE.fullmatch(self.reference):
            raise FactUnfit(f"{self.reference!r} does not refer to anything")
        if self.effective_at.utcoffset() is None:
            raise FactUnfit(f"{self.effective_at} has no time zone")

    def _check_metadata(self) -> None:
        for name, value in self.metadata.items():
            if not isinstance(value, str | int | None):
                raise MetadataUnfit(f"{name} is neither text nor a whole number")
            if UNSTORABLE.search(f"{name}{value}"):
                raise MetadataUnfit(f"{name!r} holds characters that PostgreSQL does not store")

    def _check_balance(self) -> None:
        if not self.lines:
            raise EmptyJournal(f"{self.fact} {self.reference} has no lines")
        if len({line.account.books for line in self.lines}) > 1:
            raise BooksMixed(f"{self.fact} {self.reference} mixes test money with real money")
        totals: Counter[str] = Counter()
        for line in self.lines:
            totals[line.account.currency] += line.amount_minor
        off = [f"{currency} by {total}" for currency, total in totals.items() if total]
        if off:
            raise UnbalancedJournal(f"{self.fact} {self.reference} is off in {', '.join(off)}")


def account_name(kind: str, owner: str, currency: str, books: str) -> str:
    name = f"{kind}/{owner}/{currency}"
    return name if books == Books.LIVE else f"{name}/{books}"


def account_id(kind: str, owner: str, currency: str, books: str) -> uuid.UUID:
    return uuid.uuid5(ACCOUNT_NAMESPACE, account_name(kind, owner, currency, books))


def journal_id(fact: str, reference: str) -> uuid.UUID:
    """Derived, so that "once per fact" is the primary key, on one database or on many."""
    return uuid.uuid5(JOURNAL_NAMESPACE, f"{fact}/{reference}")


def seal(
    *,
    fact: str,
    reference: str,
    reverses: uuid.UUID | None,
    effective_at: datetime,
    metadata: Metadata,
    rendered_lines: str,
) -> str:
    """SHA-256 over one canonical text. `rendered_lines` has `account id, currency, amount` a line,
    in the journal's order; proof.py lets PostgreSQL render the same."""
    text = "\n".join(
        (
            "zerosum journal 1",
            fact,
            reference,
            str(reverses or ""),
            effective_at.astimezone(UTC).isoformat(timespec="microseconds"),
            json.dumps(metadata, sort_keys=True, separators=(",", ":")),
            rendered_lines,
        )
    )
    return hashlib.sha256(text.encode()).hexdigest()
