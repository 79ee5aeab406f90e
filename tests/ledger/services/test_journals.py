from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import selectors
from ledger.chart import CHART, AccountStatus, Side
from ledger.drafts import JournalDraft, Line
from ledger.models import Account, Entry, Journal
from ledger.money import MAX_MINOR, AmountTooLarge
from ledger.services import accounts, journals, proof
from tests.ledger.books import (
    CLERK,
    NOON,
    available,
    bank,
    commit_would,
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

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def captured(reference="cap_1", amount=10_000, fee=320):
    return draft(
        reference,
        (receivable(), amount),
        (pending(), -amount),
        (pending(), fee),
        (fees(), -fee),
        fact="payment_captured",
    )


def test_posting_moves_the_balances_and_numbers_the_entries():
    journal = post(captured())
    assert standing(receivable()) == (10_000, 1)
    assert standing(pending()) == (-9_680, 2)
    assert standing(fees()) == (-320, 1)
    assert [
        (entry.version, entry.amount_minor, entry.balance_after_minor)
        for entry in Entry.objects.filter(account_id=pending().id).order_by("version")
    ] == [(1, -10_000, -10_000), (2, 320, -9_680)]
    assert journal.public_id.startswith("jrn_")
    assert (journal.posted_at, journal.actor_kind, journal.actor_id) == (NOON, "system", "clerk")
    commit_would()


def test_posting_takes_four_statements_when_the_accounts_exist():
    post(captured("cap_1"))
    with CaptureQueriesContext(connection) as queries:
        journals.post(captured("cap_2"), by=CLERK, now=NOON)
    assert len(queries) == 4


def test_the_same_fact_again_is_answered_with_its_first_journal():
    first = post(captured())
    again = post(captured(), now=LATER)
    assert again == first
    assert again.posted_at == NOON
    assert standing(pending()) == (-9_680, 2)
    assert Journal.objects.count() == 1


def test_a_retry_may_tell_another_time_or_other_metadata():
    first = post(transfer("x", 5, debit=bank(), credit=fees()))
    retry = transfer("x", 5, debit=bank(), credit=fees(), effective_at=LATER, metadata={"try": 2})
    assert post(retry) == first


@pytest.mark.parametrize(
    "other",
    [
        lambda: transfer("x", 6, debit=bank(), credit=fees()),
        lambda: transfer("x", 5, debit=fees(), credit=bank()),
        lambda: transfer("x", 5, debit=bank(), credit=pending()),
        lambda: transfer("x", 5, debit=bank("JPY"), credit=fees("JPY")),
    ],
)
def test_the_same_fact_with_other_lines_is_refused_and_writes_nothing(other):
    post(transfer("x", 5, debit=bank(), credit=fees()))
    with pytest.raises(journals.FactAlreadyPosted):
        post(other())
    assert Journal.objects.count() == 1
    assert standing(bank()) == (5, 1)


def test_another_fact_about_the_same_thing_has_a_journal_of_its_own():
    post(transfer("x", 5, debit=bank(), credit=fees(), fact="first"))
    post(transfer("x", 5, debit=bank(), credit=fees(), fact="second"))
    assert standing(bank()) == (10, 2)


def test_an_account_that_may_not_go_negative_refuses_and_the_transaction_goes_on():
    post(transfer("in", 100, debit=bank(), credit=wallet("ANN")))
    with transaction.atomic():
        with pytest.raises(journals.NegativeBalanceForbidden):
            journals.post(
                transfer("out", 101, debit=wallet("ANN"), credit=bank()), by=CLERK, now=NOON
            )
        journals.post(transfer("out", 100, debit=wallet("ANN"), credit=bank()), by=CLERK, now=NOON)
    assert standing(wallet("ANN")) == (0, 2)
    assert set(Journal.objects.values_list("reference", flat=True)) == {"in", "out"}


def test_only_the_end_of_a_journal_must_not_be_negative():
    post(draft("x", (wallet("ANN"), 5), (wallet("ANN"), -8), (bank(), 3)))
    assert standing(wallet("ANN")) == (-3, 2)


def test_a_kind_that_may_go_negative_does():
    post(transfer("x", 5, debit=pending(), credit=bank()))
    assert standing(pending()) == (5, 1)


def test_a_balance_beyond_63_bits_is_refused_before_anything_is_written():
    post(transfer("x", MAX_MINOR, debit=bank(), credit=fees()))
    with pytest.raises(AmountTooLarge):
        post(transfer("y", 1, debit=bank(), credit=fees()))
    assert standing(bank()) == (MAX_MINOR, 1)
    commit_would()


def test_a_fact_that_is_booked_stays_booked_when_its_account_is_frozen():
    first = post(captured())
    accounts.freeze(ref=pending(), reason="court order", by=CLERK, now=NOON)
    assert post(captured()) == first
    with pytest.raises(accounts.AccountFrozen):
        post(captured("cap_2"))
    assert Journal.objects.count() == 1


def test_a_reversal_is_a_journal_of_its_own_that_undoes_the_first():
    original = post(captured())
    with transaction.atomic():
        reversal = journals.reverse(original.id, reason="booked twice", by=CLERK, now=LATER)
    assert (reversal.reverses, reversal.metadata) == (original.id, {"reason": "booked twice"})
    assert [standing(ref) for ref in (receivable(), pending(), fees())] == [(0, 2), (0, 4), (0, 2)]
    commit_would()
    assert proof.verify().ok


def test_a_second_reversal_is_refused():
    original = post(captured())
    journals.reverse(original.id, reason="booked twice", by=CLERK, now=LATER)
    with pytest.raises(journals.AlreadyReversed):
        journals.reverse(original.id, reason="booked twice", by=CLERK, now=LATER)
    assert standing(receivable()) == (0, 2)


def test_a_second_reversal_is_refused_as_such_on_a_frozen_account_too():
    original = post(captured())
    journals.reverse(original.id, reason="booked twice", by=CLERK, now=LATER)
    accounts.freeze(ref=pending(), reason="court order", by=CLERK, now=LATER)
    with pytest.raises(journals.AlreadyReversed):
        journals.reverse(original.id, reason="booked twice", by=CLERK, now=LATER)


def test_a_reversal_that_would_leave_an_account_negative_is_refused():
    original = post(transfer("in", 100, debit=bank(), credit=wallet("ANN")))
    post(transfer("out", 60, debit=wallet("ANN"), credit=bank()))
    with pytest.raises(journals.NegativeBalanceForbidden):
        journals.reverse(original.id, reason="bounced", by=CLERK, now=NOON)


def test_an_unknown_journal_cannot_be_reversed():
    with pytest.raises(Journal.DoesNotExist):
        journals.reverse(captured().id, reason="", by=CLERK, now=NOON)


@pytest.mark.django_db(transaction=True)
def test_posting_needs_the_callers_transaction():
    with pytest.raises(TransactionManagementError):
        journals.post(captured(), by=CLERK, now=NOON)
    assert not Account.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_callers_transaction_drops_was_never_posted():
    with rolled_back():
        journals.post(captured(), by=CLERK, now=NOON)
    assert not Journal.objects.exists()
    assert not Account.objects.exists()


PLACES = [
    *[make(currency) for make in (receivable, fees, bank) for currency in ("CNY", "JPY")],
    *[wallet(name, currency) for name in ("ANN", "BEN") for currency in ("CNY", "JPY")],
    *[make(currency=currency) for make in (pending, available) for currency in ("CNY", "KWD")],
]


@st.composite
def balanced_drafts(draw, reference):
    """Any number of lines on any accounts, evened out per currency on the platform's bank."""
    lines = draw(
        st.lists(
            st.tuples(st.sampled_from(PLACES), st.integers(-500, 500).filter(bool)),
            min_size=1,
            max_size=6,
        )
    )
    totals = Counter()
    for ref, amount in lines:
        totals[ref.currency] += amount
    lines += [(bank(currency), -total) for currency, total in totals.items() if total]
    return JournalDraft("tested", reference, [Line(*line) for line in lines], NOON)


@st.composite
def days(draw):
    return [
        draw(balanced_drafts(reference=str(draw(st.integers(0, 6)))))
        for _ in range(draw(st.integers(1, 8)))
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(days())
def test_any_day_of_journals_leaves_the_books_as_a_plain_dictionary_would(day):
    expected, booked = Counter(), {}
    with rolled_back():
        for one in day:
            moved = Counter()
            for line in one.lines:
                moved[line.account] += line.amount_minor
            outcome = _outcome(one)
            known = booked.get(one.reference)
            if known is not None:
                assert outcome is (None if known == one.lines else journals.FactAlreadyPosted)
            elif any(_forbidden(ref, expected[ref] + moved[ref]) for ref in moved):
                assert outcome is journals.NegativeBalanceForbidden
            else:
                assert outcome is None
                booked[one.reference] = one.lines
                expected.update(moved)
        commit_would()
        assert {ref: selectors.balance(ref) for ref in expected} == dict(expected)
        assert selectors.trial_balance().holds
        assert proof.verify().violations == ()


def _outcome(one):
    try:
        journals.post(one, by=CLERK, now=NOON)
    except (journals.NegativeBalanceForbidden, journals.FactAlreadyPosted) as refusal:
        return type(refusal)


def _forbidden(ref, balance):
    rules = CHART[ref.kind]
    wrong_side = balance < 0 if rules.normal_side == Side.DEBIT else balance > 0
    return wrong_side and not rules.may_go_negative


def test_the_model_and_the_database_agree_on_what_is_negative():
    for side in Side:
        for may in (True, False):
            for balance in (-1, 0, 1):
                account = Account(
                    id=wallet("ANN").id,
                    kind="customer_wallet",
                    currency="CNY",
                    normal_side=side,
                    may_go_negative=may,
                    balance_minor=balance,
                    opened_at=NOON,
                    status=AccountStatus.OPEN,
                )
                with rolled_back():
                    assert account.may_hold(balance) == _database_takes(account)


def _database_takes(account):
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        return False
    return True
