from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import (
    DIGITS,
    MAX_MINOR,
    AllocationImpossible,
    AmountTooLarge,
    AmountUnreadable,
    CurrencyMismatch,
    CurrencyUnsupported,
    Money,
    digits,
    format_minor,
    parse_major,
)

amounts = st.integers(-MAX_MINOR, MAX_MINOR)
currencies = st.sampled_from(sorted(DIGITS))


@pytest.mark.parametrize(
    ("currency", "expected"),
    [("CNY", 2), ("JPY", 0), ("KWD", 3), ("IQD", 3), ("LAK", 2), ("MGA", 2), ("AFN", 2)],
)
def test_decimals_are_those_of_iso_4217_and_not_those_of_babel(currency, expected):
    assert digits(currency) == expected


@pytest.mark.parametrize(
    "code",
    [
        "cny",
        "Cny",
        "XXX",
        "XTS",
        "XAU",
        "DEM",
        "BTC",
        "",
        "CN",
        "CNY ",
        "\N{FULLWIDTH LATIN CAPITAL LETTER C}NY",
        None,
        156,
        [],
    ],
)
def test_what_is_no_current_currency_is_refused(code):
    with pytest.raises(CurrencyUnsupported):
        Money(1, code)


@pytest.mark.parametrize("amount", [1.0, Decimal(1), "1", True, None])
def test_an_amount_is_an_int_and_nothing_like_one(amount):
    with pytest.raises(TypeError):
        Money(amount, "CNY")


def test_an_amount_beyond_63_bits_is_refused_at_once():
    assert -Money(MAX_MINOR, "CNY") == Money(-MAX_MINOR, "CNY")
    for amount in (MAX_MINOR + 1, -MAX_MINOR - 1):
        with pytest.raises(AmountTooLarge):
            Money(amount, "CNY")
    with pytest.raises(AmountTooLarge):
        Money(MAX_MINOR, "CNY") + Money(1, "CNY")


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_two_currencies_never_meet_in_one_sum_or_comparison(mix):
    with pytest.raises(CurrencyMismatch):
        mix(Money(1, "CNY"), Money(1, "JPY"))


def test_equal_amounts_of_different_currencies_are_not_equal():
    assert Money(1, "CNY") != Money(1, "JPY")


def test_sums_and_comparisons_are_those_of_the_minor_units():
    assert Money(5, "CNY") + Money(7, "CNY") == Money(12, "CNY")
    assert Money(5, "CNY") - Money(7, "CNY") == Money(-2, "CNY")
    assert Money(5, "CNY") < Money(7, "CNY") <= Money(7, "CNY")
    assert Money(7, "CNY") > Money(5, "CNY") >= Money(5, "CNY")


def test_what_a_division_leaves_over_goes_to_the_largest_remainders():
    assert Money(100, "CNY").allocate([1, 1, 1]) == [Money(m, "CNY") for m in (34, 33, 33)]
    assert Money(5, "JPY").allocate([3, 7]) == [Money(2, "JPY"), Money(3, "JPY")]
    assert Money(-100, "CNY").allocate([1, 2]) == [Money(-33, "CNY"), Money(-67, "CNY")]
    assert Money(1, "CNY").allocate([0, 1]) == [Money(0, "CNY"), Money(1, "CNY")]


@given(amounts, currencies, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_allocation_loses_nothing_and_gives_each_its_share_within_a_unit(amount, currency, parts):
    shares = Money(amount, currency).allocate(parts)
    assert sum(share.amount_minor for share in shares) == amount
    for share, part in zip(shares, parts, strict=True):
        assert abs(share.amount_minor * sum(parts) - amount * part) < sum(parts)
        assert part or share.amount_minor == 0


@pytest.mark.parametrize("parts", [[], [0, 0], [1, -1], [2, -1]])
def test_allocation_by_nothing_or_by_negative_parts_is_refused(parts):
    with pytest.raises(AllocationImpossible):
        Money(100, "CNY").allocate(parts)


@pytest.mark.parametrize(
    ("amount", "bps", "share"),
    [
        (10_000, 290, 290),
        (50, 100, 0),
        (150, 100, 2),
        (250, 100, 2),
        (350, 100, 4),
        (251, 100, 3),
        (-50, 100, 0),
        (-150, 100, -2),
        (-250, 100, -2),
        (1, 0, 0),
        (7, 10_000, 7),
    ],
)
def test_a_share_is_rounded_half_to_even(amount, bps, share):
    assert Money(amount, "CNY").share_bps(bps) == Money(share, "CNY")


@given(st.integers(-(10**15), 10**15), st.integers(0, 10_000))
def test_a_share_is_what_decimal_says_and_its_opposite_is_the_opposites_share(amount, bps):
    share = Money(amount, "CNY").share_bps(bps)
    with localcontext(prec=60):
        expected = (Decimal(amount) * bps / 10_000).to_integral_value("ROUND_HALF_EVEN")
    assert share.amount_minor == expected
    assert Money(-amount, "CNY").share_bps(bps) == -share


@pytest.mark.parametrize(
    ("amount", "currency", "major"),
    [
        (1234, "CNY", "12.34"),
        (1234, "JPY", "1234"),
        (1, "KWD", "0.001"),
        (-5, "CNY", "-0.05"),
        (0, "CNY", "0.00"),
        (MAX_MINOR, "KWD", "9223372036854775.807"),
    ],
)
def test_major_units_are_written_out_exactly(amount, currency, major):
    assert Money(amount, currency).major() == major
    assert str(Money(amount, currency)) == f"{currency} {major}"


@given(amounts, currencies)
def test_what_is_written_in_major_units_reads_back_as_it_was(amount, currency):
    money = Money(amount, currency)
    assert parse_major(money.major(), currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("10", "CNY", 1000),
        ("10.5", "CNY", 1050),
        ("10.500", "CNY", 1050),
        ("100.00", "JPY", 100),
        ("-0.01", "CNY", -1),
        ("007.00", "CNY", 700),
    ],
)
def test_a_plain_decimal_is_read_exactly(text, currency, amount):
    assert parse_major(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("100.50", "JPY"),
        ("1.2345", "KWD"),
        ("0.001", "CNY"),
        *[
            (text, "CNY")
            for text in (
                "",
                " 5",
                "5 ",
                "5\n",
                "+5",
                "--5",
                "1e3",
                "1_000",
                "1,234.50",
                "1.",
                ".5",
                "١٢",
                "\N{FULLWIDTH DIGIT ONE}2",
                "NaN",
                "Infinity",
                "0x10",
                "(12.00)",
                "9" * 5000,
            )
        ],
    ],
)
def test_what_would_need_rounding_or_guessing_is_refused(text, currency):
    with pytest.raises(AmountUnreadable):
        parse_major(text, currency)


def test_a_number_that_reads_well_but_does_not_fit_is_too_large():
    with pytest.raises(AmountTooLarge):
        parse_major("9" * 20, "CNY")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        (123456, "CNY", "en", "CNY 1,234.56"),
        (123456, "JPY", "en", "JPY 123,456"),
        (123456, "IQD", "en", "IQD 123.456"),
        (-123456, "CNY", "en", "CNY -1,234.56"),
        (123456, "CNY", "de", "CNY 1.234,56"),
        (MAX_MINOR, "CNY", "en", "CNY 92,233,720,368,547,758.07"),
    ],
)
def test_people_see_the_code_the_locales_separators_and_isos_decimals(
    amount, currency, locale, shown
):
    assert format_minor(amount, currency, locale=locale).replace("\xa0", " ") == shown
