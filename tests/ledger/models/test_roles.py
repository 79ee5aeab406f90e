"""What the ledger needs of a role that is not its owner, and what such a role cannot do."""

import psycopg
import pytest
from django.db import connection, transaction

from ledger.services import journals, proof
from tests.ledger.books import CLERK, NOON, bank, commit_would, fees, post, transfer, wallet

pytestmark = pytest.mark.django_db
ROLE = "zerosum_ledger_test"
GRANTS = f"""
    CREATE ROLE {ROLE};
    GRANT USAGE ON SCHEMA public TO {ROLE};
    GRANT SELECT, INSERT ON ledger_journal, ledger_entry TO {ROLE};
    GRANT SELECT, INSERT, UPDATE ON ledger_account TO {ROLE};
"""


@pytest.fixture
def app_role():
    """A role with the rights of zerosum_app, gone again with the test's transaction."""
    post(transfer("one", 100, debit=bank(), credit=fees()))
    commit_would()
    with connection.cursor() as cursor:
        cursor.execute(GRANTS)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_posting_and_proving_need_no_more_than_the_apps_rights(app_role):
    journal = post(transfer("two", 5, debit=bank(), credit=wallet("ANN")))
    journals.reverse(journal.id, reason="test", by=CLERK, now=NOON)
    commit_would()
    assert proof.verify().ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_journal SET metadata = '{}'",
        "DELETE FROM ledger_journal",
        "TRUNCATE ledger_journal",
        "UPDATE ledger_entry SET amount_minor = 1",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account CASCADE",
        "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
        "ALTER TABLE ledger_account DROP CONSTRAINT account_is_negative_only_where_allowed",
        "DROP TABLE ledger_entry",
        "SET session_replication_role = replica",
        "CREATE FUNCTION public.format(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    ],
)
def test_the_app_cannot_rewrite_the_books(app_role, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), transaction.atomic():
        connection.connection.execute(statement)
    commit_would()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_account SET balance_minor = balance_minor + 1",
        "UPDATE ledger_account SET version = version + 1",
        "UPDATE ledger_account SET may_go_negative = NOT may_go_negative",
        "UPDATE ledger_account SET owner = 'mch_EVE'",
    ],
)
def test_the_app_cannot_move_an_account_without_entries(app_role, statement):
    with pytest.raises(psycopg.errors.CheckViolation), transaction.atomic():
        connection.connection.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")
    commit_would()
