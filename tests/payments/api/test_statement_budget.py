"""How many SQL statements the two hottest roads cost (docs/performance.md)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from merchants.services import webhooks
from payments.channels.base import PaymentState
from payments.services import outcomes
from tests.factories import payments as make

# Without the test's own transaction around it, as in production.
pytestmark = pytest.mark.django_db(transaction=True)


def costs(statements):
    """What was sent, but for the ends of transactions."""
    said = [query["sql"] for query in statements]
    return [sql[:150] for sql in said if not sql.startswith(("BEGIN", "COMMIT"))]


def test_creating_a_payment_costs_twelve_statements_at_most(caller):
    body = {"amount": 1000, "currency": "CNY"}
    caller.post("/v1/payments", {**body, "reference": "warm-up"})

    with CaptureQueriesContext(
        connection,
    ) as statements:
        answer = caller.post("/v1/payments", {**body, "reference": "A-1"})

    assert answer.status_code == 201, answer.content
    assert len(costs(statements)) <= 12, "\n".join(costs(statements))


def test_applying_a_success_costs_fifteen_statements_at_most(merchant):
    account = make.channel_account()
    webhooks.register(
        merchant_id=merchant.pk,
        mode="test",
        url="http://127.0.0.1:9/hook",
        by=make.BY,
        now=make.NOW,
    )
    make.succeeded_payment(of=merchant, account=account)
    attempt = make.attempt_of(make.sent_payment(of=merchant, account=account))
    report = make.report(attempt, PaymentState.SUCCEEDED)

    with CaptureQueriesContext(connection) as statements:
        applied = outcomes.apply(
            report=report,
            channel_account=account,
            source="tests",
            by=make.BY,
            now=make.NOW,
        )

    assert applied == "changed"
    assert len(costs(statements)) <= 15, "\n".join(costs(statements))
