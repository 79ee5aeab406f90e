"""Real threads on real connections: whoever comes first, the books end up the same."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from ledger import selectors
from ledger.models import Account, Entry, Journal
from ledger.services import accounts, journals, proof
from ledger.services.locks import lock_accounts
from tests.ledger.books import (
    CLERK,
    NOON,
    bank,
    draft,
    fees,
    pending,
    post,
    receivable,
    rolled_back,
    standing,
    transfer,
    wallet,
)

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def at_once(work, *, threads=THREADS):
    """What `work(number)` returns in each thread; all begin at the same moment."""
    barrier = threading.Barrier(threads)

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def until_waiting(sessions):
    """Returns once so many other sessions wait for a lock."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= sessions:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def assert_dense_and_proven():
    for account in Account.objects.all():
        versions = Entry.objects.filter(account=account).order_by("version")
        assert list(versions.values_list("version", flat=True)) == [*range(1, account.version + 1)]
    assert proof.verify().violations == ()


def test_random_transfers_between_shared_accounts_lose_nothing_and_never_deadlock():
    names = [wallet(name) for name in ("ANN", "BEN", "CLO", "DAN", "EVE")]
    post(draft("fund", *((ref, -10_000) for ref in names), (bank(), 50_000)))

    def transfers(number):
        dice, refused = random.Random(number), 0
        for turn in range(40):
            giver, taker = dice.sample(names, 2)
            order = transfer(f"{number}-{turn}", dice.randint(1, 4_000), debit=giver, credit=taker)
            try:
                post(order)
            except journals.NegativeBalanceForbidden:
                refused += 1
        return refused

    refused = sum(at_once(transfers))
    assert 0 < refused < THREADS * 40
    assert Journal.objects.count() == 1 + THREADS * 40 - refused
    assert sum(selectors.balance(ref) for ref in names) == -50_000
    assert all(selectors.balance(ref) <= 0 for ref in names)
    assert_dense_and_proven()


def test_journals_of_many_lines_in_any_order_take_their_locks_in_one_order():
    refs = [wallet(str(n)) for n in range(12)] + [bank()]
    post(draft("fund", *((ref, -1_000_000) for ref in refs[:-1]), (bank(), 12_000_000)))

    def shuffled(number):
        dice = random.Random(number)
        for turn in range(15):
            chosen = dice.sample(refs, 6)
            moves = [(ref, dice.choice((-7, 9))) for ref in chosen]
            post(
                draft(
                    f"{number}-{turn}",
                    *moves,
                    (bank(), -sum(a for _, a in moves) or 1),
                    *([] if sum(a for _, a in moves) else [(bank(), -1)]),
                )
            )

    at_once(shuffled)
    assert Journal.objects.count() == 1 + THREADS * 15
    assert_dense_and_proven()


def test_one_fact_posted_by_all_at_once_is_one_journal_and_everyone_gets_it():
    for attempt in range(1, 6):
        same = transfer(f"cap_{attempt}", 100, debit=receivable(), credit=pending())
        found = at_once(lambda _, same=same: post(same).public_id)
        assert len(set(found)) == 1
        assert standing(receivable()) == (100 * attempt, attempt)
        assert standing(pending()) == (-100 * attempt, attempt)
    assert Journal.objects.count() == 5
    assert_dense_and_proven()


def test_one_fact_posted_at_once_with_different_lines_is_booked_in_one_way_only():
    def contend(number):
        amount = 100 + number % 2
        other = transfer("cap_1", amount, debit=receivable(), credit=wallet(str(number % 2)))
        try:
            return post(other).public_id
        except journals.FactAlreadyPosted:
            return None

    found = Counter(at_once(contend))
    assert found[None] == THREADS // 2
    assert len(found) == 2
    assert standing(receivable()) in {(100, 1), (101, 1)}
    assert_dense_and_proven()


def test_accounts_that_all_use_first_at_the_same_moment_are_opened_once():
    post(transfer("known", 1, debit=bank(), credit=fees()))
    for attempt in range(1, 6):
        fresh = [wallet(f"{attempt}-{n}") for n in range(4)]

        def first_use(number, attempt=attempt, fresh=fresh):
            chosen = random.Random(f"{attempt}{number}").sample(fresh, 3)
            post(draft(f"{attempt}-{number}", *((ref, -10) for ref in chosen), (bank(), 30)))

        at_once(first_use)
        assert standing(bank()) == (1 + 30 * THREADS * attempt, 1 + THREADS * attempt)
        assert sum(selectors.balance(ref) for ref in fresh) == -30 * THREADS
    assert_dense_and_proven()


def test_accounts_named_in_opposite_orders_are_opened_in_one():
    """Both are stopped half-way by a third who holds the middle one: now each holds its first half,
    unless both began at the same end."""
    fresh = sorted((wallet(str(n)) for n in range(21)), key=lambda ref: ref.id)

    def open_all(names):
        try:
            with transaction.atomic():
                return len(lock_accounts(names, now=NOON))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with rolled_back():
            lock_accounts([fresh[10]], now=NOON)
            both = [pool.submit(open_all, names) for names in (fresh, fresh[::-1])]
            until_waiting(2)
        assert [one.result() for one in both] == [21, 21]


def test_an_account_whose_first_transaction_failed_is_opened_by_the_next():
    def post_next():
        try:
            post(transfer("b", 7, debit=bank(), credit=fees()))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with rolled_back():
            journals.post(transfer("a", 5, debit=bank(), credit=fees()), by=CLERK, now=NOON)
            second = pool.submit(post_next)
            until_waiting(1)
        second.result()
    assert standing(bank()) == (7, 1)
    assert_dense_and_proven()


def test_a_journal_reversed_by_all_at_once_is_reversed_once():
    original = post(transfer("cap_1", 100, debit=receivable(), credit=pending()))

    def undo(_):
        try:
            with transaction.atomic():
                journals.reverse(original.id, reason="twice", by=CLERK, now=NOON)
        except journals.AlreadyReversed:
            return 0
        return 1

    assert sum(at_once(undo)) == 1
    assert standing(receivable()) == (0, 2)
    assert_dense_and_proven()


def test_a_freeze_lets_each_post_pass_before_it_or_not_at_all():
    post(transfer("in", 1_000, debit=bank(), credit=wallet("ANN")))

    def freeze_or_post(number):
        if number == 0:
            accounts.freeze(ref=wallet("ANN"), reason="court order", by=CLERK, now=NOON)
            return standing(wallet("ANN"))
        try:
            post(transfer(str(number), 1, debit=wallet("ANN"), credit=bank()))
        except accounts.AccountFrozen:
            return None

    at_freeze = at_once(freeze_or_post)[0]
    assert standing(wallet("ANN")) == at_freeze
    assert_dense_and_proven()


def test_the_books_are_proven_while_others_post():
    post(transfer("first", 1, debit=bank(), credit=fees()))

    def post_or_prove(number):
        if number == 0:
            return [proof.verify().violations for _ in range(5)]
        for turn in range(10):
            post(transfer(f"{number}-{turn}", 1, debit=bank(), credit=fees()))
        return []

    assert at_once(post_or_prove, threads=4)[0] == [()] * 5
