"""What the database refuses to anybody, tried as psql would: in plain SQL, past every service."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection, transaction

from ledger.services import accounts, journals, proof
from tests.ledger.books import (
    CLERK,
    NOON,
    bank,
    commit_would,
    fees,
    post,
    standing,
    transfer,
    wallet,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
FORGED = UUID(int=1)


class Session:
    """Inside the test's transaction: what waits for COMMIT is checked, nothing is kept."""

    def execute(self, statement, values=None):
        return connection.connection.execute(statement, values)

    def commit(self):
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def psql(journal):
    return Session()


@pytest.fixture
def psql_of_its_own(journal):
    """A connection that knows nothing of Django and really commits."""
    ours = connection.settings_dict
    with psycopg.connect(
        host=ours["HOST"],
        port=ours["PORT"] or None,
        user=ours["USER"],
        password=ours["PASSWORD"] or None,
        dbname=ours["NAME"],
    ) as client:
        yield client
        client.rollback()


@pytest.fixture
def journal():
    """100 from fee income to the bank: both accounts are at version 1."""
    posted = post(transfer("one", 100, debit=bank(), credit=fees()))
    commit_would()
    return posted


@contextmanager
def refused(constraint):
    with pytest.raises(psycopg.IntegrityError) as refusal:
        yield
    assert refusal.value.diag.constraint_name == constraint


def write_journal(psql, key=FORGED, *, lines, fact="forged", reference="x", reverses=None):
    psql.execute(
        "INSERT INTO ledger_journal (id, public_id, fact, reference, metadata, line_count, seal,"
        " reverses, actor_kind, actor_id, posted_at, effective_at)"
        " VALUES (%s, 'jrn_X', %s, %s, '{}', %s, %s, %s, 'system', 'psql', %s, %s)",
        (key, fact, reference, lines, "0" * 64, reverses, NOON, NOON),
    )


def write_entry(
    psql, ref, version, amount, after, *, line, key=FORGED, currency="CNY", posted_at=NOON
):
    psql.execute(
        "INSERT INTO ledger_entry (account_id, version, journal_id, line, amount_minor,"
        " balance_after_minor, currency, posted_at, effective_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (ref.id, version, key, line, amount, after, currency, posted_at, NOON),
    )


def move(psql, ref, balance, version):
    psql.execute(
        "UPDATE ledger_account SET balance_minor = %s, version = %s WHERE id = %s",
        (balance, version, ref.id),
    )


def write_pair(
    psql, *, lines=(1, 2), amounts=(5, -5), key=FORGED, bank_version=2, bank_after=None, **both
):
    """The two entries of a journal, with everything right about their accounts unless said."""
    debit, credit = amounts
    after = 100 + debit if bank_after is None else bank_after
    write_entry(psql, bank(), bank_version, debit, after, line=lines[0], key=key, **both)
    write_entry(psql, fees(), 2, credit, -100 + credit, line=lines[1], key=key, **both)
    move(psql, bank(), after, bank_version)
    move(psql, fees(), -100 + credit, 2)


@pytest.mark.django_db(transaction=True)
def test_a_real_commit_of_an_unbalanced_journal_is_refused_and_leaves_nothing(psql_of_its_own):
    write_journal(psql_of_its_own, lines=2)
    write_pair(psql_of_its_own, amounts=(5, -4))
    with refused("a_journal_balances"):
        psql_of_its_own.commit()
    assert standing(bank()) == (100, 1)
    assert proof.verify().ok


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lines", [(3, 4), (1, 2)])
def test_a_real_commit_of_a_balanced_pair_to_an_old_journal_is_refused(
    psql_of_its_own, journal, lines
):
    write_pair(psql_of_its_own, lines=lines, key=journal.id)
    with refused("a_sealed_journal_takes_no_more_lines"):
        psql_of_its_own.commit()
    assert standing(bank()) == (100, 1)
    assert proof.verify().ok


@pytest.mark.django_db(transaction=True)
def test_a_real_commit_of_a_drifted_balance_is_refused(psql_of_its_own):
    move(psql_of_its_own, bank(), 101, 1)
    with refused("an_account_equals_its_last_entry"):
        psql_of_its_own.commit()
    assert standing(bank()) == (100, 1)


def test_a_journal_that_is_right_in_everything_is_taken_but_its_seal_gives_it_away(psql):
    write_journal(psql, lines=2)
    write_pair(psql)
    psql.commit()
    assert standing(bank()) == (105, 2)
    assert {violation.check for violation in proof.verify().violations} == {
        "seal_is_whole",
        "key_is_the_facts",
    }


def test_a_journal_that_balances_only_across_currencies_cannot_commit(psql):
    post(transfer("yen", 100, debit=bank("JPY"), credit=fees("JPY")))
    write_journal(psql, lines=2)
    write_entry(psql, bank(), 2, 5, 105, line=1)
    write_entry(psql, fees("JPY"), 2, -5, -105, line=2, currency="JPY")
    move(psql, bank(), 105, 2)
    move(psql, fees("JPY"), -105, 2)
    with refused("a_journal_balances"):
        psql.commit()


@pytest.mark.parametrize("sealed_with", [3, 1_000])
def test_a_journal_with_fewer_lines_than_it_was_sealed_with_cannot_commit(psql, sealed_with):
    write_journal(psql, lines=sealed_with)
    write_pair(psql)
    with refused("a_journal_has_exactly_its_lines"):
        psql.commit()


def test_a_journal_without_lines_cannot_commit(psql):
    write_journal(psql, lines=2)
    with refused("a_journal_has_exactly_its_lines"):
        psql.commit()


def test_two_lines_of_one_number_cannot_commit(psql):
    write_journal(psql, lines=2)
    write_pair(psql, lines=(1, 1))
    with pytest.raises(psycopg.errors.CheckViolation):
        psql.commit()


def test_a_journal_checked_early_takes_nothing_afterwards(psql):
    write_journal(psql, lines=2)
    write_pair(psql)
    psql.execute("SET CONSTRAINTS ALL IMMEDIATE")
    psql.execute("SET CONSTRAINTS ALL DEFERRED")
    write_entry(psql, bank(), 3, 5, 110, line=3)
    write_entry(psql, fees(), 3, -5, -110, line=4)
    move(psql, bank(), 110, 3)
    move(psql, fees(), -110, 3)
    with refused("a_sealed_journal_takes_no_more_lines"):
        psql.commit()


def test_a_second_journal_of_the_same_fact_is_refused_under_the_same_key(psql, journal):
    with refused("ledger_journal_pkey"):
        write_journal(psql, journal.id, lines=2, fact="tested", reference="one")


def test_a_second_journal_of_the_same_fact_is_refused_under_another_key(psql):
    write_journal(psql, lines=2, fact="tested", reference="one")
    write_pair(psql)
    with refused("a_fact_has_one_journal"):
        psql.commit()


def test_a_second_reversal_is_refused(psql, journal):
    with transaction.atomic():
        journals.reverse(journal.id, reason="booked twice", by=CLERK, now=NOON)
    write_journal(psql, lines=2, reverses=journal.id)
    write_entry(psql, bank(), 3, -100, -100, line=1)
    write_entry(psql, fees(), 3, 100, 100, line=2)
    move(psql, bank(), -100, 3)
    move(psql, fees(), 100, 3)
    with refused("a_journal_is_reversed_once"):
        psql.commit()


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE ledger_journal SET effective_at = now()", "journals_are_written_once"),
        ("UPDATE ledger_journal SET metadata = '{}'", "journals_are_written_once"),
        ("DELETE FROM ledger_journal", "journals_are_written_once"),
        ("TRUNCATE ledger_journal", "journals_are_never_truncated"),
        ("UPDATE ledger_entry SET amount_minor = 1", "entries_are_written_once"),
        ("DELETE FROM ledger_entry", "entries_are_written_once"),
        ("TRUNCATE ledger_entry", "entries_are_never_truncated"),
        ("DELETE FROM ledger_account", "accounts_are_never_deleted"),
        ("TRUNCATE ledger_account CASCADE", "accounts_are_never_truncated"),
        ("UPDATE ledger_account SET owner = 'mch_EVE'", "an_account_keeps_its_identity"),
        ("UPDATE ledger_account SET may_go_negative = false", "an_account_keeps_its_identity"),
    ],
)
def test_what_is_written_once_is_not_changed(psql, statement, constraint):
    with refused(constraint):
        psql.execute(statement)


@pytest.mark.parametrize(("balance", "version"), [(101, 1), (100, 2), (100, 0), (0, 0)])
def test_an_account_cannot_drift_from_its_entries(psql, balance, version):
    move(psql, bank(), balance, version)
    with refused("an_account_equals_its_last_entry"):
        psql.commit()


def test_an_account_cannot_be_born_with_money(psql):
    psql.execute(
        "INSERT INTO ledger_account SELECT gen_random_uuid(), public_id, owner, kind, currency,"
        " books, normal_side, may_go_negative, status, balance_minor, version, opened_at"
        " FROM ledger_account WHERE id = %s",
        (bank().id,),
    )
    with refused("an_account_equals_its_last_entry"):
        psql.commit()


def test_an_entry_cannot_come_without_its_account_moving(psql):
    write_journal(psql, lines=2)
    write_entry(psql, bank(), 2, 5, 105, line=1)
    write_entry(psql, fees(), 2, -5, -105, line=2)
    with refused("an_account_knows_its_entries"):
        psql.commit()


def test_an_entry_cannot_leave_a_gap(psql):
    write_journal(psql, lines=2)
    write_pair(psql, bank_version=3, bank_after=5)
    with refused("entries_are_dense"):
        psql.commit()


def test_an_entry_cannot_take_a_number_that_is_taken(psql):
    write_journal(psql, lines=2)
    with refused("ledger_entry_pkey"):
        write_entry(psql, bank(), 1, 5, 105, line=1)


def test_an_entry_cannot_start_from_another_balance(psql):
    write_journal(psql, lines=2)
    write_pair(psql, bank_after=106)
    with refused("an_entry_continues_the_balance"):
        psql.commit()


def test_an_entry_cannot_stand_in_another_currency_than_its_account(psql):
    write_journal(psql, lines=2)
    write_pair(psql, currency="JPY")
    with refused("an_account_knows_its_entries"):
        psql.commit()


def test_an_entry_cannot_do_without_a_journal(psql):
    write_entry(psql, bank(), 2, 5, 105, line=1, key=uuid4())
    with refused("an_entry_belongs_to_a_journal"):
        psql.commit()


def test_an_entry_cannot_be_of_another_time_than_its_journal(psql):
    write_journal(psql, lines=2)
    write_pair(psql, posted_at=LATER)
    with refused("an_entry_belongs_to_a_journal"):
        psql.commit()


def test_an_entry_cannot_move_nothing(psql):
    with refused("entry_amount_is_not_zero"):
        write_entry(psql, bank(), 2, 0, 100, line=1)


def test_an_entry_cannot_do_without_an_account(psql):
    write_journal(psql, lines=2)
    write_entry(psql, wallet("NOBODY"), 1, 5, 5, line=1)
    with pytest.raises(psycopg.IntegrityError):
        psql.commit()


def test_an_account_that_may_not_go_negative_cannot(psql):
    post(transfer("in", 100, debit=bank(), credit=wallet("ANN")))
    with refused("account_is_negative_only_where_allowed"):
        move(psql, wallet("ANN"), 1, 2)


def test_a_balance_cannot_overflow(psql):
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        psql.execute(
            "UPDATE ledger_account SET balance_minor = balance_minor + 9223372036854775807"
            " WHERE id = %s",
            (bank().id,),
        )


def test_a_frozen_account_cannot_move(psql):
    accounts.freeze(ref=bank(), reason="court order", by=CLERK, now=NOON)
    write_journal(psql, lines=2)
    with refused("a_frozen_account_does_not_move"):
        write_pair(psql)


def test_an_account_with_money_cannot_be_closed(psql):
    with refused("account_is_empty_when_closed"):
        psql.execute("UPDATE ledger_account SET status = 'closed'")


def test_a_closed_account_cannot_be_opened_again(psql):
    accounts.close(ref=wallet("ANN"), reason="left", by=CLERK, now=NOON)
    with refused("a_closed_account_stays_closed"):
        psql.execute("UPDATE ledger_account SET status = 'open' WHERE status = 'closed'")


def test_the_session_variable_of_pgtrigger_skips_no_guard(psql):
    names = psql.execute(
        "SELECT array_agg(tgname::text) FROM pg_trigger WHERE NOT tgisinternal"
    ).fetchone()
    psql.execute("SELECT set_config('pgtrigger.ignore', %s::text, false)", (names[0],))
    with refused("entries_are_written_once"):
        psql.execute("DELETE FROM ledger_entry")


def test_a_temporary_table_of_the_same_name_deceives_no_guard(psql):
    psql.execute("CREATE TEMPORARY TABLE ledger_entry ON COMMIT DROP AS TABLE ledger_entry")
    psql.execute("SET LOCAL search_path = pg_temp, public")
    write_journal(psql, lines=2)
    write_pair(psql)
    with refused("a_journal_has_exactly_its_lines"):
        psql.commit()
