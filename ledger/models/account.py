"""An account: where it stands, and how many entries brought it there.

`balance_minor` and `version` repeat the account's last entry, so that a post reads one row instead of
a history; the database refuses a transaction that leaves them apart.
"""

import pgtrigger
from auditlog.registry import auditlog
from django.db import models
from django.db.models import Q

from audit.ids import PUBLIC_ID_LENGTH
from ledger.chart import AccountKind, AccountStatus, Books, Side
from ledger.drafts import AccountRef, account_name
from ledger.models.guards import AtCommit, Refuse

SIDES = [(side.value, side.label) for side in Side]
BOOKS = [(books.value, books.value) for books in Books]
STATUSES = [(status.value, status.label) for status in AccountStatus]
IDENTITY = (
    "id",
    "public_id",
    "owner",
    "kind",
    "currency",
    "books",
    "normal_side",
    "may_go_negative",
    "opened_at",
)
EQUALS_ITS_LAST_ENTRY = """
    SELECT version, balance_minor INTO account
      FROM ledger_account WHERE id = NEW.id;
    SELECT version, balance_after_minor INTO entry
      FROM ledger_entry WHERE account_id = NEW.id ORDER BY version DESC LIMIT 1;
    IF (account.version, account.balance_minor) IS DISTINCT FROM
       (coalesce(entry.version, 0), coalesce(entry.balance_after_minor, 0)) THEN
        RAISE EXCEPTION 'account % stands at % in version %, its entries at % in version %',
            NEW.id, account.balance_minor, account.version, entry.balance_after_minor, entry.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_account_equals_its_last_entry';
    END IF;
    RETURN NULL;
"""


class AccountQuerySet(models.QuerySet["Account"]):
    def owned_by(self, owner: str, *, books: Books) -> "AccountQuerySet":
        return self.filter(owner=owner, books=books)

    def of_kind(self, kind: AccountKind) -> "AccountQuerySet":
        return self.filter(kind=kind)


class Account(models.Model):
    id = models.UUIDField(primary_key=True, editable=False)
    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, editable=False)
    owner = models.CharField(max_length=64, editable=False)
    kind = models.CharField(
        max_length=32, choices=[(kind.value, kind.label) for kind in AccountKind], editable=False
    )
    currency = models.CharField(max_length=3, editable=False)
    books = models.CharField(max_length=4, choices=BOOKS, default=Books.LIVE.value, editable=False)
    normal_side = models.CharField(max_length=6, choices=SIDES, editable=False)
    may_go_negative = models.BooleanField(default=False, editable=False)
    status = models.CharField(
        max_length=6, choices=STATUSES, default=AccountStatus.OPEN.value, editable=False
    )
    balance_minor = models.BigIntegerField(default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField(editable=False)

    objects = AccountQuerySet.as_manager()

    class Meta:
        # No unique constraint but the key: on a distributed database there is no other.
        indexes = [
            models.Index(fields=["public_id"], name="account_by_public_id"),
            models.Index(fields=["owner", "currency"], name="account_by_owner"),
            models.Index(fields=["kind", "currency"], name="account_by_kind"),
        ]
        constraints = [
            models.CheckConstraint(
                name="account_is_negative_only_where_allowed",
                condition=Q(may_go_negative=True)
                | Q(normal_side=Side.DEBIT.value, balance_minor__gte=0)
                | Q(normal_side=Side.CREDIT.value, balance_minor__lte=0),
            ),
            models.CheckConstraint(
                name="account_side_is_debit_or_credit",
                condition=Q(normal_side__in=[side.value for side in Side]),
            ),
            models.CheckConstraint(
                name="account_status_is_known",
                condition=Q(status__in=[status.value for status in AccountStatus]),
            ),
            models.CheckConstraint(
                name="account_is_in_live_or_test_books",
                condition=Q(books__in=[books.value for books in Books]),
            ),
            models.CheckConstraint(
                name="account_currency_is_three_capitals",
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
            ),
            models.CheckConstraint(
                name="account_version_counts_from_zero",
                condition=Q(version__gte=0),
            ),
            models.CheckConstraint(
                name="account_is_empty_when_closed",
                condition=~Q(status=AccountStatus.CLOSED.value) | Q(balance_minor=0),
            ),
        ]
        triggers = [
            Refuse(name="accounts_are_never_deleted", operation=pgtrigger.Delete),
            Refuse(name="accounts_are_never_truncated", operation=pgtrigger.Truncate),
            Refuse(
                name="an_account_keeps_its_identity",
                operation=pgtrigger.Update,
                condition=" OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in IDENTITY),
            ),
            Refuse(
                name="a_frozen_account_does_not_move",
                operation=pgtrigger.Update,
                condition="OLD.status <> 'open' AND (OLD.version, OLD.balance_minor)"
                " IS DISTINCT FROM (NEW.version, NEW.balance_minor)",
            ),
            Refuse(
                name="a_closed_account_stays_closed",
                operation=pgtrigger.Update,
                condition="OLD.status = 'closed' AND NEW.status <> 'closed'",
            ),
            AtCommit(
                name="an_account_equals_its_last_entry",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("version", "balance_minor"),  # type: ignore[no-untyped-call]
                declare=[("account", "record"), ("entry", "record")],
                func=EQUALS_ITS_LAST_ENTRY,
            ),
        ]

    def __str__(self) -> str:
        name = account_name(self.kind, self.owner, self.currency, self.books)
        return f"{name} ({self.public_id})"

    @property
    def ref(self) -> AccountRef:
        return AccountRef(AccountKind(self.kind), self.owner, self.currency, Books(self.books))

    def may_hold(self, balance_minor: int) -> bool:
        """The same rule as the constraint, asked before the transaction is spoilt."""
        return (
            self.may_go_negative
            or balance_minor == 0
            or (balance_minor > 0) == (self.normal_side == Side.DEBIT)
        )


auditlog.register(Account, include_fields=["status"])
