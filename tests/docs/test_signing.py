"""The programs of docs/merchants/signing.md run, and agree with what the platform demands."""

import base64
import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit import vault
from merchants.signing import messages
from merchants.states import Algorithm
from tests.docs.pages import page

PAGE = page("docs/merchants/signing.md")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID = "key_01KAG3ZTVKEXAMPLE000000001"
URL = "https://api.example.com/v1/payments"


@pytest.fixture(scope="module")
def program():
    names: dict[str, object] = {}
    for block in PAGE.blocks("python"):
        exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - the page's own code
    return SimpleNamespace(**names)


def body_of_the_page() -> bytes:
    [block] = PAGE.blocks("json")
    return block.strip().encode()


def as_printed(program: Any) -> dict[str, str]:
    headers: dict[str, str] = program.signed_headers(
        "POST",
        URL,
        body_of_the_page(),
        key_id=KEY_ID,
        private_key=KEY,
        idempotency_key="order-1042-payment",
        created=1795176000,
        nonce="a-nonce-of-my-own-0001",
    )
    return headers


@pytest.mark.parametrize("header", ["Content-Digest", "Signature-Input", "Signature"])
def test_the_headers_of_the_page_are_the_programs(program, header):
    assert f"{header}: {as_printed(program)[header]}" in PAGE.text


def test_the_signature_base_of_the_page_was_signed(program):
    [base] = [b for b in PAGE.blocks("text") if b.startswith('"@method"')]
    signature = as_printed(program)["Signature"].removeprefix("sig1=:").removesuffix(":")
    KEY.public_key().verify(base64.b64decode(signature), base.removesuffix("\n").encode())


def test_the_platform_accepts_what_the_program_signs(program):
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for method, url, body, key in (
        ("POST", URL, body_of_the_page(), "k-1"),
        ("GET", f"{URL}?limit=10&after=pay_1", b"", None),
        ("DELETE", "http://127.0.0.1:8000/v1/orders/ord_1", b"", "k-2"),
    ):
        headers = program.signed_headers(
            method, url, body, key_id=KEY_ID, private_key=KEY, idempotency_key=key
        )
        messages.verify(
            messages.Request(method, url, headers),
            algorithm=Algorithm.ED25519,
            public_key_pem=pem,
            key_id=KEY_ID,
        )


@pytest.fixture
def answer():
    request = messages.Request("POST", URL, {"Signature": "sig1=:c2lnbmVk:"})
    body = b'{"id":"pay_1"}'
    headers = {
        "Content-Digest": messages.content_digest(body),
        "Content-Type": "application/json",
    }
    signed = messages.Answer(201, headers, request)
    key_id, private_key = vault.signing_key()
    messages.sign_answer(
        signed, key_id=key_id, private_key=private_key, now=datetime(2026, 11, 20, tzinfo=UTC)
    )
    x = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    encoded = base64.urlsafe_b64encode(x).rstrip(b"=").decode()
    return SimpleNamespace(
        body=body,
        headers={name.lower(): value for name, value in headers.items()},
        jwks={"keys": [{"kid": key_id, "x": encoded}]},
        request_signature="sig1=:c2lnbmVk:",
    )


def test_the_program_accepts_our_answers(program, answer):
    program.verify_answer(
        201,
        answer.headers,
        answer.body,
        jwks=answer.jwks,
        request_signature=answer.request_signature,
    )


@pytest.mark.parametrize("what", ["status", "body", "request"])
def test_control_the_program_refuses_what_was_changed(program, answer, what):
    with pytest.raises((InvalidSignature, ValueError)):
        program.verify_answer(
            500 if what == "status" else 201,
            answer.headers,
            b"{}" if what == "body" else answer.body,
            jwks=answer.jwks,
            request_signature="sig1=:b3RoZXI=:" if what == "request" else answer.request_signature,
        )


def test_every_algorithm_is_on_the_page():
    table = re.findall(r"^\| `([a-z0-9_-]+)` \|", PAGE.below("## A key"), re.MULTILINE)
    assert table == Algorithm.values


def test_the_body_of_the_page_is_one_line_of_json():
    assert json.loads(body_of_the_page())["amount"] == 10000
