"""Money back in two parts, before and after settlement."""

from datetime import UTC, datetime

import pytest

from tests.journeys import books
from tests.journeys.doors import command, until

pytestmark = pytest.mark.journey


def reconcile():
    return command(
        "reconcile", "--channel", "sandbox", "--date", datetime.now(UTC).date().isoformat()
    )


def test_two_refunds_in_part_give_all_of_it_back(shop, account, bank):
    payment = shop.pay("succeed", amount=10000).data["id"]
    first = shop.refund(payment, 4000, reason="one cup broken").data
    second = shop.refund(payment, 6000).data

    assert (first["state"], second["state"]) == ("succeeded", "succeeded")
    assert shop.look(payment)["state"] == "refunded"
    assert shop.refund(payment, 1).code == "payment_state_invalid"
    assert books.receivable(account) == 0
    assert books.pending(shop) == -290

    run, status = reconcile()
    assert (status, run["lines"], run["matched"]) == (0, 3, 3)
    assert (books.pending(shop), books.available(shop)) == (0, -290)
    assert bank.book()["accounts"][account.public_id]["CNY"]["refunded_minor"] == 10000
    assert books.nothing_is_unexplained()


def test_a_refund_after_settlement_comes_from_what_is_available(shop, account):
    payment = shop.pay("succeed", amount=10000).data["id"]
    reconcile()
    assert books.available(shop) == 9710

    shop.refund(payment, 2500)

    assert (books.pending(shop), books.available(shop)) == (0, 7210)
    run, _ = reconcile()
    assert run["matched"] == 2
    assert (books.pending(shop), books.available(shop)) == (0, 7210)
    assert books.receivable(account) == 0


def test_a_refund_that_the_channel_refuses_costs_nobody_anything(shop, account):
    payment = shop.pay("succeed", amount=10000).data["id"]

    refund = shop.refund(payment, 4000, metadata={"refund_scenario": "fail"}).data

    assert refund["state"] == "failed"
    assert books.pending(shop) == 9710
    assert shop.look(payment)["state"] == "succeeded"
    until(lambda: "refund.failed" in shop.events())


def test_more_than_is_left_is_refused(shop):
    payment = shop.pay("succeed", amount=10000).data["id"]
    shop.refund(payment, 9000)

    refused = shop.refund(payment, 1001)

    assert (refused.status, refused.code) == (422, "refund_exceeds_captured")
