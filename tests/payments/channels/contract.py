"""What every channel must do, whatever its wire looks like: one suite, run for each of them.

A channel joins with a `world`: its adapter, a simulator behind it, and the methods that make a payment
end as the test wants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from payments.channels.base import (
    CallbackForged,
    CaptureRequest,
    CreateRequest,
    Outcome,
    PaymentRef,
    PaymentState,
    RefundRef,
    RefundRequest,
    RefundState,
    ReportKind,
    StatementInvalid,
)
from tests.payments.channels.receiver import Callback, Receiver

AMOUNT = 1000
CURRENCY = "CNY"


@dataclass(frozen=True, slots=True)
class World:
    adapter: Any
    receiver: Receiver
    paid: Mapping[str, object]
    declined: Mapping[str, object]
    waiting: Mapping[str, object]


class ChannelContract:
    def test_payment_is_taken_and_both_sides_name_the_same_amount(self, world):
        report = pay(world, "att_1", world.paid)

        assert report.outcome is Outcome.DONE
        assert report.state is PaymentState.SUCCEEDED
        assert (report.amount_minor, report.currency) == (AMOUNT, CURRENCY)
        assert report.amount_captured_minor == AMOUNT
        assert report.channel_id
        assert report.occurred_at.tzinfo is not None

    def test_declined_payment_is_rejected_with_a_reason(self, world):
        report = pay(world, "att_1", world.declined)

        assert (report.outcome, report.state) == (Outcome.REJECTED, PaymentState.FAILED)
        assert report.failure_code

    def test_query_tells_what_the_answer_told(self, world):
        answered = pay(world, "att_1", world.paid)
        queried = world.adapter.query(payment("att_1"))

        assert queried.outcome is Outcome.DONE
        assert queried.state is answered.state
        assert queried.channel_id == answered.channel_id
        assert queried.amount_captured_minor == AMOUNT

    def test_query_of_a_number_that_the_channel_does_not_know_decides_nothing(self, world):
        report = world.adapter.query(payment("att_never_sent"))

        assert report.not_found
        assert (report.outcome, report.state) == (Outcome.UNKNOWN, None)

    def test_same_number_again_is_the_same_payment(self, world):
        first = pay(world, "att_1", world.paid)
        again = pay(world, "att_1", world.paid)

        assert again.state is PaymentState.SUCCEEDED
        assert again.channel_id == first.channel_id
        assert len(charges(world, "att_1")) == 1

    def test_authorized_payment_is_captured_in_part(self, world):
        authorized = pay(world, "att_1", world.paid, capture="manual")
        captured = world.adapter.capture(
            CaptureRequest(payment=payment("att_1"), reference="cap_1", amount_minor=600)
        )

        assert authorized.state is PaymentState.AUTHORIZED
        assert authorized.amount_captured_minor == 0
        assert (captured.outcome, captured.state) == (Outcome.DONE, PaymentState.SUCCEEDED)
        assert captured.amount_captured_minor == 600

    def test_unpaid_payment_is_closed(self, world):
        waiting = pay(world, "att_1", world.waiting)
        closed = world.adapter.cancel(payment("att_1"))

        assert waiting.state in {PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING}
        assert (closed.outcome, closed.state) == (Outcome.DONE, PaymentState.CANCELED)

    def test_paid_payment_is_not_closed_and_its_state_is_told(self, world):
        pay(world, "att_1", world.paid)
        report = world.adapter.cancel(payment("att_1"))

        assert (report.outcome, report.state) == (Outcome.REJECTED, PaymentState.SUCCEEDED)
        assert report.amount_captured_minor == AMOUNT

    def test_refund_in_part_is_paid_back_once(self, world):
        pay(world, "att_1", world.paid)
        first = refund(world, "ref_1", 300)
        again = refund(world, "ref_1", 300)
        queried = world.adapter.query_refund(RefundRef(payment=payment("att_1"), reference="ref_1"))

        assert {first.state, again.state, queried.state} == {RefundState.SUCCEEDED}
        assert (first.kind, first.payment_reference) == (ReportKind.REFUND, "att_1")
        assert (queried.amount_minor, queried.currency) == (300, CURRENCY)
        assert world.adapter.query(payment("att_1")).amount_refunded_minor == 300

    def test_refund_of_more_than_was_captured_is_rejected(self, world):
        pay(world, "att_1", world.paid)
        refund(world, "ref_1", 600)
        report = refund(world, "ref_2", 600)

        assert (report.outcome, report.state) == (Outcome.REJECTED, RefundState.FAILED)
        assert world.adapter.query(payment("att_1")).amount_refunded_minor == 600

    def test_unknown_refund_decides_nothing(self, world):
        report = world.adapter.query_refund(RefundRef(payment=payment("att_1"), reference="ref_9"))

        assert report.not_found
        assert (report.outcome, report.state) == (Outcome.UNKNOWN, None)

    def test_callback_is_verified_and_says_what_the_query_says(self, world):
        pay(world, "att_1", world.paid)
        callback = world.receiver.wait_for(1)[0]
        verified = world.adapter.verify(callback.headers, callback.body, now=datetime.now(UTC))
        (report,) = world.adapter.translate(callback.body)
        queried = world.adapter.query(payment("att_1"))

        assert verified.event_id
        assert (report.kind, report.reference) == (ReportKind.PAYMENT, "att_1")
        assert report.state is queried.state is PaymentState.SUCCEEDED
        assert report.amount_captured_minor == queried.amount_captured_minor == AMOUNT
        assert report.occurred_at == queried.occurred_at

    def test_callback_with_one_byte_changed_is_forged(self, world):
        pay(world, "att_1", world.paid)
        callback = world.receiver.wait_for(1)[0]

        with pytest.raises(CallbackForged):
            world.adapter.verify(callback.headers, flipped(callback), now=datetime.now(UTC))

    def test_channel_is_told_to_stop_or_to_come_again(self, world):
        assert 200 <= world.adapter.ack().status < 300
        assert world.adapter.nack().status >= 400

    def test_statement_has_a_line_for_each_movement(self, world):
        pay(world, "att_1", world.paid)
        pay(world, "att_2", world.declined)
        refund(world, "ref_1", 300)
        rows = statement(world)

        assert [(row.kind, row.reference, row.amount_minor, row.state) for row in rows] == [
            (ReportKind.PAYMENT, "att_1", AMOUNT, PaymentState.SUCCEEDED),
            (ReportKind.REFUND, "ref_1", 300, RefundState.SUCCEEDED),
        ]
        assert rows[0].fee_minor > 0

    def test_statement_cut_short_is_refused(self, world):
        pay(world, "att_1", world.paid)
        data = world.adapter.fetch_statement(datetime.now(UTC).date())

        with pytest.raises(StatementInvalid):
            list(world.adapter.parse_statement(data[: len(data) // 2]))


def payment(reference: str) -> PaymentRef:
    return PaymentRef(reference=reference, amount_minor=AMOUNT, currency=CURRENCY)


def pay(world: World, reference: str, method: Mapping[str, object], capture: Any = "automatic"):
    return world.adapter.create(
        CreateRequest(
            reference=reference,
            amount_minor=AMOUNT,
            currency=CURRENCY,
            capture=capture,
            method=method,
            callback_url=world.receiver.url,
        )
    )


def refund(world: World, reference: str, amount_minor: int):
    return world.adapter.refund(
        RefundRequest(
            payment=payment("att_1"),
            reference=reference,
            amount_minor=amount_minor,
            reason="too large",
            callback_url=world.receiver.url,
        )
    )


def statement(world: World):
    data = world.adapter.fetch_statement(datetime.now(UTC).date())
    return list(world.adapter.parse_statement(data))


def charges(world: World, reference: str):
    return [row for row in statement(world) if row.reference == reference]


def flipped(callback: Callback) -> bytes:
    middle = len(callback.body) // 2
    return callback.body[:middle] + bytes([callback.body[middle] ^ 1]) + callback.body[middle + 1 :]
