"""Matching, as values: nobody is forgotten, nobody is counted twice, and what is planted is found."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.channels.base import PaymentState, RefundState, ReportKind, StatementRow
from payments.selectors.bookings import Booking
from reconciliation.matching import Contract, match
from reconciliation.states import DiscrepancyKind as Kind

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTRACT = Contract(fee_bps=60, fee_fixed_minor=0)
STATES = {ReportKind.PAYMENT: PaymentState, ReportKind.REFUND: RefundState}


def booking(number, kind=ReportKind.PAYMENT, **says):
    return Booking(
        **{
            "fact": f"fact_{number}",
            "kind": kind,
            "reference": f"reference_{number}",
            "channel_id": f"channel_{number}",
            "amount_minor": 1000 + number,
            "currency": "CNY",
            "state": "succeeded",
            "done": True,
            **says,
        }
    )


def line_about(booked, number=1, **says):
    line = StatementRow(
        **{
            "kind": booked.kind,
            "reference": booked.reference,
            "channel_id": booked.channel_id,
            "amount_minor": booked.amount_minor,
            "currency": booked.currency,
            "fee_minor": 0,
            "state": STATES[booked.kind].SUCCEEDED,
            "occurred_at": AT,
            "line_number": number,
            "raw": "",
            **says,
        }
    )
    return line if "fee_minor" in says else replace(line, fee_minor=CONTRACT.fee_minor(line))


def kinds(verdicts):
    return Counter(verdict.kind for verdict in verdicts)


def only_kind(line, *booked, **says):
    verdicts = match([line], booked, contract=CONTRACT, **says)
    assert len(verdicts) == 1
    return verdicts[0].kind


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ({}, None),
        ({"amount_minor": 1002}, Kind.AMOUNT_MISMATCH),
        ({"currency": "JPY"}, Kind.CURRENCY_MISMATCH),
        ({"fee_minor": 7}, Kind.FEE_MISMATCH),
        ({"state": PaymentState.FAILED}, Kind.STATE_MISMATCH),
        ({"channel_id": "another"}, None),
    ],
)
def test_a_line_is_compared_with_the_booking_of_its_reference(says, kind):
    booked = booking(1)
    assert only_kind(line_about(booked, **says), booked) == kind


def test_a_line_about_a_try_of_ours_is_a_state_mismatch_that_may_heal():
    tried = booking(1, done=False, state="processing")
    [verdict] = match([line_about(tried)], [tried], contract=CONTRACT)
    assert (verdict.kind, verdict.may_heal) == (Kind.STATE_MISMATCH, True)


def test_a_line_that_moved_nothing_agrees_with_a_try_that_moved_nothing():
    tried = booking(1, done=False, state="failed")
    [verdict] = match([line_about(tried, state=PaymentState.FAILED)], [tried], contract=CONTRACT)
    assert (verdict.kind, verdict.money_fits) == (None, False)


def test_a_suspense_item_is_known_by_the_channels_own_id():
    parked = booking(1, in_suspense=True, reference="something else")
    line = line_about(parked, reference="reference_of_the_attempt")
    assert only_kind(line, parked) is None


def test_money_in_suspense_is_preferred_to_the_try_that_it_came_from():
    tried = booking(1, fact="att_1", done=False, amount_minor=1000)
    parked = booking(1, fact="sus_1", in_suspense=True, amount_minor=900)
    [verdict] = match([line_about(parked)], [tried, parked], contract=CONTRACT)
    assert (verdict.kind, verdict.booking.fact) == (None, "sus_1")


def test_the_line_of_the_right_charge_wins_whatever_its_place():
    booked = booking(1)
    stranger = line_about(booked, number=1, channel_id="another")
    verdicts = match([stranger, line_about(booked, number=2)], [booked], contract=CONTRACT)
    assert [(v.line.line_number, v.kind) for v in verdicts] == [(1, Kind.MISSING_HERE), (2, None)]


def test_a_fact_that_another_line_pays_for_takes_no_second_one():
    booked = booking(1)
    assert only_kind(line_about(booked), booked, taken={"fact_1"}) == Kind.DUPLICATE_LINE


def test_a_payment_line_never_meets_a_refund():
    refund = booking(1, ReportKind.REFUND)
    line = line_about(booking(1))
    assert kinds(match([line], [refund], contract=CONTRACT)) == {
        Kind.MISSING_HERE: 1,
        Kind.MISSING_AT_CHANNEL: 1,
    }


@pytest.mark.parametrize(
    ("amount_minor", "fee_minor"), [(1, 0), (250, 2), (750, 4), (751, 5), (100000, 600)]
)
def test_the_contracts_fee_rounds_half_to_even(amount_minor, fee_minor):
    line = line_about(booking(1, amount_minor=amount_minor), fee_minor=0)
    assert CONTRACT.fee_minor(line) == min(fee_minor, amount_minor)


def test_a_fixed_fee_never_exceeds_the_payment():
    line = line_about(booking(1, amount_minor=20), fee_minor=0)
    assert Contract(fee_bps=60, fee_fixed_minor=30).fee_minor(line) == 20


few = st.sampled_from("abc")
some_bookings = st.lists(
    st.builds(
        Booking,
        fact=st.uuids().map(str),
        kind=st.sampled_from(ReportKind),
        reference=few,
        channel_id=few,
        amount_minor=st.integers(1, 3),
        currency=st.sampled_from(["CNY", "JPY"]),
        state=st.just(""),
        done=st.booleans(),
        in_suspense=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda booking: booking.fact,
)


@st.composite
def some_lines(draw):
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(ReportKind),
                few,
                few,
                st.integers(1, 3),
                st.sampled_from(["CNY", "JPY"]),
                st.integers(0, 1),
                st.sampled_from(["SUCCEEDED", "FAILED"]),
            ),
            max_size=8,
        )
    )
    return [
        StatementRow(
            kind=kind,
            reference=reference,
            channel_id=channel_id,
            amount_minor=amount_minor,
            currency=currency,
            fee_minor=fee_minor,
            state=STATES[kind][state],
            occurred_at=AT,
            line_number=number,
            raw="",
        )
        for number, (kind, reference, channel_id, amount_minor, currency, fee_minor, state) in (
            enumerate(drawn, 1)
        )
    ]


@given(lines=some_lines(), booked=some_bookings, data=st.data())
def test_every_line_and_every_booking_ends_in_exactly_one_verdict(lines, booked, data):
    facts = [booking.fact for booking in booked]
    taken = data.draw(st.sets(st.sampled_from(facts))) if facts else set()

    verdicts = match(lines, booked, contract=CONTRACT, taken=taken)

    judged = Counter(verdict.line.line_number for verdict in verdicts if verdict.line)
    spoken_of = Counter(verdict.booking.fact for verdict in verdicts if verdict.booking)
    assert judged == {line.line_number: 1 for line in lines}
    for booking_ in booked:
        at_least = 1 if booking_.done and booking_.fact not in taken else 0
        at_most = 0 if booking_.fact in taken else 1
        assert at_least <= spoken_of[booking_.fact] <= at_most


@given(lines=some_lines(), booked=some_bookings)
def test_what_agrees_agrees_to_the_last_unit(lines, booked):
    for verdict in match(lines, booked, contract=CONTRACT):
        if verdict.kind is None and verdict.money_fits:
            assert verdict.line.amount_minor == verdict.booking.amount_minor
            assert verdict.line.currency == verdict.booking.currency
            assert verdict.line.fee_minor == CONTRACT.fee_minor(verdict.line)
            assert verdict.line.kind == verdict.booking.kind
        if verdict.kind is not None:
            assert verdict.at_stake_minor > 0


PLANTS = [None, *(kind for kind in Kind if kind not in (Kind.LATE_SUCCESS, Kind.PAID_TWICE))]


@given(plants=st.lists(st.sampled_from(PLANTS), max_size=30), data=st.data())
def test_every_planted_difference_is_found_and_nothing_else(plants, data):
    lines, booked, expected = [], [], Counter()
    for number, plant in enumerate(plants):
        said, known, found = _planted(plant, number)
        lines += said
        booked += known
        expected.update(found)
    shuffled = data.draw(st.permutations(lines))
    numbered = [replace(line, line_number=number) for number, line in enumerate(shuffled, 1)]

    assert kinds(match(numbered, booked, contract=CONTRACT)) == expected


def _planted(plant, number):
    """The lines, the bookings and the verdicts of one payment with this difference."""
    booked = booking(number)
    line = line_about(booked)
    return {
        None: ([line], [booked], [None]),
        Kind.MISSING_HERE: ([line], [], [plant]),
        Kind.MISSING_AT_CHANNEL: ([], [booked], [plant]),
        Kind.DUPLICATE_LINE: ([line, line], [booked], [None, plant]),
        Kind.STATE_MISMATCH: ([line], [replace(booked, done=False)], [plant]),
        Kind.AMOUNT_MISMATCH: (
            [replace(line, amount_minor=line.amount_minor + 1)],
            [booked],
            [plant],
        ),
        Kind.CURRENCY_MISMATCH: ([replace(line, currency="JPY")], [booked], [plant]),
        Kind.FEE_MISMATCH: ([replace(line, fee_minor=line.fee_minor + 1)], [booked], [plant]),
    }[plant]
