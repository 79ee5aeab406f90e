"""Journals and their entries: written once, in balance, sealed.

A journal is one business fact, its key derived from that fact, so that there is one journal per fact.
An entry is one line of it, numbered densely within its account, with the balance that it leaves.
"""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q

from audit.ids import PUBLIC_ID_LENGTH
from ledger.models.account import Account
from ledger.models.guards import AtCommit, Refuse

# The journal as a whole is checked once, when it is written. After that no line of it can change or
# go, and a new one finds no free line number: a sealed journal stays as it was.
WHOLE_AND_BALANCED = """
    SELECT count(*) AS lines, count(DISTINCT line) AS different, max(line) AS highest INTO entries
      FROM ledger_entry WHERE journal_id = NEW.id;
    IF (entries.lines, entries.different, entries.highest)
       IS DISTINCT FROM (NEW.line_count, NEW.line_count, NEW.line_count) THEN
        RAISE EXCEPTION 'journal % was sealed with % lines and has %',
            NEW.id, NEW.line_count, entries.lines
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_has_exactly_its_lines';
    END IF;
    SELECT currency, sum(amount_minor) AS total INTO off
      FROM ledger_entry WHERE journal_id = NEW.id
     GROUP BY currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % is off by % %', NEW.id, off.total, off.currency
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_balances';
    END IF;
    IF EXISTS (SELECT FROM ledger_journal
                WHERE reference = NEW.reference AND fact = NEW.fact AND id <> NEW.id) THEN
        RAISE EXCEPTION '% % has a journal already', NEW.fact, NEW.reference
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_fact_has_one_journal';
    END IF;
    IF NEW.reverses IS NOT NULL AND
       EXISTS (SELECT FROM ledger_journal WHERE reverses = NEW.reverses AND id <> NEW.id) THEN
        RAISE EXCEPTION 'journal % is reversed already', NEW.reverses
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_journal_is_reversed_once';
    END IF;
    RETURN NULL;
"""

BELONGS_TO_ITS_JOURNAL = """
    SELECT line_count, posted_at, effective_at INTO journal
      FROM ledger_journal WHERE id = NEW.journal_id;
    IF (NEW.posted_at, NEW.effective_at)
       IS DISTINCT FROM (journal.posted_at, journal.effective_at) THEN
        RAISE EXCEPTION 'there is no journal % of that time', NEW.journal_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_belongs_to_a_journal';
    END IF;
    IF NEW.line > journal.line_count OR EXISTS (
        SELECT FROM ledger_entry WHERE journal_id = NEW.journal_id AND line = NEW.line
           AND (account_id, version) <> (NEW.account_id, NEW.version)) THEN
        RAISE EXCEPTION 'journal % takes no line %', NEW.journal_id, NEW.line
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_sealed_journal_takes_no_more_lines';
    END IF;
    RETURN NULL;
"""

FOLLOWS_THE_ONE_BEFORE = """
    SELECT a.currency, a.version AS last_version, p.version AS previous_version,
           coalesce(p.balance_after_minor, 0) AS balance_before INTO account
      FROM ledger_account a
      LEFT JOIN ledger_entry p ON p.account_id = a.id AND p.version = NEW.version - 1
     WHERE a.id = NEW.account_id;
    IF NEW.version > 1 AND account.previous_version IS NULL THEN
        RAISE EXCEPTION 'account % has no entry before version %', NEW.account_id, NEW.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_are_dense';
    END IF;
    IF account.balance_before + NEW.amount_minor IS DISTINCT FROM NEW.balance_after_minor THEN
        RAISE EXCEPTION 'account % version % leaves % after %',
            NEW.account_id, NEW.version, NEW.balance_after_minor, account.balance_before
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_entry_continues_the_balance';
    END IF;
    IF account.last_version < NEW.version OR account.currency <> NEW.currency THEN
        RAISE EXCEPTION 'account % is at version % in %',
            NEW.account_id, account.last_version, account.currency
        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_account_knows_its_entries';
    END IF;
    RETURN NULL;
"""


class Journal(models.Model):
    id = models.UUIDField(primary_key=True, editable=False)
    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, editable=False)
    fact = models.CharField(max_length=64, editable=False)
    reference = models.CharField(max_length=64, editable=False)
    metadata = models.JSONField(default=dict, editable=False)
    line_count = models.IntegerField(editable=False)
    seal = models.CharField(max_length=64, editable=False)
    # By value, as an entry names its journal: on a distributed database the two may live apart.
    reverses = models.UUIDField(null=True, blank=True, editable=False)
    actor_kind = models.CharField(max_length=16, editable=False)
    actor_id = models.CharField(max_length=64, editable=False)
    posted_at = models.DateTimeField(editable=False)
    effective_at = models.DateTimeField(editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["public_id"], name="journal_by_public_id"),
            models.Index(fields=["reference", "fact"], name="journal_by_reference"),
            models.Index(fields=["posted_at"], name="journal_by_posted_at"),
            models.Index(
                fields=["reverses"],
                name="journal_by_reversed",
                condition=Q(reverses__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="journal_has_two_lines_or_more", condition=Q(line_count__gte=2)
            ),
            models.CheckConstraint(
                name="journal_seal_is_sha256", condition=Q(seal__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="journal_reverses_another",
                condition=Q(reverses__isnull=True) | ~Q(reverses=F("id")),
            ),
        ]
        triggers = [
            Refuse(
                name="journals_are_written_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            Refuse(name="journals_are_never_truncated", operation=pgtrigger.Truncate),
            AtCommit(
                name="a_journal_is_whole_and_balances",
                operation=pgtrigger.Insert,
                declare=[("entries", "record"), ("off", "record")],
                func=WHOLE_AND_BALANCED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact} {self.reference} ({self.public_id})"


class EntryQuerySet(models.QuerySet["Entry"]):
    def in_journal(self, journal_id: uuid.UUID) -> "EntryQuerySet":
        """In the journal's own order."""
        return self.filter(journal_id=journal_id).order_by("line")


class Entry(models.Model):
    """Debit positive, credit negative."""

    pk = models.CompositePrimaryKey("account_id", "version")
    # No index of its own: the key begins with it.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False, editable=False
    )
    version = models.BigIntegerField(editable=False)
    journal_id = models.UUIDField(editable=False)
    line = models.IntegerField(editable=False)
    amount_minor = models.BigIntegerField(editable=False)
    balance_after_minor = models.BigIntegerField(editable=False)
    currency = models.CharField(max_length=3, editable=False)
    posted_at = models.DateTimeField(editable=False)
    effective_at = models.DateTimeField(editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["journal_id", "line"], name="entry_by_journal")]
        constraints = [
            models.CheckConstraint(name="entry_amount_is_not_zero", condition=~Q(amount_minor=0)),
            models.CheckConstraint(name="entry_version_starts_at_one", condition=Q(version__gte=1)),
            models.CheckConstraint(name="entry_line_starts_at_one", condition=Q(line__gte=1)),
        ]
        triggers = [
            Refuse(
                name="entries_are_written_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            Refuse(name="entries_are_never_truncated", operation=pgtrigger.Truncate),
            AtCommit(
                name="an_entry_belongs_to_its_sealed_journal",
                operation=pgtrigger.Insert,
                declare=[("journal", "record")],
                func=BELONGS_TO_ITS_JOURNAL,
            ),
            AtCommit(
                name="an_entry_follows_the_one_before",
                operation=pgtrigger.Insert,
                declare=[("account", "record")],
                func=FOLLOWS_THE_ONE_BEFORE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} version {self.version}"
