"""Nobody knows what became of the charge: neither failed nor paid, until the channel says."""

import pytest

from tests.journeys import books
from tests.journeys.doors import until, work

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("scenario", ["charge_then_timeout", "charge_then_500", "garbage_answer"])
def test_a_charge_whose_answer_is_lost_is_found_and_booked_once(shop, account, bank, scenario):
    payment = shop.pay(scenario).data
    assert payment["state"] == "processing"
    assert payment["latest_attempt"]["outcome_unknown"] is True

    until(lambda: shop.look(payment["id"])["state"] == "succeeded")

    for _ in range(3):
        work()
    assert books.receivable(account) == 10000
    assert bank.book()["accounts"][account.public_id]["CNY"]["charges"] == 1
    assert shop.events().count("payment.succeeded") == 1


def test_not_found_at_first_and_paid_later_is_paid(shop, account, clock):
    payment = shop.pay("not_found_then_paid").data
    assert payment["state"] == "processing"

    for minutes in (1, 2, 3):
        with clock(minutes=minutes):
            work()

    assert shop.look(payment["id"])["state"] == "succeeded"
    assert books.receivable(account) == 10000


def test_the_merchant_may_ask_for_the_outcome(shop, account):
    payment = shop.pay("lost_callback").data

    def asked():
        path = f"/v1/payments/{payment['id']}/refresh"
        return shop.api.post(path, {}, key=f"refresh-{next(shop.numbers)}").data["state"]

    until(lambda: asked() == "succeeded")
    assert books.receivable(account) == 10000


def test_a_request_that_never_reached_the_channel_ends_expired_and_uncharged(
    shop, account, bank, clock
):
    payment = shop.pay("timeout_not_charged", expires_in=60).data
    assert payment["state"] == "processing"

    with clock(seconds=61):
        work()
        state = shop.look(payment["id"])["state"]

    assert state == "expired"
    assert books.receivable(account) == 0
    assert account.public_id not in bank.book()["accounts"]
