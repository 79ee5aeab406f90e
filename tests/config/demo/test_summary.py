"""The page at the end of the day."""

import io

import pytest
from rich.console import Console

from config.demo.plan import every_case
from config.demo.summary import SCENARIOS, show
from tests.config.demo.days import good_day, witnessed


def page(day):
    console = Console(width=112, record=True, file=io.StringIO())
    show(console, day)
    return console.export_text()


def test_the_headline_stands_last_in_every_currency():
    last = page(good_day()).splitlines()[-7:]
    for line in ("0.00 CNY", "0 JPY", "0.000 KWD"):
        assert any(f"Unexplained money: {line}" in row for row in last)


def test_amounts_have_their_currencys_digits():
    text = page(good_day())
    assert "6,789.250" in text
    assert "150.074" in text


@pytest.mark.parametrize(
    "told",
    [
        "5 of 5 planted differences found",
        "tkt_fee_differs",
        "paid after the shop had canceled",
        "tkt_late",
        "double charges prevented",
        "came back",
        "the channel's",
    ],
)
def test_the_page_tells(told):
    assert told in page(good_day())


def test_what_is_wrong_is_named_under_the_headline():
    text = page(good_day(unexplained={"JPY": 3}, testimonies=(witnessed(our_charges=149),)))
    assert "Unexplained money: 3 JPY" in text
    assert "- 3 minor units of JPY are unexplained" in text
    assert "- the channel's book and ours differ in KWD" in text


def test_a_day_that_is_all_wrong_still_fits_the_page():
    day = good_day(charged_more_than_once=tuple(f"att_{number}" for number in range(50)))
    assert "and 30 more" in page(day)


def test_every_scenario_has_words_of_its_own():
    assert {case.scenario for case in every_case()} == set(SCENARIOS)
