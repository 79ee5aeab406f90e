"""Refunds at the sandbox: each of its scenarios, told and booked once."""

import pytest

from payments.channels.base import ChannelError, ErrorKind, Outcome, PaymentState, RefundState
from tests.payments.channels.waiting import until


def refunded(control):
    return [
        (line["reference"], line["amount_minor"])
        for line in control.movements()
        if line["kind"] == "refund"
    ]


def told(shop):
    return [
        report.state
        for callback in shop.receiver.callbacks
        for report in shop.adapter.translate(callback.body)
        if isinstance(report.state, RefundState)
    ]


def test_refund_succeeds_at_once_and_calls_back(shop, control):
    shop.pay("succeed")
    report = shop.refund()

    assert (report.outcome, report.state) == (Outcome.DONE, RefundState.SUCCEEDED)
    until(lambda: told(shop) == [RefundState.SUCCEEDED])
    assert refunded(control) == [("ref_1", 300)]


def test_pending_refund_succeeds_later(shop, control):
    shop.pay("succeed")
    report = shop.refund(refund_scenario="pending_then_succeed")

    assert (report.outcome, report.state) == (Outcome.ACCEPTED, RefundState.PENDING)
    until(lambda: told(shop) == [RefundState.SUCCEEDED])
    assert shop.query_refund().state is RefundState.SUCCEEDED
    assert refunded(control) == [("ref_1", 300)]


def test_failed_refund_moves_nothing_and_frees_its_amount(shop, control):
    shop.pay("succeed")
    report = shop.refund(1000, refund_scenario="fail")

    assert (report.outcome, report.state) == (Outcome.REJECTED, RefundState.FAILED)
    assert report.failure_code == "account_closed"
    assert shop.refund(1000, "ref_2").state is RefundState.SUCCEEDED
    assert refunded(control) == [("ref_2", 1000)]


def test_refund_whose_answer_is_lost_was_paid(impatient_shop, control):
    impatient_shop.pay("succeed")
    report = impatient_shop.refund(refund_scenario="timeout_then_succeed")

    assert (report.outcome, report.state) == (Outcome.UNKNOWN, None)
    assert report.payment_reference == "att_1"
    assert impatient_shop.query_refund().state is RefundState.SUCCEEDED
    assert impatient_shop.refund(refund_scenario="timeout_then_succeed").outcome is Outcome.DONE
    assert refunded(control) == [("ref_1", 300)]


def test_payments_method_chooses_how_its_refunds_go(shop):
    shop.pay("succeed", refund_scenario="fail")

    assert shop.refund().state is RefundState.FAILED
    assert shop.refund(300, "ref_2", refund_scenario="succeed").state is RefundState.SUCCEEDED


def test_pending_refunds_count_against_what_is_left(shop):
    shop.pay("succeed")
    shop.refund(600, refund_scenario="pending_then_succeed")
    report = shop.refund(600, "ref_2")

    assert (report.outcome, report.failure_code) == (Outcome.REJECTED, "amount_exceeds_captured")


def test_unpaid_payment_is_not_refunded(shop):
    shop.pay("requires_redirect")
    report = shop.refund()

    assert (report.outcome, report.failure_code) == (Outcome.REJECTED, "charge_not_paid")
    assert shop.query().state is PaymentState.REQUIRES_ACTION


def test_refund_of_an_unknown_payment_is_rejected(shop):
    report = shop.refund(payment="att_9")

    assert (report.outcome, report.failure_code) == (Outcome.REJECTED, "charge_not_found")


def test_number_of_a_refund_is_not_used_for_another_amount(shop, control):
    shop.pay("succeed")
    shop.refund(300)
    with pytest.raises(ChannelError) as error:
        shop.refund(301)

    assert (error.value.kind, error.value.permanent) == (ErrorKind.CONFLICT, True)
    assert refunded(control) == [("ref_1", 300)]
