"""Callbacks: stored once, applied once, forged ones kept and refused."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from audit.models import Record
from ledger.chart import AccountKind, Books
from ledger.drafts import AccountRef
from ledger.selectors import balance
from merchants.models import Event
from payments import tasks
from payments.channels.sandbox import signing
from payments.models import CallbackReceipt, SuspenseItem
from payments.services import callbacks
from tests.factories import payments as make
from tests.payments.services.conftest import SECRET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment(channel):
    return make.sent_payment(account=channel)


def body_of(payment, *, state="PAID", amount="100.00", event="evt-1", reference=""):
    attempt = make.attempt_of(payment)
    return json.dumps(
        {
            "id": event,
            "charge": {
                "reference": reference or attempt.public_id,
                "id": f"sbx_{attempt.pk}",
                "amount": amount,
                "currency": "CNY",
                "captured_amount": amount,
                "refunded_amount": "0.00",
                "state": state,
                "updated_at": "2026-11-20T12:00:00Z",
            },
        }
    ).encode()


def arrive(payment, body, *, secret=SECRET, ago=0):
    account = make.attempt_of(payment).channel_account
    now = datetime.now(UTC)
    headers = signing.callback_headers(
        account=account.public_id,
        secret=secret,
        body=body,
        timestamp=int(now.timestamp()) - ago,
    )
    return callbacks.receive(
        channel="sandbox",
        account_id=account.public_id,
        headers=headers,
        body=body,
        by=make.BY,
        now=now,
    )


def receivable(payment):
    account = make.attempt_of(payment).channel_account.public_id
    return balance(AccountRef(AccountKind.CHANNEL_RECEIVABLE, account, "CNY", Books.TEST))


def test_a_callback_is_acknowledged_when_it_is_stored_and_applied_by_a_worker(payment):
    answer = arrive(payment, body_of(payment))

    receipt = CallbackReceipt.objects.get()
    assert answer.status == 200
    assert receipt.state == "received"
    assert make.reloaded(payment).state == "processing"

    tasks.apply_callbacks()

    receipt.refresh_from_db()
    assert (receipt.state, receipt.reference) == ("applied", make.attempt_of(payment).public_id)
    assert make.reloaded(payment).state == "succeeded"


def test_the_same_callback_twenty_times_at_once_is_booked_once(payment):
    body = body_of(payment)
    barrier = Barrier(20)

    def deliver(_):
        try:
            barrier.wait(timeout=20)
            status = arrive(payment, body).status
            tasks.apply_callbacks()
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(deliver, range(20)))

    receipt = CallbackReceipt.objects.get()
    assert statuses == [200] * 20
    assert (receipt.state, receipt.deliveries) == ("applied", 20)
    assert receivable(payment) == 10000
    assert Event.objects.filter(type="payment.succeeded").count() == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"secret": b"somebody else's secret"}, "signature_wrong"),
        ({"ago": 301}, "timestamp_out_of_window"),
    ],
)
def test_a_forged_callback_is_kept_recorded_and_moves_nothing(payment, wrong, reason):
    body = body_of(payment)

    answer = arrive(payment, body, **wrong)
    tasks.apply_callbacks()

    receipt = CallbackReceipt.objects.get()
    assert answer.status >= 400
    assert (receipt.state, receipt.rejected_because) == ("rejected", reason)
    assert bytes(receipt.body) == body
    assert Record.objects.filter(action="callback.forged").count() == 1
    assert make.reloaded(payment).state == "processing"
    assert receivable(payment) == 0


def test_of_a_large_forgery_a_sample_and_the_digest_are_kept(payment):
    body = b"x" * 60_000
    arrive(payment, body, secret=b"somebody else's secret")

    assert bytes(CallbackReceipt.objects.get().body) == body[:4096]
    detail = Record.objects.get(action="callback.forged").detail
    assert detail["sha256"] == hashlib.sha256(body).hexdigest()
    assert detail["size_bytes"] == 60_000


def test_a_forger_cannot_fill_the_table(payment, monkeypatch):
    monkeypatch.setattr(callbacks, "FORGERY_WINDOW_SECONDS", 3600)
    answers = {arrive(payment, b"x", secret=b"somebody else's").status for _ in range(30)}
    assert answers == {503}
    # The hour may have turned in between.
    assert CallbackReceipt.objects.count() <= 2 * callbacks.FORGERIES_KEPT
    assert arrive(payment, body_of(payment)).status == 200


@pytest.mark.parametrize(
    ("length", "body", "status"),
    [
        ("abc", b"x", 400),
        ("-1", b"x", 400),
        ("9" * 5000, b"x", 400),
        ("1", b"x" * 65_537, 413),
        ("1", b"x" * 65_536, 503),
    ],
)
def test_the_length_is_neither_trusted_nor_a_way_to_break_the_door(
    client, payment, length, body, status
):
    account = make.attempt_of(payment).channel_account.public_id
    answer = client.generic(
        "POST", f"/callbacks/sandbox/{account}", body, HTTP_CONTENT_LENGTH=length
    )
    assert answer.status_code == status


def test_money_for_an_unknown_reference_is_parked(payment):
    arrive(payment, body_of(payment, reference="att_somebody_elses"))
    tasks.apply_callbacks()

    assert CallbackReceipt.objects.get().state == "parked"
    assert SuspenseItem.objects.get().kind == "unknown_payment"


def test_a_genuine_callback_that_nobody_can_read_is_put_before_a_person(payment):
    arrive(payment, b'{"id": "evt-9", "weather": "fine"}')
    tasks.apply_callbacks()

    receipt = CallbackReceipt.objects.get()
    assert receipt.state == "received"
    assert receipt.dead_at is not None
    assert receipt.last_error
