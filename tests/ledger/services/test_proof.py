from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from audit.models import Record
from ledger.models import Account, Entry, Journal
from ledger.services import journals, proof
from tests.ledger.books import (
    CLERK,
    NOON,
    as_superuser,
    bank,
    commit_would,
    fees,
    pending,
    post,
    transfer,
    wallet,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    """Twenty journals over four accounts, one of them reversed. Most tests tamper with the eleventh."""
    made = [
        post(
            transfer(
                f"cap_{n}",
                100 + n,
                debit=bank() if n % 2 else pending(),
                credit=fees() if n % 3 else wallet("ANN"),
                metadata={"n": n, "who": "Zoë"},
            )
        )
        for n in range(20)
    ]
    journals.reverse(made[0].id, reason="test", by=CLERK, now=NOON + timedelta(hours=1))
    # The checks that wait for COMMIT are done with before anybody tampers.
    commit_would()
    return made


def named(**expected):
    """What verify finds: {check: ids}."""
    found = {}
    for violation in proof.verify().violations:
        found.setdefault(violation.check, set()).add(violation.id)
    assert {check: found.get(check) for check in expected} == expected
    return set(found)


def entry_of(journal, line=1):
    entry = Entry.objects.get(journal_id=journal.id, line=line)
    return entry, f"{entry.account_id}/{entry.version}"


def test_clean_books_hold_and_everything_was_counted(books):
    outcome = proof.verify()
    assert (outcome.ok, outcome.violations) == (True, ())
    assert outcome.checked == proof.Checked(accounts=4, journals=21, entries=42)
    assert outcome.seconds > 0


def test_empty_books_hold():
    assert proof.verify().ok


def test_progress_is_told_from_nothing_to_all_of_every_step(books):
    told = {}
    proof.verify(lambda step, done, total: told.setdefault(step, []).append((done, total)))
    assert len(told) == len(proof.CHECKS) + 2
    for steps in told.values():
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]
    assert told["seals of journals"][-1] == (21, 21)


def test_a_changed_amount_is_named_by_entry_journal_and_currency(books):
    entry, name = entry_of(books[10])
    as_superuser(
        "UPDATE ledger_entry SET amount_minor = amount_minor + 1 WHERE account_id = %s AND version = %s",
        entry.account_id,
        entry.version,
    )
    journal = {str(books[10].id)}
    named(
        currency_sums_to_zero={"CNY"},
        journal_sums_to_zero=journal,
        balances_continue={name},
        seal_is_whole=journal,
    )


def test_an_amount_changed_on_both_sides_breaks_the_seal(books):
    as_superuser(
        "UPDATE ledger_entry SET amount_minor = amount_minor * 2 WHERE journal_id = %s",
        books[10].id,
    )
    checks = named(seal_is_whole={str(books[10].id)})
    assert "currency_sums_to_zero" not in checks
    assert "balances_continue" in checks


@pytest.mark.parametrize(
    "change",
    [
        "effective_at = effective_at - interval '1 day'",
        "metadata = '{\"n\": 10}'",
        "seal = repeat('0', 64)",
    ],
)
def test_a_changed_journal_breaks_its_seal(books, change):
    as_superuser(f"UPDATE ledger_journal SET {change} WHERE id = %s", books[10].id)  # noqa: S608
    named(seal_is_whole={str(books[10].id)})


def test_a_fact_renamed_no_longer_fits_its_key(books):
    as_superuser("UPDATE ledger_journal SET reference = 'cap_99' WHERE id = %s", books[10].id)
    named(key_is_the_facts={str(books[10].id)}, seal_is_whole={str(books[10].id)})


def test_a_journal_moved_in_time_differs_from_its_entries(books):
    as_superuser(
        "UPDATE ledger_journal SET posted_at = posted_at - interval '1 day' WHERE id = %s",
        books[10].id,
    )
    named(entry_has_its_journals_time={entry_of(books[10], n)[1] for n in (1, 2)})


def test_a_deleted_journal_leaves_orphaned_entries(books):
    as_superuser("DELETE FROM ledger_journal WHERE id = %s", books[10].id)
    named(entry_has_a_journal={entry_of(books[10], n)[1] for n in (1, 2)})


def test_deleted_entries_are_missed_by_journal_account_and_neighbour(books):
    entry, _ = entry_of(books[10])
    as_superuser("DELETE FROM ledger_entry WHERE journal_id = %s", books[10].id)
    checks = named(journal_has_its_lines={str(books[10].id)}, seal_is_whole={str(books[10].id)})
    assert "currency_sums_to_zero" not in checks
    following = f"{entry.account_id}/{entry.version + 1}"
    assert following in {v.id for v in proof.verify().violations if v.check == "versions_are_dense"}


def test_a_deleted_newest_entry_is_missed_by_its_account(books):
    last = Entry.objects.filter(account_id=bank().id).order_by("-version").first()
    as_superuser(
        "DELETE FROM ledger_entry WHERE account_id = %s AND version = %s",
        last.account_id,
        last.version,
    )
    named(
        account_equals_its_last_entry={str(bank().id)},
        journal_has_its_lines={str(last.journal_id)},
    )


def test_a_pair_added_to_an_old_journal_is_one_line_too_many(books):
    account = Account.objects.get(pk=bank().id)
    for n, amount in ((1, 5), (2, -5)):
        as_superuser(
            "INSERT INTO ledger_entry SELECT %s, %s, id, %s, %s, %s, 'CNY', posted_at, effective_at"
            " FROM ledger_journal WHERE id = %s",
            account.id,
            account.version + n,
            2 + n,
            amount,
            account.balance_minor + (5 if n == 1 else 0),
            books[10].id,
        )
    as_superuser("UPDATE ledger_account SET version = version + 2 WHERE id = %s", account.id)
    checks = named(journal_has_its_lines={str(books[10].id)}, seal_is_whole={str(books[10].id)})
    assert checks == {"journal_has_its_lines", "seal_is_whole"}


@pytest.mark.parametrize(
    "change",
    ["balance_minor = balance_minor + 1", "version = version + 1", "version = version - 1"],
)
def test_an_account_that_drifted_is_named(books, change):
    as_superuser(f"UPDATE ledger_account SET {change} WHERE id = %s", bank().id)  # noqa: S608
    checks = named(account_equals_its_last_entry={str(bank().id)})
    assert checks == {"account_equals_its_last_entry"}


@pytest.mark.parametrize("change", ["owner = 'mch_EVE'", "kind = 'suspense'", "currency = 'JPY'"])
def test_an_account_given_to_another_no_longer_fits_its_key(books, change):
    as_superuser(f"UPDATE ledger_account SET {change} WHERE id = %s", wallet("ANN").id)  # noqa: S608
    named(key_is_the_accounts={str(wallet("ANN").id)})


def test_an_account_that_was_allowed_to_overdraw_is_named(books):
    as_superuser("UPDATE ledger_account SET may_go_negative = true WHERE id = %s", wallet("ANN").id)
    assert named(account_follows_the_chart={str(wallet("ANN").id)}) == {"account_follows_the_chart"}


def test_a_deleted_account_leaves_orphaned_entries(books):
    as_superuser("DELETE FROM ledger_account WHERE id = %s", wallet("ANN").id)
    orphans = Entry.objects.filter(account_id=wallet("ANN").id).values_list("version", flat=True)
    named(entry_has_an_account={f"{wallet('ANN').id}/{version}" for version in orphans})


def test_a_currency_changed_on_both_sides_differs_from_the_accounts(books):
    as_superuser("UPDATE ledger_entry SET currency = 'JPY' WHERE journal_id = %s", books[10].id)
    named(entry_has_its_accounts_currency={entry_of(books[10], n)[1] for n in (1, 2)})


def test_two_swapped_versions_break_the_running_balance(books):
    entries = Entry.objects.filter(account_id=bank().id)
    for old, new in ((2, 1000), (3, 2), (1000, 3)):
        as_superuser(
            "UPDATE ledger_entry SET version = %s WHERE account_id = %s AND version = %s",
            new,
            bank().id,
            old,
        )
    assert entries.count() == entries.order_by("-version").first().version
    found = {violation.id for violation in proof.verify().violations}
    assert {f"{bank().id}/2", f"{bank().id}/3"} <= found


def test_a_reversal_of_nothing_and_a_second_reversal_are_named(books):
    as_superuser("UPDATE ledger_journal SET reverses = %s WHERE id = %s", uuid4(), books[10].id)
    as_superuser("UPDATE ledger_journal SET reverses = %s WHERE id = %s", books[0].id, books[11].id)
    reversals = {
        str(pk) for pk in Journal.objects.filter(reverses=books[0].id).values_list("pk", flat=True)
    }
    found = {v.id for v in proof.verify().violations if v.check == "journal_is_reversed_once"}
    assert len(found) == 1
    assert found < reversals
    named(reversal_has_an_original={str(books[10].id)})


def test_no_more_rows_are_named_than_memory_is_asked_for(books, monkeypatch):
    monkeypatch.setattr(proof, "NAMED_PER_CHECK", 3)
    as_superuser("UPDATE ledger_journal SET seal = repeat('0', 64)")
    assert len(proof.verify().violations) == 3


def test_a_sweep_of_clean_books_leaves_no_record(books):
    assert proof.sweep(by=CLERK, now=NOON).ok
    assert not Record.objects.filter(action="ledger.violated").exists()


def test_a_sweep_of_violated_books_leaves_a_record_that_names_the_rows(books, caplog):
    as_superuser("UPDATE ledger_account SET balance_minor = 7 WHERE id = %s", bank().id)
    assert not proof.sweep(by=CLERK, now=NOON).ok
    record = Record.objects.get(action="ledger.violated")
    assert record.detail["violations"] == 1
    assert record.detail["first"][0]["id"] == str(bank().id)
    assert "violated" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_proof_of_its_own_runs_in_one_snapshot_that_cannot_write():
    post(transfer("x", 5, debit=bank(), credit=fees()))
    seen = []

    def peek(step, done, total):
        if not seen:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('transaction_isolation'),"
                    " current_setting('transaction_read_only')"
                )
                seen.append(cursor.fetchone())

    assert proof.verify(peek).ok
    assert seen == [("repeatable read", "on")]
