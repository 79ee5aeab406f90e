"""A sale: from the merchant's signed request to money that it can have."""

from datetime import UTC, datetime

import pytest

from payments.models import Payment
from payments.selectors.history import rebuilt, stored
from tests.journeys import books
from tests.journeys.doors import command, until

pytestmark = pytest.mark.journey


def test_a_sale_is_collected_told_and_settled(shop, account, bank):
    answer = shop.pay("succeed", amount=10000)
    assert answer.status == 201
    assert answer.data["state"] == "succeeded"
    assert (books.pending(shop), books.fee_income()) == (9710, 290)
    assert until(lambda: "payment.succeeded" in shop.events())

    run, status = command(
        "reconcile", "--channel", "sandbox", "--date", datetime.now(UTC).date().isoformat()
    )

    assert status == 0
    assert (run["lines"], run["matched"], run["discrepancies"]) == (1, 1, {})
    assert (books.pending(shop), books.available(shop)) == (0, 9710)
    assert books.receivable(account) == 0
    assert books.at_bank() == 10000 - 60
    assert shop.balance()["available"] == 9710
    assert books.nothing_is_unexplained()
    verdict, status = command("verify_ledger")
    assert (verdict["ok"], status) == (True, 0)


def test_an_authorized_sale_is_captured_in_part_and_settled(shop, account):
    payment = shop.pay("succeed", amount=10000, capture="manual").data
    assert payment["state"] == "authorized"
    assert books.receivable(account) == 0

    captured = shop.api.post(
        f"/v1/payments/{payment['id']}/capture", {"amount": 6000}, key="capture-1"
    )

    assert captured.data["state"] == "succeeded"
    assert captured.data["amount_captured"] == 6000
    assert books.receivable(account) == 6000
    command("reconcile", "--channel", "sandbox", "--date", datetime.now(UTC).date().isoformat())
    assert books.available(shop) == 6000 - 174


def test_a_payer_who_approves_at_the_redirect_has_paid(shop, account, bank):
    payment = shop.pay("requires_redirect").data
    assert payment["state"] == "requires_action"
    reference = payment["latest_attempt"]["id"]

    bank.decide(account.public_id, reference, pay=True)

    until(lambda: shop.look(payment["id"])["state"] == "succeeded")
    assert books.receivable(account) == 10000


def test_the_same_request_five_times_charges_once(shop, account, bank):
    number = next(shop.numbers)
    body = {
        "reference": f"order-{number}",
        "amount": 500,
        "currency": "JPY",
        "confirm": True,
        "method": {"type": "sandbox", "scenario": "succeed"},
    }

    answers = [shop.api.post("/v1/payments", body, key="one-key") for _ in range(5)]

    assert [answer.replayed for answer in answers] == [False, True, True, True, True]
    assert len({answer.data["id"] for answer in answers}) == 1
    assert bank.book()["accounts"][account.public_id]["JPY"]["charges"] == 1


def test_every_payment_can_be_rebuilt_from_its_events(shop):
    for scenario in ("succeed", "decline", "requires_redirect", "pending_then_succeed"):
        shop.pay(scenario)
    until(lambda: Payment.objects.filter(state="succeeded").count() == 2)

    for payment in Payment.objects.all():
        assert rebuilt(payment) == stored(payment)
