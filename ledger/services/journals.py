"""Posting: the only way that an account's balance changes."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from audit.actor import Actor
from audit.ids import new_id
from ledger.drafts import AccountRef, JournalDraft, Line
from ledger.models import Account, Entry, Journal
from ledger.money import AmountTooLarge, checked_amount
from ledger.services.accounts import AccountFrozen, refuse_unless_open
from ledger.services.locks import lock_accounts

REVERSED = "reversed"

INSERT_ONCE = """
    INSERT INTO ledger_journal (id, public_id, fact, reference, metadata, line_count, seal, reverses,
                                actor_kind, actor_id, posted_at, effective_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO NOTHING
"""
UPDATE_BALANCES = """
    UPDATE ledger_account AS account
       SET balance_minor = moved.balance_minor, version = moved.version
      FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS moved (id, balance_minor, version)
     WHERE account.id = moved.id
"""


class FactAlreadyPosted(Exception):
    """The fact has a journal, and that one moved other amounts."""


class NegativeBalanceForbidden(Exception):
    """The account would leave its normal side, and its kind may not."""


class AlreadyReversed(Exception):
    """A journal is reversed once; what shall stand again is posted as a new fact."""


def post(draft: JournalDraft, *, by: Actor, now: datetime) -> Journal:
    """Writes the draft into the caller's transaction, once: the same fact again, later or at the same
    moment, is answered with its first journal.

    Four statements when the accounts exist. Raises FactAlreadyPosted for other lines under the same
    fact, and AccountFrozen, NegativeBalanceForbidden or AmountTooLarge before anything is written.
    """
    journal, _ = _post(draft, by=by, now=now)
    return journal


def reverse(
    journal_id: uuid.UUID,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    effective_at: datetime | None = None,
) -> Journal:
    """Posts the opposite of a journal and links the two. Raises AlreadyReversed, and what post raises."""
    original = Journal.objects.get(pk=journal_id)
    draft = JournalDraft(
        fact=REVERSED,
        reference=original.public_id,
        lines=[
            Line(entry.account.ref, -entry.amount_minor)
            for entry in Entry.objects.in_journal(original.id).select_related("account")
        ],
        effective_at=effective_at or now,
        metadata={"reason": reason},
        reverses=original.id,
    )
    journal, is_new = _post(draft, by=by, now=now)
    if not is_new:
        raise AlreadyReversed(f"{original} was reversed by {journal.public_id}")
    return journal


def _post(draft: JournalDraft, *, by: Actor, now: datetime) -> tuple[Journal, bool]:
    accounts = lock_accounts({line.account for line in draft.lines}, now=now)
    try:
        entries = _move(draft, accounts, now=now)
    except (AccountFrozen, AmountTooLarge, NegativeBalanceForbidden):
        # A fact that is booked already stays booked, whatever became of its accounts.
        if Journal.objects.filter(pk=draft.id).exists():
            return _first_journal(draft), False
        raise
    journal = _new_journal(draft, by=by, now=now)
    if not _insert_once(journal):
        return _first_journal(draft), False
    Entry.objects.bulk_create(entries)
    _update_balances(accounts.values())
    return journal, True


def _move(
    draft: JournalDraft, accounts: dict[AccountRef, Account], *, now: datetime
) -> list[Entry]:
    """The entries, with the accounts moved along in memory."""
    entries = []
    for number, line in enumerate(draft.lines, start=1):
        account = accounts[line.account]
        refuse_unless_open(account)
        account.version += 1
        account.balance_minor = checked_amount(account.balance_minor + line.amount_minor)
        entries.append(
            Entry(
                account=account,
                version=account.version,
                journal_id=draft.id,
                line=number,
                amount_minor=line.amount_minor,
                balance_after_minor=account.balance_minor,
                currency=account.currency,
                posted_at=now,
                effective_at=draft.effective_at,
            )
        )
    # Only where an account ends counts: on the way a journal may pass below zero.
    for account in accounts.values():
        if not account.may_hold(account.balance_minor):
            raise NegativeBalanceForbidden(f"{account} would stand at {account.balance_minor}")
    return entries


def _new_journal(draft: JournalDraft, *, by: Actor, now: datetime) -> Journal:
    return Journal(
        id=draft.id,
        public_id=new_id("jrn"),
        fact=draft.fact,
        reference=draft.reference,
        metadata=dict(draft.metadata),
        line_count=len(draft.lines),
        seal=draft.seal,
        reverses=draft.reverses,
        actor_kind=by.kind,
        actor_id=by.id,
        posted_at=now,
        effective_at=draft.effective_at,
    )


def _insert_once(journal: Journal) -> bool:
    """Whether the journal is new. Waits for a transaction that is just posting the same fact."""
    values: list[Any] = [
        journal.id,
        journal.public_id,
        journal.fact,
        journal.reference,
        Jsonb(journal.metadata),
        journal.line_count,
        journal.seal,
        journal.reverses,
        journal.actor_kind,
        journal.actor_id,
        journal.posted_at,
        journal.effective_at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ONCE, values)
        return bool(cursor.rowcount)


def _first_journal(draft: JournalDraft) -> Journal:
    """What the fact was booked as, if it is the same money: the time and the metadata of a retry may
    differ."""
    first = Journal.objects.get(pk=draft.id)
    if first.seal != draft.seal and _lines_of(first) != [
        (line.account.id, line.amount_minor) for line in draft.lines
    ]:
        raise FactAlreadyPosted(f"{first} moved other amounts")
    return first


def _lines_of(journal: Journal) -> list[tuple[uuid.UUID, int]]:
    lines = Entry.objects.in_journal(journal.id).values_list("account_id", "amount_minor")
    return list(lines)


def _update_balances(accounts: Collection[Account]) -> None:
    columns: list[list[Any]] = [
        [account.id for account in accounts],
        [account.balance_minor for account in accounts],
        [account.version for account in accounts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_BALANCES, columns)
