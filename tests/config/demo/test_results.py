"""The verdict on a day: green only when nothing at all is wrong."""

from dataclasses import replace

import pytest

from config.demo.results import Accident, Parked, Surprise, Ticket, Trial, complaints, remarks
from tests.config.demo.days import good_day, planted, witnessed


def test_a_good_day_has_no_complaints():
    assert complaints(good_day()) == []


def spoiled(part, **changes):
    return good_day(**{part: replace(getattr(good_day(), part), **changes)})


def with_plant(plant, **changes):
    return spoiled(
        "reconciled",
        planted=tuple(replace(one, **changes) if one.plant == plant else one for one in planted()),
    )


PARKED_WITHOUT_TICKET = Parked(
    kind="late_success", reference="att_9", currency="JPY", amount_minor=1, ticket=""
)
STRANGER = Ticket(id="tkt_9", kind="state_mismatch", reference="att_9")
WRONG_KIND = Ticket(id="tkt_9", kind="amount_mismatch", reference="att_fee_differs")


@pytest.mark.parametrize(
    ("day", "named"),
    [
        (with_plant("omit_line", ticket=None), "omit_line on att_omit_line was not found"),
        (with_plant("fee_differs", ticket=WRONG_KIND), "ticket of kind amount_mismatch"),
        (spoiled("reconciled", planted=planted()[:4]), "4 differences were planted"),
        (spoiled("reconciled", strangers=(STRANGER,)), "nobody expected: tkt_9"),
        (good_day(unexplained={"CNY": 0, "JPY": 3}), "3 minor units of JPY are unexplained"),
        (good_day(parked=(PARKED_WITHOUT_TICKET,)), "no ticket: late_success of att_9"),
        (good_day(testimonies=(witnessed(our_charges=149),)), "differ in KWD"),
        (good_day(testimonies=(witnessed(our_charged_minor=1),)), "differ in KWD"),
        (good_day(testimonies=(witnessed(their_refunds=8),)), "differ in KWD"),
        (good_day(testimonies=(witnessed(their_refunded_minor=1),)), "differ in KWD"),
        (good_day(testimonies=()), "own book was not read"),
        (good_day(charged_more_than_once=("att_1",)), "charged att_1 more than once"),
        (spoiled("requests", wrongly_doubled=("n0007",)), "n0007 was sent twice"),
        (spoiled("requests", answers_forged=1), "do not carry our signature"),
        (spoiled("requests", answers_of_5xx=2), "the API failed 2 times"),
        (spoiled("notices", gaps_left=1), "1 events never reached"),
        (spoiled("notices", forged=1), "1 webhooks did not carry a valid signature"),
        (spoiled("books", violations=1), "verify_ledger names 1 violations"),
        (spoiled("books", trial=(Trial("KWD", 5, 7),)), "off balance by -2 minor units of KWD"),
        (good_day(dead_rows={"inquiries": 1}), "1 dead rows in the queue inquiries"),
        (
            good_day(surprises=(Surprise("n0003", "succeeded", "processing"),)),
            "n0003 is processing, and the day is over",
        ),
        (
            good_day(surprises=(Surprise("n0003", "succeeded", "not there"),)),
            "n0003 is not there",
        ),
        (
            good_day(accidents=(Accident("the worker", came_back=False),)),
            "the worker did not come back",
        ),
    ],
)
def test_each_single_cause_turns_the_day_red_and_is_named(day, named):
    [complaint] = complaints(day)
    assert named in complaint


def test_a_channel_that_was_away_is_remarked_and_does_no_harm():
    failed = Surprise("n0003", "succeeded", "failed", "channel_not_sent")
    day = replace(
        spoiled("requests", refused=("n0004: 409 payment_state_invalid",)),
        surprises=(failed, replace(failed, reference="n0005")),
    )
    assert complaints(day) == []
    assert remarks(day) == [
        "2 payments planned as succeeded, ended as failed (channel_not_sent)",
        "1 requests came too late or were refused",
    ]


def test_the_difference_is_theirs_less_ours():
    assert witnessed(our_charged_minor=6_789_200).difference_minor == 50
    assert witnessed(our_refunded_minor=119_999).difference_minor == -1


def test_double_charges_prevented_are_the_requests_that_came_more_than_once():
    assert good_day().requests.double_charges_prevented == 20
