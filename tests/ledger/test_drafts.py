from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chart import AccountKind, Books
from ledger.drafts import (
    AccountRef,
    BooksMixed,
    EmptyJournal,
    FactUnfit,
    JournalDraft,
    Line,
    MetadataUnfit,
    OwnerNotAllowed,
    UnbalancedJournal,
    ZeroLine,
)
from ledger.money import MAX_MINOR, AmountTooLarge, CurrencyUnsupported
from tests.ledger.books import ALICE, NOON, draft, fees, pending, receivable, transfer


def test_an_account_has_the_same_key_wherever_it_is_named():
    assert pending().id == AccountRef(AccountKind.MERCHANT_PENDING, ALICE, "CNY").id
    others = {pending(currency="JPY").id, pending(owner="mch_BOB").id, receivable().id}
    assert pending().id not in others
    assert len(others) == 3


def test_a_published_key_never_changes():
    # Another namespace or rendering would post every known fact again.
    assert str(pending().id) == "ab2f2629-16b0-54ad-bf9e-2ee9c2121c25"
    assert (
        str(draft("cap_1", (pending(), 1), (fees(), -1)).id)
        == "c348b9c1-8bdf-5950-94e7-3d70b9e4f57e"
    )


def test_an_account_of_the_wrong_owner_or_currency_cannot_be_named():
    for owner in ("cha_SANDBOX", "platform", "", "mch_a/b", "mch_ä", "mch_" + "A" * 70):
        with pytest.raises(OwnerNotAllowed):
            pending(owner=owner)
    with pytest.raises(CurrencyUnsupported):
        pending(currency="DEM")


@given(st.lists(st.integers(-(10**12), 10**12).filter(bool), min_size=1, max_size=10))
def test_a_draft_exists_only_if_it_balances(amounts):
    lines = [Line(pending(), amount) for amount in amounts]
    if sum(amounts):
        with pytest.raises(UnbalancedJournal):
            JournalDraft("tested", "x", lines, NOON)
        lines.append(Line(fees(), -sum(amounts)))
    assert sum(line.amount_minor for line in JournalDraft("tested", "x", lines, NOON).lines) == 0


def test_each_currency_balances_by_itself():
    with pytest.raises(UnbalancedJournal, match=r"CNY by 5, JPY by -5"):
        draft("x", (pending(), 5), (fees("JPY"), -5))
    draft("x", (pending(), 5), (fees(), -5), (pending(currency="JPY"), 7), (fees("JPY"), -7))


def test_a_journal_of_nothing_is_no_journal():
    with pytest.raises(EmptyJournal):
        draft("x")
    with pytest.raises(ZeroLine):
        draft("x", (pending(), 0), (fees(), 0))


def test_a_line_that_the_database_could_not_hold_is_refused():
    with pytest.raises(AmountTooLarge):
        Line(pending(), MAX_MINOR + 1)
    with pytest.raises(TypeError):
        Line(pending(), 1.0)


@pytest.mark.parametrize(
    ("fact", "reference"),
    [
        ("", "cap_1"),
        ("Captured", "cap_1"),
        ("a/b", "cap_1"),
        ("captured\n", "cap_1"),
        ("c" * 65, "cap_1"),
        ("captured", ""),
        ("captured", "cap 1"),
        ("captured", "cap_1\n"),
        ("captured", "c" * 65),
    ],
)
def test_a_fact_has_a_name_and_a_reference_that_read_only_one_way(fact, reference):
    with pytest.raises(FactUnfit):
        draft(reference, (pending(), 1), (fees(), -1), fact=fact)


def test_a_fact_happens_at_a_time_in_a_zone():
    with pytest.raises(FactUnfit):
        draft("x", (pending(), 1), (fees(), -1), effective_at=datetime(2026, 11, 20))  # noqa: DTZ001


@pytest.mark.parametrize(
    "metadata", [{"a": 1.5}, {"a": {"b": 1}}, {"a": [1]}, {"a": "\x00"}, {"\ud800": "a"}]
)
def test_metadata_that_would_not_read_back_as_it_was_is_refused(metadata):
    with pytest.raises(MetadataUnfit):
        draft("x", (pending(), 1), (fees(), -1), metadata=metadata)


def test_a_draft_cannot_be_changed_after_it_was_checked():
    lines, metadata = [Line(pending(), 1), Line(fees(), -1)], {"a": 1}
    checked = JournalDraft("tested", "x", lines, NOON, metadata)
    lines.append(Line(fees(), -1))
    metadata["a"] = 1.5
    assert len(checked.lines) == 2
    assert checked.metadata == {"a": 1}
    with pytest.raises(FrozenInstanceError):
        checked.fact = "other"
    with pytest.raises(TypeError):
        checked.metadata["a"] = 2


def test_the_seal_covers_all_that_a_journal_says():
    original = transfer("x", 5, debit=pending(), credit=fees(), metadata={"a": 1, "b": 2})
    others = [
        transfer("x", 6, debit=pending(), credit=fees(), metadata={"a": 1, "b": 2}),
        transfer("x", 5, debit=fees(), credit=pending(), metadata={"a": 1, "b": 2}),
        transfer("y", 5, debit=pending(), credit=fees(), metadata={"a": 1, "b": 2}),
        transfer("x", 5, debit=pending(), credit=fees(), metadata={"a": 1}),
        transfer("x", 5, debit=pending("mch_BOB"), credit=fees(), metadata={"a": 1, "b": 2}),
        transfer(
            "x",
            5,
            debit=pending(),
            credit=fees(),
            metadata={"a": 1, "b": 2},
            effective_at=NOON + timedelta(microseconds=1),
        ),
    ]
    assert len({other.seal for other in others} | {original.seal}) == len(others) + 1


def test_the_seal_does_not_depend_on_the_zone_of_the_clock_or_the_order_of_metadata():
    utc = transfer("x", 5, debit=pending(), credit=fees(), metadata={"a": 1, "b": 2})
    shanghai = transfer(
        "x",
        5,
        debit=pending(),
        credit=fees(),
        metadata={"b": 2, "a": 1},
        effective_at=NOON.astimezone(timezone(timedelta(hours=8))),
    )
    assert utc.seal == shanghai.seal


def test_a_journal_never_mixes_test_money_with_real_money():
    real = AccountRef(AccountKind.BANK, "platform", "CNY")
    tried = AccountRef(AccountKind.MERCHANT_PENDING, "mch_1", "CNY", Books.TEST)

    with pytest.raises(BooksMixed):
        JournalDraft(
            fact="mixed",
            reference="cap_1",
            lines=(Line(real, 5), Line(tried, -5)),
            effective_at=NOON,
        )
