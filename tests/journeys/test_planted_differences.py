"""The night finds exactly what was planted, each under its name, and nothing else."""

from datetime import UTC, datetime

import pytest

from reconciliation.models import Ticket
from tests.journeys import books
from tests.journeys.doors import command, until

pytestmark = pytest.mark.journey

PLANTS = {
    "unknown_line": "missing_here",
    "amount_differs": "amount_mismatch",
    "fee_differs": "fee_mismatch",
    "duplicate_line": "duplicate_line",
    "omit_line": "missing_at_channel",
}


def test_every_planted_difference_becomes_its_ticket(shop, account, bank):
    today = datetime.now(UTC).date()
    payments = [shop.pay("succeed", amount=10000 + n).data for n in range(8)]
    references = iter([payment["latest_attempt"]["id"] for payment in payments])
    for kind in PLANTS:
        reference = "" if kind == "unknown_line" else next(references)
        bank.plant(account.public_id, today, kind, reference=reference)

    run, status = command("reconcile", "--channel", "sandbox", "--date", today.isoformat())

    assert run["discrepancies"] == dict.fromkeys(PLANTS.values(), 1)
    assert len(run["tickets"]) == 5
    assert status == 0
    assert books.nothing_is_unexplained()

    again, _ = command("reconcile", "--channel", "sandbox", "--date", today.isoformat())
    assert Ticket.objects.count() == 5
    assert again["discrepancies"] == run["discrepancies"]


def test_a_sale_that_we_do_not_know_as_paid_is_healed_by_the_statement(shop, account, settings):
    payment = shop.pay("lost_callback").data
    assert payment["state"] == "processing"
    today = datetime.now(UTC).date().isoformat()

    def healed():
        run, _ = command("reconcile", "--channel", "sandbox", "--date", today)
        return run["healed"]

    # The bank books the pending charge a moment later; nobody of ours asks meanwhile.
    assert until(healed, working=False) == 1
    assert shop.look(payment["id"])["state"] == "succeeded"
    assert books.available(shop) == 9710
    assert books.nothing_is_unexplained()
