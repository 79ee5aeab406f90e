"""Each scenario does what its name says: to the answer, to the callbacks, and to the witness's book."""

import pytest

from payments.channels.base import CallbackForged, CaptureRequest, Outcome, PaymentState
from payments.channels.sandbox.simulation.scenarios import SCENARIOS
from tests.payments.channels.waiting import until

ENDS_PAID = {
    "succeed",
    "pending_then_succeed",
    "requires_redirect_auto",
    "charge_then_timeout",
    "charge_then_500",
    "garbage_answer",
    "callback_twice",
    "callbacks_out_of_order",
    "callback_before_answer",
    "wrong_amount",
    "not_found_then_paid",
    "lost_callback",
}


def states_told(shop):
    return [shop.adapter.translate(callback.body)[0].state for callback in shop.receiver.callbacks]


def charged(control):
    return [
        (line["reference"], line["amount_minor"])
        for line in control.movements()
        if line["kind"] == "charge"
    ]


@pytest.mark.parametrize("scenario", sorted(ENDS_PAID))
def test_inquiry_ends_at_paid_and_the_book_has_one_charge(impatient_shop, control, scenario):
    impatient_shop.pay(scenario)

    report = until(lambda: paid(impatient_shop.query()))

    assert charged(control) == [("att_1", report.amount_captured_minor)]
    assert control.book()["more_than_once"] == []


@pytest.mark.parametrize("scenario", sorted(ENDS_PAID))
def test_manual_capture_ends_at_authorized_and_the_book_has_no_charge(
    impatient_shop, control, scenario
):
    impatient_shop.pay(scenario, capture="manual")

    report = until(lambda: authorized(impatient_shop.query()))

    assert report.amount_captured_minor == 0
    assert charged(control) == []


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_paying_again_with_the_same_number_never_charges_twice(impatient_shop, control, scenario):
    for _ in range(3):
        impatient_shop.pay(scenario)

    assert len(charged(control)) <= 1


@pytest.mark.parametrize("scenario", ["charge_then_timeout", "charge_then_500", "garbage_answer"])
def test_charge_whose_answer_is_lost_is_unknown_and_the_callback_tells(impatient_shop, scenario):
    report = impatient_shop.pay(scenario)

    assert (report.outcome, report.state) == (Outcome.UNKNOWN, None)
    assert report.raw["problem"]
    impatient_shop.receiver.wait_for(1)
    assert states_told(impatient_shop) == [PaymentState.SUCCEEDED]


def test_succeed_answers_and_calls_back(shop):
    assert shop.pay("succeed").outcome is Outcome.DONE

    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.SUCCEEDED]


def test_decline_takes_nothing(shop, control):
    report = shop.pay("decline")

    assert (report.outcome, report.failure_code) == (Outcome.REJECTED, "insufficient_funds")
    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.FAILED]
    assert charged(control) == []


def test_pending_then_succeed_is_accepted_and_told_later(shop):
    report = shop.pay("pending_then_succeed")

    assert (report.outcome, report.state) == (Outcome.ACCEPTED, PaymentState.PROCESSING)
    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.SUCCEEDED]


def test_requires_redirect_waits_for_the_payer(shop, control):
    report = shop.pay("requires_redirect")

    assert (report.outcome, report.state) == (Outcome.ACCEPTED, PaymentState.REQUIRES_ACTION)
    assert report.next_action["type"] == "redirect"
    control.decide("cha_1", "att_1", pay=True)
    assert shop.query().state is PaymentState.SUCCEEDED
    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.SUCCEEDED]


def test_payer_who_declines_pays_nothing(shop, control):
    shop.pay("requires_redirect")
    control.decide("cha_1", "att_1", pay=False)
    control.decide("cha_1", "att_1", pay=True)

    assert shop.query().state is PaymentState.FAILED
    assert charged(control) == []


def test_payer_who_was_quicker_than_the_automatic_one_pays_once(shop, control):
    shop.pay("requires_redirect_auto")
    control.decide("cha_1", "att_1", pay=True)
    shop.pay("requires_redirect_auto", "att_2")

    until(lambda: paid(shop.query("att_2")))
    assert sorted(charged(control)) == [("att_1", 1000), ("att_2", 1000)]


def test_callback_twice_brings_the_same_event_twice(shop):
    shop.pay("callback_twice")

    first, second = shop.receiver.wait_for(2)
    assert first.event["id"] == second.event["id"]
    assert first.body == second.body


def test_callbacks_out_of_order_bring_older_news_last(shop):
    shop.pay("callbacks_out_of_order")

    first, second = shop.receiver.wait_for(2)
    assert states_told(shop) == [PaymentState.SUCCEEDED, PaymentState.PROCESSING]
    assert second.event["charge"]["updated_at"] < first.event["charge"]["updated_at"]


def test_older_news_waits_until_the_newer_has_arrived(shop):
    shop.receiver.status = 500
    shop.pay("callbacks_out_of_order")
    shop.receiver.wait_for(2)
    shop.receiver.status = 200

    until(lambda: PaymentState.PROCESSING in states_told(shop))
    assert states_told(shop)[:2] == [PaymentState.SUCCEEDED] * 2
    assert states_told(shop)[-1] is PaymentState.PROCESSING


def test_callback_before_answer_has_arrived_when_the_answer_comes(shop):
    report = shop.pay("callback_before_answer")

    assert states_told(shop) == [PaymentState.SUCCEEDED]
    assert report.state is PaymentState.SUCCEEDED


def test_forged_callback_claims_success_while_the_charge_is_declined(shop, control, now_utc):
    report = shop.pay("forged_callback")
    forged, genuine = shop.receiver.wait_for(2)

    assert report.state is PaymentState.PROCESSING
    with pytest.raises(CallbackForged):
        shop.adapter.verify(forged.headers, forged.body, now=now_utc())
    assert shop.adapter.verify(genuine.headers, genuine.body, now=now_utc())
    assert states_told(shop) == [PaymentState.SUCCEEDED, PaymentState.FAILED]
    assert charged(control) == []


def test_wrong_amount_is_told_by_answer_query_callback_and_book(shop, control):
    answered = shop.pay("wrong_amount")
    callback = shop.receiver.wait_for(1)[0]
    (told,) = shop.adapter.translate(callback.body)

    for report in (answered, shop.query(), told):
        assert report.state is PaymentState.SUCCEEDED
        assert (report.amount_minor, report.amount_captured_minor) == (1001, 1001)
    assert charged(control) == [("att_1", 1001)]


def test_late_success_comes_after_the_channel_said_closed(shop, control):
    shop.pay("late_success")
    closed = shop.cancel()

    assert (closed.outcome, closed.state) == (Outcome.DONE, PaymentState.CANCELED)
    assert charged(control) == []
    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.SUCCEEDED]
    assert charged(control) == [("att_1", 1000)]


def test_closed_payment_stays_closed_otherwise(shop, control):
    shop.pay("pending_then_succeed")
    shop.cancel()
    shop.pay("pending_then_succeed", "att_2")

    until(lambda: paid(shop.query("att_2")))
    assert shop.query().state is PaymentState.CANCELED
    assert charged(control) == [("att_2", 1000)]


def test_not_found_then_paid_is_not_found_twice_though_charged(impatient_shop, control):
    created = impatient_shop.pay("not_found_then_paid")
    reports = [impatient_shop.query() for _ in range(3)]

    assert created.outcome is Outcome.UNKNOWN
    assert [report.not_found for report in reports] == [True, True, False]
    assert [report.state for report in reports] == [None, None, PaymentState.SUCCEEDED]
    assert charged(control) == [("att_1", 1000)]


def test_lost_callback_shows_only_in_the_inquiry(shop, control):
    shop.pay("lost_callback")
    until(lambda: paid(shop.query()))

    assert shop.receiver.callbacks == []
    assert control.release_callbacks("att_1") == 1
    shop.receiver.wait_for(1)
    assert states_told(shop) == [PaymentState.SUCCEEDED]


def test_timeout_not_charged_leaves_no_trace_and_can_be_closed(impatient_shop, control):
    created = impatient_shop.pay("timeout_not_charged")
    queried = impatient_shop.query()
    closed = impatient_shop.cancel()
    again = impatient_shop.pay("timeout_not_charged")

    assert created.outcome is Outcome.UNKNOWN
    assert queried.not_found
    assert (closed.outcome, closed.state) == (Outcome.DONE, PaymentState.CANCELED)
    assert (again.outcome, again.state) == (Outcome.REJECTED, PaymentState.CANCELED)
    assert again.failure_code == "reference_closed"
    assert charged(control) == []


def test_closing_a_number_that_never_arrived_keeps_it_from_being_charged(shop, control):
    closed = shop.cancel()
    late = shop.pay("succeed")

    assert closed.state is PaymentState.CANCELED
    assert closed.amount_minor is None
    assert (late.outcome, late.state) == (Outcome.REJECTED, PaymentState.CANCELED)
    assert charged(control) == []


def test_unknown_scenario_is_rejected(shop):
    report = shop.pay("make_me_rich")

    assert (report.outcome, report.state) == (Outcome.REJECTED, PaymentState.FAILED)
    assert report.failure_code == "scenario_unknown"


def test_authorization_is_voided_by_closing(shop, control):
    shop.pay("succeed", capture="manual")
    closed = shop.cancel()
    captured = capture(shop, 1000)

    assert closed.state is PaymentState.CANCELED
    assert (captured.outcome, captured.state) == (Outcome.REJECTED, PaymentState.CANCELED)
    assert charged(control) == []


def test_capture_again_with_the_same_number_takes_nothing_more(shop, control):
    shop.pay("succeed", capture="manual")
    capture(shop, 600)
    again = capture(shop, 600)
    another = capture(shop, 400, reference="cap_2")

    assert (again.outcome, again.amount_captured_minor) == (Outcome.DONE, 600)
    assert (another.outcome, another.failure_code) == (Outcome.REJECTED, "charge_already_captured")
    assert charged(control) == [("att_1", 600)]


def test_capture_of_more_than_was_authorized_is_rejected(shop, control):
    shop.pay("succeed", capture="manual")
    report = capture(shop, 1001)

    assert (report.outcome, report.state) == (Outcome.REJECTED, PaymentState.AUTHORIZED)
    assert charged(control) == []


def test_capture_whose_answer_is_lost_was_done(impatient_shop, control):
    impatient_shop.pay("succeed", capture="manual", capture_scenario="timeout_then_succeed")
    report = capture(impatient_shop, 600)

    assert report.outcome is Outcome.UNKNOWN
    assert impatient_shop.query().amount_captured_minor == 600
    assert charged(control) == [("att_1", 600)]


def test_capture_of_a_number_that_is_not_known_is_rejected(shop):
    report = capture(shop, 600)

    assert (report.outcome, report.state) == (Outcome.REJECTED, None)
    assert report.not_found


def paid(report):
    return report if report.state is PaymentState.SUCCEEDED else None


def authorized(report):
    return report if report.state is PaymentState.AUTHORIZED else None


def capture(shop, amount_minor, reference="cap_1"):
    return shop.adapter.capture(
        CaptureRequest(payment=shop.payment(), reference=reference, amount_minor=amount_minor)
    )
