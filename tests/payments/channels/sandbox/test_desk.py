"""The simulator lets nobody in who does not sign, and refuses what real channels refuse."""

import json
import socket
import time
from datetime import date

import httpx2
import pytest

from payments.channels.base import ChannelError, CreateRequest, Credentials, ErrorKind, Outcome
from payments.channels.sandbox.adapter import SandboxAdapter
from payments.channels.sandbox.signing import request_headers

ACCOUNT, SECRET = "cha_1", b"the secret of cha_1"


@pytest.fixture
def post(simulator):
    def send(data, *, path="/v1/charges", account=ACCOUNT, secret=SECRET, at=None, body=None):
        signed = json.dumps(data).encode()
        headers = request_headers(
            account=account,
            secret=secret,
            method="POST",
            path=path,
            timestamp=int(time.time() if at is None else at),
            body=signed,
        )
        with httpx2.Client(trust_env=False) as http:
            return http.post(f"{simulator.address}{path}", content=body or signed, headers=headers)

    return send


@pytest.fixture
def nobody():
    """Credentials for an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return Credentials(account_id=ACCOUNT, base_url=f"http://127.0.0.1:{port}", secret=SECRET)


def charge(**changes):
    return {
        "reference": "att_1",
        "amount": "10.00",
        "currency": "CNY",
        "capture": "automatic",
        "method": {"type": "sandbox", "scenario": "succeed"},
        "callback_url": "",
        "return_url": "",
        **changes,
    }


def code(answer):
    return answer.status_code, answer.json().get("error", {}).get("code")


def test_signed_request_is_served(post):
    answer = post(charge())

    assert answer.status_code == 200
    assert answer.json()["state"] == "PAID"


def test_other_secret_is_refused(post):
    assert code(post(charge(), secret=b"guess")) == (401, "signature_wrong")


def test_unknown_account_is_refused(post):
    assert code(post(charge(), account="cha_9")) == (401, "account_unknown")


def test_changed_body_is_refused(post, control):
    changed = json.dumps(charge(amount="9.00")).encode()

    assert code(post(charge(), body=changed)) == (401, "signature_wrong")
    assert control.movements() == []


@pytest.mark.parametrize("seconds", [-400, 400])
def test_request_out_of_its_time_is_refused(post, seconds):
    assert code(post(charge(), at=time.time() + seconds)) == (401, "timestamp_out_of_window")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "10.0"}, (422, "amount_invalid")),
        ({"amount": 10}, (422, "amount_invalid")),
        ({"amount": "0.00"}, (422, "amount_invalid")),
        ({"amount": "-1.00"}, (422, "amount_invalid")),
        ({"amount": "1.00", "currency": "JPY"}, (422, "amount_invalid")),
        ({"currency": "BTC"}, (422, "amount_invalid")),
        ({"currency": None}, (422, "amount_invalid")),
        ({"reference": ""}, (400, "reference_invalid")),
        ({"reference": "a,b"}, (400, "reference_invalid")),
        ({"reference": "a" * 65}, (400, "reference_invalid")),
        ({"reference": 7}, (400, "reference_invalid")),
        ({"capture": "later"}, (422, "capture_invalid")),
        ({"method": None}, (422, "method_unsupported")),
        ({"method": {"type": "card"}}, (422, "method_unsupported")),
        ({"method": {"type": "sandbox", "scenario": []}}, (422, "scenario_unknown")),
        (
            {"method": {"type": "sandbox", "refund_scenario": "nope"}},
            (422, "scenario_unknown"),
        ),
        ({"callback_url": "file:///etc/passwd"}, (400, "url_invalid")),
        ({"callback_url": 7}, (400, "url_invalid")),
    ],
)
def test_invalid_charge_is_refused_and_books_nothing(post, control, changes, expected):
    assert code(post(charge(**changes))) == expected
    assert control.movements() == []


@pytest.mark.parametrize("body", [[], "text", None])
def test_body_that_is_no_object_is_refused(post, body):
    assert code(post(body)) == (400, "json_invalid")


def test_huge_body_is_refused(post):
    assert code(post(charge(description="x" * 70_000))) == (413, "body_too_large")


def test_unknown_path_is_refused(post):
    assert code(post({}, path="/v1/payouts")) == (404, "path_unknown")


def test_number_used_with_other_parameters_is_a_conflict(shop):
    shop.pay("succeed")
    with pytest.raises(ChannelError) as error:
        shop.pay("succeed", amount_minor=999)

    assert (error.value.kind, error.value.code) == (ErrorKind.CONFLICT, "reference_reused")
    assert error.value.permanent


def test_wrong_key_is_an_error_of_the_account_not_of_the_payment(simulator, client):
    credentials = Credentials(account_id="cha_1", base_url=simulator.address, secret=b"guess")
    with pytest.raises(ChannelError) as error:
        SandboxAdapter(credentials, client).create(request())

    assert (error.value.kind, error.value.permanent) == (ErrorKind.AUTH, True)
    assert error.value.raw["status"] == 401


def test_channel_that_is_down_certainly_did_nothing(nobody, client):
    with pytest.raises(ChannelError) as error:
        SandboxAdapter(nobody, client).create(request())

    assert (error.value.kind, error.value.code) == (ErrorKind.RETRY_SAME, "not_sent")
    assert not error.value.permanent


def test_statement_of_a_channel_that_is_down_is_asked_for_later(nobody, client):
    with pytest.raises(ChannelError) as error:
        SandboxAdapter(nobody, client).fetch_statement(date(2026, 1, 1))

    assert not error.value.permanent


def test_every_currency_keeps_its_digits(adapter, control):
    for currency, amount_minor in (("CNY", 1), ("JPY", 1), ("KWD", 1), ("KWD", 123_456)):
        report = adapter.create(
            request(
                reference=f"att_{currency}_{amount_minor}",
                amount_minor=amount_minor,
                currency=currency,
            )
        )
        assert report.outcome is Outcome.DONE
        assert report.amount_captured_minor == amount_minor

    assert [(line["currency"], line["amount_minor"]) for line in control.movements()] == [
        ("CNY", 1),
        ("JPY", 1),
        ("KWD", 1),
        ("KWD", 123_456),
    ]


def request(reference="att_1", amount_minor=1000, currency="CNY"):
    return CreateRequest(
        reference=reference,
        amount_minor=amount_minor,
        currency=currency,
        capture="automatic",
        method={"type": "sandbox", "scenario": "succeed"},
        callback_url="",
    )
