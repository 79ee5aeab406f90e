"""Accounts and journals that the ledger's tests talk about."""

from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection, transaction

from audit.actor import Actor, ActorKind
from ledger.chart import PLATFORM, AccountKind
from ledger.drafts import AccountRef, JournalDraft, Line
from ledger.models import Account
from ledger.services import journals

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLERK = Actor(kind=ActorKind.SYSTEM, id="clerk")
ALICE, BOB, CHANNEL = "mch_ALICE", "mch_BOB", "cha_SANDBOX"


def receivable(currency="CNY"):
    return AccountRef(AccountKind.CHANNEL_RECEIVABLE, CHANNEL, currency)


def pending(owner=ALICE, currency="CNY"):
    return AccountRef(AccountKind.MERCHANT_PENDING, owner, currency)


def available(owner=ALICE, currency="CNY"):
    return AccountRef(AccountKind.MERCHANT_AVAILABLE, owner, currency)


def wallet(name, currency="CNY"):
    return AccountRef(AccountKind.CUSTOMER_WALLET, f"cus_{name}", currency)


def fees(currency="CNY"):
    return AccountRef(AccountKind.FEE_INCOME, PLATFORM, currency)


def bank(currency="CNY"):
    return AccountRef(AccountKind.BANK, PLATFORM, currency)


def draft(reference, *moves, fact="tested", effective_at=NOON, **more):
    """`moves` are (account, signed amount)."""
    lines = [Line(account, amount) for account, amount in moves]
    return JournalDraft(fact, reference, lines, effective_at, **more)


def transfer(reference, amount, *, debit, credit, **more):
    return draft(reference, (debit, amount), (credit, -amount), **more)


def post(journal_draft, *, now=NOON):
    with transaction.atomic():
        return journals.post(journal_draft, by=CLERK, now=now)


def standing(ref):
    """(balance, version) of an account, as its row says."""
    return Account.objects.values_list("balance_minor", "version").get(pk=ref.id)


def commit_would():
    """Runs every check that waits for COMMIT, without committing."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def rolled_back():
    """What happens inside leaves no trace: one of Hypothesis's many examples."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def as_superuser(statement, *values):
    """Changes rows behind every trigger's back, as only a superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        changed = cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    return changed
