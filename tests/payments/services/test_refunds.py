"""Money back: never more than came in, booked when the channel says, given back when it refuses."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from ledger.services import proof
from payments.channels.base import ChannelError, ErrorKind, RefundState
from payments.models import Refund
from payments.selectors.history import rebuilt, stored
from payments.services import captures, connections, outcomes, payments, refunds
from payments.services.refunds import PaymentNotRefundable, RefundExceedsPayment
from tests.factories import payments as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment(channel):
    """Really charged: the channel must know what it is asked to give back."""
    created = make.created_payment(amount_minor=10000)
    return payments.confirm(
        public_id=created.public_id,
        tenant=make.Tenant(merchant_pk=created.merchant_id, mode="test"),
        by=make.BY,
        now=make.NOW,
    )


def give_back(payment, amount_minor=None, *, scenario="succeed"):
    return refunds.request(
        payment_id=payment.public_id,
        tenant=make.Tenant(merchant_pk=payment.merchant_id, mode="test"),
        amount_minor=amount_minor,
        metadata={"refund_scenario": scenario},
        by=make.BY,
        now=make.NOW,
    )


def owed_to(payment, kind=AccountKind.MERCHANT_PENDING):
    return -balance(
        AccountRef(kind, make.reloaded(payment).merchant.public_id, payment.currency, Books.TEST)
    )


def test_a_refund_in_part_leaves_the_rest(payment):
    refund = give_back(payment, 4000)

    payment = make.reloaded(payment)
    assert refund.state == "succeeded"
    assert (payment.state, payment.order.state) == ("partially_refunded", "partially_refunded")
    assert owed_to(payment) == 9710 - 4000
    assert payment.refundable_minor == 6000


def test_refunds_in_parts_end_in_full(payment):
    for amount in (4000, 5000, 1000):
        give_back(payment, amount)

    payment = make.reloaded(payment)
    assert (payment.state, payment.order.state) == ("refunded", "refunded")
    assert owed_to(payment) == -290
    assert rebuilt(payment) == stored(payment)
    assert proof.verify().ok


def test_more_than_is_left_is_refused_and_writes_nothing(payment):
    give_back(payment, 6000)

    with pytest.raises(RefundExceedsPayment) as refused:
        give_back(payment, 4001)

    assert refused.value.refundable_minor == 4000
    assert Refund.objects.count() == 1


def test_a_refused_refund_gives_the_merchant_its_money_again(payment):
    refund = give_back(payment, 4000, scenario="fail")

    payment = make.reloaded(payment)
    assert refund.state == "failed"
    assert payment.state == "succeeded"
    assert payment.refundable_minor == 10000
    assert owed_to(payment) == 9710
    assert owed_to(payment, AccountKind.REFUNDS_PAYABLE) == 0


def test_money_under_way_is_held_until_the_channel_says(payment):
    refund = give_back(payment, 4000, scenario="pending_then_succeed")
    assert refund.state == "processing"
    assert owed_to(payment, AccountKind.REFUNDS_PAYABLE) == 4000

    outcomes.apply(
        report=make.refund_report(refund, RefundState.SUCCEEDED),
        channel_account=make.attempt_of(payment).channel_account,
        source="tests",
        by=make.BY,
        now=make.NOW,
    )

    assert Refund.objects.get().state == "succeeded"
    assert owed_to(payment, AccountKind.REFUNDS_PAYABLE) == 0


def test_a_refund_whose_answer_is_lost_is_found_by_asking(payment):
    refund = give_back(payment, 4000, scenario="timeout_then_succeed")
    assert refund.state in ("pending", "processing")

    refunds.pursue(refund=Refund.objects.get(), by=make.BY, now=make.NOW)

    assert Refund.objects.get().state == "succeeded"


def test_a_payment_that_collected_nothing_gives_nothing_back(channel):
    with pytest.raises(PaymentNotRefundable):
        give_back(make.sent_payment(account=channel))


def test_twenty_refunds_at_once_never_exceed_the_payment(payment):
    barrier = Barrier(20)

    def one(_):
        try:
            barrier.wait(timeout=20)
            return give_back(payment, 1000).state
        except (RefundExceedsPayment, PaymentNotRefundable):
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        results = sorted(pool.map(one, range(20)))

    payment = make.reloaded(payment)
    assert results == ["refused"] * 10 + ["succeeded"] * 10
    assert payment.amount_refunded_minor == 10000
    assert owed_to(payment) == -290
    assert proof.verify().ok


def say(payment, refund, state, **says):
    outcomes.apply(
        report=make.refund_report(refund, state, **says),
        channel_account=make.attempt_of(payment).channel_account,
        source="tests",
        by=make.BY,
        now=make.NOW,
    )
    return Refund.objects.get(pk=refund.pk)


def test_a_refund_that_failed_and_was_made_all_the_same_is_taken_from_the_merchant(payment):
    refund = give_back(payment, 10000, scenario="fail")
    assert owed_to(payment) == 9710

    refund = say(payment, refund, RefundState.SUCCEEDED)

    assert refund.state == "succeeded"
    assert owed_to(payment) == -290
    assert make.reloaded(payment).state == "refunded"
    with pytest.raises(PaymentNotRefundable):
        give_back(payment, 1)
    assert proof.verify().ok


def test_a_refund_that_went_back_twice_waits_for_a_person(payment):
    first = give_back(payment, 10000, scenario="fail")
    give_back(payment, 10000)

    first = say(payment, first, RefundState.SUCCEEDED)

    assert first.state == "failed"
    assert first.dead_at is not None
    assert first.last_error == "refund.made_twice"
    assert owed_to(payment) == -290


@pytest.mark.parametrize("says", [{"amount_minor": 3999}, {"currency": "KWD"}])
def test_a_refund_of_another_amount_is_not_booked_and_waits_for_a_person(payment, says):
    refund = give_back(payment, 4000, scenario="pending_then_succeed")

    refund = say(payment, refund, RefundState.SUCCEEDED, **says)

    assert refund.state == "processing"
    assert refund.dead_at is not None
    assert owed_to(payment, AccountKind.REFUNDS_PAYABLE) == 4000


def test_a_reference_that_the_channel_knows_already_is_asked_for_not_failed(payment, monkeypatch):
    class Conflict:
        def refund(self, request):
            raise ChannelError(
                kind=ErrorKind.CONFLICT, code="reference_reused", message="", permanent=True
            )

    monkeypatch.setattr(connections, "refunds", lambda _account: Conflict())

    refund = give_back(payment, 4000)

    assert refund.state == "processing"
    assert refund.due_at is not None


def test_an_order_that_was_collected_in_part_is_refunded_when_that_part_is(channel):
    created = make.created_payment(amount_minor=10000, capture="manual")
    tenant = make.Tenant(merchant_pk=created.merchant_id, mode="test")
    common = {"public_id": created.public_id, "tenant": tenant, "by": make.BY, "now": make.NOW}
    payments.confirm(**common)
    payment = captures.capture(**common, amount_minor=6000)

    give_back(payment)

    payment = make.reloaded(payment)
    assert (payment.state, payment.order.state) == ("refunded", "refunded")
