"""A callback counts only with our account's signature, over its very bytes, in time."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.channels.base import (
    CallbackForged,
    CallbackUnreadable,
    Credentials,
    PaymentState,
)
from payments.channels.sandbox import callbacks
from payments.channels.sandbox.signing import callback_headers, request_headers

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BODY = (
    b'{"id":"sbe_1","type":"charge.paid","charge":{"id":"sbc_1","reference":"att_1","state":"PAID",'
    b'"amount":"10.00","currency":"CNY","captured_amount":"10.00","refunded_amount":"0.00",'
    b'"redirect_url":null,"failure":null,"updated_at":"2026-11-20T11:59:59+00:00"}}'
)
OURS = Credentials(account_id="cha_1", base_url="", secret=b"the secret of cha_1")


def signed(*, body=BODY, at=NOW, account="cha_1", secret=OURS.secret):
    return callback_headers(
        account=account, secret=secret, timestamp=int(at.timestamp()), body=body
    )


def verify(headers, body=BODY, *, now=NOW, credentials=OURS):
    return callbacks.verify(headers, body, credentials=credentials, now=now)


def refused(headers, body=BODY, **more):
    with pytest.raises(CallbackForged) as forged:
        verify(headers, body, **more)
    return forged.value.reason


def test_genuine_callback_is_known_by_its_event():
    verified = verify(signed())

    assert (verified.event_id, verified.sent_at) == ("sbe_1", NOW)


def test_header_names_have_no_case():
    assert verify({name.upper(): value for name, value in signed().items()})


@given(st.integers(min_value=0, max_value=len(BODY) - 1), st.integers(min_value=1, max_value=255))
def test_any_byte_changed_is_refused(position, difference):
    changed = bytearray(BODY)
    changed[position] ^= difference

    assert refused(signed(), bytes(changed)) == "signature_wrong"


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY[:-1], b"", BODY.replace(b'"CNY"', b'"KWD"'), b" " + BODY]
)
def test_other_bytes_of_the_same_or_another_meaning_are_refused(body):
    assert refused(signed(), body) == "signature_wrong"


def test_other_accounts_secret_is_refused():
    assert refused(signed(secret=b"the secret of cha_2")) == "signature_wrong"


def test_other_accounts_callback_is_refused_even_with_our_secret():
    assert refused(signed(account="cha_2")) == "account_wrong"


def test_other_accounts_signature_under_our_name_is_refused():
    headers = {**signed(account="cha_2"), "Sandbox-Account": "cha_1"}

    assert refused(headers) == "signature_wrong"


@pytest.mark.parametrize("seconds", [-300, -299, 299, 300])
def test_clock_may_differ_by_five_minutes(seconds):
    assert verify(signed(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-86400, -301, 301, 86400])
def test_stale_or_future_callback_is_refused(seconds):
    headers = signed(at=NOW + timedelta(seconds=seconds))

    assert refused(headers) == "timestamp_out_of_window"


def test_old_callback_with_a_fresh_time_is_refused():
    old = signed(at=NOW - timedelta(hours=1))
    fresh = signed()["Sandbox-Timestamp"]

    assert refused({**old, "Sandbox-Timestamp": fresh}) == "signature_wrong"


def test_request_signature_does_not_sign_a_callback():
    headers = request_headers(
        account="cha_1",
        secret=OURS.secret,
        method="POST",
        path="/v1/charges",
        timestamp=int(NOW.timestamp()),
        body=BODY,
    )

    assert refused(headers) == "signature_wrong"


@pytest.mark.parametrize("missing", ["Sandbox-Signature", "Sandbox-Timestamp", "Sandbox-Account"])
def test_missing_header_is_refused(missing):
    headers = signed()
    del headers[missing]

    assert refused(headers) in {"signature_missing", "account_wrong"}


@pytest.mark.parametrize(
    "timestamp", ["", "now", "1e9", "-1", "\uff11\uff17\uff10\uff10", "1" * 400, "1700000000.0"]
)
def test_timestamp_that_is_no_number_is_refused(timestamp):
    headers = {**signed(), "Sandbox-Timestamp": timestamp}

    assert refused(headers) in {"signature_missing", "timestamp_out_of_window"}


@pytest.mark.parametrize("signature", ["0" * 64, "", "none", "é" * 64])
def test_signature_of_another_kind_is_refused(signature):
    headers = {**signed(), "Sandbox-Signature": signature}

    assert refused(headers) in {"signature_missing", "signature_wrong"}


def test_two_signatures_in_one_header_are_refused():
    genuine = signed()["Sandbox-Signature"]

    assert refused({**signed(), "Sandbox-Signature": f"{genuine},{genuine}"}) == "signature_wrong"


def test_genuine_callback_that_nobody_can_read_has_an_event_id_all_the_same():
    for body in (b"\xff not JSON", b"[]", b'{"id": 7}', b'{"id": ""}'):
        verified = verify(signed(body=body), body)
        assert verified.event_id.startswith("sha256:")
        assert len(verified.event_id) <= 64


def test_translation_says_what_the_channel_says():
    (report,) = callbacks.translate(BODY)

    assert (report.reference, report.state) == ("att_1", PaymentState.SUCCEEDED)
    assert (report.amount_minor, report.amount_captured_minor) == (1000, 1000)
    assert report.occurred_at == datetime(2026, 11, 20, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        (b'"PAID"', b'"SETTLED"'),
        (b'"10.00"', b'"10.0"'),
        (b'"10.00"', b"10.00"),
        (b'"CNY"', b'"JPY"'),
        (b'"CNY"', b'"???"'),
        (b'"charge"', b'"dispute"'),
        (b'"updated_at"', b'"at"'),
        (b"+00:00", b""),
        (b"2026-11-20T", b"yesterday"),
        (b"2026-11-20T", b"0001-11-20T"),
        (b"att_1", b"att\\u0000"),
        (b"att_1", b"att_\\ud800"),
        (b"att_1", b"a" * 65),
        (b'"att_1"', b"7"),
        (BODY, b"not JSON"),
        (BODY, b"[]"),
        (BODY, b"7"),
        (BODY, b'{"charge": "paid"}'),
        (BODY, b'{"charge": {"state": ["PAID"]}}'),
        (BODY, b"[" * 100_000),
    ],
)
def test_what_cannot_be_translated_is_not_guessed(change):
    with pytest.raises(CallbackUnreadable):
        callbacks.translate(BODY.replace(*change))


def test_what_is_kept_of_a_callback_fits_any_database():
    strange = BODY.replace(
        b'"failure":null', b'"failure":{"code":"a\\u0000b","message":"\\ud800!"}'
    )
    (report,) = callbacks.translate(strange)

    assert (report.failure_code, report.failure_message) == ("ab", "!")
    kept = json.dumps(dict(report.raw), ensure_ascii=False)
    assert kept.encode()
    assert "\x00" not in str(report.raw["callback"])


def test_account_of_another_name_does_not_accept_ours():
    theirs = replace(OURS, account_id="cha_2", secret=b"the secret of cha_2")

    assert refused(signed(), credentials=theirs) == "account_wrong"
