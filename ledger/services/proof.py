"""Proving that the books hold: everything is added up again, from the rows themselves.

Nothing here trusts a trigger or a constraint: a superuser can step past those. What was changed is
named by its row.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from django.db import connection, transaction

from audit.actor import Actor
from audit.services import records
from ledger.chart import CHART, AccountKind
from ledger.drafts import account_id, account_name, journal_id, seal
from ledger.models import Account, Entry, Journal

logger = logging.getLogger(__name__)

# Of each check so many rows are named: enough to see what happened, not so many as to fill memory.
NAMED_PER_CHECK = 1000
RECORDED = 50
ROWS_AT_ONCE = 2000

# Each answers (check, table, id, detail) for every row that is wrong. An entry's id is
# `account/version`.
SUMS_PER_CURRENCY = """
    SELECT 'currency_sums_to_zero', 'ledger_entry', currency, format('off by %s', sum(amount_minor))
      FROM ledger_entry GROUP BY currency HAVING sum(amount_minor) <> 0
"""
SUMS_PER_JOURNAL = """
    SELECT 'journal_sums_to_zero', 'ledger_journal', journal_id::text,
           format('off by %s %s', sum(amount_minor), currency)
      FROM ledger_entry GROUP BY journal_id, currency HAVING sum(amount_minor) <> 0
"""
JOURNALS_OF_ENTRIES = """
    SELECT CASE WHEN j.id IS NULL THEN 'entry_has_a_journal'
                ELSE 'entry_has_its_journals_time' END,
           'ledger_entry', e.account_id || '/' || e.version, format('journal %s', e.journal_id)
      FROM ledger_entry e LEFT JOIN ledger_journal j ON j.id = e.journal_id
     WHERE (j.posted_at, j.effective_at) IS DISTINCT FROM (e.posted_at, e.effective_at)
"""
ACCOUNTS_OF_ENTRIES = """
    SELECT CASE WHEN a.id IS NULL THEN 'entry_has_an_account'
                ELSE 'entry_has_its_accounts_currency' END,
           'ledger_entry', e.account_id || '/' || e.version,
           format('%s in an account of %s', e.currency, coalesce(a.currency, 'nobody'))
      FROM ledger_entry e LEFT JOIN ledger_account a ON a.id = e.account_id
     WHERE a.currency IS DISTINCT FROM e.currency
"""
CONTINUITY = """
    SELECT CASE WHEN version <> version_before + 1 THEN 'versions_are_dense'
                ELSE 'balances_continue' END,
           'ledger_entry', account_id || '/' || version,
           format('%s after %s leaves %s, following version %s',
                  amount_minor, balance_before, balance_after_minor, version_before)
      FROM (SELECT account_id, version, amount_minor, balance_after_minor,
                   lag(version, 1, 0::bigint) OVER by_version AS version_before,
                   lag(balance_after_minor, 1, 0::bigint) OVER by_version AS balance_before
              FROM ledger_entry
            WINDOW by_version AS (PARTITION BY account_id ORDER BY version)) entry
     WHERE version <> version_before + 1
        OR balance_before::numeric + amount_minor <> balance_after_minor
"""
BALANCES = """
    SELECT 'account_equals_its_last_entry', 'ledger_account', a.id::text,
           format('stands at %s in version %s, its entries at %s in version %s', a.balance_minor,
                  a.version, coalesce(e.balance_after_minor, 0), coalesce(e.version, 0))
      FROM ledger_account a
      LEFT JOIN LATERAL (SELECT version, balance_after_minor FROM ledger_entry
                          WHERE account_id = a.id ORDER BY version DESC LIMIT 1) e ON true
     WHERE (a.version, a.balance_minor)
           IS DISTINCT FROM (coalesce(e.version, 0), coalesce(e.balance_after_minor, 0))
"""
REVERSALS = """
    SELECT CASE WHEN o.id IS NULL THEN 'reversal_has_an_original'
                ELSE 'journal_is_reversed_once' END,
           'ledger_journal', r.id::text, format('reverses %s', r.reverses)
      FROM (SELECT id, reverses, row_number() OVER (PARTITION BY reverses ORDER BY posted_at, id)
              FROM ledger_journal WHERE reverses IS NOT NULL) AS r (id, reverses, nth)
      LEFT JOIN ledger_journal o ON o.id = r.reverses
     WHERE o.id IS NULL OR r.nth > 1
"""
CHECKS = {
    "sums per currency": SUMS_PER_CURRENCY,
    "sums per journal": SUMS_PER_JOURNAL,
    "journals of entries": JOURNALS_OF_ENTRIES,
    "accounts of entries": ACCOUNTS_OF_ENTRIES,
    "continuity of entries": CONTINUITY,
    "balances of accounts": BALANCES,
    "reversals": REVERSALS,
}

# Lines as JournalDraft.seal renders them, and their numbers.
SEALED = """
    SELECT j.id, j.fact, j.reference, j.reverses, j.effective_at, j.metadata, j.seal, j.line_count,
           coalesce(array_agg(e.line ORDER BY e.line, e.account_id, e.version)
                    FILTER (WHERE e.line IS NOT NULL), '{}'),
           coalesce(string_agg(e.account_id || ' ' || e.currency || ' ' || e.amount_minor, E'\\n'
                               ORDER BY e.line, e.account_id, e.version), '')
      FROM ledger_journal j LEFT JOIN ledger_entry e ON e.journal_id = j.id
     GROUP BY j.id ORDER BY j.id
"""
IDENTITIES = """
    SELECT id, kind, owner, currency, books, normal_side, may_go_negative
      FROM ledger_account ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Violation:
    check: str
    table: str
    id: str
    detail: str


@dataclass(frozen=True, slots=True)
class Checked:
    accounts: int
    journals: int
    entries: int


@dataclass(frozen=True, slots=True)
class Proof:
    ok: bool
    checked: Checked
    violations: tuple[Violation, ...]
    seconds: float


class Progress(Protocol):
    def __call__(self, step: str, done: int, total: int) -> None: ...


def verify(progress: Progress | None = None) -> Proof:
    """Checks every row of the ledger in one snapshot, while others post. Writes nothing."""
    report = progress or _silence
    started = time.monotonic()
    violations: list[Violation] = []
    with _one_snapshot():
        checked = Checked(
            accounts=Account.objects.count(),
            journals=Journal.objects.count(),
            entries=Entry.objects.count(),
        )
        for step, statement in CHECKS.items():
            report(step, 0, 1)
            violations += _violations(statement)
            report(step, 1, 1)
        violations += islice(_broken_journals(report, checked.journals), NAMED_PER_CHECK)
        violations += islice(_wrong_identities(report, checked.accounts), NAMED_PER_CHECK)
    return Proof(
        ok=not violations,
        checked=checked,
        violations=tuple(violations),
        seconds=round(time.monotonic() - started, 3),
    )


def sweep(*, by: Actor, now: datetime) -> Proof:
    """Verifies, logs the outcome, and leaves an audit record when the books do not hold."""
    proof = verify()
    if proof.ok:
        logger.info("the ledger holds: %s in %s s", proof.checked, proof.seconds)
        return proof
    logger.error("the ledger is violated %s times: %s", len(proof.violations), proof.violations[0])
    records.write(
        action="ledger.violated",
        by=by,
        now=now,
        detail={
            "violations": len(proof.violations),
            "first": [asdict(violation) for violation in proof.violations[:RECORDED]],
        },
    )
    return proof


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """One view of all tables, however long it takes. Inside a transaction that is open already (a
    test's) there is no choosing its isolation any more."""
    inside = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not inside:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # The role's limit is meant for requests.
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _silence(step: str, done: int, total: int) -> None:
    pass


def _violations(statement: str) -> list[Violation]:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {NAMED_PER_CHECK}")
        return [Violation(*row) for row in cursor.fetchall()]


def _broken_journals(report: Progress, total: int) -> Iterator[Violation]:
    for row in _streamed(SEALED, "seals of journals", report, total):
        key, fact, reference, reverses, effective_at, metadata, stored, line_count = row[:8]
        numbers, rendered_lines = row[8:]
        expected = seal(
            fact=fact,
            reference=reference,
            reverses=reverses,
            effective_at=effective_at,
            metadata=json.loads(metadata),
            rendered_lines=rendered_lines,
        )
        if numbers != list(range(1, line_count + 1)):
            detail = f"sealed with {line_count} lines, has {numbers[:10]}"
            yield Violation("journal_has_its_lines", "ledger_journal", str(key), detail)
        if stored != expected:
            yield Violation("seal_is_whole", "ledger_journal", str(key), f"{fact} {reference}")
        if key != journal_id(fact, reference):
            yield Violation("key_is_the_facts", "ledger_journal", str(key), f"{fact} {reference}")


def _wrong_identities(report: Progress, total: int) -> Iterator[Violation]:
    for row in _streamed(IDENTITIES, "identities of accounts", report, total):
        key, kind, owner, currency, books, normal_side, may_go_negative = row
        name = account_name(kind, owner, currency, books)
        if key != account_id(kind, owner, currency, books):
            yield Violation("key_is_the_accounts", "ledger_account", str(key), name)
        rules = CHART[AccountKind(kind)] if kind in CHART else None
        if rules is None or (normal_side, may_go_negative) != (
            rules.normal_side,
            rules.may_go_negative,
        ):
            yield Violation("account_follows_the_chart", "ledger_account", str(key), name)


def _streamed(statement: str, step: str, report: Progress, total: int) -> Iterator[tuple[Any, ...]]:
    """Rows through a cursor on the server: a million journals in the memory of a few thousand."""
    report(step, 0, total)
    done = 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows
            done += len(rows)
            report(step, done, total)
