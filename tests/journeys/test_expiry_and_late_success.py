"""A payment whose time is over: closed at the channel first; money that comes later is taken."""

import pytest

from payments.models import SuspenseItem
from tests.journeys import books
from tests.journeys.doors import until, work

pytestmark = pytest.mark.journey


def test_an_unpaid_payment_expires(shop, account, bank, clock):
    payment = shop.pay("requires_redirect", expires_in=60).data

    with clock(seconds=61):
        work()
        seen = shop.look(payment["id"])

    assert seen["state"] == "expired"
    assert seen["next_action"] is None
    assert shop.events()[-1] == "payment.expired"
    assert books.receivable(account) == 0


def test_a_success_that_arrives_after_expiry_is_reinstated(shop, account, clock):
    payment = shop.pay("late_success", expires_in=60).data
    with clock(seconds=61):
        work()
        assert shop.look(payment["id"])["state"] == "expired"

    until(lambda: shop.look(payment["id"])["state"] == "succeeded")

    seen = shop.look(payment["id"])
    assert seen["late"] is True
    assert books.receivable(account) == 10000
    assert books.pending(shop) == 9710
    assert shop.events()[-2:] == ["payment.expired", "payment.succeeded"]


def test_a_success_after_the_merchant_canceled_is_held_for_a_person(shop, account):
    payment = shop.pay("late_success").data
    canceled = shop.api.post(f"/v1/payments/{payment['id']}/cancel", {}, key="cancel-1")
    assert canceled.data["state"] == "canceled"

    item = until(SuspenseItem.objects.first)

    work()
    assert item.kind == "late_success"
    assert books.suspense(account) == 10000
    assert shop.look(payment["id"])["state"] == "canceled"
    assert books.nothing_is_unexplained()
