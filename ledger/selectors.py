"""Reading the books. Amounts are signed minor units, debit positive, unless a name says otherwise."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from ledger.chart import CHART, AccountKind, AccountStatus, Books, Side
from ledger.drafts import AccountRef
from ledger.models import Account, Entry, Journal


@dataclass(frozen=True, slots=True)
class AccountBalance:
    account_id: uuid.UUID
    public_id: str
    kind: AccountKind
    owner: str
    currency: str
    books: Books
    status: AccountStatus
    balance_minor: int
    version: int

    @property
    def normal_minor(self) -> int:
        """Seen from the account's normal side: what we owe to a merchant is positive."""
        is_debit = CHART[self.kind].normal_side == Side.DEBIT
        return self.balance_minor if is_debit else -self.balance_minor


@dataclass(frozen=True, slots=True)
class EntryRow:
    account_id: uuid.UUID
    account_public_id: str
    kind: AccountKind
    owner: str
    currency: str
    version: int
    amount_minor: int
    balance_after_minor: int
    journal_public_id: str
    fact: str
    reference: str
    line: int
    posted_at: datetime
    effective_at: datetime

    @property
    def label(self) -> str:
        return f"{self.kind.label}, {self.owner}"

    @property
    def debit_minor(self) -> int:
        return max(self.amount_minor, 0)

    @property
    def credit_minor(self) -> int:
        return max(-self.amount_minor, 0)


@dataclass(frozen=True, slots=True)
class JournalView:
    id: uuid.UUID
    public_id: str
    fact: str
    reference: str
    metadata: Mapping[str, object]
    reverses: uuid.UUID | None
    posted_by: str
    posted_at: datetime
    effective_at: datetime
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """Turnover on both sides; `kind` is None in the total of a currency in one set of books."""

    books: Books
    currency: str
    kind: AccountKind | None
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class TrialBalance:
    at: datetime | None
    rows: tuple[TrialRow, ...]

    @property
    def holds(self) -> bool:
        return not any(total.balance_minor for total in self.totals)

    @property
    def totals(self) -> list[TrialRow]:
        sheets = sorted({(row.books, row.currency) for row in self.rows})
        return [self._total(books, currency) for books, currency in sheets]

    def of(self, books: Books, currency: str) -> list[TrialRow]:
        return [row for row in self.rows if (row.books, row.currency) == (books, currency)]

    def _total(self, books: Books, currency: str) -> TrialRow:
        rows = self.of(books, currency)
        return TrialRow(
            books=books,
            currency=currency,
            kind=None,
            debit_minor=sum(row.debit_minor for row in rows),
            credit_minor=sum(row.credit_minor for row in rows),
        )


def balance(ref: AccountRef) -> int:
    """Zero, too, for an account that nothing was ever posted to."""
    found = Account.objects.filter(pk=ref.id).values_list("balance_minor", flat=True)
    return found.first() or 0


def balances(owner: str, *, books: Books) -> list[AccountBalance]:
    """Every account of one owner in one set of books, by currency, in the chart's order."""
    return _balances(Account.objects.owned_by(owner, books=books))


def balances_of_kind(kind: AccountKind) -> list[AccountBalance]:
    """Every account of one kind, whoever owns it."""
    return _balances(Account.objects.of_kind(kind))


def trial_balance(at: datetime | None = None) -> TrialBalance:
    """What was posted up to and including `at`, per set of books, currency and kind of account."""
    entries = Entry.objects.all() if at is None else Entry.objects.filter(posted_at__lte=at)
    sums = entries.values("account__books", "currency", "account__kind").annotate(
        debit=Sum("amount_minor", filter=Q(amount_minor__gt=0), default=0),
        credit=Sum("amount_minor", filter=Q(amount_minor__lt=0), default=0),
    )
    rows = [
        TrialRow(
            books=Books(row["account__books"]),
            currency=row["currency"],
            kind=AccountKind(row["account__kind"]),
            debit_minor=int(row["debit"]),
            credit_minor=-int(row["credit"]),
        )
        for row in sums
    ]
    rows.sort(key=lambda row: (row.books, *_by_currency_and_chart(row)))
    return TrialBalance(at=at, rows=tuple(rows))


def entries_of(journal: str) -> list[EntryRow]:
    """The lines of the journal with this public id; none if there is no such journal."""
    return [
        entry
        for view in _views(Journal.objects.filter(public_id=journal))
        for entry in view.entries
    ]


def journals_about(references: str | Collection[str]) -> list[JournalView]:
    """The journals of these public ids' facts and what reversed them, oldest first, in two queries."""
    names = [references] if isinstance(references, str) else list(references)
    about = Journal.objects.filter(reference__in=names)
    reversals = Journal.objects.filter(reverses__in=about.values("id"))
    return _views(about | reversals)


def account_statement(
    account_id: uuid.UUID, *, limit: int = 50, before_version: int | None = None
) -> list[EntryRow]:
    """The account's entries, newest first. The next page begins before the last one's version."""
    entries = Entry.objects.filter(account_id=account_id).select_related("account")
    if before_version is not None:
        entries = entries.filter(version__lt=before_version)
    page = list(entries.order_by("-version")[:limit])
    journals = Journal.objects.in_bulk([entry.journal_id for entry in page])
    return [_row(entry, journals[entry.journal_id]) for entry in page]


def _balances(accounts: Iterable[Account]) -> list[AccountBalance]:
    found = [
        AccountBalance(
            account_id=account.id,
            public_id=account.public_id,
            kind=AccountKind(account.kind),
            owner=account.owner,
            currency=account.currency,
            books=Books(account.books),
            status=AccountStatus(account.status),
            balance_minor=account.balance_minor,
            version=account.version,
        )
        for account in accounts
    ]
    return sorted(found, key=lambda row: (*_by_currency_and_chart(row), row.owner))


def _by_currency_and_chart(row: AccountBalance | TrialRow) -> tuple[str, int]:
    return row.currency, list(CHART).index(row.kind) if row.kind else len(CHART)


def _views(found: Iterable[Journal]) -> list[JournalView]:
    journals = sorted(found, key=lambda journal: (journal.posted_at, journal.public_id))
    lines: dict[uuid.UUID, list[Entry]] = {journal.id: [] for journal in journals}
    entries = Entry.objects.filter(journal_id__in=lines).select_related("account").order_by("line")
    for entry in entries:
        lines[entry.journal_id].append(entry)
    return [_view(journal, lines[journal.id]) for journal in journals]


def _view(journal: Journal, entries: list[Entry]) -> JournalView:
    return JournalView(
        id=journal.id,
        public_id=journal.public_id,
        fact=journal.fact,
        reference=journal.reference,
        metadata=journal.metadata,
        reverses=journal.reverses,
        posted_by=f"{journal.actor_kind}:{journal.actor_id}",
        posted_at=journal.posted_at,
        effective_at=journal.effective_at,
        entries=tuple(_row(entry, journal) for entry in entries),
    )


def _row(entry: Entry, journal: Journal) -> EntryRow:
    return EntryRow(
        account_id=entry.account_id,
        account_public_id=entry.account.public_id,
        kind=AccountKind(entry.account.kind),
        owner=entry.account.owner,
        currency=entry.currency,
        version=entry.version,
        amount_minor=entry.amount_minor,
        balance_after_minor=entry.balance_after_minor,
        journal_public_id=journal.public_id,
        fact=journal.fact,
        reference=journal.reference,
        line=entry.line,
        posted_at=entry.posted_at,
        effective_at=entry.effective_at,
    )
