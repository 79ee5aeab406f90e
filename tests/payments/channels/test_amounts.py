"""Minor units and the wire's decimal strings are the same money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import digits
from payments.channels.amounts import AmountUnreadable, to_major, to_minor

CURRENCIES = ["CNY", "USD", "JPY", "KRW", "KWD", "BHD", "CLF", "IQD", "MGA"]

amounts = st.integers(min_value=0, max_value=10**13)
currencies = st.sampled_from(CURRENCIES)


@given(amounts, currencies)
def test_there_and_back_is_the_same_amount(amount_minor, currency):
    assert to_minor(to_major(amount_minor, currency), currency) == amount_minor


@given(amounts, currencies)
def test_wire_value_is_the_amount_in_major_units(amount_minor, currency):
    assert Decimal(to_major(amount_minor, currency)) * 10 ** digits(currency) == amount_minor


@given(st.text(), currencies)
def test_any_other_text_is_refused_or_is_exactly_what_we_would_write(text, currency):
    try:
        amount_minor = to_minor(text, currency)
    except AmountUnreadable:
        return
    assert to_major(amount_minor, currency) == text


@given(amounts, currencies, currencies)
def test_amount_of_another_scale_is_refused(amount_minor, currency, other):
    if digits(currency) == digits(other):
        return
    with pytest.raises(AmountUnreadable):
        to_minor(to_major(amount_minor, currency), other)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("10", "CNY"),
        ("10.0", "CNY"),
        ("10.000", "CNY"),
        ("10.00", "JPY"),
        ("1.00", "KWD"),
        ("-1.00", "CNY"),
        ("+1.00", "CNY"),
        ("1e2", "JPY"),
        ("01.00", "CNY"),
        (" 1.00", "CNY"),
        ("1.00\n", "CNY"),
        ("1,000.00", "CNY"),
        ("1_0.00", "CNY"),
        ("\uff11.00", "CNY"),
        ("\u0663.00", "CNY"),
        ("NaN", "CNY"),
        ("Infinity", "JPY"),
        ("99999999999999999999.00", "CNY"),
        ("", "CNY"),
        (10.0, "CNY"),
        (10, "JPY"),
        (None, "CNY"),
        (True, "JPY"),
        ("1.00", "cny"),
        ("1.00", "XXX"),
        ("1.00", "XAU"),
        ("1.00", "BTC"),
    ],
)
def test_what_is_not_a_plain_amount_is_refused(text, currency):
    with pytest.raises(AmountUnreadable):
        to_minor(text, currency)


def test_negative_amount_never_leaves():
    with pytest.raises(AmountUnreadable):
        to_major(-1, "CNY")
