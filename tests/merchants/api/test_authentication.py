"""Who is let in: every part of a signature counts, once, for five minutes."""

import base64
import binascii
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from audit.models import Record
from merchants.api import refusals
from merchants.models import SeenNonce, WebhookEndpoint
from merchants.services import api_keys, onboarding
from merchants.signing import messages
from merchants.states import Algorithm, Mode
from tests.factories.merchants import OPERATOR, bearer, signer
from tests.merchants.api.bad_inputs import refused
from tests.merchants.api.client import ORIGIN, ApiClient

pytestmark = pytest.mark.django_db
PATH = "/v1/webhook_endpoints"
BODY = json.dumps({"url": "https://shop.example.com/hook"}).encode()


def signed(api, *, method="POST", path=PATH, body=BODY, **kwargs):
    return api.headers(method, path, body, kwargs.pop("over", {}), **kwargs)


def now():
    return datetime.now(tz=UTC)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_all_four_algorithms_are_taken(algorithm):
    api = ApiClient(signer(algorithm=algorithm))
    assert api.post(PATH, json.loads(BODY)).status_code == 201


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events?limit=5", "/v1/events?limit=5&after=0"])
def test_a_read_is_signed_without_a_body(api, path):
    assert api.get(path).status_code == 200


def test_a_bearer_secret_is_taken_for_tests(test_api):
    assert test_api.get("/v1/events").status_code == 200


def test_a_signature_is_taken_with_a_test_key_too():
    assert ApiClient(signer(mode=Mode.TEST)).get("/v1/events").status_code == 200


def test_each_mode_sees_its_own_objects_only(api, test_api):
    live = api.post(PATH, json.loads(BODY)).json()["id"]
    assert test_api.get(PATH).json()["data"] == []
    refused(test_api.get(f"{PATH}/{live}"), "not_found")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "signature_missing"),
        ({"Authorization": ""}, "key_unknown"),
        ({"Authorization": "Bearer"}, "key_unknown"),
        ({"Authorization": "Bearer sk_test_x"}, "key_unknown"),
        ({"Authorization": f"Bearer sk_live_{'x' * 43}"}, "key_unknown"),
        ({"Authorization": f"Bearer sk_test_{'x' * 43}"}, "key_unknown"),
        ({"Authorization": "Basic c2s6"}, "key_unknown"),
        ({"Authorization": "Bearer a,Bearer b"}, "header_duplicate"),
        ({"Signature": "sig1=:AAAA:"}, "signature_missing"),
        ({"Signature-Input": 'sig1=("@method")'}, "signature_missing"),
        ({"Signature": "x", "Signature-Input": "y"}, "signature_invalid"),
    ],
)
def test_who_proves_nothing_is_refused(db, headers, code):
    response = ApiClient(None).get("/v1/events", headers=headers)
    refused(response, code)
    assert response["WWW-Authenticate"]


def test_a_bearer_secret_in_other_letters_is_unknown(test_api):
    test_api.credential = api_keys.Issued(
        test_api.credential.key, test_api.credential.secret.swapcase()
    )
    refused(test_api.get("/v1/events"), "key_unknown")


def test_a_signature_and_a_bearer_secret_together_are_refused(api, merchant):
    headers = {"Authorization": f"Bearer {bearer(merchant).secret}"}
    refused(api.get("/v1/events", headers=headers), "signature_invalid")


def test_a_revoked_key_is_refused_from_the_next_request_on(api, test_api):
    for client in (api, test_api):
        assert client.get("/v1/events").status_code == 200
        api_keys.revoke(key=client.credential.key, reason="lost", by=OPERATOR, now=now())
        refused(client.get("/v1/events"), "key_revoked")


def test_a_suspended_merchant_is_refused(api, merchant):
    onboarding.suspend(merchant=merchant, reason="papers", by=OPERATOR, now=now())
    refused(api.get("/v1/events"), "merchant_suspended")


def test_an_unknown_key_id_is_refused(api):
    headers = signed(api)
    other = "key_" + "0" * 26
    headers["Signature-Input"] = headers["Signature-Input"].replace(
        api.credential.key.public_id, other
    )
    refused(api.raw("POST", PATH, BODY, headers), "key_unknown")


def test_a_bearer_keys_id_signs_nothing(api, merchant):
    headers = signed(api)
    headers["Signature-Input"] = headers["Signature-Input"].replace(
        api.credential.key.public_id, bearer(merchant).key.public_id
    )
    refused(api.raw("POST", PATH, BODY, headers), "key_unknown")


def test_another_merchants_key_id_does_not_verify(api, stranger):
    headers = signed(api)
    headers["Signature-Input"] = headers["Signature-Input"].replace(
        api.credential.key.public_id, stranger.credential.key.public_id
    )
    # The two share a private key here: it is the covered key id that tells them apart.
    refused(api.raw("POST", PATH, BODY, headers), "signature_invalid")


@pytest.mark.parametrize(
    "alg", ["rsa-pss-sha512", "ecdsa-p256-sha256", "hmac-sha256", "none", "ecdsa-p384-sha384", ""]
)
def test_an_algorithm_that_is_not_the_keys_is_refused(api, alg):
    headers = signed(api)
    headers["Signature-Input"] = headers["Signature-Input"].replace('alg="ed25519"', f'alg="{alg}"')
    refused(api.raw("POST", PATH, BODY, headers), "algorithm_not_allowed")


@pytest.mark.parametrize(
    ("skew", "code"),
    [
        (299, None),
        (-299, None),
        (301, "timestamp_out_of_window"),
        (-301, "timestamp_out_of_window"),
    ],
)
def test_the_clock_may_be_off_by_five_minutes(api, skew, code):
    response = api.get("/v1/events", now=now() + timedelta(seconds=skew))
    if code:
        refused(response, code)
    else:
        assert response.status_code == 200


def with_parameters(api, change):
    """A request whose signature is right over parameters that `change` made wrong."""
    headers = signed(api)
    headers["Signature-Input"] = change(headers["Signature-Input"])
    return resign(api, headers)


def resign(api, headers, *, method="POST", path=PATH):
    """Signs whatever stands in Signature-Input, as a client with a bug would."""
    claimed = headers["Signature-Input"].removeprefix("sig1=")
    values = {
        "@method": method,
        "@authority": "localhost",
        "@path": path,
        "@query": "?",
        **{name.lower(): value for name, value in headers.items()},
    }
    names = [n.strip('"') for n in claimed.partition("(")[2].partition(")")[0].split()]
    lines = [f'"{name}": {values[name]}' for name in names]
    base = "\n".join([*lines, f'"@signature-params": {claimed}']).encode()
    implementation = messages.IMPLEMENTATIONS[api.credential.algorithm]
    raw = implementation(private_key=api.credential.private_key).sign(base)
    headers["Signature"] = f"sig1=:{base64.b64encode(raw).decode()}:"
    return headers


def test_the_clients_bug_machine_signs_rightly_when_nothing_is_changed(api):
    headers = with_parameters(api, lambda text: text)
    assert api.raw("POST", PATH, BODY, headers).status_code == 201


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.replace(';tag="zerosum"', ""), "signature_invalid"),
        (lambda t: t.replace('tag="zerosum"', 'tag="other"'), "signature_invalid"),
        (lambda t: t.partition(';nonce="')[0] + ';tag="zerosum"', "signature_invalid"),
        (lambda t: t.partition(';nonce="')[0] + ';nonce="short";tag="zerosum"', "signature_invalid"),
        (lambda t: t.partition(';nonce="')[0] + f';nonce="{"n" * 129}";tag="zerosum"', "signature_invalid"),
        (lambda t: t.partition(';nonce="')[0] + ';nonce="";tag="zerosum"', "signature_invalid"),
        (lambda t: t.partition(';nonce="')[0] + ';nonce=1234567890123456;tag="zerosum"', "signature_invalid"),
        (lambda t: t.replace(";alg=\"ed25519\"", ""), "signature_invalid"),
        (lambda t: t + ";custom=1", "signature_invalid"),
        (lambda t: t + ";expires=1", "signature_invalid"),
        (lambda t: t + ';expires="soon"', "signature_invalid"),
        (lambda t: t + f";expires={int(now().timestamp()) + 60}", None),
        (lambda t: t.replace(";created=", ";created=-"), "timestamp_out_of_window"),
        (lambda t: t.replace(";created=", ";created=9"), "timestamp_out_of_window"),
        (lambda t: t.replace(";created=", ";x="), "signature_invalid"),
        (lambda t: t.replace('"@method" ', ""), "signature_invalid"),
        (lambda t: t.replace('"@authority" ', ""), "signature_invalid"),
        (lambda t: t.replace('"@path" ', ""), "signature_invalid"),
        (lambda t: t.replace('"@query" ', ""), "signature_invalid"),
        (lambda t: t.replace('"content-digest" ', ""), "signature_invalid"),
        (lambda t: t.replace('"content-type" ', ""), "signature_invalid"),
        (lambda t: t.replace(' "idempotency-key"', ""), "signature_invalid"),
        (lambda t: t.replace("(", '("@method" ', 1), "signature_invalid"),
        (lambda t: "sig2" + t[4:], "signature_invalid"),
    ],
)  # fmt: skip
def test_a_signature_over_less_or_something_else_is_refused(api, change, code):
    response = api.raw("POST", PATH, BODY, with_parameters(api, change))
    if code:
        refused(response, code)
        assert not WebhookEndpoint.objects.exists()
    else:
        assert response.status_code == 201


def test_expired_is_expired_even_within_the_window(api):
    moment = int(now().timestamp())
    headers = signed(api, now=now() - timedelta(seconds=120))
    headers["Signature-Input"] += f";expires={moment - 60}"
    refused(api.raw("POST", PATH, BODY, resign(api, headers)), "timestamp_out_of_window")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Signature", lambda v: f"{v},{v}", "header_duplicate"),
        ("Signature", lambda v: f"{v}, sig2=:AAAA:", "header_duplicate"),
        ("Signature-Input", lambda v: f"{v},{v}", "header_duplicate"),
        ("Content-Digest", lambda v: f"{v},{v}", "header_duplicate"),
        ("Content-Digest", lambda v: v + ", sha-512=:AAAA:", "header_duplicate"),
        ("Content-Digest", lambda v: v.replace("sha-256", "sha"), "signature_invalid"),
        ("Content-Digest", lambda v: v.replace("sha-256", "md5"), "signature_invalid"),
        ("Content-Digest", lambda v: v.upper(), "signature_invalid"),
        ("Content-Digest", lambda _: messages.content_digest(b"{}"), "signature_invalid"),
        ("Content-Digest", lambda _: "", "signature_invalid"),
        ("Content-Type", lambda _: "application/json; charset=utf-8", "signature_invalid"),
        ("Idempotency-Key", lambda _: "another", "signature_invalid"),
        ("Idempotency-Key", lambda v: f"{v},{v}", "signature_invalid"),
        ("Signature", lambda v: v.replace("sig1", "sig2"), "signature_invalid"),
        ("Signature", lambda v: v[:30] + ":", "signature_invalid"),
        ("Signature", lambda _: "sig1=::", "signature_invalid"),
    ],
)
def test_a_header_that_differs_from_what_was_signed_is_refused(api, name, value, code):
    headers = signed(api)
    headers[name] = value(headers[name])
    refused(api.raw("POST", PATH, BODY, headers), code)
    assert not WebhookEndpoint.objects.exists()


def test_a_missing_digest_is_refused(api):
    headers = signed(api)
    del headers["Content-Digest"]
    refused(api.raw("POST", PATH, BODY, headers), "signature_invalid")


def test_another_method_address_or_body_is_refused(api, merchant):
    other = f"{PATH}/whe_{'0' * 26}"
    attempts = [
        ("PATCH", PATH, BODY),
        ("POST", other, BODY),
        ("POST", PATH + "?a=b", BODY),
        ("POST", PATH + "/", BODY),
        ("POST", "/v1//webhook_endpoints", BODY),
        ("POST", PATH, BODY + b" "),
        ("POST", PATH, b""),
        ("POST", f"http://localhost{PATH}", BODY),
    ]
    for method, path, body in attempts:
        response = api.raw(method, path, body, signed(api))
        assert response.status_code in {401, 404}, (method, path)
    assert not WebhookEndpoint.objects.exists()


def test_a_query_is_signed_as_it_was_sent(api):
    headers = signed(api, method="GET", path="/v1/events?limit=%35", body=b"")
    assert api.raw("GET", "/v1/events?limit=%35", b"", dict(headers)).status_code == 200
    headers = signed(api, method="GET", path="/v1/events?limit=%35", body=b"")
    refused(api.raw("GET", "/v1/events?limit=5", b"", headers), "signature_invalid")


def test_another_host_is_refused(api, settings):
    settings.ALLOWED_HOSTS = ["localhost", "other.example.com"]
    headers = signed(api)
    headers["Host"] = "other.example.com"
    refused(api.raw("POST", PATH, BODY, headers), "signature_invalid")


def test_a_host_that_is_not_ours_is_refused_without_html(api):
    headers = signed(api) | {"Host": "evil.example.com"}
    refused(api.raw("POST", PATH, BODY, headers), "request_invalid")


def test_no_single_changed_byte_gets_through(api, subtests):
    """Each byte of each signed header, one after the other, becomes another byte."""
    generator = random.Random(7)
    for name in ("Signature", "Signature-Input", "Content-Digest", "Idempotency-Key"):
        length = len(signed(api)[name])
        with subtests.test(name):
            for place in range(length):
                headers = signed(api)
                value = headers[name]
                other = generator.choice([c for c in 'AZaz09+/=;:"()., -_' if c != value[place]])
                headers[name] = value[:place] + other + value[place + 1 :]
                if means_the_same(headers, name, value):
                    continue
                response = api.raw("POST", PATH, BODY, headers)
                assert response.status_code in {401, 422}, (place, other, response.content)
    assert not WebhookEndpoint.objects.exists()


def means_the_same(headers, name, value):
    """The last character of base64 has bits that no decoder reads."""
    if name != "Signature":
        return False
    try:
        return base64.b64decode(headers[name][6:-1]) == base64.b64decode(value[6:-1])
    except binascii.Error:
        return False


def test_no_changed_byte_of_the_body_gets_through(api):
    for place in range(len(BODY)):
        body = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        response = api.raw("POST", PATH, body, signed(api))
        assert response.status_code == 401
    assert not WebhookEndpoint.objects.exists()


def test_a_captured_request_counts_once_even_after_the_cache_is_emptied(api):
    headers = signed(api)
    assert api.raw("POST", PATH, BODY, dict(headers)).status_code == 201
    refused(api.raw("POST", PATH, BODY, dict(headers)), "nonce_reused")
    cache.clear()
    refused(api.raw("POST", PATH, BODY, dict(headers)), "nonce_reused")
    assert WebhookEndpoint.objects.count() == 1


def test_a_nonce_may_be_used_by_two_keys(api, stranger):
    for client in (api, stranger):
        assert client.get("/v1/events", nonce="n" * 16).status_code == 200


def test_a_nonce_is_remembered_for_as_long_as_its_signature_could_be_taken(api):
    moment = now() + timedelta(seconds=290)
    api.get("/v1/events", now=moment)
    assert SeenNonce.objects.get().forget_after >= moment.replace(microsecond=0) + timedelta(
        seconds=300
    )


def test_a_refused_request_uses_up_no_nonce(api):
    headers = signed(api)
    api.raw("POST", PATH, BODY + b" ", dict(headers))
    assert not SeenNonce.objects.exists()
    assert api.raw("POST", PATH, BODY, dict(headers)).status_code == 201


def test_a_refusal_leaves_a_record_of_who_and_what(api):
    headers = signed(api)
    response = api.raw("POST", PATH, BODY + b" ", headers)
    record = Record.objects.get(action="api.request_refused")
    assert record.target == api.credential.key.public_id
    assert record.request_id == response["X-Request-Id"]
    assert record.detail == {"code": "signature_invalid", "method": "POST", "path": PATH}


def test_hostile_addresses_and_methods_are_recorded_without_harm(db):
    client = ApiClient(None)
    for path in ("/v1/webhook_endpoints/%00%ff", "/v1/webhook_endpoints/" + "a" * 500):
        refused(client.get(path), "signature_missing")
    assert Record.objects.count() == 2


def test_nobody_fills_the_table_of_records_by_being_refused(db):
    client = ApiClient(None)
    for _ in range(3 * refusals.RECORDS_PER_SOURCE):
        refused(client.get("/v1/events"), "signature_missing")
    assert Record.objects.count() <= 2 * refusals.RECORDS_PER_SOURCE


def test_many_sources_together_are_bounded_too(db, monkeypatch):
    monkeypatch.setattr(refusals, "RECORDS_IN_ALL", 5)
    for n in range(20):
        ApiClient(None).http.get("/v1/events", REMOTE_ADDR=f"10.0.0.{n}")
    assert Record.objects.count() <= 10


def test_signing_costs_one_lookup_and_one_nonce(api, django_assert_num_queries):
    with django_assert_num_queries(3):
        # The third is the list itself.
        assert api.get("/v1/events").status_code == 200


def test_the_url_that_is_signed_is_the_one_on_the_wire(api):
    """What api/signatures.py rebuilds from WSGI is what the client signed."""
    assert ORIGIN == "http://localhost"
    assert api.get("/v1/events").status_code == 200
