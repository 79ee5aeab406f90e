"""Callbacks that are lost, doubled, early, out of order, forged."""

import pytest

from payments.models import CallbackReceipt
from tests.journeys import books
from tests.journeys.doors import until, work

pytestmark = pytest.mark.journey


def test_a_payment_whose_callback_is_lost_is_found_by_asking(shop, account, bank, clock):
    payment = shop.pay("lost_callback").data
    assert payment["state"] == "processing"

    until(lambda: bank.movements(account.public_id), working=False)
    with clock(minutes=1):
        work()

    assert shop.look(payment["id"])["state"] == "succeeded"
    assert CallbackReceipt.objects.count() == 0
    assert books.receivable(account) == 10000


@pytest.mark.parametrize(
    "scenario",
    ["pending_then_succeed", "callback_twice", "callbacks_out_of_order", "callback_before_answer"],
)
def test_however_it_is_told_the_sale_is_booked_once(shop, account, scenario):
    payment = shop.pay(scenario).data

    until(lambda: CallbackReceipt.objects.exclude(state="received").exists())
    until(lambda: shop.look(payment["id"])["state"] == "succeeded")
    until(lambda: not CallbackReceipt.objects.filter(state="received").exists())

    assert books.receivable(account) == 10000
    assert shop.events().count("payment.succeeded") == 1


def test_a_forged_callback_moves_nothing_and_is_kept_as_evidence(shop, account):
    payment = shop.pay("forged_callback").data

    forged = until(lambda: CallbackReceipt.objects.filter(state="rejected").first())
    until(lambda: shop.look(payment["id"])["state"] == "failed")

    work()
    assert bytes(forged.body)
    assert books.receivable(account) == 0
    assert shop.events() == ["payment.failed"]


def test_money_of_another_amount_gets_a_ticket_not_a_sale(shop, account):
    payment = shop.pay("wrong_amount").data

    until(lambda: shop.look(payment["id"])["state"] == "failed")
    work()

    assert books.suspense(account) == 10001
    assert books.pending(shop) == 0
    assert books.nothing_is_unexplained()
