import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from merchants.fees import Terms, fee
from merchants.selectors import fee_for
from tests.factories.merchants import FeePlanFactory, MerchantFactory


@pytest.mark.parametrize(
    ("amount_minor", "bps", "fixed", "expected"),
    [
        (10_000, 290, 30, 320),
        (50, 100, 0, 0),  # 0.5: to the even 0
        (150, 100, 0, 2),  # 1.5: to the even 2
        (250, 100, 0, 2),  # 2.5: to the even 2
        (251, 100, 0, 3),
        (10, 0, 30, 10),  # a fee is never more than the amount
        (1, 10_000, 0, 1),
    ],
)
def test_a_fee_is_a_percentage_rounded_half_even_plus_a_fixed_part(
    amount_minor, bps, fixed, expected
):
    assert fee(Money(amount_minor, "CNY"), Terms(bps, fixed)) == expected


@given(st.integers(1, 10**12), st.integers(0, 10_000), st.integers(0, 10**6))
def test_a_fee_never_exceeds_what_it_is_taken_from(amount_minor, bps, fixed):
    assert 0 <= fee(Money(amount_minor, "JPY"), Terms(bps, fixed)) <= amount_minor


@pytest.mark.django_db
def test_the_plan_that_names_the_currency_goes_first():
    merchant = MerchantFactory()
    FeePlanFactory(merchant=merchant, percent_bps=100)
    FeePlanFactory(merchant=merchant, currency="JPY", percent_bps=200, fixed_minor=5)

    assert fee_for(merchant_id=merchant.pk, amount_minor=1000, currency="JPY") == 25
    assert fee_for(merchant_id=merchant.pk, amount_minor=1000, currency="CNY") == 10


@pytest.mark.django_db
def test_without_a_plan_nothing_is_taken():
    assert fee_for(merchant_id=MerchantFactory().pk, amount_minor=1000, currency="CNY") == 0
