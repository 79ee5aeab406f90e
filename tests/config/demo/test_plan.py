"""The planned day."""

from collections import Counter
from itertools import pairwise

import pytest

from config.demo.cast import SHOPS
from config.demo.plan import (
    EXPIRES_SOON_SECONDS,
    Case,
    Payer,
    PlannedRefund,
    Submission,
    Then,
    day,
    every_case,
)
from payments.channels.sandbox.simulation.scenarios import (
    CAPTURE_FAULTS,
    REFUND_SCENARIOS,
    SCENARIOS,
)


@pytest.fixture(scope="module")
def planned():
    return day(seed=7, payments=540)


def test_the_same_seed_gives_the_same_day(planned):
    assert day(seed=7, payments=540) == planned


def test_another_seed_gives_another_day(planned):
    assert day(seed=8, payments=540) != planned


def test_every_shop_lives_through_every_scenario(planned):
    for shop in SHOPS:
        assert {one.case.scenario for one in planned if one.shop == shop.slug} == set(SCENARIOS)


def test_refunds_go_through_every_scenario_whole_and_in_part(planned):
    refunds = [refund for one in planned for refund in one.case.refunds]
    assert {refund.scenario for refund in refunds} == set(REFUND_SCENARIOS)
    assert any(refund.share == 0 for refund in refunds)
    assert any(refund.share > 0 for refund in refunds)


def test_captures_are_whole_partial_unanswered_and_given_up(planned):
    manual = [one for one in planned if one.case.manual]
    assert {one.case.capture_scenario for one in manual} == set(CAPTURE_FAULTS)
    assert {one.case.then for one in manual} == {Then.CAPTURE, Then.CANCEL}
    assert any(one.captured_minor < one.amount_minor for one in manual)


def test_all_three_currencies_are_paid_in_and_each_shop_only_sells_in_its_own(planned):
    assert {one.currency for one in planned} == {"CNY", "JPY", "KWD"}
    for shop in SHOPS:
        assert {one.currency for one in planned if one.shop == shop.slug} == set(shop.tariffs)


def test_requests_are_doubled_in_every_way(planned):
    assert {one.case.submission for one in planned} == set(Submission)


def test_payers_pay_decline_and_leave_at_the_banks_page(planned):
    at_the_page = [one for one in planned if one.case.scenario == "requires_redirect"]
    assert {one.case.payer for one in at_the_page} == set(Payer)


def test_what_never_ends_by_itself_expires_soon(planned):
    assert Case(scenario="late_success").expires_in == EXPIRES_SOON_SECONDS
    assert Case(scenario="timeout_not_charged").expires_in == EXPIRES_SOON_SECONDS
    left_alone = Case(scenario="requires_redirect", payer=Payer.LEAVES)
    assert left_alone.expires_in == EXPIRES_SOON_SECONDS
    assert Case(scenario="succeed").expires_in > EXPIRES_SOON_SECONDS


@pytest.mark.parametrize(
    ("case", "state"),
    [
        (Case(scenario="succeed"), "succeeded"),
        (Case(scenario="charge_then_timeout"), "succeeded"),
        (Case(scenario="late_success"), "succeeded"),
        (Case(scenario="late_success", then=Then.CANCEL), "canceled"),
        (Case(scenario="decline"), "failed"),
        (Case(scenario="forged_callback"), "failed"),
        (Case(scenario="wrong_amount"), "failed"),
        (Case(scenario="timeout_not_charged"), "expired"),
        (Case(scenario="requires_redirect"), "succeeded"),
        (Case(scenario="requires_redirect", payer=Payer.DECLINES), "failed"),
        (Case(scenario="requires_redirect", payer=Payer.LEAVES), "expired"),
        (Case(scenario="succeed", manual=True, then=Then.CAPTURE), "succeeded"),
        (Case(scenario="succeed", manual=True, then=Then.CANCEL), "canceled"),
        (Case(scenario="succeed", refunds=(PlannedRefund(share=0),)), "refunded"),
        (Case(scenario="succeed", refunds=(PlannedRefund(share=30),)), "partially_refunded"),
        (
            Case(scenario="succeed", refunds=(PlannedRefund(share=0, scenario="fail"),)),
            "succeeded",
        ),
        (
            Case(scenario="succeed", refunds=(PlannedRefund(share=40), PlannedRefund(share=0))),
            "refunded",
        ),
    ],
)
def test_the_end_of_a_payment_is_known_beforehand(case, state):
    assert case.ends_as == state


def test_slow_payments_come_in_the_first_half_and_never_many_in_a_row(planned):
    places = [place for place, one in enumerate(planned) if one.case.is_slow]
    assert max(places) < len(planned) * 0.6
    assert all(later - earlier > 1 for earlier, later in pairwise(places))


def test_amounts_are_on_the_shops_price_lists(planned):
    for one in planned:
        [tariff] = [s.tariffs[one.currency] for s in SHOPS if s.slug == one.shop]
        assert tariff.cheapest <= one.amount_minor <= tariff.dearest
        assert (one.amount_minor - tariff.cheapest) % tariff.step == 0


def test_payments_are_numbered_from_one_without_a_gap(planned):
    assert [one.number for one in planned] == list(range(1, 541))


def test_enough_payments_are_plain_to_plant_differences_on(planned):
    plain = Counter(one.shop for one in planned if one.case.is_plain)
    assert all(plain[shop.slug] > 40 for shop in SHOPS)


def test_the_shortest_day_still_shows_everything():
    least = len(SHOPS) * len(list(every_case()))
    assert len(day(seed=1, payments=least)) == least
    with pytest.raises(ValueError, match=f"has {least} payments at least"):
        day(seed=1, payments=least - 1)
