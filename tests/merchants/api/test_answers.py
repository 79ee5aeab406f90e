"""Every answer under /v1/ is signed, and none of them is HTML where something failed."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import InterfaceError, OperationalError
from django.http import UnreadablePostError
from http_message_signatures import (
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

from merchants import selectors
from merchants.signing import messages
from tests.factories.merchants import signer
from tests.merchants.api.bad_inputs import refused
from tests.merchants.api.client import ORIGIN, ApiClient

pytestmark = pytest.mark.django_db
URL = "https://shop.example.com/hook"


def verified(api, response, *, request_headers=None, body=None):
    """Checks the answer with the library alone, and the key that the platform publishes."""
    published = {
        key["kid"]: Ed25519PublicKey.from_public_bytes(
            base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
        )
        for key in api.http.get("/.well-known/jwks.json").json()["keys"]
    }
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys=published, private_keys={}),
    )
    request = messages.Request("GET", ORIGIN + "/", request_headers or {})
    answer = messages.Answer(response.status_code, dict(response.items()), request)
    (result,) = verifier.verify(answer, expect_tag="zerosum", expect_label="sig1")
    content = response.content if body is None else body
    assert response["Content-Digest"] == messages.content_digest(content)
    return set(result.covered_components) - {'"@signature-params"'}


ALWAYS = {'"@status"', '"content-digest"', '"content-type"'}
BOUND = ALWAYS | {'"signature";req;key="sig1"'}


def send(api, method, path, body=b"", **kwargs):
    headers = api.headers(method, path, body, kwargs.pop("over", {}), **kwargs)
    sent = {"Signature": headers["Signature"]}
    return api.raw(method, path, body, headers), sent


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/events", b"", 200),
        ("POST", "/v1/webhook_endpoints", b'{"url":"%s"}' % URL.encode(), 201),
        ("POST", "/v1/webhook_endpoints", b"{}", 400),
        ("GET", "/v1/nothing", b"", 404),
        ("PUT", "/v1/events", b"", 405),
    ],
)
def test_the_answer_to_a_signed_request_is_bound_to_it(api, method, path, body, status):
    response, sent = send(api, method, path, body)
    assert response.status_code == status
    assert verified(api, response, request_headers=sent) == BOUND


def test_the_answer_to_an_unsigned_request_is_signed_alone(test_api):
    assert verified(test_api, test_api.get("/v1/events")) == ALWAYS


def test_a_refusal_of_a_broken_signature_is_signed(api):
    response = ApiClient(None).get(
        "/v1/events", headers={"Signature": "no", "Signature-Input": "x"}
    )
    assert response.status_code == 401
    assert verified(api, response) == ALWAYS


def test_a_changed_answer_does_not_verify(api):
    response, sent = send(api, "GET", "/v1/events")
    response.status_code = 201
    with pytest.raises(InvalidSignature):
        verified(api, response, request_headers=sent)


def test_an_answer_moved_to_another_request_does_not_verify(api):
    response, _ = send(api, "GET", "/v1/events")
    _, other = send(api, "GET", "/v1/events")
    with pytest.raises(InvalidSignature):
        verified(api, response, request_headers=other)


def test_the_documents_under_v1_are_signed_too(api):
    for path in ("/v1/openapi.json", "/v1/docs", "/v1/problems", "/v1/problems/not_found"):
        response = api.http.get(path)
        assert response.status_code == 200
        assert verified(api, response) == ALWAYS


def test_a_head_request_signs_the_empty_content(api):
    response, sent = send(api, "HEAD", "/v1/events")
    assert response.status_code == 200
    assert verified(api, response, request_headers=sent, body=b"") == BOUND


def test_a_replay_is_signed_anew_for_its_own_request(api):
    body = b'{"url":"%s"}' % URL.encode()
    send(api, "POST", "/v1/webhook_endpoints", body, key="k-1")
    response, sent = send(api, "POST", "/v1/webhook_endpoints", body, key="k-1")
    assert response["Idempotent-Replayed"] == "true"
    assert verified(api, response, request_headers=sent) == BOUND


def test_a_crash_is_a_signed_problem_without_a_trace(api, monkeypatch):
    def crash(**_kwargs):
        raise ZeroDivisionError("the secret is 42")

    monkeypatch.setattr(selectors, "events_of", crash)
    response, sent = send(api, "GET", "/v1/events")
    refused(response, "internal_error")
    assert "42" not in response.content.decode()
    assert verified(api, response, request_headers=sent) == BOUND


def test_a_crash_with_debug_on_is_no_page_either(api, monkeypatch, settings):
    settings.DEBUG = True
    monkeypatch.setattr(selectors, "events_of", lambda **_kwargs: 1 / 0)
    refused(api.get("/v1/events"), "internal_error")
    refused(api.get("/v1/nothing"), "not_found")


@pytest.mark.parametrize("error", [OperationalError("lock timeout"), InterfaceError("closed")])
def test_a_database_in_trouble_is_503_with_retry_after(api, monkeypatch, error):
    def trouble(**_kwargs):
        raise error

    monkeypatch.setattr(selectors, "events_of", trouble)
    response = api.get("/v1/events")
    refused(response, "temporarily_unavailable")
    assert int(response["Retry-After"]) >= 1


def test_a_body_that_breaks_off_is_the_clients_matter(api, monkeypatch):
    def broken(**_kwargs):
        raise UnreadablePostError

    monkeypatch.setattr(selectors, "events_of", broken)
    refused(api.get("/v1/events"), "request_invalid")


def test_without_a_keyring_no_unproved_answer_leaves(api, settings):
    headers = api.headers("GET", "/v1/events", b"", {})
    settings.KEYRING = "file:/nowhere.json"
    response = api.raw("GET", "/v1/events", b"", headers)
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert "Retry-After" in response
    assert b'"data"' not in response.content


def test_plain_http_is_refused_not_redirected(api, settings):
    settings.SECURE_SSL_REDIRECT = True
    refused(ApiClient(api.credential).get("/v1/events"), "https_required")


def test_every_answer_names_its_request_and_is_not_cached(api):
    first = api.get("/v1/events", headers={"X-Request-Id": "mine\r\n"[:4]})
    assert first["X-Request-Id"].startswith("req_")
    assert first["Cache-Control"] == "no-store"
    assert api.get("/v1/events")["X-Request-Id"] != first["X-Request-Id"]


def test_pages_outside_the_api_are_left_alone(db):
    response = ApiClient(None).http.get("/.well-known/jwks.json")
    assert "Signature" not in response
    assert response["X-Request-Id"]


def test_the_version_is_the_keys_unless_the_request_names_one(api):
    assert api.get("/v1/events")["Zerosum-Version"] == "2026-11-20"
    named = api.get("/v1/events", headers={"Zerosum-Version": "2026-11-20"})
    assert named.status_code == 200
    refused(api.get("/v1/events", headers={"Zerosum-Version": "2020-01-01"}), "version_unsupported")


def test_another_merchants_object_is_404_in_the_same_bytes_as_none(api, stranger):
    mine = stranger.post("/v1/webhook_endpoints", {"url": URL}).json()["id"]
    nobodys = "whe_" + "0" * 26
    calls = [
        ("GET", "/v1/webhook_endpoints/{}", None),
        ("PATCH", "/v1/webhook_endpoints/{}", {"description": "x"}),
        ("DELETE", "/v1/webhook_endpoints/{}", None),
        ("POST", "/v1/webhook_endpoints/{}/rotate_secret", None),
        ("POST", "/v1/webhook_endpoints/{}/replay", {"after": 0}),
    ]
    for method, path, body in calls:
        answers = [api.send(method, path.format(i), body) for i in (mine, nobodys, "garbage")]
        for answer in answers:
            refused(answer, "not_found")
        assert len({a.content.replace(a["X-Request-Id"].encode(), b"") for a in answers}) == 1
    assert stranger.get(f"/v1/webhook_endpoints/{mine}").json()["enabled"] is True


def test_two_keys_of_one_merchant_see_the_same(api, merchant):
    made = api.post("/v1/webhook_endpoints", {"url": URL}).json()["id"]
    assert ApiClient(signer(merchant)).get(f"/v1/webhook_endpoints/{made}").status_code == 200
